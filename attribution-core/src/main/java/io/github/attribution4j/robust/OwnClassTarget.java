// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.target.Loss;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** The loss of each row with the class as label that the model decides for, which is kept from the explained inputs. */
record OwnClassTarget(Loss loss) implements Target {
    /** Returns the class that each row of an output decides for. */
    static long[] decisions(Loss loss, Tensor output) {
        double[][] rows = rows(output);
        return Arrays.stream(rows).mapToLong(loss::decision).toArray();
    }

    static double[][] rows(Tensor output) {
        double[] all = output.toDoubleArray();
        int count = Math.toIntExact(output.shape().dim(0));
        int size = all.length / count;
        double[][] rows = new double[count][];
        for (int row = 0; row < count; row++) {
            rows[row] = Arrays.copyOfRange(all, row * size, (row + 1) * size);
        }
        return rows;
    }

    private Target decided(Tensor output) {
        return Target.loss(
                loss, Arrays.stream(decisions(loss, output)).asDoubleStream().toArray());
    }

    private static long[] each(long[] examples) {
        long[] rows = new long[examples.length];
        Arrays.setAll(rows, row -> row);
        return rows;
    }

    @Override
    public Tensor score(Tensor output, long[] examples) {
        return decided(output).score(output, each(examples));
    }

    @Override
    public Tensor cotangent(Tensor output, long[] examples) {
        return decided(output).cotangent(output, each(examples));
    }

    @Override
    public void check(Shape output, long examples, Problems problems) {
        Target.loss(loss, 0).check(output, 1, problems);
    }

    @Override
    public Target resolve(Tensor output) {
        return decided(output);
    }

    @Override
    public List<String> notices(Tensor output) {
        return decided(output).notices(output);
    }

    @Override
    public String describe() {
        return loss + " of the model's own classes";
    }
}
