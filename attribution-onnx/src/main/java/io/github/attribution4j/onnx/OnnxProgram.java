// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import ai.onnxruntime.OnnxTensor;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.model.program.Program.Place;
import io.github.attribution4j.model.program.Program.Question;
import io.github.attribution4j.model.program.Program.RowForm;
import io.github.attribution4j.onnx.EditedGraph.Spot;
import io.github.attribution4j.onnx.internal.gradient.Weaver;
import io.github.attribution4j.onnx.internal.gradient.Woven;
import io.github.attribution4j.onnx.internal.graph.Argument;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.proto.FormatException;
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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs questions by editing the graph, with one session for each kind of question, and two for those that go back. */
final class OnnxProgram implements Program, AutoCloseable {
    /** More plans than sessions are kept, because they are small. */
    private static final int MOST_PLANS = 128;

    private final OnnxFile file;
    private final Graph graph;
    private final String output;
    private final TypeOracle oracle;
    private final OnnxAddresses addresses;
    private final OnnxSignature signature;
    /** The output, if it has to be seen in another form; null if it is taken as it is. */
    private final @Nullable Spot whole;

    private final boolean unbatched;
    private final SessionSettings settings;
    private final Sessions sessions;
    private final Map<Key, Plan> plans = new ConcurrentHashMap<>();

    /** The values of a question. */
    private record Spots(
            List<Spot> replaced,
            List<Spot> tapped,
            @Nullable Spot end) {
        List<Spot> all() {
            return Stream.of(replaced.stream(), tapped.stream(), Stream.ofNullable(end))
                    .flatMap(each -> each)
                    .toList();
        }
    }

    /** What two questions with the same plan have in common: everything except the tensors. */
    private record Key(Spots spots, List<Object> leaves, boolean back) {}

    /**
     * What runs equal questions: all that does not depend on their tensors is computed once.
     *
     * @param wanted the values that are returned
     * @param graph runs forward; it has no outputs if all wanted values are given
     * @param back the way back; null for a forward run
     */
    private record Plan(
            EditedGraph edited,
            List<String> wanted,
            Graph graph,
            @Nullable Back back) {}

    /**
     * The way back.
     *
     * @param end the value that it starts from
     * @param leaves the values that get gradients
     * @param reached for each leaf whether the end depends on it
     * @param forth key of the session that runs forward
     * @param key of the session that runs back
     */
    private record Back(
            Woven woven, String end, List<String> leaves, List<Boolean> reached, Object forth, Object key) {}

    OnnxProgram(OnnxFile file, OnnxOptions options) {
        this.file = file;
        this.graph = file.graph();
        this.settings = options.settings();
        this.sessions = new Sessions(options.sessions());
        OnnxSignature.requireComputes(graph);
        this.oracle = new TypeOracle(file, settings);
        Map<String, ElementType> elements = oracle.elements();
        this.signature = new OnnxSignature(graph, elements, options);
        this.output = signature.output();
        ElementType element = elements.getOrDefault(output, ElementType.OTHER);
        this.unbatched = options.isUnbatched();
        this.whole = unbatched
                ? new Spot(output, null, RowForm.ALONE)
                : element == element.wide() ? null : new Spot(output, null, RowForm.ROWS);
        this.addresses = new OnnxAddresses(graph, output, elements);
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

    private void requireOpen() {
        if (sessions.isClosed()) {
            throw new IllegalStateException("this model was closed");
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

    private Spots spots(Question question, boolean back) {
        return new Spots(
                spots(question.replaced()),
                spots(question.tapped()),
                question.end() != null
                        ? spot(question.end())
                        : question.tapped().isEmpty() || back ? whole : null);
    }

    private List<Spot> spots(List<Place> places) {
        return places.isEmpty() ? List.of() : places.stream().map(this::spot).toList();
    }

    private Spot spot(Place place) {
        OnnxAddresses.Value value = addresses.value(place.point());
        return new Spot(value.name(), value.argument(), place.form());
    }

    @Override
    public List<Tensor> forward(Question question) {
        requireOpen();
        try (Given given = new Given(question)) {
            Spots spots = spots(question, false);
            Key key = new Key(spots, List.of(), false);
            Plan plan = plan(key, question, given);
            given.bind(plan.edited(), spots);
            if (plan.graph().outputs().isEmpty()) {
                return values(plan.wanted(), given::get);
            }
            return sessions.use(key, () -> session(plan.graph()), session -> {
                try (GraphSession.Outputs outputs = session.run(given.tensors)) {
                    return values(
                            plan.wanted(),
                            value -> given.tensors.containsKey(value) ? given.get(value) : outputs.get(value));
                }
            });
        }
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

    private GraphSession session(Graph part) {
        return new GraphSession(file, part, settings);
    }

    private Plan plan(Key key, Question question, Given given) {
        Plan known = plans.get(key);
        if (known != null) {
            return known;
        }
        if (plans.size() >= MOST_PLANS) {
            plans.clear();
        }
        Spots spots = key.spots();
        EditedGraph edited =
                new EditedGraph(graph, oracle.types(given.tensors), spots.all(), spots.replaced(), key.back());
        String end = spots.end() == null ? output : edited.seen(spots.end());
        List<String> tapped = spots.tapped().stream().map(edited::seen).toList();
        Plan plan;
        if (key.back()) {
            List<String> leaves = leaves(question, spots, edited, given.names);
            Woven woven = weave(edited, leaves, end);
            List<Boolean> reached =
                    leaves.stream().map(woven.gradients()::containsKey).toList();
            Back back = new Back(woven, end, leaves, reached, List.of(key, "forth"), List.of(key, "back"));
            plan = new Plan(edited, tapped, woven.forward(tapped), back);
        } else {
            List<String> wanted = tapped.isEmpty() ? List.of(end) : tapped;
            Set<String> inputs = new HashSet<>();
            edited.graph().inputs().forEach(input -> inputs.add(input.name()));
            List<String> asked = wanted.stream()
                    .distinct()
                    .filter(value -> !inputs.contains(value))
                    .toList();
            plan = new Plan(edited, wanted, edited.graph().giving(asked), null);
        }
        plans.put(key, plan);
        return plan;
    }

    private static Woven weave(EditedGraph edited, List<String> leaves, String end) {
        try {
            return Weaver.weave(edited.graph(), edited.types(), leaves, end);
        } catch (FormatException e) { // in what nobody but a rule reads of a node
            throw new UnsupportedModelException(String.valueOf(e.getMessage()), e);
        }
    }

    /** The leaves of a pullback. */
    private static List<String> leaves(Question question, Spots spots, EditedGraph edited, List<String> arguments) {
        if (!spots.tapped().isEmpty()) {
            return spots.tapped().stream().map(edited::seen).toList();
        }
        List<String> leaves = new ArrayList<>();
        List<Inputs.Input> inputs = question.inputs().withoutReferences().all();
        for (int i = 0; i < inputs.size(); i++) {
            if (question.isLeaf(inputs.get(i))) {
                int replaced = spots.replaced().size();
                leaves.add(i < replaced ? edited.seen(spots.replaced().get(i)) : arguments.get(i - replaced));
            }
        }
        return leaves;
    }

    @Override
    public Pullback pullback(Question question) {
        requireOpen();
        question.inputs().requireNoReferences();
        Given given = new Given(question);
        try {
            return new Run(question, given).wayBack();
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
        private final Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
        /** For each argument the input of the graph. */
        private final List<String> names;

        Given(Question question) {
            this.question = question;
            this.names = signature.bound(question);
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

        /** Adds the replacements. */
        void bind(EditedGraph edited, Spots spots) {
            for (int i = 0; i < spots.replaced().size(); i++) {
                tensors.put(
                        edited.seen(spots.replaced().get(i)),
                        OrtTensors.of(
                                question.replacement(i), question.replacement(i).shape()));
            }
        }

        OnnxTensor get(String value) {
            return named(tensors, value);
        }

        @Override
        public void close() {
            tensors.values().forEach(OnnxTensor::close);
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

        Run(Question question, Given given) {
            this.question = question;
            this.given = given;
            Spots spots = spots(question, true);
            this.plan =
                    plan(new Key(spots, spots.tapped().isEmpty() ? attributed() : List.of(), true), question, given);
            Back made = plan.back();
            if (made == null) {
                throw new IllegalStateException("a plan without a way back");
            }
            this.back = made;
            given.bind(plan.edited(), spots);
            this.shapes = shapes();
            this.known = new HashMap<>(given.tensors);
        }

        private List<@Nullable Shape> shapes() {
            if (!unbatched || !question.tapped().isEmpty()) {
                return Collections.nCopies(back.leaves().size(), null);
            }
            List<@Nullable Shape> given = new ArrayList<>();
            List<Inputs.Input> inputs = question.inputs().all();
            for (int i = 0; i < inputs.size(); i++) {
                if (question.isLeaf(inputs.get(i))) {
                    given.add(
                            i < question.replaced().size()
                                    ? null
                                    : inputs.get(i).tensor().shape());
                }
            }
            return given;
        }

        /** The attributed inputs, and the order in which inputs are given. */
        private List<Object> attributed() {
            List<Object> names = new ArrayList<>(given.names);
            List<Inputs.Input> inputs = question.inputs().all();
            for (int i = 0; i < inputs.size(); i++) {
                if (question.isLeaf(inputs.get(i))) {
                    names.add(i);
                }
            }
            return names;
        }

        Pullback wayBack() {
            GraphSession.Outputs outputs = null;
            if (!plan.graph().outputs().isEmpty()) {
                outputs = sessions.use(back.forth(), () -> session(plan.graph()), session -> session.run(known));
                outputs.addTo(known);
            }
            GraphSession.Outputs held = outputs;
            try {
                Tensor result = OrtTensors.tensor(value(back.end()));
                List<Tensor> activations = values(plan.wanted(), this::value);
                return new HeldPullback(question.pullback(back.reached(), result, activations, this::back), () -> {
                    if (held != null) {
                        held.close();
                    }
                    given.close();
                });
            } catch (RuntimeException | Error e) {
                if (held != null) {
                    held.close();
                }
                throw e;
            }
        }

        private OnnxTensor value(String name) {
            return named(known, name);
        }

        private List<Tensor> back(Tensor cotangent) {
            Woven woven = back.woven();
            try (OnnxTensor sent = OrtTensors.of(cotangent)) {
                return sessions.use(back.key(), () -> session(woven.backward()), session -> {
                    try (GraphSession.Outputs outputs =
                            session.run(name -> name.equals(woven.cotangent()) ? sent : known.get(name))) {
                        List<String> leaves = back.leaves();
                        List<Tensor> gradients = new ArrayList<>(leaves.size());
                        for (int i = 0; i < leaves.size(); i++) {
                            String gradient = woven.gradients().get(leaves.get(i));
                            gradients.add(
                                    gradient == null
                                            ? zeros(leaves.get(i), shapes.get(i))
                                            : OrtTensors.tensor(outputs.get(gradient), shapes.get(i)));
                        }
                        return gradients;
                    }
                });
            }
        }

        private Tensor zeros(String leaf, @Nullable Shape shape) {
            try (Tensor like = OrtTensors.tensor(value(leaf), shape)) {
                return Tensors.ofJava()
                        .of(new double[Math.toIntExact(like.shape().size())], like.dataType(), like.shape());
            }
        }
    }
}
