// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** The points that an attack may choose: near each example, within bounds, and equal to it where a mask holds it. */
final class Ball {
    private static final long PURPOSE = 0xBA11;

    private final Evaluator evaluator;
    private final Norm norm;
    private final Sizes radius;
    private final Bounds bounds;
    private final Free free;
    private final List<Tensor> centers;
    private final long[] sources;

    Ball(Evaluator evaluator, Norm norm, Sizes radius, Bounds bounds, Free free) {
        this.evaluator = evaluator;
        this.norm = norm;
        this.radius = radius;
        this.bounds = bounds;
        this.free = free;
        this.centers = evaluator.inputs().attributed();
        this.sources = evaluator.sources();
    }

    List<Tensor> centers() {
        return centers;
    }

    private long[] sources(long from, long to) {
        return Arrays.copyOfRange(sources, (int) from, (int) to);
    }

    /** Returns, for examples of a range, where a step along gradients leads. */
    Tensor step(Tensor from, Tensor gradient, int input, double length, boolean sign, long first, long last) {
        Optional<Tensor> mask = free.rows(from, input, sources(first, last));
        Tensor slope = mask.map(gradient::mul).orElse(gradient);
        Tensor direction = sign ? sign(slope) : slope.div(lengths(slope));
        return into(from.add(direction.mul(length)), input, first, last);
    }

    private static Tensor sign(Tensor slope) {
        return slope.gt(0).to(slope.dataType()).sub(slope.mul(-1).gt(0).to(slope.dataType()));
    }

    /** Returns the Euclidean length of each row, shaped to divide rows; 1 instead of 0. */
    private static Tensor lengths(Tensor rows) {
        long count = rows.shape().dim(0);
        Tensor flat = rows.reshape(count, rows.shape().row().size());
        // Squares of small slopes would be 0.
        Tensor largest = orOne(flat.abs().max(1).reshape(count, 1));
        Tensor scaled = flat.div(largest);
        Tensor lengths = largest.mul(scaled.mul(scaled).sum(1).sqrt().reshape(count, 1));
        long[] dims = new long[rows.shape().rank()];
        Arrays.fill(dims, 1);
        dims[0] = count;
        return orOne(lengths).reshape(dims);
    }

    private static Tensor orOne(Tensor lengths) {
        return lengths.gt(0).where(lengths, lengths.tensors().full(lengths.shape(), lengths.dataType(), 1));
    }

    /** Returns the nearest points that are allowed, for examples of a range. */
    private Tensor into(Tensor points, int input, long first, long last) {
        Tensor center = centers.get(input).rows(first, last);
        double most = radius.of(input);
        Tensor near;
        if (norm == Norm.LINF) {
            near = Bounds.most(Bounds.least(points, center.add(most)), center.add(-most));
        } else {
            Tensor change = points.sub(center);
            Tensor lengths = lengths(change);
            Tensor all = lengths.tensors().full(lengths.shape(), lengths.dataType(), most);
            near = center.add(change.mul(Bounds.least(lengths, all).div(lengths)));
        }
        return bounds.clamp(near, input, sources(first, last));
    }

    /** Returns a point for each example, drawn from the ball before bounds and with all its points equally likely. */
    List<Tensor> draw(int number) {
        List<Tensor> drawn = new ArrayList<>();
        Run run = evaluator.run();
        for (int input = 0; input < centers.size(); input++) {
            Tensor center = centers.get(input);
            int examples = evaluator.examples();
            int size = Math.toIntExact(center.shape().row().size());
            boolean[] may = free.rows(center, input, sources)
                    .map(Tensor::toBooleanArray)
                    .orElse(new boolean[0]);
            double[] change = new double[Math.multiplyExact(examples, size)];
            for (int example = 0; example < examples; example++) {
                RandomGenerator random = run.random(PURPOSE, run.exampleKey(example), number, input);
                double[] own = draw(random, radius.of(input), size, may, example * size);
                System.arraycopy(own, 0, change, example * size, size);
            }
            Tensor moved = center.add(center.tensors().of(change, center.dataType(), center.shape()));
            drawn.add(into(moved, input, 0, examples));
        }
        return drawn;
    }

    private double[] draw(RandomGenerator random, double most, int size, boolean[] may, int at) {
        double[] own = new double[size];
        int count = 0;
        for (int i = 0; i < size; i++) {
            double number = norm == Norm.LINF ? 2 * random.nextDouble() - 1 : random.nextGaussian();
            if (may.length == 0 || may[at + i]) {
                own[i] = number;
                count++;
            }
        }
        double length = norm == Norm.LINF || count == 0 ? 1 : norm.of(own);
        double away = norm == Norm.LINF ? most : most * Math.pow(random.nextDouble(), 1.0 / Math.max(1, count));
        for (int i = 0; i < size; i++) {
            own[i] *= away / length;
        }
        return own;
    }

    /** Returns the rows of points, one for each example. */
    Rows rows(List<Tensor> points) {
        return evaluator.rowsOf(points);
    }
}
