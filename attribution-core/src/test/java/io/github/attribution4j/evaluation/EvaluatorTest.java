// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.Provenance;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Cancellation;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EvaluatorTest {
    private static final Tensors JAVA = Tensors.ofJava();
    private long liveBefore;
    private TensorScope scope;
    private final List<Long> batches = new ArrayList<>();

    /** Squares of x times the fixed input; remembers the rows of each call, and refuses more than {@code most}. */
    private DifferentiableModel model(long most) {
        Model forward = Model.ofTensors("sums", "1", JAVA, tensors -> {
            long rows = tensors.get(0).shape().dim(0);
            batches.add(rows);
            if (rows > most) {
                throw new ModelException.OutOfMemory("out of memory", null);
            }
            return tensors.get(0).mul(tensors.get(0)).mul(tensors.get(1));
        });
        return DifferentiableModel.of(
                forward,
                (inputs, cotangent) ->
                        List.of(inputs.tensor(0).mul(2).mul(inputs.tensor(1)).mul(cotangent)));
    }

    private final Attribution<Model> method = new Attribution<>() {
        @Override
        public Explanation attribute(Model model, Inputs inputs, Target target, Run run) {
            throw new AssertionError("not called");
        }

        @Override
        public String name() {
            return "test-method";
        }

        @Override
        public Map<String, Object> settings() {
            return Map.of("knob", 3);
        }
    };

    @BeforeEach
    void open() {
        liveBefore = Lifetime.count();
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
        assertThat(Lifetime.count()).as("live tensors").isEqualTo(liveBefore);
    }

    private static Inputs inputs(int rows) {
        double[] x = new double[rows * 2];
        double[] scale = new double[rows];
        for (int row = 0; row < rows; row++) {
            x[row * 2] = row;
            x[row * 2 + 1] = row + 0.5;
            scale[row] = row + 1;
        }
        return Inputs.none().attribute("x", JAVA.of(x, rows, 2)).fixed("scale", JAVA.of(scale, rows, 1));
    }

    /** Row r belongs to example r mod examples and holds x of it plus r. */
    private static Rows shifted(Inputs inputs, long count) {
        return new Rows() {
            @Override
            public long count() {
                return count;
            }

            @Override
            public long example(long row) {
                return row % inputs.rows();
            }

            @Override
            public List<Tensor> attributed(long from, long to) {
                List<Tensor> rows = new ArrayList<>();
                for (long row = from; row < to; row++) {
                    long example = example(row);
                    rows.add(inputs.tensor(0).rows(example, example + 1).add((double) row));
                }
                return List.of(JAVA.concat(rows, 0));
            }
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 20, 100})
    void results_do_not_depend_on_the_batch_size(int batchRows) {
        Inputs inputs = inputs(3);
        Evaluator evaluator = Evaluator.start(
                method, model(1000), inputs, Target.index(1), Run.defaults().batchRows(batchRows));
        double[] scores = evaluator.scores(shifted(inputs, 20));
        double[] gradients = new double[20];
        long[] next = {0};
        evaluator.gradients(shifted(inputs, 20), part -> {
            int from = (int) part.from();
            assertThat(part.from()).isEqualTo(next[0]);
            next[0] = part.to();
            double[] values = part.gradients().get(0).toDoubleArray();
            for (int r = 0; r < part.to() - from; r++) {
                assertThat(part.scores()[r]).isEqualTo(scores[from + r]);
                gradients[from + r] = values[r * 2 + 1];
            }
        });

        for (int row = 0; row < 20; row++) {
            double x = row % 3 + 0.5 + row;
            double scale = row % 3 + 1;
            assertThat(scores[row]).isEqualTo(x * x * scale);
            assertThat(gradients[row]).isEqualTo(2 * x * scale);
        }
        assertThat(next[0]).isEqualTo(20);
        assertThat(batches).allMatch(rows -> rows <= batchRows);
    }

    @Test
    void costs_are_counted() {
        Inputs inputs = inputs(2);
        Evaluator evaluator = Evaluator.start(
                method, model(1000), inputs, Target.index(0), Run.defaults().batchRows(4));
        evaluator.gradientsAtInputs(part -> {});
        evaluator.scores();
        evaluator.scores(shifted(inputs, 10));

        assertThat(evaluator.counts()).isEqualTo(new Counts(12, 2, 4, 4, 2));
        // The calls of one row compare the two rows of the first with themselves alone.
        assertThat(batches).containsExactly(2L, 1L, 1L, 4L, 4L, 2L);
    }

    @Test
    void when_memory_runs_out_smaller_batches_follow_and_a_notice_says_so() {
        Inputs inputs = inputs(3);
        Evaluator evaluator = Evaluator.start(
                method, model(3), inputs, Target.index(0), Run.defaults().batchRows(16));
        double[] scores = evaluator.scores(shifted(inputs, 20));

        assertThat(scores[19]).isEqualTo((1 + 19.0) * (1 + 19.0) * 2);
        assertThat(evaluator.notices())
                .containsExactly(
                        "memory ran out with 16 rows in a batch; continued with 8",
                        "memory ran out with 8 rows in a batch; continued with 4",
                        "memory ran out with 4 rows in a batch; continued with 2");
        assertThat(evaluator.counts().largestBatch()).isEqualTo(3);
        Evaluator hopeless = Evaluator.start(method, model(0), inputs, Target.index(0), Run.defaults());
        assertThatThrownBy(hopeless::scores).isInstanceOf(ModelException.OutOfMemory.class);
    }

    /** Rows of {@link #inputs} have 24 bytes; their size is read off shapes, so one row says it. */
    @Test
    void steady_batches_of_small_rows_are_larger_where_calls_cost() {
        assertThat(steady(inputs(1), true, OptionalLong.empty())).isEqualTo(4096);
        assertThat(steady(inputs(1), false, OptionalLong.empty())).isEqualTo(256);
        assertThat(steady(inputs(1), true, OptionalLong.of(64 << 10))).isEqualTo(1024);
        assertThat(steady(inputs(1), true, OptionalLong.of(1 << 20))).isEqualTo(256);
        assertThat(steady(inputs(1), true, OptionalLong.of(1 << 28))).isEqualTo(4);
        assertThat(steady(row(128), true, OptionalLong.empty())).isEqualTo(256);
        assertThat(steady(row(64), true, OptionalLong.empty())).isEqualTo(512);
        assertThat(steady(row(1 << 20), true, OptionalLong.empty())).isEqualTo(1);
    }

    private static Inputs row(int numbers) {
        return Inputs.of(JAVA.zeros(Shape.of(1, numbers), DataType.FLOAT64));
    }

    private static int steady(Inputs row, boolean callsCost, OptionalLong bytes) {
        return Batcher.of(Run.Batching.steady(), row, false, callsCost, () -> bytes)
                .next();
    }

    @Test
    void auto_batches_grow_while_throughput_rises_and_then_stay() {
        Batcher batcher = Batcher.of(Run.Batching.auto(), inputs(1), false, true, OptionalLong::empty);
        long[] nanosPerCall = {100, 110, 500, 130, 250, 251, 999};
        List<Integer> sizes = new ArrayList<>();
        for (long nanos : nanosPerCall) {
            sizes.add(batcher.next());
            batcher.took(batcher.next(), nanos);
        }

        // 4 rows get a second chance after one slow call; 8 rows are no better twice; 4 it is.
        assertThat(sizes).containsExactly(1, 2, 4, 4, 8, 8, 4);
        assertThat(batcher.next()).isEqualTo(4);
        Inputs inputs = inputs(1);
        Evaluator evaluator = Evaluator.start(
                method, model(1 << 20), inputs, Target.index(0), Run.defaults().batching(Run.Batching.auto()));
        assertThat(evaluator.scores(shifted(inputs, 50))[49]).isEqualTo(49 * 49);
    }

    @Test
    void a_memory_budget_bounds_the_rows_and_one_too_small_for_a_row_is_refused() {
        Inputs inputs = inputs(1);
        Evaluator evaluator = Evaluator.start(
                method, model(1000), inputs, Target.index(0), Run.defaults().memoryBudget(24 * 16 * 5 + 1));
        evaluator.scores(shifted(inputs, 12));

        assertThat(batches).containsExactly(1L, 5L, 1L, 5L, 2L);
        Evaluator small = Evaluator.start(
                method, model(1000), inputs, Target.index(0), Run.defaults().memoryBudget(383));
        assertThatThrownBy(small::scores)
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("memory budget 383 bytes: one row takes about 384 bytes; give at least that");
        assertThatThrownBy(() -> Run.defaults().memoryBudget(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Run.defaults().batchRows(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void progress_is_reported_after_each_batch() {
        List<Run.Progress> heard = new ArrayList<>();
        Inputs inputs = inputs(2);
        Evaluator evaluator = Evaluator.start(
                method,
                model(1000),
                inputs,
                Target.index(0),
                Run.defaults().batchRows(2).progress(heard::add));
        evaluator.scores();
        heard.clear();
        evaluator.scores(shifted(inputs, 5));

        assertThat(heard).extracting(Run.Progress::fraction).containsExactly(2 / 5.0, 4 / 5.0, 1.0);
        assertThat(heard).extracting(Run.Progress::rowsDone).containsExactly(4L, 6L, 7L);
        assertThat(heard).extracting(Run.Progress::method).containsOnly("test-method");
    }

    @Test
    void a_cancelled_run_stops_before_the_next_batch() {
        Cancellation cancellation = new Cancellation();
        Inputs inputs = inputs(2);
        Run run = Run.defaults().batchRows(2).cancellation(cancellation).progress(progress -> cancellation.cancel());
        Evaluator evaluator = Evaluator.start(method, model(1000), inputs, Target.index(0), run);

        assertThatThrownBy(() -> evaluator.scores(shifted(inputs, 6)))
                .isInstanceOf(CancelledException.class)
                .hasMessage("test-method was cancelled after 0 of 6 rows");
        assertThat(batches).containsExactly(2L, 1L, 1L);
    }

    @Test
    void an_interrupted_thread_stops_and_stays_interrupted() {
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> Evaluator.start(method, model(1000), inputs(2), Target.index(0), Run.defaults()))
                    .isInstanceOf(CancelledException.class)
                    .hasMessage("test-method stopped after 0 of 2 rows because its thread was interrupted");
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
        } finally {
            Thread.interrupted();
        }
    }

    @Test
    void a_deadline_counts_from_the_start_of_the_outermost_method() {
        Run passed = Run.defaults().deadline(Duration.ofNanos(1)).started();

        assertThatThrownBy(() -> Evaluator.start(method, model(1000), inputs(2), Target.index(0), passed))
                .isInstanceOf(DeadlineExceededException.class)
                .hasMessage("test-method: the deadline of 0 ms passed after 0 of 2 rows; allow more time, or ask for "
                        + "fewer steps or samples");
        assertThat(batches).isEmpty();
    }

    @Test
    void a_time_that_is_spent_before_the_start_is_a_deadline_that_passed() {
        for (Duration spent : List.of(Duration.ZERO, Duration.ofMillis(-5), Duration.ofSeconds(Long.MIN_VALUE))) {
            assertThatThrownBy(() -> Evaluator.start(
                            method,
                            model(1000),
                            inputs(2),
                            Target.index(0),
                            Run.defaults().deadline(spent)))
                    .isInstanceOf(DeadlineExceededException.class)
                    .hasMessageContaining("passed after 0 of 2 rows");
        }
        assertThat(batches).isEmpty();
        Run forever = Run.defaults().deadline(Duration.ofSeconds(Long.MAX_VALUE));
        Evaluator evaluator = Evaluator.start(method, model(1000), inputs(2), Target.index(0), forever);
        assertThat(evaluator.scores()).hasSize(2);
    }

    @Test
    void everything_wrong_with_a_request_is_reported_at_once() {
        Inputs inputs = Inputs.none()
                .attribute("x", JAVA.of(new float[] {1, Float.NaN, Float.POSITIVE_INFINITY}, 1, 3))
                .fixed("y", JAVA.of(new float[] {Float.NaN}, 1, 1));

        assertThatThrownBy(() -> Evaluator.start(
                        method,
                        model(1000),
                        inputs,
                        Target.index(0),
                        Run.defaults(),
                        problems -> problems.add("steps 0: must be at least 1"),
                        problems -> Baseline.constant(1, 2).check(inputs, problems)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("input 'x' of shape (1, 3) holds NaN at element 1 (row-major), 2 of 3 values are NaN or "
                        + "infinite; attributions of it have no meaning: replace the value; "
                        + "input 'y' of shape (1, 1) holds NaN at element 0 (row-major), 1 of 1 values are NaN or "
                        + "infinite; attributions of it have no meaning: replace the value; "
                        + "steps 0: must be at least 1; "
                        + "baseline [1.0, 2.0]: 2 numbers for 1 attributed inputs; give one for all, or one for each");
        assertThat(batches).isEmpty();
    }

    @Test
    void nothing_attributed_is_refused() {
        Inputs fixed = Inputs.none().fixed("x", JAVA.of(new float[1], 1, 1));

        assertThatThrownBy(() -> Evaluator.start(method, model(1), fixed, Target.index(0), Run.defaults()))
                .hasMessage("inputs: none is attributed; mark one with Inputs.attribute(name, tensor)");
    }

    @Test
    void outputs_that_are_not_finite_or_do_not_count_rows_are_refused() {
        Model infinite = Model.ofTensor(x -> x.div(x.mul(0)));
        Inputs inputs = Inputs.of(JAVA.of(new double[] {1, 2}, 2, 1));
        Evaluator evaluator = Evaluator.start(method, infinite, inputs, Target.output(), Run.defaults());

        assertThatThrownBy(evaluator::scores)
                .isInstanceOf(ModelException.class)
                .hasMessage(
                        "the model's score of target 'output' is Infinity for example 0 (row 0 of 2 that test-method"
                                + " evaluates); look for an overflow or a division by zero in the model, or choose"
                                + " another baseline");
        Evaluator counted = Evaluator.start(method, counting(), inputs, Target.output(), Run.defaults());
        assertThatThrownBy(counted::scores)
                .hasMessage(
                        "the model returned an output of shape (3,) for 2 rows; axis 0 of the output must count rows");
    }

    private static Model counting() {
        return new Model() {
            @Override
            public Tensor forward(Inputs inputs) {
                return JAVA.zeros(Shape.of(3), DataType.FLOAT64);
            }

            @Override
            public Tensors tensors() {
                return JAVA;
            }

            @Override
            public Model.Identity identity() {
                return new Model.Identity("counting", "1", "", "java", "java");
            }
        };
    }

    @Test
    void a_target_outside_the_output_is_refused_before_anything_is_computed_with_it() {
        Evaluator evaluator = Evaluator.start(method, model(1000), inputs(2), Target.index(9), Run.defaults());

        assertThatThrownBy(() -> evaluator.gradientsAtInputs(part -> {}))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("target [9]: 9 lies outside 0 to 1, axis 1 of the model's output of shape (2, 2)");
    }

    @Test
    void the_explanation_owns_its_tensors_and_knows_where_it_comes_from() {
        Inputs inputs = inputs(2);
        Explanation explanation;
        try (TensorScope inner = TensorScope.open()) {
            Evaluator evaluator = Evaluator.start(
                    method, model(1000), inputs, Target.argmax(), Run.defaults().seed(9));
            Tensor attribution = inputs.tensor(0).mul(3);
            evaluator.notice("hello");
            explanation =
                    Explanation.of(evaluator, Outcome.of(List.of(attribution)).completeTo(new double[] {0, 0}));
        }
        try (explanation) {
            assertThat(explanation.attribution().shape()).isEqualTo(Shape.of(2, 2));
            assertThat(explanation.scores()).containsExactly(0.25, 4.5);
            assertThat(explanation.completenessGap()).containsExactly(1.5 - 0.25, 7.5 - 4.5);
            // The other one tells the gap.
            assertThat(explanation.notices()).hasSize(2).contains("hello");
            Provenance provenance = explanation.provenance();
            assertThat(provenance.method()).isEqualTo("test-method");
            assertThat(provenance.settings()).isEqualTo(Map.of("knob", "3"));
            assertThat(provenance.target()).isEqualTo("index 1, 1");
            assertThat(provenance.seed()).isEqualTo(9);
            assertThat(provenance.inputs())
                    .extracting(Provenance.InputRecord::role)
                    .containsExactly("attributed", "fixed");
            assertThat(provenance.inputs().get(0).digest())
                    .hasSize(64)
                    .isNotEqualTo(provenance.inputs().get(1).digest());
            assertThat(provenance.library()).isNotEqualTo("unknown").doesNotContain("$");
        }
    }

    @Test
    void attributions_that_are_not_finite_are_refused() {
        Evaluator evaluator = Evaluator.start(method, model(1000), inputs(2), Target.index(0), Run.defaults());
        Tensor bad = JAVA.of(new double[] {1, Double.NaN, 2, 3}, 2, 2);

        assertThatThrownBy(() -> Explanation.of(evaluator, List.of(bad)))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("the attribution of 'x' of shape (2, 2) holds NaN at element 1");
    }
}
