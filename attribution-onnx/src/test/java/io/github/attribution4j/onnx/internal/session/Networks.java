// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Initializer;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Random networks of all operators: the cases of {@code operators.npz} one after the other. What each reads is its own
 * input, moved by a dense layer of the state before; what it computes is added to that state by another one.
 */
public final class Networks {
    /** Numbers of the state, and of the output. */
    public static final int WIDTH = 12;

    public static final int SCORES = 3;

    private static final Golden GOLDEN = Golden.read("operators.npz");
    /** Cases of two opsets, whose files lend their declarations. */
    private static final String USUAL = "sigmoid/fixed";

    private static final String NEWEST = "swish/fixed";

    /** Networks of the newest opset; the runtime has some operators in the usual one only. */
    private static final int OF_NEWEST = 4;

    /** Cases whose input is where a function ends, or has no elements: a moved input may leave the domain. */
    private static final Pattern LEFT_OUT = Pattern.compile(
            ".*(_one|_zero|_empty|_of_empty|_far|_scalar|_of_scalar|_per_group|_negative_base)|pow_of_.*|function_.*"
                    + "|.*_zeros|.*_zero_.*");

    private static final double MOVED = 0.05;

    private final OnnxFile file;
    private final Random random;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, Initializer> weights = new LinkedHashMap<>();
    private final Set<String> operators = new TreeSet<>();

    private Networks(OnnxFile file, long seed) {
        this.file = file;
        this.random = new Random(seed);
    }

    /**
     * A network.
     *
     * @param bytes the model
     * @param cases the operators in it
     * @param operators their types
     */
    public record Network(ByteBuffer bytes, List<String> cases, Set<String> operators) {}

    /**
     * Makes networks that have every case once.
     *
     * @param refused cases to leave out
     */
    public static List<Network> of(int count, Pattern refused, long seed) {
        List<Network> networks = new ArrayList<>();
        for (boolean newest : new boolean[] {false, true}) {
            List<String> cases = cases(newest, refused);
            Collections.shuffle(cases, new Random(seed));
            int some = newest ? OF_NEWEST : count - OF_NEWEST;
            try (OnnxFile file = OnnxFile.of(GOLDEN.bytes(newest ? NEWEST : USUAL))) {
                for (int i = 0; i < some; i++) {
                    List<String> own = new ArrayList<>();
                    for (int k = i; k < cases.size(); k += some) {
                        own.add(cases.get(k));
                    }
                    networks.add(new Networks(file, seed + networks.size()).network(own));
                }
            }
        }
        return networks;
    }

    private static List<String> cases(boolean newest, Pattern refused) {
        List<String> cases = new ArrayList<>();
        for (String name : GOLDEN.cases()) {
            if (!LEFT_OUT.matcher(name).matches() && !refused.matcher(name).matches()) {
                try (OnnxFile each = OnnxFile.of(GOLDEN.bytes(name + "/fixed"))) {
                    if (newest ? each.opset() > 20 && each.opset() <= 24 : each.opset() == 20) {
                        cases.add(name);
                    }
                }
            }
        }
        return cases;
    }

    private Network network(List<String> cases) {
        String state = "x";
        String total = "x";
        List<String> used = new ArrayList<>();
        Set<String> inner = new TreeSet<>();
        for (String name : cases) {
            try (OnnxFile each = OnnxFile.of(GOLDEN.bytes(name + "/fixed"))) {
                Set<String> within = new TreeSet<>();
                each.graph().nodes().forEach(node -> node.graphs().forEach(graph -> within.addAll(graph.names())));
                // Values in the graphs of two nodes would have the same names.
                if (Collections.disjoint(inner, within)) {
                    inner.addAll(within);
                    state = block(name, each.graph(), state, used.size());
                    node("Add", state + "/total", total, state);
                    total = state + "/total";
                    used.add(name);
                }
            }
        }
        node("MatMul", "y", total, weights("last", WIDTH, SCORES));
        Graph graph = new Graph(
                "network",
                List.of(ValueInfo.of("x", new ValueType(ElementType.FLOAT, List.of(Dim.of(1), Dim.of(WIDTH))))),
                List.of(ValueInfo.of("y", new ValueType(ElementType.FLOAT, List.of(Dim.of(1), Dim.of(SCORES))))),
                nodes,
                weights);
        return new Network(ByteBuffer.wrap(file.write(graph)), used, operators);
    }

    private String block(String name, Graph graph, String state, int number) {
        String prefix = "b" + number + "/";
        Map<String, String> names = new HashMap<>();
        // Values within graphs of nodes keep their names.
        graph.inputs().forEach(input -> names.put(input.name(), prefix + input.name()));
        graph.initializers().keySet().forEach(value -> names.put(value, prefix + value));
        graph.nodes().forEach(node -> node.outputs().forEach(value -> names.put(value, prefix + value)));
        names.remove("");
        graph.initializers().forEach((value, tensor) -> weights.put(prefix + value, tensor.named(prefix + value)));
        Map<String, Tensor> inputs = GOLDEN.below(name + "/in/");
        Set<String> moved = GOLDEN.below(name + "/d/").keySet();
        inputs.forEach((value, tensor) -> {
            String at = prefix + value;
            long[] sizes = tensor.shape().dims();
            if (!moved.contains(value)) {
                weights.put(at, constant(at, tensor, sizes));
                return;
            }
            int count = Math.toIntExact(tensor.shape().size());
            weights.put(at + "/at", constant(at + "/at", tensor, sizes));
            weights.put(at + "/sizes", Initializer.of(at + "/sizes", sizes, sizes.length));
            node("MatMul", at + "/flat", state, weights(at, WIDTH, count));
            node("Reshape", at + "/moves", at + "/flat", at + "/sizes");
            node("Add", at, at + "/at", at + "/moves");
        });
        for (Node node : graph.nodes()) {
            nodes.add(node.renamed(names).named(prefix + node.name()));
            operators.add(node.type());
            node.graphs().forEach(each -> each.nodes().forEach(one -> operators.add(one.type())));
        }
        Tensor y = GOLDEN.tensor(name + "/g");
        int count = Math.toIntExact(y.shape().size());
        weights.put(prefix + "row", Initializer.of(prefix + "row", new long[] {1, count}, 2));
        node("Reshape", prefix + "numbers", prefix + "y", prefix + "row");
        node("Tanh", prefix + "bounded", prefix + "numbers");
        node("MatMul", prefix + "new", prefix + "bounded", weights(prefix + "new", count, WIDTH));
        node("MatMul", prefix + "old", state, weights(prefix + "old", WIDTH, WIDTH));
        node("Add", prefix + "sum", prefix + "new", prefix + "old");
        node("Tanh", prefix + "state", prefix + "sum");
        return prefix + "state";
    }

    private static Initializer constant(String name, Tensor tensor, long[] sizes) {
        if (tensor.dataType() == DataType.FLOAT32) {
            return Initializer.of(name, ElementType.FLOAT, tensor.toDoubleArray(), sizes);
        }
        return Initializer.of(name, element(tensor.dataType()), bytes(tensor), sizes);
    }

    private static ElementType element(DataType type) {
        return switch (type) {
            case INT64 -> ElementType.INT64;
            case INT32 -> ElementType.INT32;
            case BOOL -> ElementType.BOOL;
            case UINT8 -> ElementType.UINT8;
            default -> throw new IllegalArgumentException(type.toString());
        };
    }

    private static byte[] bytes(Tensor tensor) {
        ByteBuffer buffer = tensor.toByteBuffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    /** Normal numbers, smaller for more inputs; of a layer that moves an input of a case, small. */
    private String weights(String hint, int from, int to) {
        double scale = (from == WIDTH && !hint.endsWith("old") && !hint.equals("last") ? MOVED : 1) / Math.sqrt(from);
        double[] numbers = new double[from * to];
        Arrays.setAll(numbers, i -> scale * random.nextGaussian());
        String name = hint + "/weights";
        weights.put(name, Initializer.of(name, ElementType.FLOAT, numbers, from, to));
        return name;
    }

    private void node(String type, String to, String... from) {
        nodes.add(Node.of(type, to + "/node", List.of(from), List.of(to)));
    }
}
