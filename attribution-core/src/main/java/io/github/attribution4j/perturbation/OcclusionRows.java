// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows that are the example with one window of one input replaced by the baseline; the windows of input 0 come first.
 */
final class OcclusionRows implements Rows {
    private final Inputs inputs;
    private final List<Tensor> references;
    private final List<Windows> windows;
    private final int[] starts;
    private final int perExample;

    OcclusionRows(Inputs inputs, List<Tensor> references, List<Windows> windows) {
        this.inputs = inputs;
        this.references = references;
        this.windows = windows;
        this.starts = new int[windows.size() + 1];
        for (int i = 0; i < windows.size(); i++) {
            starts[i + 1] = Math.addExact(starts[i], windows.get(i).count());
        }
        this.perExample = starts[windows.size()];
    }

    /** Returns the first row of an example's windows over an input. */
    int start(int example, int input) {
        return example * perExample + starts[input];
    }

    @Override
    public long count() {
        return inputs.rows() * perExample;
    }

    @Override
    public long example(long row) {
        return row / perExample;
    }

    @Override
    public List<Tensor> attributed(long from, long to) {
        int rows = Math.toIntExact(to - from);
        long[] examples = new long[rows];
        int[] local = new int[rows];
        for (int r = 0; r < rows; r++) {
            examples[r] = example(from + r);
            local[r] = (int) ((from + r) % perExample);
        }
        List<Tensor> attributed = new ArrayList<>();
        for (int input = 0; input < windows.size(); input++) {
            attributed.add(occluded(input, examples, local));
        }
        return attributed;
    }

    private Tensor occluded(int input, long[] examples, int[] local) {
        Windows over = windows.get(input);
        int size = over.rowSize();
        boolean[] keep = new boolean[Math.multiplyExact(local.length, size)];
        boolean untouched = true;
        for (int r = 0; r < local.length; r++) {
            int window = local[r] - starts[input];
            if (window >= 0 && window < over.count()) {
                over.keepOutside(window, keep, r * size);
                untouched = false;
            } else {
                Arrays.fill(keep, r * size, (r + 1) * size, true);
            }
        }
        Tensor present = Rows.ofExamples(inputs.attributed().get(input), examples);
        if (untouched) {
            return present.broadcast(present.shape().withRows(local.length));
        }
        Tensor absent = Rows.ofExamples(references.get(input), examples);
        return present.tensors().of(keep, over.shape(local.length)).where(present, absent);
    }
}
