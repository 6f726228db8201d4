// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import io.github.attribution4j.onnx.internal.session.GraphSession.Optimization;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Gets the types of all values from the runtime. A session without optimization returns every value, and its
 * description has their types. A description without axes may mean that their number is not known; such values are
 * run once.
 */
public final class TypeOracle {
    private static final String MADE_UP = "unk__";
    /** Begins the runtime's names of types of elements. */
    private static final String RUNTIMES_TYPE = "ONNX_TENSOR_ELEMENT_DATA_TYPE_";
    /** Begins the name of a value of a graph of a node, where it stands beside that node. */
    private static final String BESIDE = "attribution/beside ";

    private final OnnxFile file;
    private final SessionSettings settings;
    private final Map<String, ValueType> types = new LinkedHashMap<>();
    private final List<String> unclear = new ArrayList<>();
    /** The types of values in graphs of nodes whose axes were counted by a run. */
    private final Map<String, ValueType> counted = new HashMap<>();

    /** Values outside these whose axes were counted by a run. */
    private final Set<String> probed = new HashSet<>();

    private boolean innerKnown;

    /** Creates an oracle for a model. */
    public TypeOracle(OnnxFile file) {
        this(file, SessionSettings.DEFAULTS);
    }

    /**
     * Creates an oracle for a model.
     *
     * @param settings of the sessions that are asked
     */
    public TypeOracle(OnnxFile file, SessionSettings settings) {
        this.file = file;
        this.settings = settings;
        Graph graph = file.graph();
        graph.initializers().values().forEach(each -> types.put(each.name(), each.valueType()));
        Set<String> made = new LinkedHashSet<>();
        for (Node node : graph.nodes()) {
            node.outputs().stream().filter(value -> !value.isEmpty()).forEach(made::add);
        }
        try (OrtSession session = OnnxRuntime.open(file, tapped(graph, made), settings.with(Optimization.NONE))) {
            Set<String> open = unranked(graph.inputs());
            session.getInputInfo()
                    .forEach((name, info) -> note(open.contains(name) ? unclear : new ArrayList<>(), "", name, info));
            session.getOutputInfo().forEach((name, info) -> note(unclear, "", name, info));
        } catch (OrtException e) {
            throw OnnxRuntime.failure("ONNX Runtime does not describe the model", e);
        }
    }

    /** The types of elements of inputs, constants and results of nodes. Values that are not tensors are missing. */
    public synchronized Map<String, ElementType> elements() {
        Map<String, ElementType> elements = new LinkedHashMap<>();
        types.forEach((value, type) -> elements.put(value, type.element()));
        return elements;
    }

    /** What is known of the types of values without a run. */
    public synchronized Map<String, ValueType> described() {
        Map<String, ValueType> described = new HashMap<>(types);
        unclear.forEach(value -> described.put(value, new ValueType(element(value), null)));
        return described;
    }

    /**
     * Returns the types of inputs, constants and results of nodes. Values that are not tensors are missing.
     *
     * @param sample inputs that the model takes, by name; run once if the description is incomplete
     */
    public synchronized Map<String, ValueType> types(Map<String, OnnxTensor> sample) {
        if (!unclear.isEmpty()) {
            try {
                count(file.graph(), unclear, sample);
            } catch (OrtException e) {
                throw OnnxRuntime.failure("the model does not run with these inputs", e);
            }
            probed.addAll(unclear);
            unclear.clear();
        }
        if (!innerKnown) {
            lookInside(sample);
            innerKnown = true;
        }
        return Map.copyOf(types);
    }

    /**
     * Of the values whose axes the first inputs told, those that may have another number with other inputs: results of
     * branches and of operators that find axes by sizes or numbers. Others have as many as what they are computed from.
     */
    public synchronized List<String> varying() {
        return file.graph().nodes().stream()
                .filter(this::varies)
                .flatMap(node -> node.outputs().stream())
                .filter(probed::contains)
                .toList();
    }

    private boolean varies(Node node) {
        if (!node.domain().isEmpty()) {
            return true;
        }
        return switch (node.type()) {
            case "Squeeze" -> node.input(1).isEmpty();
            case "Reshape", "Expand" -> !knowsLength(node.input(1));
            case "ConstantOfShape" -> !knowsLength(node.input(0));
            case "SequenceAt", "OptionalGetElement" -> true;
            default -> !node.graphs().isEmpty();
        };
    }

    /** Whether it is known how many sizes a value lists. */
    private boolean knowsLength(String sizes) {
        ValueType type = types.get(sizes);
        return type != null && type.rank() == 1 && type.dim(0).known();
    }

    /**
     * Looks again at the graphs of nodes that did not run before, because earlier inputs took another branch.
     *
     * @param sample inputs that may take these branches
     * @return whether more is known than before
     */
    public synchronized boolean learn(Map<String, OnnxTensor> sample) {
        int before = counted.size();
        if (innerKnown && types.values().stream().anyMatch(type -> !type.ranked())) {
            lookInside(sample);
        }
        return counted.size() > before;
    }

    /**
     * Adds the values in graphs of nodes. Each of these graphs is described as if it ran once, on the inputs of its
     * node; values that are passed from step to step may have other sizes in each step. Its nodes are then beside the
     * node that runs it, so that values have other names there.
     */
    private void lookInside(Map<String, OnnxTensor> sample) {
        Graph main = file.graph();
        List<ValueInfo> inputs = new ArrayList<>(main.inputs());
        List<Node> described = new ArrayList<>(main.nodes());
        List<Node> run = new ArrayList<>(main.nodes());
        Set<String> known = new LinkedHashSet<>(main.initializers().keySet());
        main.inputs().forEach(input -> known.add(input.name()));
        main.nodes().forEach(node -> known.addAll(node.outputs()));
        Map<String, String> names = new LinkedHashMap<>();
        List<Node> outer = main.nodes();
        while (outer.stream().anyMatch(node -> !node.graphs().isEmpty())) {
            List<Node> within = new ArrayList<>();
            for (Node node : outer) {
                for (Graph graph : node.graphs()) {
                    for (BodyInput input : BodyInput.of(node, graph, types)) {
                        for (Node once : input.once()) {
                            once.outputs().forEach(value -> names.put(value, BESIDE + value));
                            run.add(beside(once, names));
                        }
                        inputs.add(ValueInfo.of(BESIDE + input.name(), input.type()));
                        known.add(input.name());
                    }
                    for (Node inner : graph.nodes()) {
                        if (known.containsAll(inner.reads())) {
                            within.add(inner);
                            known.addAll(inner.outputs());
                            inner.outputs().stream()
                                    .filter(value -> !value.isEmpty())
                                    .forEach(value -> names.put(value, BESIDE + value));
                        }
                    }
                }
            }
            Set<String> made = new LinkedHashSet<>();
            for (Node node : within) {
                Node beside = beside(node, names);
                described.add(beside);
                run.add(beside);
                beside.outputs().stream().filter(value -> !value.isEmpty()).forEach(made::add);
            }
            List<String> open = new ArrayList<>();
            Graph all = new Graph(main.name(), inputs, List.of(), described, main.initializers());
            try (OrtSession session = OnnxRuntime.open(file, tapped(all, made), settings.with(Optimization.NONE))) {
                String depth = described.size() + "/";
                Set<String> unranked = unranked(inputs);
                session.getInputInfo().forEach((name, info) -> {
                    if (!types.containsKey(inside(name))) {
                        note(unranked.contains(name) ? open : new ArrayList<>(), depth, inside(name), info);
                    }
                });
                session.getOutputInfo().forEach((name, info) -> note(open, depth, inside(name), info));
            } catch (OrtException | ModelException e) {
                return; // Rules that need more types refuse.
            }
            Graph once = new Graph(main.name(), main.inputs(), List.of(), run, main.initializers());
            if (!counts(once, open, sample)) {
                // A branch that is not taken may not run with these inputs; others do.
                for (Node node : outer) {
                    for (Graph graph : node.graphs()) {
                        Set<String> own = new HashSet<>(graph.producers().keySet());
                        graph.inputs().forEach(input -> own.add(input.name()));
                        counts(once, open.stream().filter(own::contains).toList(), sample);
                    }
                }
            }
            outer = within;
        }
    }

    /** A node where it stands beside others: nodes in separate graphs may have the same name, which is left out. */
    private static Node beside(Node node, Map<String, String> names) {
        return node.renamed(names).named("");
    }

    /** Counts the axes of values of graphs of nodes. If they do not run, nothing is known of them: returns false. */
    private boolean counts(Graph once, List<String> values, Map<String, OnnxTensor> sample) {
        List<String> beside = values.stream().map(BESIDE::concat).toList();
        try {
            count(once.giving(beside), beside, sample);
            values.forEach(value -> counted.put(value, Objects.requireNonNull(types.get(value))));
            return true;
        } catch (OrtException | ModelException e) {
            values.forEach(value -> types.put(value, new ValueType(element(value), null)));
            return false;
        }
    }

    private static Set<String> unranked(List<ValueInfo> inputs) {
        Set<String> unranked = new HashSet<>();
        for (ValueInfo input : inputs) {
            ValueType type = input.type();
            if (type != null && !type.ranked()) {
                unranked.add(input.name());
            }
        }
        return unranked;
    }

    private static String inside(String name) {
        return name.startsWith(BESIDE) ? name.substring(BESIDE.length()) : name;
    }

    private ElementType element(String value) {
        return types.getOrDefault(value, new ValueType(ElementType.OTHER, null)).element();
    }

    /**
     * Records a type.
     *
     * @param session prefix of names that the runtime has made up, because they differ in meaning between sessions
     */
    private void note(List<String> unclear, String session, String name, NodeInfo info) {
        if (info.getInfo() instanceof TensorInfo tensor) {
            long[] shape = tensor.getShape();
            String[] symbols = tensor.getDimensionNames();
            types.put(
                    name,
                    new ValueType(
                            element(tensor),
                            IntStream.range(0, shape.length)
                                    .mapToObj(i -> shape[i] >= 0
                                            ? Dim.of(shape[i])
                                            : Dim.of(
                                                    symbols[i].startsWith(MADE_UP) ? session + symbols[i] : symbols[i]))
                                    .toList()));
            ValueType known = counted.get(name);
            if (known != null) {
                types.put(name, known);
            } else if (shape.length == 0) {
                unclear.add(name);
            }
        }
    }

    /** The Java interface has other codes than ONNX, but the same names; its own types have no signs. */
    private static ElementType element(TensorInfo tensor) {
        String name = tensor.onnxType.name();
        return Arrays.stream(ElementType.values())
                .filter(type -> name.equals(RUNTIMES_TYPE + type.name()))
                .findFirst()
                .orElse(ElementType.OTHER);
    }

    private static Graph tapped(Graph graph, Set<String> values) {
        return new Graph(
                graph.name(),
                graph.inputs(),
                values.stream().map(ValueInfo::of).toList(),
                graph.nodes(),
                graph.initializers());
    }

    /** The inputs that a session takes. */
    private static Map<String, OnnxTensor> taken(OrtSession session, Map<String, OnnxTensor> sample) {
        Map<String, OnnxTensor> taken = new LinkedHashMap<>(sample);
        taken.keySet().retainAll(session.getInputNames());
        return taken;
    }

    /** Runs a graph once to find the number of axes of some values. */
    private void count(Graph graph, List<String> values, Map<String, OnnxTensor> sample) throws OrtException {
        if (values.isEmpty()) {
            return;
        }
        Set<String> names = graph.names();
        List<Node> nodes = new ArrayList<>(graph.nodes());
        Map<String, String> shapes = new LinkedHashMap<>();
        for (String value : new TreeSet<>(values)) {
            String shape = "attribution/shape of " + value;
            while (!names.add(shape)) {
                shape += "_";
            }
            nodes.add(Node.of("Shape", shape, List.of(value), List.of(shape)));
            shapes.put(shape, value);
        }
        Graph counting = new Graph(graph.name(), graph.inputs(), List.of(), nodes, graph.initializers());
        try (OrtSession session =
                        OnnxRuntime.open(file, tapped(counting, shapes.keySet()), settings.with(Optimization.BASIC));
                OrtSession.Result result = session.run(taken(session, sample))) {
            for (Map.Entry<String, String> each : shapes.entrySet()) {
                OnnxTensor shape = (OnnxTensor) result.get(each.getKey()).orElseThrow();
                int rank = (int) shape.getInfo().getShape()[0];
                String value = inside(each.getValue());
                types.put(
                        value,
                        new ValueType(
                                element(value),
                                IntStream.range(0, rank).mapToObj(i -> Dim.OPEN).toList()));
            }
        }
    }
}
