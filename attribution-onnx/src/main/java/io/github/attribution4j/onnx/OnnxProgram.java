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
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.proto.FormatException;
import io.github.attribution4j.onnx.internal.session.GraphSession;
import io.github.attribution4j.onnx.internal.session.GraphSession.Optimization;
import io.github.attribution4j.onnx.internal.session.OrtTensors;
import io.github.attribution4j.onnx.internal.session.SessionSettings;
import io.github.attribution4j.onnx.internal.session.Sessions;
import io.github.attribution4j.onnx.internal.session.TypeOracle;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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
    private record Key(Spots spots, List<String> leaves, boolean back) {}

    /** The graphs that run a question. */
    private record Plan(EditedGraph edited, @Nullable Woven woven) {}

    OnnxProgram(OnnxFile file, OnnxOptions options) {
        this.file = file;
        this.graph = file.graph();
        this.settings = new SessionSettings(
                Optimization.valueOf(options.optimization().name()),
                options.threads(),
                options.memoryArena(),
                options.cuda());
        this.sessions = new Sessions(options.sessions());
        OnnxSignature.requireComputes(graph);
        this.oracle = new TypeOracle(file, settings);
        Map<String, ElementType> elements = oracle.elements();
        this.signature = new OnnxSignature(graph, elements, options);
        this.output = signature.output();
        this.whole = options.isUnbatched() ? new Spot(output, RowForm.ALONE) : null;
        this.addresses = new OnnxAddresses(graph, output, elements);
    }

    OnnxSignature signature() {
        return signature;
    }

    @Override
    public RowLayout rowLayout() {
        return whole == null ? RowLayout.VARIES : RowLayout.NONE;
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
        Set<String> reached = new HashSet<>(Set.of(addresses.value(source)));
        for (Node node : graph.nodes()) {
            if (node.reads().stream().anyMatch(reached::contains)) {
                reached.addAll(node.outputs());
            }
        }
        Set<Cut.Point> computed = new LinkedHashSet<>();
        for (Cut.Point point : others) {
            if (!point.equals(source) && reached.contains(addresses.value(point))) {
                computed.add(point);
            }
        }
        return computed;
    }

    private Spots spots(Question question, boolean back) {
        return new Spots(
                question.replaced().stream().map(this::spot).toList(),
                question.tapped().stream().map(this::spot).toList(),
                question.end() != null
                        ? spot(question.end())
                        : question.tapped().isEmpty() || back ? whole : null);
    }

    private Spot spot(Place place) {
        return new Spot(addresses.value(place.point()), place.form());
    }

    @Override
    public List<Tensor> forward(Question question) {
        requireOpen();
        try (Given given = new Given(question)) {
            Spots spots = spots(question, false);
            Key key = new Key(spots, List.of(), false);
            EditedGraph edited = plan(key, question, given).edited();
            given.bind(edited, spots);
            Spot end = spots.end();
            List<String> wanted = spots.tapped().isEmpty()
                    ? List.of(end == null ? output : edited.seen(end))
                    : spots.tapped().stream().map(edited::seen).toList();
            List<String> asked = wanted.stream()
                    .distinct()
                    .filter(value -> !given.tensors.containsKey(value))
                    .toList();
            if (asked.isEmpty()) {
                return wanted.stream()
                        .map(value -> OrtTensors.tensor(given.get(value)))
                        .toList();
            }
            return sessions.use(key, () -> session(edited.graph().giving(asked)), session -> {
                try (GraphSession.Outputs outputs = session.run(given.tensors)) {
                    Map<String, OnnxTensor> all = outputs.all();
                    return wanted.stream()
                            .map(value -> OrtTensors.tensor(all.containsKey(value) ? all.get(value) : given.get(value)))
                            .toList();
                }
            });
        }
    }

    private GraphSession session(Graph part) {
        return new GraphSession(file, part, settings);
    }

    private Plan plan(Key key, Question question, Given given) {
        Plan known = plans.get(key);
        if (known != null) {
            return known;
        }
        Spots spots = key.spots();
        EditedGraph edited = new EditedGraph(graph, oracle.types(given.tensors), spots.all(), spots.replaced());
        Woven woven = null;
        if (key.back()) {
            Spot end = spots.end();
            try {
                woven = Weaver.weave(
                        edited.graph(),
                        edited.types(),
                        leaves(question, spots, edited, given.names),
                        end == null ? output : edited.seen(end));
            } catch (FormatException e) { // in what nobody but a rule reads of a node
                throw new UnsupportedModelException(String.valueOf(e.getMessage()), e);
            }
        }
        if (plans.size() >= MOST_PLANS) {
            plans.clear();
        }
        Plan plan = new Plan(edited, woven);
        plans.put(key, plan);
        return plan;
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
            OnnxTensor tensor = tensors.get(value);
            if (tensor == null) {
                throw new IllegalStateException("no value " + value);
            }
            return tensor;
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
        private final Spots spots;
        private final Key key;
        private final EditedGraph edited;
        private final Woven woven;
        private final List<String> leaves;
        private final List<@Nullable Shape> shapes;
        private final Map<String, OnnxTensor> known = new LinkedHashMap<>();

        Run(Question question, Given given) {
            this.question = question;
            this.given = given;
            this.spots = spots(question, true);
            this.key = new Key(spots, spots.tapped().isEmpty() ? attributed() : List.of(), true);
            Plan plan = plan(key, question, given);
            Woven made = plan.woven();
            if (made == null) {
                throw new IllegalStateException("a plan without a way back");
            }
            this.edited = plan.edited();
            this.woven = made;
            given.bind(edited, spots);
            this.leaves = leaves(question, spots, edited, given.names);
            this.shapes = shapes();
            known.putAll(given.tensors);
        }

        /** The shapes that gradients have to have, where the model sees others; null where it sees them as they are. */
        private List<@Nullable Shape> shapes() {
            if (whole == null || !spots.tapped().isEmpty()) {
                return Collections.nCopies(leaves.size(), null);
            }
            List<@Nullable Shape> given = new ArrayList<>();
            List<Inputs.Input> inputs = question.inputs().all();
            for (int i = 0; i < inputs.size(); i++) {
                if (question.isLeaf(inputs.get(i))) {
                    given.add(
                            i < spots.replaced().size()
                                    ? null
                                    : inputs.get(i).tensor().shape());
                }
            }
            return given;
        }

        /** The attributed inputs, and the order in which inputs are given. */
        private List<String> attributed() {
            List<String> names = new ArrayList<>(given.names);
            List<Inputs.Input> inputs = question.inputs().all();
            for (int i = 0; i < inputs.size(); i++) {
                if (question.isLeaf(inputs.get(i))) {
                    names.add("leaf " + i);
                }
            }
            return names;
        }

        Pullback wayBack() {
            Spot spot = spots.end();
            String end = spot == null ? output : edited.seen(spot);
            List<String> tapped = spots.tapped().stream().map(edited::seen).toList();
            Graph forward = woven.forward(tapped);
            GraphSession.Outputs outputs = null;
            if (!forward.outputs().isEmpty()) {
                outputs = sessions.use(List.of(key, "forth"), () -> session(forward), session -> session.run(known));
                known.putAll(outputs.all());
            }
            GraphSession.Outputs held = outputs;
            try {
                Tensor result = OrtTensors.tensor(value(end));
                List<Tensor> activations = tapped.stream()
                        .map(value -> OrtTensors.tensor(value(value)))
                        .toList();
                List<Boolean> reached =
                        leaves.stream().map(woven.gradients()::containsKey).toList();
                return new HeldPullback(question.pullback(reached, result, activations, this::back), () -> {
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
            OnnxTensor tensor = known.get(name);
            if (tensor == null) {
                throw new IllegalStateException("no value " + name);
            }
            return tensor;
        }

        private List<Tensor> back(Tensor cotangent) {
            Map<String, OnnxTensor> all = new LinkedHashMap<>(known);
            try (OnnxTensor sent = OrtTensors.of(cotangent)) {
                all.put(woven.cotangent(), sent);
                return sessions.use(List.of(key, "back"), () -> session(woven.backward()), session -> {
                    try (GraphSession.Outputs outputs = session.run(all)) {
                        List<Tensor> gradients = new ArrayList<>();
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
