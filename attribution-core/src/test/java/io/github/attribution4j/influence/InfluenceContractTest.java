// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.influence.Examples.Part;
import io.github.attribution4j.influence.Ranking.Ranked;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Cancellation;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.run.Run.Progress;
import io.github.attribution4j.target.Loss;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every way to compare training rows with explained examples. */
@ExtendWith(LeakExtension.class)
class InfluenceContractTest {
    private static final List<LayeredModel> MODELS = IntStream.range(0, 2)
            .mapToObj(seed -> (LayeredModel) ReferenceModels.mlp(DataType.FLOAT64, seed, Activation.TANH, 4, 6, 3))
            .toList();
    private static final List<Checkpoint> CHECKPOINTS =
            List.of(new Checkpoint(MODELS.get(0), 0.5), new Checkpoint(MODELS.get(1), 0.1));
    private static final int ROWS = 11;
    private static final int EXPLAINED = 3;

    private TensorScope scope;
    private Tensor rows;
    private double[] labels;

    static Stream<Influence<?>> influences() {
        TracInFast fast = new TracInFast("fc2").input("act1");
        return Stream.of(
                fast,
                fast.projected(4),
                new TracIn(),
                new TracIn("fc1.weight", "fc2.bias").projected(7),
                new SimilarityInfluence("act1"),
                new SimilarityInfluence("act1").similarity(Similarity.EUCLID),
                new SimilarityInfluence("fc2").similarity(Similarity.DOT));
    }

    @BeforeEach
    void make() {
        scope = TensorScope.open();
        rows = ReferenceModels.normal(DataType.FLOAT64, 3, ROWS, 4);
        labels = IntStream.range(0, ROWS).mapToDouble(row -> row * 7 % 3).toArray();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private Examples training() {
        return examples(LongStream.range(0, ROWS).toArray());
    }

    private Examples explained() {
        return examples(2, 7, 10);
    }

    private Examples examples(long... numbers) {
        double[] own =
                Arrays.stream(numbers).mapToDouble(row -> labels[(int) row]).toArray();
        return Examples.of(Inputs.of(rows.select(0, numbers)), Target.loss(Loss.crossEntropy(), own));
    }

    private double[][] scores(Influence<?> influence, Run run) {
        return all(influence.scores(CHECKPOINTS, training(), explained(), run));
    }

    private static double[][] all(InfluenceScores scores) {
        return IntStream.range(0, scores.examples()).mapToObj(scores::of).toArray(double[][]::new);
    }

    @ParameterizedTest
    @MethodSource("influences")
    void batches_have_no_effect(Influence<?> influence) {
        double[][] expected = scores(influence, Run.defaults());
        assertThat(expected).hasDimensions(EXPLAINED, ROWS);
        for (int size : new int[] {1, 4, 100}) {
            assertThat(scores(influence, Run.defaults().batchRows(size))).isDeepEqualTo(expected);
        }
    }

    @ParameterizedTest
    @MethodSource("influences")
    void the_order_of_rows_has_no_effect(Influence<?> influence) {
        double[][] expected = scores(influence, Run.defaults());
        long[] order = {4, 0, 9, 10, 1, 8, 3, 2, 7, 5, 6};
        double[][] turned = all(influence.scores(CHECKPOINTS, examples(order), examples(10, 2, 7), Run.defaults()));
        int[] examples = {2, 0, 1};
        for (int example = 0; example < EXPLAINED; example++) {
            double[] own = expected[examples[example]];
            assertThat(turned[example])
                    .containsExactly(Arrays.stream(order)
                            .mapToDouble(row -> own[(int) row])
                            .toArray());
        }
    }

    @ParameterizedTest
    @MethodSource("influences")
    void influence_of_equal_sets_is_symmetric(Influence<?> influence) {
        double[][] scores = all(influence.scores(CHECKPOINTS, training(), training(), Run.defaults()));
        for (int i = 0; i < ROWS; i++) {
            for (int j = 0; j < ROWS; j++) {
                assertThat(scores[i][j]).isCloseTo(scores[j][i], within(1e-12));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("influences")
    void threads_get_the_same(Influence<?> influence) throws Exception {
        Examples training = training();
        Examples explained = explained();
        double[][] expected = scores(influence, Run.defaults());
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Callable<double[][]>> calls = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                calls.add(() -> all(influence.scores(CHECKPOINTS, training, explained, Run.defaults())));
            }
            for (Future<double[][]> one : threads.invokeAll(calls)) {
                assertThat(one.get()).isDeepEqualTo(expected);
            }
        } finally {
            threads.shutdown();
        }
    }

    @ParameterizedTest
    @MethodSource("influences")
    void a_ranking_has_the_ends_of_the_scores(Influence<?> influence) {
        double[][] scores = scores(influence, Run.defaults());
        for (int count : new int[] {1, 4, 100}) {
            Ranking ranking = influence.rank(CHECKPOINTS, training(), explained(), count, Run.defaults());
            assertThat(ranking.examples()).isEqualTo(EXPLAINED);
            for (int example = 0; example < EXPLAINED; example++) {
                double[] own = scores[example];
                List<Ranked> sorted = IntStream.range(0, ROWS)
                        .mapToObj(row -> new Ranked(row, own[row]))
                        .sorted(Comparator.comparingDouble(Ranked::score))
                        .toList();
                List<Ranked> descending = sorted.stream()
                        .sorted(Comparator.comparingDouble(Ranked::score).reversed())
                        .toList();
                int most = Math.min(count, ROWS);
                assertThat(ranking.opponents(example)).isEqualTo(sorted.subList(0, most));
                assertThat(ranking.proponents(example)).isEqualTo(descending.subList(0, most));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("influences")
    void rows_that_are_read_in_parts_give_the_same(Influence<?> influence) {
        double[][] expected = scores(influence, Run.defaults());
        Examples streamed = Examples.streamed("rows", "1", ROWS, this::read);
        assertThat(all(influence.scores(CHECKPOINTS, streamed, explained(), Run.defaults())))
                .isDeepEqualTo(expected);
    }

    private Part read(long from, long to) {
        return new Part(
                Inputs.of(rows.rows(from, to)),
                Target.loss(Loss.crossEntropy(), Arrays.copyOfRange(labels, (int) from, (int) to)));
    }

    @ParameterizedTest
    @MethodSource("influences")
    void what_was_kept_is_read_and_what_is_damaged_computed_again(Influence<?> influence, @TempDir Path directory)
            throws IOException {
        // The reference model has one identity whatever its weights, so that only one checkpoint is kept.
        List<Checkpoint> only = CHECKPOINTS.subList(0, 1);
        Examples kept = training().keptIn(directory);
        InfluenceScores first = influence.scores(only, kept, explained(), Run.defaults());
        assertThat(all(first)).isDeepEqualTo(all(influence.scores(only, training(), explained(), Run.defaults())));
        List<Path> files = files(directory);
        assertThat(files).isNotEmpty();
        InfluenceScores second = influence.scores(only, kept, explained(), Run.defaults());
        assertThat(all(second)).isDeepEqualTo(all(first));
        // Only the explained rows and the first training row are computed again.
        assertThat(first.report().counts().forwardRows()
                        - second.report().counts().forwardRows())
                .isGreaterThanOrEqualTo((long) ROWS * only.size());
        Files.writeString(files.get(0), "damaged");
        assertThat(all(influence.scores(only, kept, explained(), Run.defaults())))
                .isDeepEqualTo(all(first));
        assertThat(Files.size(files.get(0))).isGreaterThan(10);
        // Other rows, labels or models have other files.
        influence.scores(only, examples(0, 1, 2).keptIn(directory), explained(), Run.defaults());
        assertThat(files(directory)).hasSize(files.size() + only.size());
    }

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("influences")
    void a_run_can_be_stopped(Influence<?> influence) {
        Cancellation cancellation = new Cancellation();
        cancellation.cancel();
        assertThatThrownBy(() -> scores(influence, Run.defaults().cancellation(cancellation)))
                .isInstanceOf(CancelledException.class);
        assertThatThrownBy(() -> scores(influence, Run.defaults().deadline(Duration.ofNanos(1))))
                .isInstanceOf(DeadlineExceededException.class);
        // In the middle, by a progress listener.
        Cancellation later = new Cancellation();
        assertThatThrownBy(() -> scores(
                        influence,
                        Run.defaults().batchRows(2).cancellation(later).progress(progress -> {
                            if (progress.fraction() > 0.5) {
                                later.cancel();
                            }
                        })))
                .isInstanceOf(CancelledException.class);
    }

    @ParameterizedTest
    @MethodSource("influences")
    void progress_rises_to_1(Influence<?> influence, @TempDir Path directory) {
        for (int i = 0; i < 2; i++) {
            List<Progress> reports = new ArrayList<>();
            influence.rank(
                    CHECKPOINTS.subList(1, 2),
                    training().keptIn(directory),
                    explained(),
                    1,
                    Run.defaults().progress(reports::add));
            assertThat(reports.stream().map(Progress::fraction).toList()).isSorted();
            assertThat(reports.get(reports.size() - 1).fraction()).isEqualTo(1);
            assertThat(reports.get(0).method()).isEqualTo(influence.name());
        }
    }

    @ParameterizedTest
    @MethodSource("influences")
    void a_report_says_where_influences_come_from(Influence<?> influence) {
        Report report = influence
                .scores(CHECKPOINTS, training(), explained(), Run.defaults().seed(5))
                .report();
        assertThat(report.provenances()).hasSize(CHECKPOINTS.size());
        assertThat(report.provenances().get(0).method()).isEqualTo(influence.name());
        assertThat(report.provenances().get(0).settings())
                .containsEntry("learning-rate", "0.5")
                .hasSize(influence.settings().size() + 1);
        assertThat(report.provenances().get(0).seed()).isEqualTo(5);
        assertThat(report.provenances().get(0).inputs())
                .extracting(record -> record.role() + " " + record.shape())
                .containsExactly("training (11, 4)", "explained (3, 4)");
        assertThat(report.counts().forwardRows())
                .isGreaterThanOrEqualTo((long) (ROWS + EXPLAINED + 1) * CHECKPOINTS.size());
    }

    @ParameterizedTest
    @MethodSource("influences")
    void requests_that_cannot_be_met_are_refused(Influence<?> influence) {
        assertThatThrownBy(() -> influence.scores(List.of(), training(), explained(), Run.defaults()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("checkpoints: none given");
        assertThatThrownBy(() -> influence.rank(CHECKPOINTS, training(), explained(), 0, Run.defaults()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("count 0 must be at least 1");
        assertThatThrownBy(() -> new Checkpoint(MODELS.get(0), 0)).hasMessageContaining("learning rate 0.0");
        Examples wrong = Examples.streamed("rows", "1", ROWS, (from, to) -> read(0, 2));
        assertThatThrownBy(() -> influence.scores(CHECKPOINTS, wrong, explained(), Run.defaults()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2 rows were read for rows 0 to 1");
    }

    @ParameterizedTest
    @MethodSource("influences")
    void examples_without_a_loss_are_refused_where_it_is_needed(Influence<?> influence) {
        Examples bare = Examples.of(Inputs.of(rows));
        if (influence instanceof SimilarityInfluence) {
            assertThat(all(influence.scores(CHECKPOINTS, bare, bare, Run.defaults())))
                    .isDeepEqualTo(all(influence.scores(CHECKPOINTS, training(), training(), Run.defaults())));
            return;
        }
        for (List<Examples> pair : List.of(List.of(bare, explained()), List.of(training(), bare))) {
            assertThatThrownBy(() -> influence.scores(CHECKPOINTS, pair.get(0), pair.get(1), Run.defaults()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("takes the gradient of a loss, and there is none");
        }
    }

    @Test
    void an_activation_of_zeros_has_a_cosine_of_0_and_a_notice() {
        LayeredModel relu = ReferenceModels.mlp(DataType.FLOAT64, 1, Activation.RELU, 4, 1, 3);
        InfluenceScores scores = new SimilarityInfluence("act1")
                .scores(List.of(Checkpoint.of(relu)), training(), training(), Run.defaults());
        double[] activations =
                relu.cut("act1").activations(Inputs.of(rows)).get(0).toDoubleArray();
        assertThat(activations).contains(0.0);
        for (int i = 0; i < ROWS; i++) {
            for (int j = 0; j < ROWS; j++) {
                assertThat(scores.of(i, j)).isCloseTo(activations[i] * activations[j] == 0 ? 0 : 1, within(1e-15));
            }
        }
        assertThat(scores.report().notices()).anyMatch(notice -> notice.contains("are all zeros"));
    }
}
