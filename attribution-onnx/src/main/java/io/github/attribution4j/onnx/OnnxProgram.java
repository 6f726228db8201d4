// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import ai.onnxruntime.OnnxTensor;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.ParameterizedModel.Parameter;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.program.HeldPullback;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.model.program.Program.Question;
import io.github.attribution4j.model.program.Program.RowForm;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.onnx.EditedGraph.Spot;
import io.github.attribution4j.onnx.Plans.Asked;
import io.github.attribution4j.onnx.Plans.Back;
import io.github.attribution4j.onnx.Plans.Plan;
import io.github.attribution4j.onnx.internal.gradient.Woven;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.ModuleValues.Argument;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import io.github.attribution4j.onnx.internal.quantized.Dequantized;
import io.github.attribution4j.onnx.internal.rule.Compared;
import io.github.attribution4j.onnx.internal.rule.Operations;
import io.github.attribution4j.onnx.internal.session.GraphSession;
import io.github.attribution4j.onnx.internal.session.OrtTensors;
import io.github.attribution4j.onnx.internal.session.SessionSettings;
import io.github.attribution4j.onnx.internal.session.Sessions;
import io.github.attribution4j.onnx.internal.session.TypeOracle;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Runs questions by editing the graph, with one session for each kind of question, and two for those that go back. */
final class OnnxProgram implements Program, AutoCloseable {
    private static final String CLOSED = "this model was closed";

    private final OnnxFile file;
    private final Graph graph;
    private final OnnxAddresses addresses;
    private final OnnxSignature signature;
    private final boolean unbatched;
    private final SessionSettings settings;
    private final Sessions sessions;
    private final Plans plans;
    private final Supplier<Map<String, ValueType>> described;
    private final Map<RuleSet, RuledProgram> ruled = new ConcurrentHashMap<>();
    private @Nullable Operations operations;

    OnnxProgram(OnnxFile file, OnnxOptions options) {
        this.file = file;
        this.graph = file.graph();
        this.settings = options.settings();
        this.sessions = new Sessions(options.sessions());
        TypeOracle oracle = new TypeOracle(file, settings);
        Map<String, ElementType> elements = oracle.elements();
        this.signature = new OnnxSignature(graph, elements, options);
        String output = signature.output();
        ElementType element = elements.getOrDefault(output, ElementType.OTHER);
        this.unbatched = options.isUnbatched();
        this.addresses = new OnnxAddresses(graph, output, elements);
        Spot whole = unbatched
                ? new Spot(output, null, RowForm.ALONE)
                : element == element.wide() ? null : new Spot(output, null, RowForm.ROWS);
        this.described = oracle::described;
        this.plans = new Plans(file, addresses, output, whole, oracle, () -> new TypeOracle(file, settings));
    }

    OnnxSignature signature() {
        return signature;
    }

    @Override
    public RowLayout rowLayout() {
        return unbatched ? RowLayout.NONE : RowLayout.VARIES;
    }

    OnnxAddresses addresses() {
        requireOpen();
        return addresses;
    }

    /** The operations that rules are for. */
    synchronized Operations operations() {
        requireOpen();
        if (operations == null) {
            Dequantized seen = Dequantized.of(graph, described.get());
            operations = new Operations(seen.graph(), seen.types(), signature.output());
        }
        return operations;
    }

    @Override
    public Program with(RuleSet rules) {
        requireOpen();
        Operations known = operations();
        return ruled.computeIfAbsent(rules, any -> new RuledProgram(this, plans.with(rules, known)));
    }

    private void requireOpen() {
        if (sessions.isClosed()) {
            throw new IllegalStateException(CLOSED);
        }
    }

    @Override
    public void check(Cut.Point point) {
        requireOpen();
        addresses.value(point);
    }

    @Override
    public Set<Cut.Point> computedFrom(Cut.Point source, List<Cut.Point> others, Inputs inputs) {
        requireOpen();
        OnnxAddresses.Value from = addresses.value(source);
        Argument argument = from.argument();
        Set<String> reached = new HashSet<>();
        if (argument == null) {
            reached.add(from.name());
        } else {
            argument.readers().forEach(node -> reached.addAll(node.outputs()));
        }
        for (Node node : graph.nodes()) {
            if (node.reads().stream().anyMatch(reached::contains)) {
                reached.addAll(node.outputs());
            }
        }
        Set<Cut.Point> computed = new LinkedHashSet<>();
        for (Cut.Point point : others) {
            if (!point.equals(source)) {
                OnnxAddresses.Value value = addresses.value(point);
                Argument taken = value.argument();
                boolean inside = argument != null
                        && taken != null
                        && taken.value().equals(from.name())
                        && argument.readers().containsAll(taken.readers());
                if (inside || reached.contains(value.name())) {
                    computed.add(point);
                }
            }
        }
        return computed;
    }

    @Override
    public List<Tensor> forward(Question question) {
        requireOpen();
        try (Given given = new Given(question)) {
            Plan plan = given.plan(false);
            if (plan.graph().outputs().isEmpty()) {
                return values(plan.wanted(), given::get);
            }
            return sessions.use(plan.key(), () -> session(plan.graph(), settings), session -> {
                try (GraphSession.Outputs outputs = session.run(given.tensors)) {
                    return values(
                            plan.wanted(),
                            value -> given.tensors.containsKey(value) ? given.get(value) : outputs.get(value));
                }
            });
        } catch (ModelException e) {
            throw unlessClosed(e);
        }
    }

    /** The failure, unless the model was closed by another thread, which is the reason then. */
    private RuntimeException unlessClosed(ModelException failure) {
        return sessions.isClosed() ? new IllegalStateException(CLOSED, failure) : failure;
    }

    private static OnnxTensor named(Map<String, OnnxTensor> tensors, String value) {
        return Objects.requireNonNull(tensors.get(value), value);
    }

    private static List<Tensor> values(List<String> wanted, Function<String, OnnxTensor> source) {
        List<Tensor> values = new ArrayList<>(wanted.size());
        for (String value : wanted) {
            values.add(OrtTensors.tensor(source.apply(value)));
        }
        return values;
    }

    private GraphSession session(Graph part, SessionSettings how) {
        return new GraphSession(file, part, how);
    }

    @Override
    public Pullback pullback(Question question) {
        question.inputs().requireNoReferences();
        return pullback(question, plans);
    }

    /**
     * Runs the model for gradients by its parameters.
     *
     * @param names as the caller gave them
     * @param parameters that they are
     */
    Pullback pullbackTo(List<String> names, List<Parameter> parameters, Inputs inputs) {
        if (unbatched && inputs.rows() > 1) {
            throw new ModelException("inputs have " + inputs.rows() + " rows, and the model takes one example a call"
                    + " (unbatched), so that gradients by parameters are those of one row; give one row");
        }
        try {
            Question question = Question.of(inputs);
            question.inputs().requireNoReferences();
            return pullback(question, plans, names, parameters);
        } catch (UnsupportedModelException e) {
            throw new UnsupportedModelException(
                    "no gradients by these parameters: " + e.getMessage()
                            + "; name others, or use tracin-fast, which needs those of a layer only",
                    e);
        }
    }

    /** Runs with ways back that are not those of derivatives. */
    Pullback pullback(Question question, Plans ways) {
        return pullback(question, ways, List.of(), List.of());
    }

    private Pullback pullback(Question question, Plans ways, List<String> names, List<Parameter> parameters) {
        requireOpen();
        Given given = new Given(question, ways, names, parameters);
        try {
            return new Run(given, given.plan(true)).wayBack();
        } catch (ModelException e) {
            given.close();
            throw unlessClosed(e);
        } catch (RuntimeException | Error e) {
            given.close();
            throw e;
        }
    }

    @Override
    public void close() {
        sessions.close();
    }

    /** The tensors of a question, by the names of their values. */
    private final class Given implements AutoCloseable {
        private final Question question;
        private final Plans plans;
        private final Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
        /** What gets gradients instead of inputs, and how the caller called it; both empty if inputs do. */
        private final List<Parameter> parameters;

        private final List<String> parameterNames;
        private final Asked asked;
        /** The inputs of the run of the references. */
        private final Map<String, OnnxTensor> references = new LinkedHashMap<>();

        Given(Question question) {
            this(question, OnnxProgram.this.plans, List.of(), List.of());
        }

        Given(Question question, Plans plans, List<String> parameterNames, List<Parameter> parameters) {
            this.question = question;
            this.plans = plans;
            this.parameterNames = parameterNames;
            this.parameters = parameters;
            List<String> names = signature.bound(question);
            this.asked = new Asked(
                    question, names, parameters.stream().map(Parameter::name).toList());
            List<Inputs.Input> arguments = question.arguments();
            try {
                for (int i = 0; i < names.size(); i++) {
                    Inputs.Input given = arguments.get(i);
                    tensors.put(names.get(i), OrtTensors.of(given.tensor(), signature.shape(given)));
                }
            } catch (RuntimeException | Error e) {
                close();
                throw e;
            }
        }

        /** Returns the plan, and adds the replacements under the names that they have in it. */
        Plan plan(boolean back) {
            Plan plan = plans.of(asked, back, tensors);
            for (int i = 0; i < plan.replaced().size(); i++) {
                tensors.put(plan.replaced().get(i), OrtTensors.of(question.replacement(i)));
            }
            List<Integer> compared = back ? Plans.compared(question) : List.of();
            if (!compared.isEmpty()) {
                List<Inputs.Input> there = question.inputs().atReferences().all();
                for (int i : compared) {
                    int argument = i - plan.replaced().size();
                    String value = argument < 0
                            ? plan.replaced().get(i)
                            : asked.names().get(argument);
                    Inputs.Input given = there.get(i);
                    Shape shape = argument < 0 ? given.tensor().shape() : signature.shape(given);
                    references.put(Compared.name(value), OrtTensors.of(given.tensor(), shape));
                }
            }
            return plan;
        }

        /** Returns a plan that these inputs tell more for; null if they do not. */
        @Nullable
        Plan better(Plan refused) {
            Plan better = plans.better(refused, asked, tensors);
            return better != null && better.replaced().equals(refused.replaced()) ? better : null;
        }

        OnnxTensor get(String value) {
            return named(tensors, value);
        }

        @Override
        public void close() {
            tensors.values().forEach(OnnxTensor::close);
            references.values().forEach(OnnxTensor::close);
        }
    }

    /** One run that can go back. */
    private final class Run {
        private final Question question;
        private final Given given;
        private final Plan plan;
        private final Back back;
        /** The shapes that gradients have to have, where the model sees others; null where it sees them as they are. */
        private final List<@Nullable Shape> shapes;

        private final Map<String, OnnxTensor> known;

        Run(Given given, Plan plan) {
            this.question = given.question;
            this.given = given;
            this.plan = plan;
            this.back = Objects.requireNonNull(plan.back());
            this.shapes = shapes();
            this.known = new HashMap<>(given.tensors);
            this.known.putAll(given.references);
        }

        private List<@Nullable Shape> shapes() {
            if (!unbatched || !question.tapped().isEmpty() || !given.parameters.isEmpty()) {
                return Collections.nCopies(back.leaves().size(), null);
            }
            List<@Nullable Shape> asGiven = new ArrayList<>();
            List<Inputs.Input> inputs = question.inputs().all();
            for (int i = 0; i < inputs.size(); i++) {
                if (question.isLeaf(inputs.get(i))) {
                    asGiven.add(
                            i < question.replaced().size()
                                    ? null
                                    : inputs.get(i).tensor().shape());
                }
            }
            return asGiven;
        }

        Pullback wayBack() {
            GraphSession.Outputs held = forward();
            List<Integer> ranks = ranks();
            if (!ranks.equals(back.ranks())) {
                close(held);
                return new Run(given, given.plans.other(ranks, given.asked, given.tensors)).wayBack();
            }
            try {
                Tensor result = OrtTensors.tensor(value(back.end()));
                List<Tensor> activations = values(plan.wanted(), this::value);
                Pullback pullback = given.parameters.isEmpty()
                        ? question.pullback(back.reached(), result, activations, this::back)
                        : Program.pullbackTo(given.parameterNames, back.reached(), result, this::back);
                String reference = back.reference();
                Tensor there = reference == null ? null : OrtTensors.tensor(value(reference));
                return new HeldPullback(
                        pullback, Remarks.approximation(back.woven().straight()), there, () -> {
                            close(held);
                            given.close();
                        });
            } catch (RuntimeException | Error e) {
                close(held);
                throw e;
            }
        }

        /** Runs forward; what the way back reads is known as long as the result is open. */
        private GraphSession.@Nullable Outputs forward() {
            if (plan.graph().outputs().isEmpty()) {
                return null;
            }
            GraphSession.Outputs outputs =
                    sessions.use(plan.key(), () -> session(plan.graph(), settings), session -> session.run(known));
            outputs.addTo(known);
            return outputs;
        }

        /** The numbers of axes that depend on the inputs. */
        private List<Integer> ranks() {
            return back.sizes().isEmpty()
                    ? List.of()
                    : back.sizes().stream()
                            .map(sizes -> (int) value(sizes).getInfo().getShape()[0])
                            .toList();
        }

        private static void close(GraphSession.@Nullable Outputs outputs) {
            if (outputs != null) {
                outputs.close();
            }
        }

        private OnnxTensor value(String name) {
            return named(known, name);
        }

        private List<Tensor> back(Tensor cotangent) {
            try {
                return product(cotangent);
            } catch (UnsupportedModelException e) {
                Plan better = given.better(plan);
                if (better == null) {
                    throw e;
                }
                Run again = new Run(given, better);
                GraphSession.Outputs held = again.forward();
                try {
                    return again.product(cotangent);
                } finally {
                    close(held);
                }
            } catch (ModelException e) {
                throw unlessClosed(e);
            }
        }

        private List<Tensor> product(Tensor cotangent) {
            Woven woven = back.woven();
            try (OnnxTensor sent = OrtTensors.of(cotangent)) {
                return sessions.use(back.key(), () -> session(woven.backward(), settings.ofWayBack()), session -> {
                    try (GraphSession.Outputs outputs =
                            session.run(name -> name.equals(woven.cotangent()) ? sent : known.get(name))) {
                        List<String> leaves = back.leaves();
                        List<Tensor> gradients = new ArrayList<>(leaves.size());
                        for (int i = 0; i < leaves.size(); i++) {
                            String gradient = woven.gradients().get(leaves.get(i));
                            gradients.add(
                                    gradient == null
                                            ? zeros(i)
                                            : OrtTensors.tensor(outputs.get(gradient), shapes.get(i)));
                        }
                        return gradients;
                    }
                });
            }
        }

        private Tensor zeros(int leaf) {
            if (!given.parameters.isEmpty()) {
                Parameter parameter = given.parameters.get(leaf);
                return Tensors.ofJava().zeros(parameter.shape(), parameter.dataType());
            }
            try (Tensor like = OrtTensors.tensor(value(back.leaves().get(leaf)), shapes.get(leaf))) {
                return Tensors.ofJava()
                        .of(new double[Math.toIntExact(like.shape().size())], like.dataType(), like.shape());
            }
        }
    }
}
