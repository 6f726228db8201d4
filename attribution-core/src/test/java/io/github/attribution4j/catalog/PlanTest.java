// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.Plan;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.gradient.GradientShap;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A plan has the rows and calls that the explanation then counts. */
class PlanTest {
    private static final RuledModel MODEL = ReferenceModels.residualCnn(DataType.FLOAT64, 3, 6);

    private final TensorScope scope = TensorScope.open();
    private final Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 5, 3, 2, 6, 6));

    @AfterEach
    void close() {
        scope.close();
    }

    static Stream<String> names() {
        return MethodsTest.names();
    }

    @ParameterizedTest
    @MethodSource("names")
    void every_method_counts_what_was_planned(String name) {
        Attribution<? super RuledModel> method = MethodsTest.cheap(Methods.find(name));
        Target target = method.ownScore().isPresent() ? Target.output() : Target.argmax();
        for (int batchRows : new int[] {1, 4, 500}) {
            Run run = Run.defaults().seed(3).batchRows(batchRows);
            check(method, target, run);
        }
        check(method, target, Run.defaults());
    }

    private void check(Attribution<? super RuledModel> method, Target target, Run run) {
        Plan plan = plan(method, target, run);
        try (Explanation why = method.attribute(MODEL, inputs, target, run)) {
            assertEqual(plan, why.counts());
            assertThat(plan.isAtMost()).isFalse();
        }
    }

    @SuppressWarnings("unchecked") // A ruled model is all that any method needs.
    private Plan plan(Attribution<? super RuledModel> method, Target target, Run run) {
        return ((Attribution<RuledModel>) method).plan(MODEL, inputs, target, run);
    }

    private static void assertEqual(Plan plan, Counts counts) {
        assertThat(List.of(plan.forwardRows(), plan.backwardRows(), plan.calls(), plan.largestCall()))
                .isEqualTo(
                        List.of(counts.forwardRows(), counts.backwardRows(), counts.batches(), counts.largestBatch()));
    }

    @Test
    void methods_at_layers_towards_neurons_and_in_tunnels_too() {
        IntegratedGradients few = new IntegratedGradients().steps(3);
        Run run = Run.defaults();
        check(few.at("relu1"), Target.index(1), run);
        check(few.baseline(Baseline.zeros().throughHead()).at("relu1"), Target.index(1), run);
        check(few.towards("relu1", Target.at(1, 2, 2)), Target.output(), run);
        check(NoiseTunnel.smoothGrad(few.at("relu1")).samples(3).stdev(0.1), Target.index(1), run.batchRows(5));
        check(few.nonUniform(2), Target.argmax(), run);
        check(
                new GradientShap(Baseline.normal(0, 1)).samples(4).stdev(0.2).ofLayer("pool1"),
                Target.index(0),
                run.batchRows(3));
        check(
                new KernelShap().samples(40).mask(FeatureMask.grid(3, 3)).baseline(Baseline.zeros()),
                Target.argmax(),
                run);
    }

    @Test
    void what_may_end_early_is_planned_to_its_limit() {
        IntegratedGradients method = new IntegratedGradients().tolerance(0.2).steps(20);
        Plan plan = method.plan(MODEL, inputs, Target.argmax(), Run.defaults());
        assertThat(plan.isAtMost()).isTrue();
        assertThat(plan.backwardRows()).isEqualTo(60);
        assertThat(plan).asString().startsWith("at most 60 rows forward and 60 backward in ");
        try (Explanation why = method.attribute(MODEL, inputs, Target.argmax())) {
            assertThat(why.counts().backwardRows()).isLessThan(60);
        }

        ShapleySampling sampling = new ShapleySampling().mask(FeatureMask.grid(3, 3));
        Budget budget = Budget.ofError(10).evaluations(450);
        Plan most = sampling.budget(budget).plan(MODEL, inputs, Target.index(0), Run.defaults());
        assertThat(most.isAtMost()).isTrue();
        Plan all = sampling.budget(Budget.ofEvaluations(450)).plan(MODEL, inputs, Target.index(0), Run.defaults());
        assertThat(most.forwardRows()).isEqualTo(all.forwardRows());
        try (Explanation why = sampling.budget(budget).attribute(MODEL, inputs, Target.index(0))) {
            assertThat(why.counts().forwardRows()).isLessThan(most.forwardRows());
        }
        Plan anytime = sampling.budget(Budget.ofEvaluations(450).anytime())
                .plan(MODEL, inputs, Target.index(0), Run.defaults().deadline(Duration.ZERO));
        assertThat(anytime.isAtMost()).isTrue();
        assertThat(anytime.forwardRows()).isEqualTo(all.forwardRows());
    }

    @Test
    void an_error_alone_is_no_plan() {
        ShapleySampling method =
                new ShapleySampling().mask(FeatureMask.grid(2, 2)).budget(Budget.ofError(0.01));
        assertThatThrownBy(() -> method.plan(MODEL, inputs, Target.index(0), Run.defaults()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("budget error:0.01: says nothing of how much is evaluated at most; add a number of"
                        + " evaluations, such as 20000,error:0.01");
    }

    @Test
    void the_model_runs_a_few_rows_only() {
        AtomicLong rows = new AtomicLong();
        Model counting = Model.of(table -> {
            rows.addAndGet(table.length);
            double[][] scores = new double[table.length][2];
            for (int r = 0; r < table.length; r++) {
                scores[r][0] = table[r][0];
            }
            return scores;
        });
        KernelShap method = new KernelShap().samples(120);
        Inputs table = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, 20, 8));
        Plan plan = method.plan(counting, table, Run.defaults());
        assertThat(plan.forwardRows()).isGreaterThan(1000);
        // One row and 64 of them, three times each, for the explained rows and for the rest.
        assertThat(rows.get()).isLessThan(500);
        assertThat(plan.time()).isPositive();
        assertThat(plan.bytes()).isEqualTo(OptionalLong.empty());
        assertThat(plan.backwardRows()).isZero();
        rows.set(0);
        try (Explanation why = method.attribute(counting, table, Target.argmax())) {
            assertThat(why.counts().forwardRows()).isEqualTo(plan.forwardRows());
            assertThat(rows.get()).isGreaterThanOrEqualTo(plan.forwardRows());
        }
    }

    @Test
    void a_plan_is_refused_as_the_explanation_is() {
        assertThatThrownBy(
                        () -> new IntegratedGradients().steps(0).plan(MODEL, inputs, Target.index(7), Run.defaults()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("steps 0: must be at least 1");
        assertThatThrownBy(() -> new Saliency().plan(MODEL, inputs, Target.index(7), Run.defaults()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("7");
    }
}
