// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import io.github.attribution4j.onnx.internal.proto.FormatException;
import io.github.attribution4j.onnx.internal.proto.FormatException.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites nodes of older operator sets in version 18, for which the rules are written. Attributes became inputs (axes,
 * pads, bounds, sizes), {@code Upsample} became {@code Resize} and {@code Scatter ScatterElements}, {@code Softmax} no
 * longer flattens its input. Before version 7 operators broadcast in another way; these versions are not supported.
 */
final class Lift {
    /** The oldest version that is lifted. */
    static final long FROM = 7;

    /** The version after lifting. */
    static final long TO = 18;

    /** The oldest version of the format that may have that version of operators. */
    static final long IR_VERSION = 8;

    /** The beginning of the names of added values. */
    static final String ADDED = "attribution/lifted ";

    private static final long FIRST_SLICE_BY_INPUTS = 10;
    private static final long FIRST_BOUNDS_AS_INPUTS = 11;
    private static final long FIRST_DROPOUT_BY_INPUTS = 12;
    private static final long FIRST_AXES_AS_INPUTS = 13;
    private static final long FIRST_BATCH_NORM_WITHOUT_MODES = 9;
    private static final long FIRST_SCAN_WITHOUT_BATCH = 9;
    private static final long FIRST_ROI_ALIGN_OF_HALF_PIXELS = 16;
    private static final long FIRST_TRANSFORM_BY_INPUTS = 20;

    private static final Set<String> AXES_BECAME_AN_INPUT = Set.of(
            "ReduceMax",
            "ReduceMean",
            "ReduceMin",
            "ReduceProd",
            "ReduceL1",
            "ReduceL2",
            "ReduceLogSum",
            "ReduceLogSumExp",
            "ReduceSum",
            "ReduceSumSquare",
            "Squeeze",
            "Unsqueeze");

    private final long from;
    private final Set<String> names;
    private final Map<String, ElementType> elements = new HashMap<>();
    private final Set<String> read;

    private Lift(long from, Graph graph) {
        this.from = from;
        this.names = graph.names();
        this.read = reads(graph);
    }

    static Graph from(long opset, Graph graph) {
        boolean same = opset >= TO
                && (opset >= FIRST_TRANSFORM_BY_INPUTS || graph.nodes().stream().noneMatch(node -> node.is("DFT")));
        return same ? graph : new Lift(opset, graph).lift(graph);
    }

    /** The values that nodes read, also in graphs of nodes, and the outputs. */
    private static Set<String> reads(Graph graph) {
        Set<String> reads = new HashSet<>();
        graph.outputs().forEach(output -> reads.add(output.name()));
        for (Node node : graph.nodes()) {
            reads.addAll(node.inputs());
            node.graphs().forEach(inner -> reads.addAll(reads(inner)));
        }
        return reads;
    }

    private Graph lift(Graph graph) {
        graph.initializers().values().forEach(each -> elements.put(each.name(), each.type()));
        for (ValueInfo input : graph.inputs()) {
            ValueType type = input.type();
            if (type != null) {
                elements.put(input.name(), type.element());
            }
        }
        Part part = new Part(graph);
        for (Node node : graph.nodes()) {
            if (node.domain().isEmpty()) {
                part.lift(node);
            } else {
                part.nodes.add(node);
            }
            note(node);
        }
        return new Graph(graph.name(), graph.inputs(), graph.outputs(), part.nodes, part.initializers);
    }

    /** Most operators return the type of their input; where they do not, the type is missing and float is assumed. */
    private void note(Node node) {
        ElementType element = node.is("Cast")
                ? ElementType.of(integer(node, "to", 0))
                : elements.get(node.is("Where") ? node.input(1) : node.input(0));
        if (element != null) {
            node.outputs().forEach(output -> elements.put(output, element));
        }
    }

    private static long integer(Node node, String attribute, long otherwise) {
        Attribute found = node.attributes().get(attribute);
        return found == null ? otherwise : found.integer();
    }

    /** One graph, which may be inside another. */
    private final class Part {
        private final List<Node> nodes = new ArrayList<>();
        private final Map<String, Initializer> initializers;
        private final Constants constants;

        Part(Graph graph) {
            this.constants = new Constants(graph);
            this.initializers = new LinkedHashMap<>(graph.initializers());
        }

        private void lift(Node original) {
            Node node = inner(original);
            Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
            switch (node.type()) {
                case "Slice" -> slice(node, attributes);
                case "TopK" -> {
                    Attribute k = attributes.remove("k");
                    add(node, node.type(), k == null ? node.inputs() : with(node, 1, list(k.integer())), attributes);
                }
                case "Clip" -> clip(node, attributes);
                case "Pad" -> pad(node, attributes);
                case "Dropout" -> dropout(node, attributes);
                case "Upsample", "Resize" -> resize(node, attributes);
                case "Scatter" -> add(node, "ScatterElements", node.inputs(), attributes);
                case "Softmax", "LogSoftmax", "Hardmax" -> softmax(node, attributes);
                case "Split" -> split(node, attributes);
                case "BatchNormalization" -> batchNormalization(node, attributes);
                case "RoiAlign" -> {
                    if (from < FIRST_ROI_ALIGN_OF_HALF_PIXELS) {
                        attributes.putIfAbsent(
                                "coordinate_transformation_mode",
                                Attribute.of("coordinate_transformation_mode", "output_half_pixel"));
                    }
                    add(node, node.type(), node.inputs(), attributes);
                }
                case "DFT" -> {
                    // The axis that is usual changed; one that is said tells which version this is.
                    if (from < FIRST_TRANSFORM_BY_INPUTS) {
                        attributes.putIfAbsent("axis", Attribute.of("axis", 1));
                    }
                    add(node, node.type(), node.inputs(), attributes);
                }
                case "Scan" -> {
                    if (from < FIRST_SCAN_WITHOUT_BATCH) {
                        throw refusal(node, "it runs over a batch, which later versions do not");
                    }
                    nodes.add(node);
                }
                default -> {
                    Attribute axes = AXES_BECAME_AN_INPUT.contains(node.type()) ? attributes.remove("axes") : null;
                    add(
                            node,
                            node.type(),
                            axes == null ? node.inputs() : with(node, 1, list(axes.integers())),
                            attributes);
                }
            }
        }

        private Node inner(Node node) {
            Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
            boolean changed = false;
            for (Attribute attribute : node.attributes().values()) {
                List<Graph> inner = attribute.graphs();
                if (inner.size() == 1) {
                    attributes.put(attribute.name(), Attribute.of(attribute.name(), Lift.this.lift(inner.get(0))));
                    changed = true;
                }
            }
            return changed ? node.with(node.inputs(), attributes) : node;
        }

        private void add(Node node, String type, List<String> inputs, Map<String, Attribute> attributes) {
            boolean same =
                    type.equals(node.type()) && inputs.equals(node.inputs()) && attributes.equals(node.attributes());
            nodes.add(same ? node : node.with(type, inputs, attributes));
        }

        private void slice(Node node, Map<String, Attribute> attributes) {
            if (from >= FIRST_SLICE_BY_INPUTS) {
                nodes.add(node);
                return;
            }
            Attribute axes = attributes.remove("axes");
            List<String> inputs = with(node, 1, list(needed(node, attributes, "starts")));
            inputs.add(list(needed(node, attributes, "ends")));
            if (axes != null) {
                inputs.add(list(axes.integers()));
            }
            add(node, node.type(), inputs, attributes);
        }

        private void clip(Node node, Map<String, Attribute> attributes) {
            if (from >= FIRST_BOUNDS_AS_INPUTS) {
                nodes.add(node);
                return;
            }
            List<String> inputs = with(node, 1, bound(node, attributes.remove("min")));
            inputs.add(bound(node, attributes.remove("max")));
            add(node, node.type(), inputs, attributes);
        }

        private String bound(Node node, @Nullable Attribute attribute) {
            return attribute == null ? "" : scalar(node, attribute.real());
        }

        /** A number of the type of a node's input. */
        private String scalar(Node node, double value) {
            ElementType element = elements.getOrDefault(node.input(0), ElementType.FLOAT);
            return constant(Initializer.scalar(
                    fresh(node.type()), element.carriesGradient() ? element : ElementType.FLOAT, value));
        }

        private void pad(Node node, Map<String, Attribute> attributes) {
            if (from >= FIRST_BOUNDS_AS_INPUTS) {
                nodes.add(node);
                return;
            }
            Attribute value = attributes.remove("value");
            List<String> inputs = with(node, 1, list(needed(node, attributes, "pads")));
            inputs.add(scalar(node, value == null ? 0 : value.real()));
            add(node, node.type(), inputs, attributes);
        }

        private void dropout(Node node, Map<String, Attribute> attributes) {
            if (from >= FIRST_DROPOUT_BY_INPUTS) {
                nodes.add(node);
                return;
            }
            attributes.remove("ratio");
            Node lifted = node.with(node.type(), node.inputs(), attributes);
            nodes.add(
                    node.outputs().size() > 1 && !read.contains(node.output(1))
                            ? lifted.withOutputs(List.of(node.output(0)))
                            : lifted);
        }

        /** Before version 11 it placed elements at their left borders. */
        private void resize(Node node, Map<String, Attribute> attributes) {
            if (from >= FIRST_BOUNDS_AS_INPUTS) {
                nodes.add(node);
                return;
            }
            Attribute fixed = attributes.remove("scales");
            double[] known = null;
            String scales = node.input(1);
            if (fixed != null) {
                float[] reals = fixed.reals();
                known = new double[reals.length];
                ByteBuffer raw = ByteBuffer.allocate(reals.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                for (int i = 0; i < reals.length; i++) {
                    known[i] = reals[i];
                    raw.putFloat(reals[i]);
                }
                scales = constant(Initializer.of(fresh("scales"), ElementType.FLOAT, raw.array(), reals.length));
            } else {
                Initializer tensor = constants.tensor(scales);
                known = tensor == null ? null : tensor.doubles();
            }
            Attribute mode = attributes.get("mode");
            boolean linear = mode != null && !mode.text().equals("nearest");
            attributes.put(
                    "coordinate_transformation_mode", Attribute.of("coordinate_transformation_mode", "asymmetric"));
            if (!linear) {
                attributes.put("nearest_mode", Attribute.of("nearest_mode", nearest(node, known)));
            }
            add(node, "Resize", List.of(node.input(0), "", scales), attributes);
        }

        /** It rounded up to find the nearest element where an axis became shorter, and else rounded down. */
        private String nearest(Node node, double @Nullable [] scales) {
            if (scales == null) {
                throw refusal(node, "it takes the nearest elements at scales that are computed");
            }
            boolean shorter = Arrays.stream(scales).anyMatch(scale -> scale < 1);
            if (shorter && Arrays.stream(scales).anyMatch(scale -> scale > 1)) {
                throw refusal(node, "it makes one axis longer and another one shorter");
            }
            return shorter ? "ceil" : "floor";
        }

        /** It joined all axes from the given one on; only for the last axis are all versions equal. */
        private void softmax(Node node, Map<String, Attribute> attributes) {
            long axis = integer(node, "axis", 1);
            if (from >= FIRST_AXES_AS_INPUTS || axis == -1) {
                nodes.add(node);
                return;
            }
            String sizes = fresh("sizes");
            String flat = fresh("flat");
            String result = fresh(node.type());
            attributes.put("axis", Attribute.of("axis", -1));
            nodes.add(Node.of("Shape", sizes, List.of(node.input(0)), List.of(sizes)));
            nodes.add(Node.of("Flatten", flat, node.inputs(), List.of(flat), Attribute.of("axis", axis)));
            nodes.add(node.with(node.type(), List.of(flat), attributes).withOutputs(List.of(result)));
            nodes.add(Node.of("Reshape", result, List.of(result, sizes), node.outputs()));
        }

        private void split(Node node, Map<String, Attribute> attributes) {
            Attribute sizes = attributes.remove("split");
            if (sizes != null) {
                add(node, node.type(), with(node, 1, list(sizes.integers())), attributes);
            } else if (node.input(1).isEmpty()) {
                attributes.put(
                        "num_outputs",
                        Attribute.of("num_outputs", node.outputs().size()));
                add(node, node.type(), node.inputs(), attributes);
            } else {
                nodes.add(node);
            }
        }

        private void batchNormalization(Node node, Map<String, Attribute> attributes) {
            if (from >= FIRST_BATCH_NORM_WITHOUT_MODES) {
                nodes.add(node);
                return;
            }
            Attribute spatial = attributes.remove("spatial");
            if (spatial != null && spatial.integer() == 0) {
                throw refusal(node, "it has statistics for each position (spatial=0)");
            }
            add(node, node.type(), node.inputs(), attributes);
        }

        private long[] needed(Node node, Map<String, Attribute> attributes, String name) {
            Attribute found = attributes.remove(name);
            if (found == null) {
                throw new FormatException(
                        Reason.CORRUPT,
                        "node '" + node.name() + "', a " + node.type() + ", has no '" + name
                                + "'; the file is damaged");
            }
            return found.integers();
        }

        private List<String> with(Node node, int place, String input) {
            List<String> inputs = new ArrayList<>(node.inputs());
            while (inputs.size() <= place) {
                inputs.add("");
            }
            inputs.set(place, input);
            return inputs;
        }

        private String list(long... values) {
            return constant(Initializer.of(fresh("list"), values, values.length));
        }

        private String constant(Initializer constant) {
            initializers.put(constant.name(), constant);
            return constant.name();
        }
    }

    private FormatException refusal(Node node, String why) {
        return new FormatException(
                Reason.UNSUPPORTED,
                "node '" + node.name() + "' is a " + node.type() + " of opset " + from
                        + " that later opsets do not have: " + why + "; export the model again with opset 13 or later");
    }

    private String fresh(String hint) {
        String name = ADDED + hint;
        for (int i = 0; !names.add(name); i++) {
            name = ADDED + hint + "_" + i;
        }
        return name;
    }
}
