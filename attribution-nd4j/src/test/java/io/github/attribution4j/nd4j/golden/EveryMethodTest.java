// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.cam.Fem;
import io.github.attribution4j.cam.FullGrad;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.nd4j.SameDiffModel;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.internal.golden.EveryMethod;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import io.github.attribution4j.testkit.internal.golden.InParallel;
import io.github.attribution4j.testkit.internal.golden.MemoryGrowth;
import io.github.attribution4j.testkit.internal.golden.Planned;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Every method of the catalog that needs no rules: in many threads and new ones to the bit, and hundreds of times with
 * nothing left open. The system property {@code attribution.explanations} asks for more than one explanation by each
 * method in each thread; {@link LongMemory} is the long version of the second, with resident memory.
 */
@ExtendWith(LeakExtension.class)
class EveryMethodTest {
    private static final int IN_EACH_THREAD = Integer.getInteger("attribution.explanations", 1);
    private static final int EXPLANATIONS = 250;

    @Test
    void threads_share_a_model() throws Exception {
        long live = Lifetime.count();
        try (EveryMethod every = GoldenGraphs.everyMethod()) {
            // No request of this set asks for these three; their own tests do.
            assertThat(every.missing()).containsExactly("fem", "full-grad", "guided-grad-cam");
            InParallel.sameBits(every, IN_EACH_THREAD);
        }
        assertThat(Lifetime.count()).isEqualTo(live);
    }

    @Test
    void those_that_the_set_leaves_out_run() {
        float[] pixels = new float[3 * 16 * 16];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = i % 17 / 17f;
        }
        try (TensorScope scope = TensorScope.open();
                GoldenModel<SameDiffModel> golden = GoldenGraphs.load("cnn")) {
            SameDiffModel model = golden.model();
            Inputs inputs = Inputs.of(model.tensors().of(pixels, 1, 3, 16, 16));
            for (Attribution<? super SameDiffModel> method : List.of(new FullGrad(), new Fem("layer1"))) {
                try (Explanation explanation = method.attribute(model, inputs, Target.index(1))) {
                    double[] map = explanation.attribution().toDoubleArray();
                    assertThat(Arrays.stream(map).allMatch(Double::isFinite)).isTrue();
                    assertThat(Arrays.stream(map).anyMatch(value -> value != 0)).isTrue();
                }
            }
        }
    }

    @Test
    void plans_have_the_rows_that_explanations_count() {
        long live = Lifetime.count();
        try (EveryMethod every = GoldenGraphs.everyMethod()) {
            Planned.rows(every);
        }
        assertThat(Lifetime.count()).isEqualTo(live);
    }

    @Test
    void nothing_stays_open() throws Exception {
        List<String> heard = new ArrayList<>();
        MemoryGrowth.grow(
                GoldenGraphs.everyMethod(), EXPLANATIONS, EXPLANATIONS / 2, "", MemoryGrowth::resident, heard::add);
        assertThat(heard).isNotEmpty();
    }
}
