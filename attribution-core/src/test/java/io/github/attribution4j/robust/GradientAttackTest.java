// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Setting;
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
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What attacks along gradients claim: against loops over single numbers, and where the answer is known. */
@ExtendWith(LeakExtension.class)
class GradientAttackTest {
    private static final int FEATURES = 6;
    private static final double CLOSE = 1e-10;

    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static DifferentiableModel network(DataType type, long seed) {
        return ReferenceModels.mlp(type, seed, Activation.TANH, FEATURES, 9, 3);
    }

    private static Tensor rows(DataType type, int count, long seed) {
        return ReferenceModels.normal(type, seed, count, FEATURES);
    }

    private static double[] row(Tensor tensor, int row) {
        return tensor.rows(row, row + 1).toDoubleArray();
    }

    /** Returns the cross-entropy of a row, by the definition. */
    private static double loss(DifferentiableModel model, double[] x, int label) {
        double[] z =
                model.forward(Inputs.of(Tensors.ofJava().of(x, 1, x.length))).toDoubleArray();
        double sum = 0;
        for (double one : z) {
            sum += Math.exp(one);
        }
        return Math.log(sum) - z[label];
    }

    /** Returns the gradient of the cross-entropy by central differences. */
    private static double[] slope(DifferentiableModel model, double[] x, int label) {
        double[] slope = new double[x.length];
        double h = 1e-5;
        for (int i = 0; i < x.length; i++) {
            double[] up = x.clone();
            double[] down = x.clone();
            up[i] += h;
            down[i] -= h;
            slope[i] = (loss(model, up, label) - loss(model, down, label)) / (2 * h);
        }
        return slope;
    }

    /** Walks as the paper says, with numbers one by one. */
    private static double[] walk(
            DifferentiableModel model,
            double[] x,
            int label,
            double sign,
            Norm norm,
            double radius,
            double step,
            int steps,
            double low,
            double high,
            double[] mask) {
        double[] here = x.clone();
        for (int s = 0; s < steps; s++) {
            double[] slope = slope(model, here, label);
            double length = 0;
            for (int i = 0; i < x.length; i++) {
                slope[i] *= mask[i];
                length += slope[i] * slope[i];
            }
            double away = 0;
            for (int i = 0; i < x.length; i++) {
                double direction = norm == Norm.LINF ? Math.signum(slope[i]) : slope[i] / Math.sqrt(length);
                here[i] += sign * step * direction;
                away += (here[i] - x[i]) * (here[i] - x[i]);
            }
            for (int i = 0; i < x.length; i++) {
                double change = here[i] - x[i];
                change = norm == Norm.LINF
                        ? Math.max(-radius, Math.min(radius, change))
                        : change * Math.min(1, radius / Math.sqrt(away));
                here[i] = Math.max(low, Math.min(high, x[i] + change));
            }
        }
        return here;
    }

    @ParameterizedTest
    @EnumSource(Norm.class)
    void a_walk_is_that_of_loops_over_single_numbers(Norm norm) {
        DifferentiableModel model = network(DataType.FLOAT64, 4);
        Tensor rows = rows(DataType.FLOAT64, 4, 5);
        double[] mask = {1, 0, 1, 1, 1, 0};
        double most = rows.max().toDoubleArray()[0] + 0.1;
        for (boolean targeted : new boolean[] {false, true}) {
            Goal goal = targeted ? Goal.towards(2) : Goal.away(2);
            GradientAttack attack = GradientAttack.pgd(0.5)
                    .norm(norm)
                    .steps(6)
                    .step(0.15)
                    .keepBest(false)
                    .bounds(Bounds.between(-9, most))
                    .mask(Tensors.ofJava().of(mask, 1, FEATURES));
            try (Attacked attacked = attack.attack(model, Inputs.of(rows), goal)) {
                for (int example = 0; example < 4; example++) {
                    double[] expected =
                            walk(model, row(rows, example), 2, targeted ? -1 : 1, norm, 0.5, 0.15, 6, -9, most, mask);
                    // The oracle's slopes are central differences.
                    assertThat(row(attacked.changed().get(0), example)).containsExactly(expected, within(1e-7));
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"FLOAT32, LINF", "FLOAT32, L2", "FLOAT64, LINF", "FLOAT64, L2"})
    void a_change_never_leaves_ball_or_bounds(DataType type, Norm norm) {
        double ulps = type == DataType.FLOAT32 ? 1e-6 : 1e-14;
        Tensor rows = rows(type, 20, 8).clamp(-1, 1);
        for (long seed = 0; seed < 6; seed++) {
            DifferentiableModel model = network(type, seed);
            for (GradientAttack attack : List.of(
                    GradientAttack.fgsm(0.7),
                    GradientAttack.pgd(0.7).steps(5),
                    GradientAttack.pgd(0.7).steps(3).step(9),
                    GradientAttack.pgd(0.7).steps(2).randomStart(true))) {
                try (Attacked attacked = attack.norm(norm)
                        .bounds(Bounds.between(-1, 1))
                        .attack(
                                model,
                                Inputs.of(rows),
                                Goal.change(),
                                Run.defaults().seed(seed))) {
                    assertThat(Arrays.stream(attacked.distances(norm))).allMatch(distance -> distance <= 0.7 + ulps);
                    assertThat(Arrays.stream(attacked.changed().get(0).toDoubleArray()))
                            .allMatch(value -> Math.abs(value) <= 1);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Norm.class)
    void many_steps_do_no_worse_than_one(Norm norm) {
        for (long seed = 0; seed < 10; seed++) {
            DifferentiableModel model = network(DataType.FLOAT64, seed);
            Inputs inputs = Inputs.of(rows(DataType.FLOAT64, 10, seed + 50));
            try (Attacked one = GradientAttack.fgsm(0.6).norm(norm).attack(model, inputs, Goal.change());
                    Attacked many = GradientAttack.pgd(0.6).norm(norm).attack(model, inputs, Goal.change())) {
                for (int example = 0; example < 10; example++) {
                    assertThat(many.scores()[example]).isGreaterThanOrEqualTo(one.scores()[example] - 1e-9);
                    assertThat(many.scores()[example]).isGreaterThanOrEqualTo(many.scoresBefore()[example]);
                }
            }
        }
    }

    private static ReferenceModel linear(double[][] weights) {
        return ReferenceModel.builder(DataType.FLOAT64, 0)
                .input("x", Shape.of(weights[0].length))
                .linear("fc", "x", weights, new double[weights.length])
                .build();
    }

    @Test
    void on_a_linear_model_one_step_is_the_best_of_all_changes() {
        double[][] weights = {{1, -2, 0.5, 3}, {0, 1, -1, 0.25}};
        double[] way = {-1, 3, -1.5, -2.75};
        Tensor rows = Tensors.ofJava().of(new double[] {0.3, -0.1, 0.7, 2}, 1, 4);
        try (Attacked attacked = GradientAttack.fgsm(0.2)
                .attack(linear(weights), Inputs.of(rows), Goal.away(0).by(Loss.margin()))) {
            double sum = Arrays.stream(way).map(Math::abs).sum();
            assertThat(attacked.scores()[0]).isEqualTo(attacked.scoresBefore()[0] + 0.2 * sum, within(CLOSE));
            SplittableRandom random = new SplittableRandom(3);
            for (int trial = 0; trial < 500; trial++) {
                double gain = 0;
                for (double one : way) {
                    gain += one * 0.2 * (2 * random.nextDouble() - 1);
                }
                assertThat(attacked.scores()[0]).isGreaterThan(attacked.scoresBefore()[0] + gain);
            }
        }
        double length = Math.sqrt(Arrays.stream(way).map(one -> one * one).sum());
        try (Attacked attacked = GradientAttack.pgd(0.2)
                .norm(Norm.L2)
                .attack(linear(weights), Inputs.of(rows), Goal.away(0).by(Loss.margin()))) {
            double[] change = attacked.changed().get(0).sub(rows).toDoubleArray();
            for (int i = 0; i < way.length; i++) {
                assertThat(change[i]).isEqualTo(0.2 * way[i] / length, within(CLOSE));
            }
        }
        // Steps along the sign, which Captum makes, end elsewhere.
        try (Attacked attacked = GradientAttack.pgd(0.2)
                .norm(Norm.L2)
                .signSteps(true)
                .attack(linear(weights), Inputs.of(rows), Goal.away(0).by(Loss.margin()))) {
            assertThat(attacked.scores()[0]).isLessThan(attacked.scoresBefore()[0] + 0.99 * 0.2 * length);
        }
    }

    @Test
    void a_loss_of_logits_moves_where_one_of_probabilities_stands_still() {
        ReferenceModel sure = ReferenceModel.builder(DataType.FLOAT32, 0)
                .input("x", Shape.of(2))
                .linear("fc", "x", new double[][] {{400, 0}, {0, 400}}, new double[2])
                .softmax("softmax", "fc")
                .build();
        ReferenceModel logits = ReferenceModel.builder(DataType.FLOAT32, 0)
                .input("x", Shape.of(2))
                .linear("fc", "x", new double[][] {{400, 0}, {0, 400}}, new double[2])
                .build();
        Tensor row = Tensors.ofJava().of(new float[] {1, 0}, 1, 2);
        GradientAttack attack = GradientAttack.pgd(0.6).steps(10);
        try (Attacked still = attack.attack(sure, Inputs.of(row), Goal.away(0).by(Loss.logLoss()));
                Attacked moved =
                        attack.attack(logits, Inputs.of(row), Goal.away(0).by(Loss.margin()))) {
            assertThat(still.distances(Norm.LINF)).containsExactly(0);
            assertThat(still.reached()).containsExactly(false);
            assertThat(moved.reached()).containsExactly(true);
        }
    }

    @Test
    void a_drawn_start_is_anywhere_in_the_ball_of_its_own_example() {
        int count = 3000;
        // Without slopes, the first point is the last.
        ReferenceModel flat = linear(new double[2][FEATURES]);
        Tensor rows = Tensors.ofJava().zeros(Shape.of(count, FEATURES), DataType.FLOAT64);
        double[] mask = {1, 1, 0, 1, 0, 1};
        GradientAttack attack = GradientAttack.pgd(2)
                .steps(1)
                .randomStart(true)
                .keepBest(false)
                .mask(Tensors.ofJava().of(mask, 1, FEATURES));
        try (Attacked round = attack.norm(Norm.L2).attack(flat, Inputs.of(rows), Goal.change());
                Attacked square = attack.attack(flat, Inputs.of(rows), Goal.change())) {
            double[] radii = round.distances(Norm.L2);
            assertThat(Arrays.stream(radii).max().orElseThrow()).isBetween(1.99, 2 + 1e-12);
            // In 4 dimensions the mean radius is 4/5 of the largest, and the mean largest of 4 numbers as well.
            assertThat(Arrays.stream(radii).average().orElseThrow()).isEqualTo(1.6, within(0.03));
            assertThat(Arrays.stream(square.distances(Norm.LINF)).average().orElseThrow())
                    .isEqualTo(1.6, within(0.03));
            for (Attacked one : List.of(round, square)) {
                assertThat(one.changed().get(0).slice(1, 2, 3).abs().max().toDoubleArray())
                        .containsExactly(0);
                double[] mean = one.changed().get(0).mean(0).toDoubleArray();
                assertThat(Arrays.stream(mean)).allMatch(value -> Math.abs(value) < 0.1);
            }
        }
    }

    @Test
    void restarts_keep_the_best() {
        DifferentiableModel model = network(DataType.FLOAT64, 12);
        Inputs inputs = Inputs.of(rows(DataType.FLOAT64, 12, 31));
        GradientAttack one = GradientAttack.pgd(0.8).steps(2).randomStart(true);
        try (Attacked single = one.attack(model, inputs, Goal.change());
                Attacked several = one.restarts(6).attack(model, inputs, Goal.change())) {
            int better = 0;
            for (int example = 0; example < 12; example++) {
                boolean was = single.reached()[example];
                boolean is = several.reached()[example];
                assertThat(is || !was).isTrue();
                if (is == was) {
                    assertThat(several.scores()[example]).isGreaterThanOrEqualTo(single.scores()[example]);
                    better += several.scores()[example] > single.scores()[example] ? 1 : 0;
                }
            }
            assertThat(better).isPositive();
        }
    }

    @Test
    void each_input_has_its_own_radius_step_and_bounds() {
        DifferentiableModel model = ReferenceModels.twoInputs(DataType.FLOAT64, 3, 4, 5, 3);
        Tensor first = ReferenceModels.normal(DataType.FLOAT64, 1, 3, 4).clamp(-1, 1);
        Tensor second = ReferenceModels.normal(DataType.FLOAT64, 2, 3, 5);
        Inputs inputs = Inputs.of(first, second);
        try (Attacked attacked = GradientAttack.pgd(0.5, 0.01)
                .step(0.2, 0.004)
                .steps(10)
                .bounds(Bounds.each(Bounds.between(-1, 1), Bounds.none()))
                .attack(model, inputs, Goal.change())) {
            double[] one = attacked.changed().get(0).sub(first).abs().toDoubleArray();
            double[] two = attacked.changed().get(1).sub(second).abs().toDoubleArray();
            assertThat(Arrays.stream(one).max().orElseThrow()).isBetween(0.4, 0.5 + CLOSE);
            assertThat(Arrays.stream(two).max().orElseThrow()).isBetween(0.009, 0.01 + CLOSE);
            assertThat(attacked.changed().get(0).abs().max().toDoubleArray()[0]).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void bounds_and_masks_of_elements_belong_to_their_examples() {
        DifferentiableModel model = network(DataType.FLOAT64, 9);
        Tensor rows = rows(DataType.FLOAT64, 3, 2);
        Tensor lows = rows.add(-0.01);
        double[] room = new double[3 * FEATURES];
        Arrays.fill(room, 0, FEATURES, 0.02);
        Arrays.fill(room, FEATURES, room.length, 5);
        Tensor highs = rows.add(Tensors.ofJava().of(room, 3, FEATURES));
        double[] mask = new double[3 * FEATURES];
        Arrays.fill(mask, 0, 2 * FEATURES, 1);
        GradientAttack attack = GradientAttack.pgd(1)
                .steps(5)
                .bounds(Bounds.between(lows, highs))
                .mask(Tensors.ofJava().of(mask, 3, FEATURES));
        try (Attacked attacked = attack.attack(model, Inputs.of(rows), Goal.change())) {
            double[] largest = attacked.distances(Norm.LINF);
            assertThat(largest[0]).isBetween(0.009, 0.02 + CLOSE);
            assertThat(largest[1]).isGreaterThan(0.5);
            assertThat(largest[2]).isZero();
        }
        // A search asks for some of the examples again.
        try (Attacked searched =
                MinimalPerturbation.of(attack::radius, 0.1, 4, 0.1).attack(model, Inputs.of(rows), Goal.change())) {
            for (int example = 0; example < 3; example++) {
                assertThat(searched.distances(Norm.LINF)[example]).isLessThanOrEqualTo(example == 0 ? 0.02 + CLOSE : 4);
            }
            assertThat(searched.amounts()[2]).isNaN();
        }
    }

    @Test
    void inputs_without_slopes_stay() {
        ReferenceModel flat = linear(new double[2][FEATURES]);
        Tensor rows = rows(DataType.FLOAT64, 2, 1);
        for (Norm norm : Norm.values()) {
            try (Attacked attacked = GradientAttack.pgd(1).norm(norm).attack(flat, Inputs.of(rows), Goal.change())) {
                assertThat(attacked.changed().get(0).toDoubleArray()).containsExactly(rows.toDoubleArray());
                assertThat(attacked.reached()).containsExactly(false, false);
            }
        }
    }

    @Test
    void rows_are_counted() {
        DifferentiableModel model = network(DataType.FLOAT64, 4);
        Inputs inputs = Inputs.of(rows(DataType.FLOAT64, 3, 5));
        try (Attacked one = GradientAttack.fgsm(0.1).attack(model, inputs, Goal.away(1));
                Attacked last = GradientAttack.pgd(0.1).steps(5).keepBest(false).attack(model, inputs, Goal.change());
                Attacked drawn = GradientAttack.pgd(0.1)
                        .steps(5)
                        .randomStart(true)
                        .keepBest(false)
                        .attack(model, inputs, Goal.change())) {
            assertThat(one.counts().forwardRows()).isEqualTo(3 * 2);
            assertThat(one.counts().backwardRows()).isEqualTo(3);
            assertThat(last.counts().forwardRows()).isEqualTo(3 * 6);
            assertThat(drawn.counts().forwardRows()).isEqualTo(3 * 7);
        }
    }

    @Test
    void what_cannot_be_is_refused_together() {
        DifferentiableModel model = network(DataType.FLOAT64, 4);
        Tensor rows = rows(DataType.FLOAT64, 3, 5);
        Inputs inputs = Inputs.of(rows);
        assertThatThrownBy(() -> GradientAttack.pgd(0)
                        .step(-1)
                        .bounds(Bounds.between(0, 0.001))
                        .mask(Tensors.ofJava().full(Shape.of(1, 5), DataType.FLOAT64, 1))
                        .attack(model, inputs, Goal.change()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("radius 0.0: must be finite and above 0")
                .hasMessageContaining("step -1.0: must be finite and above 0")
                .hasMessageContaining("outside of its bounds, whose nearest value is 0.0")
                .hasMessageContaining("mask for input 'input0': have shape (1, 5), and the input (3, 6)");
        assertThatThrownBy(() -> GradientAttack.pgd(0.1, 0.2, 0.3).attack(model, inputs, Goal.change()))
                .hasMessageContaining("radius 0.1,0.2,0.3: 3 values for 1 attributed inputs");
        assertThatThrownBy(() -> GradientAttack.fgsm(Double.NaN).attack(model, inputs, Goal.change()))
                .hasMessageContaining("radius NaN: must be finite and above 0");
        assertThatThrownBy(() -> GradientAttack.fgsm(0.1)
                        .mask(rows.gt(0).to(DataType.FLOAT64).mul(0.5))
                        .attack(model, inputs, Goal.change()))
                .hasMessageContaining("holds 0.5; must be 1 where an element may change, and 0 where not");
        assertThatThrownBy(() ->
                        GradientAttack.pgd(0.1).restarts(3).randomStart(false).attack(model, inputs, Goal.change()))
                .hasMessageContaining("restarts 3: are alike without a random start; set randomStart(true)");
        assertThatThrownBy(() -> GradientAttack.pgd(0.1).steps(0).attack(model, inputs, Goal.change()))
                .hasMessageContaining("steps 0: must be at least 1");
        assertThatThrownBy(() -> GradientAttack.fgsm(0.1).steps(3)).hasMessageContaining("fgsm has no setting 'steps'");
        assertThatThrownBy(() -> Bounds.between(1, 0)).hasMessageContaining("bounds 1.0:0.0");
        assertThatThrownBy(() -> Bounds.between(rows.add(1), rows)).hasMessageContaining("must have one shape");
        assertThatThrownBy(() -> GradientAttack.fgsm(0.1)
                        .bounds(Bounds.each(Bounds.none(), Bounds.none()))
                        .attack(model, inputs, Goal.change()))
                .hasMessageContaining("2 given for 1 attributed inputs");
        assertThatThrownBy(Goal::away).hasMessageContaining("goal: no classes given");
        assertThatThrownBy(() -> Goal.raise(Target.index(1)).by(Loss.margin()))
                .hasMessageContaining("loss margin is not used");
    }

    @Test
    void settings_are_said_and_read() {
        assertThat(GradientAttack.pgd(0.5, 0.25).bounds(Bounds.each(Bounds.between(0, 1), Bounds.none())))
                .hasToString("pgd {radius=0.5,0.25, norm=linf, steps=40, step=auto, sign-steps=false,"
                        + " random-start=false, restarts=1, keep-best=true, bounds=0.0:1.0,none, mask=all}");
        assertThat(GradientAttack.descriptions()
                        .get(1)
                        .read(
                                Map.of("radius", "0.5", "norm", "l2", "step", "auto", "bounds", "0:1", "mask", "all"),
                                Setting.Sources.none())
                        .method())
                .hasToString(GradientAttack.pgd(0.5)
                        .norm(Norm.L2)
                        .bounds(Bounds.between(0, 1))
                        .toString());
    }
}
