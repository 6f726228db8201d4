// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What an engine must do with a model whose rows do not stand alone: they change each other, or the model takes a fixed
 * number of them. An example is then explained as if it were alone, whatever it is explained beside, and the
 * explanation says so.
 */
@Experimental
@ExtendWith(LeakExtension.class)
public abstract class RowsContract {
    private static final List<Attribution<? super DifferentiableModel>> METHODS =
            List.of(Saliency.signed(), new FeatureAblation());

    /** For subclasses. */
    protected RowsContract() {}

    /** Returns a new model. */
    protected abstract DifferentiableModel model();

    /**
     * Returns inputs for some of three examples, by their numbers 0, 1 and 2. All examples differ.
     *
     * @param model gives the tensors
     */
    protected abstract Inputs inputs(Model model, int... examples);

    /** Returns what is explained: the first score. */
    protected Target target() {
        return Target.index(0);
    }

    /** Returns whether the model takes three rows and no other number; by default it takes any. */
    protected boolean takesOnlyThree() {
        return false;
    }

    @Test
    @DisplayName("Examples that are explained together are explained as each alone, to the bit, which is said")
    void eachAlone() {
        try (DifferentiableModel model = model();
                TensorScope scope = TensorScope.open()) {
            boolean differ = false;
            for (Attribution<? super DifferentiableModel> method : METHODS) {
                float[][] together = explained(model, method, 0, 1, 2);
                float[][] turned = explained(model, method, 2, 0, 1);
                assertThat(turned).isDeepEqualTo(new float[][] {together[2], together[0], together[1]});
                differ |= !Arrays.equals(together[0], together[1]) || !Arrays.equals(together[1], together[2]);
                for (int example = 0; example < 3 && !takesOnlyThree(); example++) {
                    assertThat(explained(model, method, example)[0]).isEqualTo(together[example]);
                }
            }
            assertThat(differ)
                    .as("all examples have equal attributions, so this test shows nothing; choose other inputs")
                    .isTrue();
        }
    }

    /** The attributions of each example. */
    private float[][] explained(
            DifferentiableModel model, Attribution<? super DifferentiableModel> method, int... examples) {
        try (Explanation why = method.attribute(model, inputs(model, examples), target())) {
            if (examples.length > 1) {
                assertThat(why.notices()).anyMatch(notice -> notice.contains("row"));
            }
            float[][] each = new float[examples.length][];
            for (int i = 0; i < each.length; i++) {
                each[i] = why.attribution().rows(i, i + 1).toFloatArray();
            }
            return each;
        }
    }
}
