// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.robust.MinimalPerturbation.Search;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Cancellation;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.target.Loss;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every attack. */
@ExtendWith(LeakExtension.class)
class AttackContractTest {
    private static final DifferentiableModel MODEL = ReferenceModels.mlp(DataType.FLOAT64, 1, Activation.TANH, 6, 8, 3);
    private static final double CLOSE = 1e-12;
    private static final Goal GOAL = Goal.away(0, 1, 2, 1, 0);

    static Stream<Attack<? super DifferentiableModel>> attacks() {
        return Stream.of(
                GradientAttack.fgsm(0.3),
                GradientAttack.fgsm(0.3).norm(Norm.L2),
                GradientAttack.pgd(0.3).steps(4),
                GradientAttack.pgd(0.3).steps(3).norm(Norm.L2).randomStart(true),
                GradientAttack.pgd(0.3).steps(3).restarts(3),
                RandomChange.uniform(0.4).attempts(3),
                RandomChange.normal(0.4),
                MinimalPerturbation.of(r -> GradientAttack.fgsm(r), 0.1, 2, 0.1),
                MinimalPerturbation.of(r -> RandomChange.uniform(r).attempts(2), 0.5, 4, 0.5)
                        .search(Search.LINEAR));
    }

    private static Tensor rows(int examples) {
        return ReferenceModels.normal(DataType.FLOAT64, 2, examples, 6);
    }

    private static double[][] changed(Attack<? super DifferentiableModel> attack, Run run) {
        try (TensorScope scope = TensorScope.open();
                Attacked attacked = attack.attack(MODEL, Inputs.of(rows(5)), GOAL, run)) {
            return rows(attacked);
        }
    }

    private static double[][] rows(Attacked attacked) {
        double[] all = attacked.changed().get(0).toDoubleArray();
        int count = all.length / 6;
        double[][] rows = new double[count][];
        for (int row = 0; row < count; row++) {
            rows[row] = Arrays.copyOfRange(all, row * 6, (row + 1) * 6);
        }
        return rows;
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void changes_depend_on_no_batch_and_repeat(Attack<? super DifferentiableModel> attack) {
        double[][] all = changed(attack, Run.defaults());
        assertThat(changed(attack, Run.defaults())).isDeepEqualTo(all);
        for (int rows : new int[] {1, 3, 1000}) {
            double[][] batched = changed(attack, Run.defaults().batchRows(rows));
            for (int example = 0; example < all.length; example++) {
                assertThat(batched[example]).containsExactly(all[example], within(CLOSE));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void what_becomes_of_an_example_depends_on_no_other(Attack<? super DifferentiableModel> attack) {
        double[][] all = changed(attack, Run.defaults().seed(3));
        try (TensorScope scope = TensorScope.open()) {
            long[] order = {3, 0, 4, 1, 2};
            long[] labels = {1, 0, 0, 1, 2};
            try (Attacked turned = attack.attack(
                    MODEL,
                    Inputs.of(rows(5).select(0, order)),
                    Goal.away(labels),
                    Run.defaults().seed(3).exampleKeys(order))) {
                double[][] rows = rows(turned);
                for (int i = 0; i < order.length; i++) {
                    assertThat(rows[i]).containsExactly(all[(int) order[i]]);
                }
            }
            for (int i = 0; i < order.length; i++) {
                try (Attacked alone = attack.attack(
                        MODEL,
                        Inputs.of(rows(5).rows(order[i], order[i] + 1)),
                        Goal.away(labels[i]),
                        Run.defaults().seed(3).exampleKeys(order[i]))) {
                    assertThat(rows(alone)[0]).containsExactly(all[(int) order[i]]);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void threads_get_the_same(Attack<? super DifferentiableModel> attack) throws Exception {
        double[][] expected = changed(attack, Run.defaults());
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            List<Callable<double[][]>> calls = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                calls.add(() -> changed(attack, Run.defaults()));
            }
            for (Future<double[][]> one : threads.invokeAll(calls)) {
                assertThat(one.get()).isDeepEqualTo(expected);
            }
        } finally {
            threads.shutdown();
        }
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void a_result_says_what_was_done(Attack<? super DifferentiableModel> attack) {
        List<Double> fractions = new ArrayList<>();
        Run run = Run.defaults().progress(progress -> fractions.add(progress.fraction()));
        try (TensorScope scope = TensorScope.open();
                Attacked attacked = attack.attack(MODEL, Inputs.of(rows(5)), GOAL, run)) {
            assertThat(attacked.attack()).isEqualTo(attack.name());
            assertThat(attacked.provenance().settings()).hasSameSizeAs(attack.settings());
            assertThat(attacked.provenance().inputs()).hasSize(1);
            assertThat(attacked.provenance().target()).startsWith("cross-entropy of labels");
            Target loss = Target.loss(Loss.crossEntropy(), 0, 1, 2, 1, 0);
            long[] each = {0, 1, 2, 3, 4};
            assertThat(attacked.scoresBefore())
                    .containsExactly(loss.scores(MODEL.forward(Inputs.of(rows(5))), each), within(CLOSE));
            assertThat(attacked.scores())
                    .containsExactly(loss.scores(MODEL.forward(attacked.inputs()), each), within(CLOSE));
            double[] classes = attacked.output().argmax(1).toDoubleArray();
            double[] labels = {0, 1, 2, 1, 0};
            for (int example = 0; example < 5; example++) {
                assertThat(attacked.reached()[example]).isEqualTo(classes[example] != labels[example]);
            }
            double[] squares = attacked.changed().get(0).sub(rows(5)).toDoubleArray();
            double first = 0;
            for (int i = 0; i < 6; i++) {
                first += squares[i] * squares[i];
            }
            assertThat(attacked.distances(Norm.L2)[0]).isEqualTo(Math.sqrt(first), within(CLOSE));
            assertThat(attacked.counts().forwardRows()).isGreaterThanOrEqualTo(10);
            assertThat(fractions).isSorted().endsWith(1.0);
            assertThat(attacked)
                    .hasToString(attack.name() + " away from [0, 1, 2, 1, 0] by cross-entropy: reached in "
                            + Math.round(attacked.rate() * 5) + " of 5 examples");
        }
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void a_run_can_be_stopped(Attack<? super DifferentiableModel> attack) {
        Cancellation cancellation = new Cancellation();
        cancellation.cancel();
        assertThatThrownBy(() -> changed(attack, Run.defaults().cancellation(cancellation)))
                .isInstanceOf(CancelledException.class);
        assertThatThrownBy(() -> changed(attack, Run.defaults().deadline(Duration.ofNanos(1))))
                .isInstanceOf(DeadlineExceededException.class);
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void a_run_can_be_stopped_in_the_middle(Attack<? super DifferentiableModel> attack) {
        Cancellation cancellation = new Cancellation();
        Run run = Run.defaults().batchRows(1).cancellation(cancellation).progress(progress -> {
            if (progress.rowsDone() >= 3) {
                cancellation.cancel();
            }
        });
        assertThatThrownBy(() -> changed(attack, run)).isInstanceOf(CancelledException.class);
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void labels_that_do_not_fit_are_refused(Attack<? super DifferentiableModel> attack) {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(rows(5));
            assertThatThrownBy(() -> attack.attack(MODEL, inputs, Goal.away(0, 1)))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("goal: 2 classes for 5 examples; give one for all, or one for each");
            assertThatThrownBy(() -> attack.attack(MODEL, inputs, Goal.towards(3)))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("the label 3.0 of example 0 is no class from 0 to 2");
        }
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void integers_are_refused(Attack<? super DifferentiableModel> attack) {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(rows(5).to(DataType.INT64));
            assertThatThrownBy(() -> attack.attack(MODEL, inputs, Goal.change()))
                    .hasMessageContaining("int64");
        }
    }
}
