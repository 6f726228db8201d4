// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.robust.AttackComparison;
import io.github.attribution4j.robust.AttackTable;
import io.github.attribution4j.robust.Attacked;
import io.github.attribution4j.robust.Bounds;
import io.github.attribution4j.robust.Goal;
import io.github.attribution4j.robust.GradientAttack;
import io.github.attribution4j.robust.MinimalPerturbation;
import io.github.attribution4j.robust.Norm;
import io.github.attribution4j.robust.RandomChange;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Loss;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What docs/robustness-attacks.md shows, on digits of the demo. */
class RobustnessPageTest {
    private TensorScope scope;
    private TorchScriptModel model;
    private Tensor digits;

    @BeforeEach
    void open() throws IOException {
        scope = TensorScope.open();
        model = TorchScriptModel.load(Demo.FILES.resolve("digits.pt"));
        Tensor three = Demo.digit(3, model.tensors());
        Tensor eight = Demo.digit(8, model.tensors());
        digits = model.tensors().concat(List.of(three, eight), 0);
        three.close();
        eight.close();
    }

    @AfterEach
    void close() {
        model.close();
        scope.close();
    }

    @Test
    void an_attack_changes_the_class() {
        // tag::attack
        Inputs inputs = Inputs.of(digits);
        GradientAttack attack = GradientAttack.pgd(0.3).bounds(Bounds.between(0, 1));
        try (Attacked attacked = attack.attack(model, inputs, Goal.away(3, 8).by(Loss.margin()))) {
            System.out.println(attacked); // pgd away from [3, 8] by margin: reached in 2 of 2 examples
            double[] sizes = attacked.distances(Norm.LINF); // at most 0.3
            try (Attacked.Explained both =
                    attacked.explain(model, new IntegratedGradients(), Target.argmax(), Run.defaults())) {
                double[] before = both.before().scores();
                double[] after = both.after().scores(); // of the class before
                assertThat(after[0]).isLessThan(before[0]); // hidden
            }
            assertThat(attacked.rate()).isEqualTo(1); // hidden
            assertThat(Arrays.stream(sizes).max().orElseThrow()).isBetween(0.1, 0.3 + 1e-6); // hidden
        }
        // end::attack
    }

    @Test
    void a_search_finds_the_smallest_change() {
        Inputs inputs = Inputs.of(digits);
        // tag::smallest
        MinimalPerturbation<DifferentiableModel> smallest = MinimalPerturbation.of(
                radius -> GradientAttack.pgd(radius).steps(10).bounds(Bounds.between(0, 1)), 0.01, 0.5, 0.01);
        try (Attacked attacked = smallest.attack(model, inputs, Goal.change())) {
            double[] radii = attacked.amounts(); // one for each digit; NaN where none of them suffices
            assertThat(radii).hasSize(2).doesNotContain(Double.NaN); // hidden
        }
        // end::smallest
    }

    @Test
    void attacks_stand_side_by_side() {
        Inputs inputs = Inputs.of(digits);
        // tag::compare
        AttackTable table = new AttackComparison<DifferentiableModel>()
                .with("fgsm", GradientAttack.fgsm(0.2))
                .with("pgd", GradientAttack.pgd(0.2))
                .with("noise", RandomChange.uniform(0.2), 5)
                .measure("three", (example, output) -> output[3])
                .compare(model, inputs, Goal.away(3, 8), Run.defaults());
        System.out.println(table); // a line for each attack, a column for each measure
        double rate = table.of("pgd", "reached").mean();
        // end::compare
        assertThat(rate).isGreaterThanOrEqualTo(table.of("noise", "reached").mean());
        assertThat(table.of("pgd", "score").mean())
                .isGreaterThanOrEqualTo(table.of("fgsm", "score").mean());
    }
}
