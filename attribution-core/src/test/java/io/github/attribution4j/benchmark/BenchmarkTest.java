// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.benchmark.Benchmark.Examples;
import io.github.attribution4j.benchmark.BenchmarkTable.Cell;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.LayerActivation;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.metric.Concentration;
import io.github.attribution4j.metric.Infidelity;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.metric.Metric;
import io.github.attribution4j.metric.PerturbationCurve;
import io.github.attribution4j.metric.Sensitivity;
import io.github.attribution4j.metric.agreement.Agreement;
import io.github.attribution4j.metric.localization.Localization;
import io.github.attribution4j.metric.localization.Region;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Cancellation;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.run.Run.Progress;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakExtension.class)
class BenchmarkTest {
    private static final RuledModel MODEL = ReferenceModels.classifier(DataType.FLOAT64, 1, 6, 8, 3);
    private static final Target TARGET = Target.index(1);
    private static final int EXAMPLES = 7;
    private static final List<Metric> METRICS = List.of(
            PerturbationCurve.deletion(),
            new Infidelity().samples(3),
            Sensitivity.max().samples(2),
            Concentration.sparseness());
    private static final Benchmark<RuledModel> BENCHMARK = Benchmark.<RuledModel>of(
                    METRICS, new IntegratedGradients().steps(4), new FeatureAblation(), new RandomAttribution())
            .part(3);

    @TempDir
    Path folder;

    private static Tensor rows() {
        return ReferenceModels.normal(DataType.FLOAT64, 2, EXAMPLES, 6);
    }

    private static BenchmarkTable judge(Benchmark<? super RuledModel> benchmark, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            return benchmark.judge(MODEL, Inputs.of(rows()), TARGET, run);
        }
    }

    private static BenchmarkTable judge(Benchmark<? super RuledModel> benchmark) {
        return judge(benchmark, Run.defaults());
    }

    private static void assertSame(BenchmarkTable one, BenchmarkTable other) {
        assertThat(one.methods()).isEqualTo(other.methods());
        assertThat(one.metrics()).isEqualTo(other.metrics());
        for (int i = 0; i < one.cells().size(); i++) {
            Cell cell = one.cells().get(i);
            Cell same = other.cells().get(i);
            assertThat(cell.scores()).containsExactly(same.scores());
            assertThat(cell.failure()).isEqualTo(same.failure());
            assertThat(cell.notices()).isEqualTo(same.notices());
            assertThat(cell.methodInWords()).isEqualTo(same.methodInWords());
            assertThat(cell.metricInWords()).isEqualTo(same.metricInWords());
            assertThat(cell.curves()).hasSameSizeAs(same.curves());
            for (int example = 0; example < cell.curves().size(); example++) {
                assertThat(cell.curves().get(example).scores())
                        .containsExactly(same.curves().get(example).scores());
            }
        }
    }

    @Test
    void a_cell_has_what_the_metric_says_of_the_method() {
        BenchmarkTable table = judge(BENCHMARK);
        assertThat(table.methods()).containsExactly("integrated-gradients", "feature-ablation", "random");
        assertThat(table.metrics()).containsExactly("deletion", "infidelity", "sensitivity-max", "sparseness");
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(rows());
            for (Metric metric : METRICS) {
                Judgement judged =
                        metric.judge(MODEL, inputs, TARGET, new IntegratedGradients().steps(4), Run.defaults());
                Cell cell = table.cell("integrated-gradients", metric.name());
                assertThat(cell.scores()).containsExactly(judged.scores());
                assertThat(cell.curves()).hasSameSizeAs(judged.curves());
                assertThat(cell.higherIsBetter()).isEqualTo(metric.higherIsBetter());
                assertThat(cell.mean().mean()).isEqualTo(judged.mean());
                assertThat(cell.methodInWords().orElseThrow()).startsWith("integrated-gradients {steps=4");
                assertThat(cell.metricInWords()).contains(metric.toString());
            }
        }
    }

    @Test
    void parts_batches_and_threads_change_nothing() throws Exception {
        BenchmarkTable expected = judge(BENCHMARK);
        for (int part : new int[] {1, 2, EXAMPLES, 100}) {
            assertSame(judge(BENCHMARK.part(part)), expected);
        }
        for (int rows : new int[] {1, 5, 1000}) {
            BenchmarkTable other = judge(BENCHMARK, Run.defaults().batchRows(rows));
            for (int i = 0; i < expected.cells().size(); i++) {
                assertThat(other.cells().get(i).scores())
                        .containsExactly(expected.cells().get(i).scores(), within(1e-12));
            }
        }
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Callable<BenchmarkTable>> calls = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                calls.add(() -> judge(BENCHMARK));
            }
            for (Future<BenchmarkTable> table : threads.invokeAll(calls)) {
                assertSame(table.get(), expected);
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void scores_of_an_example_depend_on_no_other_and_on_no_order() {
        BenchmarkTable expected = judge(BENCHMARK);
        long[] order = {3, 0, 6, 4, 1, 5, 2};
        try (TensorScope scope = TensorScope.open()) {
            Inputs turned = Inputs.of(rows().select(0, order));
            BenchmarkTable table =
                    BENCHMARK.judge(MODEL, turned, TARGET, Run.defaults().exampleKeys(order));
            for (int i = 0; i < expected.cells().size(); i++) {
                double[] all = expected.cells().get(i).scores();
                assertThat(table.cells().get(i).scores())
                        .containsExactly(IntStream.range(0, EXAMPLES)
                                .mapToDouble(e -> all[(int) order[e]])
                                .toArray());
            }
        }
    }

    @Test
    void a_stream_of_examples_with_their_own_targets_is_judged_as_one() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor rows = rows();
            BenchmarkTable whole =
                    BENCHMARK.judge(MODEL, Inputs.of(rows), Target.indexes(0, 1, 2, 0, 1, 2, 0), Run.defaults());
            Stream<Examples> parts = Stream.of(0, 3, 5)
                    .map(from -> new Examples(
                            Inputs.of(rows.rows(from, from == 0 ? 3 : from == 3 ? 5 : EXAMPLES)),
                            from == 0
                                    ? Target.indexes(0, 1, 2)
                                    : from == 3 ? Target.indexes(0, 1) : Target.indexes(2, 0)));
            assertSame(BENCHMARK.judge(MODEL, parts, Run.defaults()), whole);
        }
    }

    @Test
    void seeds_repeat_and_differ() {
        BenchmarkTable one = judge(BENCHMARK, Run.defaults().seed(7));
        assertSame(judge(BENCHMARK, Run.defaults().seed(7)), one);
        assertThat(judge(BENCHMARK).cell("random", "deletion").scores())
                .isNotEqualTo(one.cell("random", "deletion").scores());
    }

    /** Counts explanations, and stops the run after some of them. */
    private static final class Counted implements Attribution.Forward {
        private final Cancellation cancellation = new Cancellation();
        private final int last;
        private int explanations;

        Counted(int last) {
            this.last = last;
        }

        @Override
        public String name() {
            return "counted";
        }

        @Override
        public Map<String, Object> settings() {
            return Map.of();
        }

        @Override
        public Explanation attribute(Model model, Inputs inputs, Target target, Run run) {
            if (++explanations > last) {
                cancellation.cancel();
            }
            return new RandomAttribution().attribute(model, inputs, target, run);
        }
    }

    @Test
    void an_explanation_is_made_once_for_all_metrics() {
        Counted method = new Counted(1000);
        judge(Benchmark.<RuledModel>of(
                        List.of(PerturbationCurve.deletion(), PerturbationCurve.insertion(), new Infidelity()), method)
                .part(3));
        assertThat(method.explanations).isEqualTo(3);
    }

    @Test
    void an_explanation_is_compared_with_a_reference_without_being_made_again() {
        Counted method = new Counted(1000);
        BenchmarkTable table = judge(Benchmark.<RuledModel>of(
                        List.of(
                                Agreement.spearman().reference(new Saliency()),
                                Agreement.signs().reference(new FeatureAblation())),
                        method)
                .part(3));
        assertThat(table.cells()).noneMatch(cell -> cell.failure().isPresent());
        assertThat(method.explanations).isEqualTo(3);
    }

    /** Of a region, a part, or an element of a stream that was selected from all examples, takes its own rows. */
    @Test
    void each_example_has_its_own_region() {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(rows());
            Tensor mask =
                    ReferenceModels.normal(DataType.FLOAT64, 3, EXAMPLES, 6).gt(-0.5);
            IntegratedGradients method = new IntegratedGradients().steps(4);
            List<Metric> metrics = Localization.descriptions().stream()
                    .map(description -> (Metric) description.defaults().method().region(Region.of(mask)))
                    .toList();
            Benchmark<RuledModel> benchmark = Benchmark.<RuledModel>of(metrics, method);
            for (int part : new int[] {1, 3, EXAMPLES}) {
                BenchmarkTable table = judge(benchmark.part(part));
                for (Metric metric : metrics) {
                    double[] scores = metric.judge(MODEL, inputs, TARGET, method, Run.defaults())
                            .scores();
                    assertThat(table.cell("integrated-gradients", metric.name()).scores())
                            .containsExactly(scores);
                }
            }
            Stream<Examples> selected = Stream.of(new long[] {0, 1}, new long[] {2, 3, 4, 5, 6})
                    .map(numbers -> new Examples(inputs.select(numbers), TARGET));
            assertSame(benchmark.judge(MODEL, selected, Run.defaults()), judge(benchmark));
        }
    }

    private Benchmark<RuledModel> counted(Counted method) {
        return Benchmark.<RuledModel>of(METRICS, method, new IntegratedGradients().steps(4))
                .part(2)
                .resumable(folder.resolve("finished.jsonl"));
    }

    @Test
    void a_stopped_run_goes_on_to_the_same_bits() throws IOException {
        BenchmarkTable expected = judge(counted(new Counted(1000)));
        Path file = folder.resolve("finished.jsonl");
        for (int last : new int[] {0, 1, 4, 9}) {
            Files.deleteIfExists(file);
            Counted stopped = new Counted(last);
            assertThatThrownBy(() -> judge(counted(stopped), Run.defaults().cancellation(stopped.cancellation)))
                    .isInstanceOf(CancelledException.class);
            List<String> before = Files.readAllLines(file);
            Counted rest = new Counted(1000);
            BenchmarkTable resumed = judge(counted(rest));
            assertSame(resumed, expected);
            assertThat(resumed.toJson()).isEqualTo(expected.toJson());
            List<String> after = Files.readAllLines(file);
            assertThat(after).hasSize(4 * 2 * METRICS.size());
            assertThat(after.subList(0, before.size())).isEqualTo(before);
            // What is finished is not computed again: here everything is.
            Counted none = new Counted(1000);
            assertSame(judge(counted(none)), expected);
            assertThat(none.explanations).isZero();
        }
    }

    @Test
    void a_deadline_keeps_what_is_finished_and_a_torn_line_is_left_out() throws IOException {
        Path file = folder.resolve("finished.jsonl");
        assertThatThrownBy(
                        () -> judge(counted(new Counted(1000)), Run.defaults().deadline(Duration.ofNanos(1))))
                .isInstanceOf(DeadlineExceededException.class);
        BenchmarkTable expected = judge(counted(new Counted(1000)));
        String text = Files.readString(file);
        Files.writeString(file, text.substring(0, text.length() - 40));
        Counted rest = new Counted(1000);
        assertSame(judge(counted(rest)), expected);
        assertThat(Files.readString(file))
                .hasLineCount(4 * 2 * METRICS.size() + 1)
                .endsWith("}}\n");
    }

    @Test
    void the_file_of_another_question_is_not_used() {
        judge(counted(new Counted(1000)));
        for (Run run : List.of(
                Run.defaults().seed(1),
                Run.defaults().batchRows(5),
                Run.defaults().exampleKeys(1, 0, 2, 3, 4, 5, 6))) {
            Counted again = new Counted(1000);
            judge(counted(again), run);
            assertThat(again.explanations).isPositive();
        }
        Counted other = new Counted(1000);
        try (TensorScope scope = TensorScope.open()) {
            counted(other).judge(MODEL, Inputs.of(rows()), Target.index(2), Run.defaults());
            assertThat(other.explanations).isPositive();
            Counted changed = new Counted(1000);
            counted(changed).judge(MODEL, Inputs.of(rows().mul(2)), TARGET, Run.defaults());
            assertThat(changed.explanations).isPositive();
        }
        Model vague = Model.of(table -> new double[table.length][1]);
        try (TensorScope scope = TensorScope.open()) {
            assertThatThrownBy(() -> Benchmark.<Model>of(METRICS, new RandomAttribution())
                            .resumable(folder.resolve("vague.jsonl"))
                            .judge(vague, Inputs.of(rows()), Target.output(), Run.defaults()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("neither a version nor a digest");
        }
    }

    @Test
    void failures_are_cells_with_their_reason() {
        BenchmarkTable table = judge(Benchmark.<RuledModel>of(
                List.of(PerturbationCurve.deletion(), new Infidelity().samples(0)),
                new LayerActivation("linear1"),
                new Saliency(),
                new Failing()));
        assertThat(table.cell("layer-activation", "deletion").failure().orElseThrow())
                .isNotEmpty();
        assertThat(table.cell("saliency", "deletion").failure()).isEmpty();
        assertThat(table.cell("saliency", "infidelity").failure().orElseThrow())
                .contains("samples 0: must be at least 1");
        assertThat(table.cell("failing", "deletion").failure()).contains("no luck");
        assertThat(table.cell("failing", "infidelity").scores()).isEmpty();
        assertThat(table.rank("failing", "deletion")).isEmpty();
        assertThat(table.rank("saliency", "deletion")).hasValue(1);
        assertThat(table.best("infidelity")).isEmpty();
        assertThat(table.toString()).contains("failing, deletion: no luck");
        assertSame(BenchmarkTable.fromJson(table.toJson()), table);
    }

    private static final class Failing implements Attribution.Forward {
        @Override
        public String name() {
            return "failing";
        }

        @Override
        public Map<String, Object> settings() {
            return Map.of();
        }

        @Override
        public Explanation attribute(Model model, Inputs inputs, Target target, Run run) {
            throw new IllegalStateException("no luck");
        }
    }

    @Test
    void methods_of_one_name_are_told_apart_by_their_settings() {
        Benchmark<RuledModel> two = Benchmark.of(
                List.of(Concentration.sparseness()),
                new IntegratedGradients().steps(4),
                new IntegratedGradients().steps(8),
                new Saliency());
        assertThat(judge(two).methods().get(0)).startsWith("integrated-gradients {steps=4");
        assertThat(judge(two).methods().get(2)).isEqualTo("saliency");
        assertThatThrownBy(() -> Benchmark.of(METRICS, new Saliency(), new Saliency()))
                .hasMessageContaining("saliency {absolute=true} is given twice");
        assertThatThrownBy(() -> Benchmark.of(List.of(), new Saliency())).hasMessageContaining("no metric given");
        assertThatThrownBy(() -> BENCHMARK.part(0)).hasMessage("part 0: must be at least 1 example");
    }

    @Test
    void progress_rises_to_the_end() {
        List<Progress> all = new ArrayList<>();
        judge(BENCHMARK, Run.defaults().progress(all::add));
        assertThat(all).extracting(Progress::method).containsOnly("benchmark");
        assertThat(all).extracting(Progress::fraction).isSorted().last().isEqualTo(1.0);
        assertThat(all).extracting(Progress::fraction).filteredOn(f -> f < 1).hasSizeGreaterThan(20);
    }

    @Test
    void random_attributions_are_standard_normal_and_follow_from_the_seed() {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, 2000, 6));
            try (Explanation random = new RandomAttribution().attribute(MODEL, inputs, TARGET, Run.defaults())) {
                double[] values = random.attribution().toDoubleArray();
                double mean = IntStream.range(0, values.length)
                        .mapToDouble(i -> values[i])
                        .average()
                        .orElseThrow();
                double square = IntStream.range(0, values.length)
                        .mapToDouble(i -> values[i] * values[i])
                        .average()
                        .orElseThrow();
                assertThat(mean).isCloseTo(0, within(0.05));
                assertThat(square).isCloseTo(1, within(0.05));
                assertThat(values[0]).isNotEqualTo(values[6]);
            }
        }
    }

    @Test
    void a_table_knows_means_intervals_differences_and_ranks() {
        // Two methods with scores of three examples: the second is better by 1 on each.
        BenchmarkTable table = new BenchmarkTable(
                List.of("a", "b", "c"),
                List.of("m"),
                List.of(cell("a", 1, 5, 9), cell("b", 2, 6, 10.5), cell("c", 2.2, 5.6, 10.6)),
                judge(BENCHMARK).origin());
        BenchmarkTable.Interval mean = table.cell("a", "m").mean();
        assertThat(mean.mean()).isEqualTo(5);
        // t of 2 degrees of freedom is 4.30265; the standard error is 4 / √3.
        assertThat(mean.high() - mean.mean()).isCloseTo(4.30265 * 4 / Math.sqrt(3), within(1e-4));
        assertThat(table.difference("m", "b", "a").mean()).isCloseTo(3.5 / 3, within(1e-12));
        assertThat(table.isBetter("m", "b", "a")).isTrue();
        assertThat(table.isBetter("m", "a", "b")).isFalse();
        assertThat(table.isBetter("m", "b", "c")).isFalse();
        assertThat(table.rank("b", "m")).hasValue(1);
        assertThat(table.rank("c", "m")).hasValue(2);
        assertThat(table.rank("a", "m")).hasValue(3);
        assertThat(table.isAmongBest("c", "m")).isTrue();
        assertThat(table.isAmongBest("a", "m")).isFalse();
        assertThat(table.toString().lines().map(line -> line.replaceAll(" +", " ")))
                .containsExactly(
                        " m (higher is better)", "a 5.000 ± 9.937 #3", "b 6.167 ± 10.56 #1*", "c 6.133 ± 10.50 #2*");
        assertThat(table.toCsv().lines().skip(1).toList().get(1)).startsWith("b,m,higher,3,6.166666666666667,");
        assertThatThrownBy(() -> table.cell("d", "m")).hasMessage("method 'd': the table has a, b, c");
    }

    private static Cell cell(String method, double... scores) {
        return new Cell(
                method,
                "m",
                true,
                scores,
                List.of(),
                Run.Counts.NONE,
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    @Test
    void a_single_example_has_no_interval_and_nan_no_rank() {
        BenchmarkTable table = new BenchmarkTable(
                List.of("a", "b"),
                List.of("m"),
                List.of(cell("a", 1), cell("b", Double.NaN)),
                judge(BENCHMARK).origin());
        assertThat(table.cell("a", "m").mean().high()).isInfinite();
        assertThat(table.isBetter("m", "a", "b")).isFalse();
        assertThat(table.rank("b", "m")).isEmpty();
        assertThat(table.best("m")).contains("a");
        assertThat(table.toCsv().lines().toList().get(1)).isEqualTo("a,m,higher,1,1.0,,,1,a,0.0,,,");
        assertSame(BenchmarkTable.fromJson(table.toJson()), table);
    }

    @Test
    void json_keeps_every_bit_and_says_what_it_is() {
        BenchmarkTable table = judge(BENCHMARK);
        BenchmarkTable read = BenchmarkTable.fromJson(table.toJson());
        assertSame(read, table);
        assertThat(read.toJson()).isEqualTo(table.toJson());
        assertThat(read.origin()).isEqualTo(table.origin());
        assertThatThrownBy(() -> BenchmarkTable.fromJson("{}"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("benchmark JSON: member 'format' is missing");
        assertThatThrownBy(() -> BenchmarkTable.fromJson("[")).hasMessageStartingWith("benchmark JSON: not JSON");
        assertThatThrownBy(() -> BenchmarkTable.fromJson(table.toJson().replace("\"version\": 1,", "\"version\": 9,")))
                .hasMessageContaining("version 9 is not known");
    }

    @Test
    void a_file_that_another_run_writes_is_refused() throws IOException {
        Path file = folder.resolve("finished.jsonl");
        try (FinishedParts open = FinishedParts.open(file, MODEL)) {
            assertThatThrownBy(() -> judge(counted(new Counted(1000)))).hasMessageContaining("give each its own");
        }
    }

    @Test
    void text_is_the_same_in_any_locale() {
        Locale before = Locale.getDefault();
        try {
            String english = judge(BENCHMARK).toString();
            Locale.setDefault(Locale.GERMANY);
            assertThat(judge(BENCHMARK)).hasToString(english);
        } finally {
            Locale.setDefault(before);
        }
    }
}
