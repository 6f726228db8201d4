// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmarks;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The code that a user would write with DJL alone: the fewest calls that evaluate the same rows, without planned
 * batches, checks, counts, provenance or a second target. The ratios compare the library with it.
 */
final class BareLoop implements AutoCloseable {
    private final Model model;
    private final PtSymbolBlock block;
    private final NDManager manager;

    BareLoop(Path archive) {
        try {
            this.model = Model.newInstance("bare", "PyTorch");
            // Without trainParam no gradients of the parameters are computed.
            model.load(parent(archive), name(archive), java.util.Map.of("trainParam", "true"));
        } catch (IOException | MalformedModelException e) {
            throw new IllegalStateException(e);
        }
        this.block = (PtSymbolBlock) model.getBlock();
        this.manager = model.getNDManager();
        block.freezeParameters(true);
        JniUtils.enableInferenceMode(block);
    }

    private static @Nullable Path parent(Path archive) {
        return archive.getParent();
    }

    private static String name(Path archive) {
        String file = String.valueOf(archive.getFileName());
        return file.substring(0, file.length() - ".pt".length());
    }

    NDArray input(float[] values, long... shape) {
        return manager.create(values, new Shape(shape));
    }

    /**
     * Sets the thread's state in libtorch as the library sets it for its own calls: gradients on, graph optimizer off.
     * The library turns the optimizer on again after each call, so this is done before each call of the loop.
     */
    static void prepareThread() {
        JniUtils.setGradMode(true);
        JniUtils.setGraphExecutorOptimize(false);
    }

    /** Returns the gradient of one class with respect to rows of the input. */
    private static float[] gradient(PtSymbolBlock block, NDManager scope, NDArray rows, long target) {
        prepareThread();
        rows.setRequiresGradient(true);
        NDArray output = IValueUtils.forward(block, new NDList(rows), true).get(0);
        output.attach(scope);
        NDArray score = output.get(new NDIndex(":, {}", target)).sum();
        JniUtils.backward((PtNDArray) score, (PtNDArray) score.onesLike(), false, false);
        NDArray gradient = rows.getGradient();
        gradient.attach(scope);
        return gradient.sum(new int[] {0}).toFloatArray();
    }

    /** Returns the output for one input, without a graph. */
    float[] forward(NDArray input) {
        prepareThread();
        JniUtils.setGradMode(false);
        try (NDArray output =
                IValueUtils.forward(block, new NDList(input), true).get(0)) {
            return output.toFloatArray();
        } finally {
            JniUtils.setGradMode(true);
        }
    }

    /** Returns the output of a module that takes gradients itself. */
    float[] forwardWithGradients(NDArray input) {
        prepareThread();
        try (NDArray output =
                IValueUtils.forward(block, new NDList(input), true).get(0)) {
            return output.toFloatArray();
        }
    }

    /** Returns the gradient of one class at one input. */
    float[] saliency(NDArray input, long target) {
        try (NDManager scope = manager.newSubManager()) {
            NDArray rows = input.duplicate();
            rows.attach(scope);
            return gradient(block, scope, rows, target);
        }
    }

    /**
     * Returns the gradient of one class at one input and at zero, in one batch: the minimal cost of comparing the two.
     */
    float[] doubled(NDArray input, long target) {
        try (NDManager scope = manager.newSubManager()) {
            NDArray rows = input.concat(input.zerosLike(), 0);
            rows.attach(scope);
            return gradient(block, scope, rows, target);
        }
    }

    /**
     * The areas under the curves of deletion into zeros, then those of insertion, of all images: a batch for the scores
     * of every {@code points} images, and one for each curve.
     *
     * @param attributions shaped like the images
     */
    float[] curves(NDArray images, NDArray attributions, long target, int points) {
        int count = (int) images.getShape().get(0);
        int size = (int) (images.size() / count);
        float[] full = new float[count];
        for (int from = 0; from < count; from += points) {
            try (NDManager scope = manager.newSubManager()) {
                NDArray rows = images.get(new NDIndex("{}:{}", from, Math.min(count, from + points)));
                rows.attach(scope);
                float[] scores = scores(scope, rows, target);
                System.arraycopy(scores, 0, full, from, scores.length);
            }
        }
        long[] deleted = new long[points];
        long[] inserted = new long[points];
        double[] shares = new double[points + 1];
        for (int step = 0; step <= points; step++) {
            long changed = (long) step * size / points;
            shares[step] = changed / (double) size;
            if (step > 0) {
                deleted[step - 1] = changed;
            }
            if (step < points) {
                inserted[step] = changed;
            }
        }
        float[] areas = new float[2 * count];
        for (int image = 0; image < count; image++) {
            try (NDManager scope = manager.newSubManager()) {
                NDArray one = images.get(image).reshape(1, size);
                NDArray order = attributions.get(image).flatten().neg().argSort(0, true);
                NDArray ranks = order.argSort(0, true).reshape(1, size);
                new NDList(one, order, ranks).attach(scope);
                NDArray kept = ranks.gte(scope.create(deleted).reshape(points, 1));
                NDArray shown = ranks.lt(scope.create(inserted).reshape(points, 1));
                new NDList(kept, shown).attach(scope);
                areas[image] = area(shares, full[image], masked(scope, one, kept, images.getShape(), target), true);
                areas[count + image] =
                        area(shares, full[image], masked(scope, one, shown, images.getShape(), target), false);
            }
        }
        return areas;
    }

    private float[] masked(NDManager scope, NDArray one, NDArray kept, Shape like, long target) {
        NDArray mask = kept.toType(one.getDataType(), false);
        NDArray changed = mask.mul(one);
        NDArray rows = changed.reshape(new Shape(kept.getShape().get(0)).addAll(like.slice(1)));
        new NDList(mask, changed, rows).attach(scope);
        return scores(scope, rows, target);
    }

    private float[] scores(NDManager scope, NDArray rows, long target) {
        prepareThread();
        JniUtils.setGradMode(false);
        try {
            NDArray output = IValueUtils.forward(block, new NDList(rows), true).get(0);
            output.attach(scope);
            return output.get(new NDIndex(":, {}", target)).toFloatArray();
        } finally {
            JniUtils.setGradMode(true);
        }
    }

    private static float area(double[] shares, float full, float[] scores, boolean fullFirst) {
        double sum = 0;
        for (int i = 1; i < shares.length; i++) {
            double before = fullFirst ? i == 1 ? full : scores[i - 2] : scores[i - 1];
            double after = fullFirst ? scores[i - 1] : i == scores.length ? full : scores[i];
            sum += (shares[i] - shares[i - 1]) * (before + after) / 2;
        }
        return (float) sum;
    }

    /** Integrated gradients from a zero baseline by the midpoint rule, and the scores at both ends. */
    float[] integratedGradients(NDArray input, long target, int steps, int batch) {
        prepareThread();
        float[] sum = new float[(int) input.size()];
        try (NDManager scope = manager.newSubManager()) {
            NDArray ends = input.concat(input.zerosLike(), 0);
            ends.attach(scope);
            JniUtils.setGradMode(false);
            NDArray scores = IValueUtils.forward(block, new NDList(ends), true).get(0);
            scores.attach(scope);
            scores.get(new NDIndex(":, {}", target)).toFloatArray();
            JniUtils.setGradMode(true);
        }
        for (int start = 0; start < steps; start += batch) {
            try (NDManager scope = manager.newSubManager()) {
                int rows = Math.min(batch, steps - start);
                float[] alphas = new float[rows];
                for (int k = 0; k < rows; k++) {
                    alphas[k] = (start + k + 0.5f) / steps;
                }
                long[] scale = new long[input.getShape().dimension()];
                java.util.Arrays.fill(scale, 1);
                scale[0] = rows;
                NDArray path = scope.create(alphas, new Shape(scale)).mul(input);
                float[] gradients = gradient(block, scope, path, target);
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += gradients[i] / steps;
                }
            }
        }
        float[] values = input.toFloatArray();
        for (int i = 0; i < sum.length; i++) {
            sum[i] *= values[i];
        }
        return sum;
    }

    @Override
    public void close() {
        model.close();
    }
}
