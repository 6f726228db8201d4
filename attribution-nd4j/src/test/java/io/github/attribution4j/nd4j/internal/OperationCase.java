// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.internal;

import io.github.attribution4j.model.UnsupportedModelException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One operation on seeded inputs in float64: its derivative beside central differences.
 *
 * @param name of the case: the operation with its settings
 * @param kind the operation that it is about, as SameDiff names it
 * @param build makes the operation
 * @param inputs what it takes
 */
record OperationCase(String name, String kind, Build build, List<Drawn> inputs) {
    private static final double STEP = 1e-5;

    static {
        // Before the first graph, whose class makes ND4J's loggers.
        Nd4jStart.quietly();
    }

    /** Makes an operation of some inputs. */
    @FunctionalInterface
    interface Build {
        SDVariable of(SameDiff graph, SDVariable[] inputs);
    }

    /** An input: uniform numbers of a range, kept away from 0 and from each other, so that no kink is near. */
    static final class Drawn {
        private final double low;
        private final double high;
        private final long[] shape;

        Drawn(double low, double high, long... shape) {
            this.low = low;
            this.high = high;
            this.shape = shape;
        }

        static Drawn of(long... shape) {
            return new Drawn(-2, 2, shape);
        }

        long[] shape() {
            return shape;
        }

        INDArray array(Random random) {
            int size = (int)
                    IntStream.range(0, shape.length).mapToLong(i -> shape[i]).reduce(1, (a, b) -> a * b);
            List<Integer> order =
                    new ArrayList<>(IntStream.range(0, size).boxed().toList());
            Collections.shuffle(order, random);
            double[] values = new double[size];
            for (int i = 0; i < size; i++) {
                values[i] = low + (high - low) * (order.get(i) + 0.3 + 0.4 * random.nextDouble()) / size;
            }
            return Nd4j.createFromArray(values).reshape('c', shape);
        }
    }

    /**
     * What was found: the largest differences of derivative and differences, and of the run here and SameDiff's own.
     */
    record Found(double gradient, double forward, Set<String> kinds) {}

    /** Returns why the operation is refused when the graph is loaded or differentiated; null if it is not. */
    @Nullable
    String refusal() {
        SameDiff samediff = SameDiff.create();
        String out = build.of(samediff, placeholders(samediff, true)).name();
        try (Graph graph = GraphFile.copy(samediff).graph()) {
            List<Step> steps = graph.before(List.of(out), value -> false);
            graph.requireRunnable(steps);
            Derivatives derivatives = new Derivatives(graph, steps);
            return steps.stream()
                    .map(derivatives::refusal)
                    .filter(Objects::nonNull)
                    .findFirst()
                    .orElse(null);
        } catch (UnsupportedModelException e) {
            return e.getMessage();
        }
    }

    private SDVariable[] placeholders(SameDiff samediff, boolean open) {
        Nd4jStart.quietly();
        SDVariable[] given = new SDVariable[inputs.size()];
        for (int i = 0; i < given.length; i++) {
            long[] shape = inputs.get(i).shape().clone();
            if (open && shape.length > 0) {
                shape[0] = -1;
            }
            given[i] = samediff.placeHolder("in" + i, DataType.DOUBLE, shape);
        }
        return given;
    }

    /**
     * Compares.
     *
     * @param open whether the placeholders have an open first axis
     */
    Found compare(boolean open) {
        SameDiff samediff = SameDiff.create();
        Random random = new Random(name.hashCode());
        SDVariable[] given = placeholders(samediff, open);
        Map<String, INDArray> arrays = new LinkedHashMap<>();
        for (int i = 0; i < given.length; i++) {
            arrays.put("in" + i, inputs.get(i).array(random));
        }
        String out = build.of(samediff, given).name();
        try (Graph graph = GraphFile.copy(samediff).graph()) {
            List<Step> steps = graph.before(List.of(out), value -> false);
            graph.requireRunnable(steps);
            Set<String> kinds = new HashSet<>(steps.stream().map(Step::kind).toList());
            Derivatives derivatives = new Derivatives(graph, steps);
            Runners runners = new Runners();
            Set<String> leaves = new HashSet<>(arrays.keySet());
            Set<String> way = Graph.computedFrom(leaves, steps, graph::isFloating);
            try (Values values = new Values(graph, copies(arrays))) {
                values.compute(steps, runners, null);
                INDArray result = values.get(out);
                double forward = forward(samediff, arrays, out, result);
                INDArray sent = Nd4j.rand(DataType.DOUBLE, result.shape()).subi(0.4);
                Map<String, INDArray> came = values.back(out, sent, steps, way, leaves, derivatives, runners);
                double worst = 0;
                for (Map.Entry<String, INDArray> input : arrays.entrySet()) {
                    INDArray differences = differences(graph, steps, out, arrays, input.getKey(), sent, runners);
                    INDArray gradient = came.getOrDefault(
                            input.getKey(),
                            Nd4j.zeros(DataType.DOUBLE, input.getValue().shape()));
                    double scale = Math.max(1e-3, differences.amaxNumber().doubleValue());
                    worst = Math.max(worst, worst(differences, gradient, scale));
                }
                return new Found(worst, forward, kinds);
            }
        }
    }

    /** Returns the difference from SameDiff's own run; 0 where that fails, as it does for reductions of vectors. */
    private static double forward(SameDiff samediff, Map<String, INDArray> arrays, String out, INDArray result) {
        INDArray own;
        try {
            own = samediff.outputSingle(copies(arrays), out);
        } catch (NullPointerException e) {
            return 0;
        }
        return own.equalShapes(result) ? worst(own, result, 1) : Double.POSITIVE_INFINITY;
    }

    private static double worst(INDArray a, INDArray b, double scale) {
        double worst = a.sub(b).amaxNumber().doubleValue() / scale;
        return Double.isNaN(worst) ? Double.POSITIVE_INFINITY : worst;
    }

    private static Map<String, INDArray> copies(Map<String, INDArray> arrays) {
        Map<String, INDArray> copies = new LinkedHashMap<>();
        arrays.forEach((name, array) -> copies.put(name, array.dup('c')));
        return copies;
    }

    private static INDArray differences(
            Graph graph,
            List<Step> steps,
            String out,
            Map<String, INDArray> arrays,
            String input,
            INDArray sent,
            Runners runners) {
        INDArray differences = arrays.get(input).like();
        for (long i = 0; i < differences.length(); i++) {
            double score = 0;
            for (int side : new int[] {1, -1}) {
                Map<String, INDArray> moved = copies(arrays);
                moved.get(input).data().put(i, moved.get(input).data().getDouble(i) + side * STEP);
                try (Values values = new Values(graph, moved)) {
                    values.compute(steps, runners, Set.of(out));
                    score += side * values.get(out).mul(sent).sumNumber().doubleValue();
                }
            }
            differences.data().put(i, score / (2 * STEP));
        }
        return differences;
    }

    @Override
    public String toString() {
        return name;
    }
}
