// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.metric.Perturbation;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.robust.MinimalPerturbation.Search;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Loss;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Searches for the smallest amount, goals, comparisons, and explanations before and after. */
@ExtendWith(LeakExtension.class)
class SearchAndComparisonTest {
    private static final DifferentiableModel MODEL = ReferenceModels.mlp(DataType.FLOAT64, 6, Activation.TANH, 5, 9, 3);

    private TensorScope scope;
    private Inputs inputs;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
        inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 7, 12, 5));
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @ParameterizedTest
    @EnumSource(Search.class)
    void on_a_linear_model_the_least_radius_is_known(Search search) {
        double[][] weights = {{1, -2, 0.5}, {0, 1, -1}};
        ReferenceModel model = ReferenceModel.builder(DataType.FLOAT64, 0)
                .input("x", Shape.of(3))
                .linear("fc", "x", weights, new double[2])
                .build();
        Tensor rows = ReferenceModels.normal(DataType.FLOAT64, 3, 9, 3);
        // The nearest boundary lies |f| / Σ |w| away, and r must exceed it.
        try (Attacked attacked = MinimalPerturbation.of(r -> GradientAttack.fgsm(r), 0.01, 0.6, 0.01)
                .search(search)
                .attack(model, Inputs.of(rows), Goal.change().by(Loss.margin()))) {
            int found = 0;
            for (int example = 0; example < 9; example++) {
                double[] x = rows.rows(example, example + 1).toDoubleArray();
                double least = Math.abs(x[0] - 3 * x[1] + 1.5 * x[2]) / 5.5;
                double amount = attacked.amounts()[example];
                if (least > 0.6) {
                    assertThat(amount).isNaN();
                    assertThat(attacked.distances(Norm.L2)[example]).isZero();
                } else {
                    assertThat(amount).isBetween(least, least + 0.01 + 1e-12);
                    assertThat(attacked.distances(Norm.LINF)[example]).isEqualTo(amount, within(1e-12));
                    found++;
                }
                assertThat(attacked.reached()[example]).isEqualTo(least <= 0.6);
            }
            assertThat(found).isBetween(3, 9);
        }
    }

    @Test
    void both_searches_find_the_same_and_binary_asks_less() {
        try (Attacked up = MinimalPerturbation.of(r -> GradientAttack.pgd(r).steps(5), 0.02, 2, 0.02)
                        .search(Search.LINEAR)
                        .attack(MODEL, inputs, Goal.change());
                Attacked halves = MinimalPerturbation.of(
                                r -> GradientAttack.pgd(r).steps(5), 0.02, 2, 0.02)
                        .attack(MODEL, inputs, Goal.change())) {
            for (int example = 0; example < 12; example++) {
                double linear = up.amounts()[example];
                assertThat(Double.isNaN(linear)).isEqualTo(Double.isNaN(halves.amounts()[example]));
                if (!Double.isNaN(linear)) {
                    assertThat(halves.amounts()[example]).isEqualTo(linear, within(0.02 + 1e-12));
                }
            }
            assertThat(halves.counts().forwardRows()).isLessThan(up.counts().forwardRows() / 2);
        }
    }

    @Test
    void the_largest_amount_is_tried_whatever_the_rounding() {
        Set<Double> tried = ConcurrentHashMap.newKeySet();
        try (Attacked none = MinimalPerturbation.of(
                        r -> {
                            tried.add(r);
                            return RandomChange.uniform(0);
                        },
                        0.1,
                        0.3,
                        0.1)
                .search(Search.LINEAR)
                .attack(MODEL, inputs, Goal.change())) {
            assertThat(none.amounts()).containsOnly(Double.NaN);
            assertThat(tried).containsExactlyInAnyOrder(0.1, 0.2, 0.3);
        }
    }

    @Test
    void what_is_wrong_already_needs_nothing() {
        long[] labels = MODEL.forward(inputs).argmax(1).toLongArray();
        labels[3] = (labels[3] + 1) % 3;
        try (Attacked attacked = MinimalPerturbation.of(r -> GradientAttack.fgsm(r), 0.5, 3, 0.5)
                .attack(MODEL, inputs, Goal.away(labels))) {
            assertThat(attacked.amounts()[3]).isZero();
            assertThat(attacked.reachedBefore()[3]).isTrue();
            assertThat(attacked.distances(Norm.LINF)[3]).isZero();
        }
    }

    @Test
    void any_function_of_the_output_decides() {
        Set<Integer> asked = ConcurrentHashMap.newKeySet();
        Goal goal = Goal.raise(Target.index(1)).reachedWhen("even rows above 1", (example, output) -> {
            asked.add(example);
            return example % 2 == 0 && output[1] > 1;
        });
        try (Attacked attacked =
                MinimalPerturbation.of(r -> GradientAttack.fgsm(r), 0.1, 6, 0.1).attack(MODEL, inputs, goal)) {
            double[] after = attacked.output().slice(1, 1, 2).toDoubleArray();
            assertThat(asked).hasSize(12);
            for (int example = 0; example < 12; example++) {
                assertThat(attacked.reached()[example]).isEqualTo(example % 2 == 0 && after[example] > 1);
            }
            assertThat(attacked.rate()).isPositive();
            assertThat(attacked.goal()).hasToString("raise index 1, until even rows above 1");
        }
    }

    @Test
    void goals_say_which_way_and_how_far() {
        Target score = Target.index(2);
        try (Attacked up = GradientAttack.pgd(0.5).attack(MODEL, inputs, Goal.raise(score));
                Attacked down = GradientAttack.pgd(0.5).attack(MODEL, inputs, Goal.lower(score));
                Attacked far = GradientAttack.pgd(0.5)
                        .attack(MODEL, inputs, Goal.lower(score).reachedAt(-1));
                Attacked towards = GradientAttack.pgd(3).attack(MODEL, inputs, Goal.towards(2))) {
            double[] before = score.scores(MODEL.forward(inputs), new long[12]);
            assertThat(up.scoresBefore()).containsExactly(before, within(1e-12));
            for (int example = 0; example < 12; example++) {
                assertThat(up.scores()[example]).isGreaterThan(before[example]);
                assertThat(down.scores()[example]).isLessThan(before[example]);
                assertThat(far.reached()[example]).isEqualTo(far.scores()[example] <= -1);
                assertThat(towards.reached()[example])
                        .isEqualTo(towards.output().argmax(1).toLongArray()[example] == 2);
            }
            assertThat(up.rate()).isEqualTo(1);
            assertThat(towards.rate()).isGreaterThan(0.5);
        }
    }

    @Test
    void a_single_logit_has_two_classes() {
        ReferenceModel single = ReferenceModel.builder(DataType.FLOAT64, 0)
                .input("x", Shape.of(2))
                .linear("fc", "x", new double[][] {{1, 1}}, new double[1])
                .build();
        Tensor rows = Tensors.ofJava().of(new double[] {0.1, 0.1, -0.1, -0.2}, 2, 2);
        for (Loss loss : new Loss[] {Loss.crossEntropy(), Loss.margin()}) {
            try (Attacked attacked = GradientAttack.fgsm(0.3)
                    .attack(single, Inputs.of(rows), Goal.away(1, 0).by(loss))) {
                assertThat(attacked.changed().get(0).toDoubleArray())
                        .containsExactly(new double[] {-0.2, -0.2, 0.2, 0.1}, within(1e-12));
                assertThat(attacked.reached()).containsExactly(true, true);
                assertThat(attacked.reachedBefore()).containsExactly(false, false);
            }
        }
    }

    @Test
    void amounts_that_cannot_be_are_refused() {
        for (double[] amounts : new double[][] {{0, 1, 0.1}, {2, 1, 0.1}, {0.1, 1, 0}, {0.1, Double.NaN, 0.1}}) {
            assertThatThrownBy(() -> MinimalPerturbation.of(
                                    r -> RandomChange.uniform(1), amounts[0], amounts[1], amounts[2])
                            .attack(MODEL, inputs, Goal.change()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("must be finite and above 0");
        }
        assertThatThrownBy(() -> MinimalPerturbation.of(r -> RandomChange.uniform(1), 1, 2, 1e-9)
                        .attack(MODEL, inputs, Goal.change()))
                .hasMessageContaining("choose a larger one");
    }

    @Test
    void a_function_changes_inputs() {
        try (Attacked shifted = RandomChange.of("plus 2", (rows, input, examples, samples, run) -> rows.add(2))
                        .attack(MODEL, inputs, Goal.change());
                Attacked noisy = RandomChange.of("uniform:0.1", Perturbation.uniform(0.1)::change)
                        .attempts(4)
                        .bounds(Bounds.between(-9, 9))
                        .attack(MODEL, inputs, Goal.change())) {
            assertThat(Arrays.stream(shifted.distances(Norm.LINF)))
                    .allMatch(distance -> Math.abs(distance - 2) < 1e-12);
            assertThat(shifted.provenance().settings()).containsEntry("change", "plus 2");
            assertThat(Arrays.stream(noisy.distances(Norm.LINF))).allMatch(distance -> distance > 0 && distance <= 0.1);
        }
    }

    @Test
    void of_several_attempts_one_that_succeeds_counts_then_the_best() {
        try (Attacked one = RandomChange.normal(1).attack(MODEL, inputs, Goal.change());
                Attacked many = RandomChange.normal(1).attempts(30).attack(MODEL, inputs, Goal.change())) {
            for (int example = 0; example < 12; example++) {
                assertThat(many.reached()[example] || !one.reached()[example]).isTrue();
                if (many.reached()[example] == one.reached()[example]) {
                    assertThat(many.scores()[example]).isGreaterThanOrEqualTo(one.scores()[example]);
                }
            }
            assertThat(many.rate()).isGreaterThan(one.rate());
        }
    }

    private static AttackComparison<DifferentiableModel> comparison() {
        return new AttackComparison<DifferentiableModel>()
                .with("fgsm", GradientAttack.fgsm(0.3))
                .with("noise", RandomChange.uniform(0.3), 4)
                .measure("first", (example, output) -> output[0] + 100 * example);
    }

    @Test
    void a_comparison_has_what_each_attack_did() {
        AttackTable table = comparison().compare(MODEL, inputs, Goal.change(), Run.defaults());
        assertThat(table.attacks()).containsExactly("original", "fgsm", "noise");
        assertThat(table.measures()).containsExactly("reached", "score", "linf", "l2", "first");
        try (Attacked fgsm = GradientAttack.fgsm(0.3).attack(MODEL, inputs, Goal.change());
                Attacked noise = RandomChange.uniform(0.3).attack(MODEL, inputs, Goal.change())) {
            assertThat(table.of("fgsm", "reached").mean()).isEqualTo(fgsm.rate());
            assertThat(table.of("fgsm", "score").means()).containsExactly(fgsm.scores(), within(1e-12));
            assertThat(table.of("original", "score").means()).containsExactly(fgsm.scoresBefore(), within(1e-12));
            assertThat(table.of("fgsm", "l2").means()).containsExactly(fgsm.distances(Norm.L2), within(1e-12));
            double[] first = fgsm.output().slice(1, 0, 1).toDoubleArray();
            for (int example = 0; example < 12; example++) {
                assertThat(table.of("fgsm", "first").means()[example]).isEqualTo(first[example] + 100 * example);
                AttackTable.Values scores = table.of("noise", "score");
                assertThat(noise.scores()[example]).isBetween(scores.least()[example], scores.largest()[example]);
                assertThat(scores.least()[example]).isLessThan(scores.means()[example]);
                assertThat(scores.means()[example]).isLessThan(scores.largest()[example]);
            }
        }
        assertThat(table.toString()).startsWith("attack\treached\tscore\tlinf\tl2\tfirst\noriginal\t0\t");
        assertThat(table.counts().forwardRows()).isEqualTo(12 + 12 * 2 + 4 * 12 * 2);
        assertThatThrownBy(() -> table.of("pgd", "score")).hasMessageContaining("is not in the table of");
        assertThatThrownBy(() -> comparison().with("fgsm", RandomChange.uniform(1)))
                .hasMessageContaining("attack 'fgsm': is blank or there already");
        assertThatThrownBy(() -> new AttackComparison<DifferentiableModel>()
                        .compare(MODEL, inputs, Goal.change(), Run.defaults()))
                .hasMessageContaining("attacks: none given");
    }

    @Test
    void tables_of_parts_count_each_example_the_same() {
        AttackTable all = comparison().compare(MODEL, inputs, Goal.change(), Run.defaults());
        long[] first = {0, 1, 2, 3, 4, 5, 6, 7, 8};
        long[] rest = {9, 10, 11};
        AttackTable parts = comparison()
                .compare(MODEL, inputs.select(first), Goal.change(), Run.defaults())
                .plus(comparison()
                        .compare(
                                MODEL,
                                inputs.select(rest),
                                Goal.change(),
                                Run.defaults().exampleKeys(rest)));
        for (String measure : Arrays.asList("reached", "score", "linf", "l2")) {
            assertThat(parts.of("noise", measure).mean())
                    .isEqualTo(all.of("noise", measure).mean(), within(1e-12));
            assertThat(parts.of("noise", measure).meanOfLargest())
                    .isEqualTo(all.of("noise", measure).meanOfLargest(), within(1e-12));
        }
        assertThat(parts.examples()).isEqualTo(12);
        assertThat(parts.provenances()).hasSize(2);
    }

    @Test
    void explanations_before_and_after_are_of_one_score() {
        try (Attacked attacked = GradientAttack.pgd(2).attack(MODEL, inputs, Goal.change());
                Attacked.Explained explained =
                        attacked.explain(MODEL, new IntegratedGradients(), Target.argmax(), Run.defaults())) {
            assertThat(attacked.rate()).isPositive();
            assertThat(explained.after().provenance().target())
                    .isEqualTo(explained.before().provenance().target());
            double[] scores = explained.after().scores();
            long[] classes = attacked.outputBefore().argmax(1).toLongArray();
            assertThat(scores).containsExactly(attacked.output().pick(classes).toDoubleArray(), within(1e-12));
        }
        try (Attacked attacked = GradientAttack.fgsm(0.1).attack(MODEL, inputs, Goal.change());
                Attacked.Explained inside = attacked.explain(
                        ReferenceModels.mlp(DataType.FLOAT64, 6, Activation.TANH, 5, 9, 3),
                        new Saliency().towards("act1", Target.at(3)),
                        Target.output(),
                        Run.defaults())) {
            assertThat(inside.after().scores()).hasSize(12);
        }
    }
}
