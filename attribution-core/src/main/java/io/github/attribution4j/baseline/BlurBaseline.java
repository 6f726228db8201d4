// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.baseline;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** The input, blurred over its last two axes. */
record BlurBaseline(double sigma) implements Baseline {
    BlurBaseline {
        if (!(sigma > 0) || !Double.isFinite(sigma)) {
            throw new IllegalArgumentException("baseline blurred: sigma " + sigma + " must be finite and more than 0");
        }
    }

    @Override
    public List<Tensor> rows(Inputs inputs, long[] examples, long[] samples, Run run) {
        List<Tensor> references = new ArrayList<>();
        for (Tensor input : inputs.attributed()) {
            Tensor chosen = input.select(0, examples);
            int width = Math.toIntExact(chosen.shape().dim(-1));
            int height = Math.toIntExact(chosen.shape().dim(-2));
            double[] values = chosen.toDoubleArray();
            double[] blurred = new double[values.length];
            double[] kernel = kernel();
            for (int plane = 0; plane < values.length; plane += width * height) {
                blur(values, blurred, plane, height, width, kernel);
            }
            references.add(input.tensors().of(blurred, chosen.shape()).to(input.dataType()));
        }
        return references;
    }

    private double[] kernel() {
        int radius = (int) Math.ceil(3 * sigma);
        double[] kernel = new double[2 * radius + 1];
        double sum = 0;
        for (int i = 0; i < kernel.length; i++) {
            double distance = (i - radius) / sigma;
            kernel[i] = StrictMath.exp(-0.5 * distance * distance);
            sum += kernel[i];
        }
        for (int i = 0; i < kernel.length; i++) {
            kernel[i] /= sum;
        }
        return kernel;
    }

    private static void blur(double[] in, double[] out, int start, int height, int width, double[] kernel) {
        int radius = kernel.length / 2;
        double[] across = new double[height * width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double sum = 0;
                for (int k = -radius; k <= radius; k++) {
                    int from = Math.min(width - 1, Math.max(0, x + k));
                    sum += kernel[k + radius] * in[start + y * width + from];
                }
                across[y * width + x] = sum;
            }
        }
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double sum = 0;
                for (int k = -radius; k <= radius; k++) {
                    int from = Math.min(height - 1, Math.max(0, y + k));
                    sum += kernel[k + radius] * across[from * width + x];
                }
                out[start + y * width + x] = sum;
            }
        }
    }

    @Override
    public boolean isDistribution() {
        return false;
    }

    @Override
    public void check(Inputs inputs, Problems problems) {
        for (Inputs.Input input : inputs.attributedInputs()) {
            problems.require(
                    input.tensor().shape().rank() >= 3,
                    "baseline blurred: input '" + input.name() + "' has shape "
                            + input.tensor().shape() + "; a blur needs rows and two axes of space after them");
            problems.require(
                    input.tensor().dataType().isFloating(),
                    "baseline blurred: input '" + input.name() + "' is of type "
                            + input.tensor().dataType() + "; a blur needs a floating type");
        }
    }

    @Override
    public String describe() {
        return "blurred(" + sigma + ")";
    }
}
