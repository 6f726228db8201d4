// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Provenance;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Cancellation;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What every {@link Attribution} promises: results fit the request, do not depend on batching, order or threads, and
 * are repeatable; they have provenance; a run can be stopped; nothing leaks.
 *
 * <p>A subclass names a method, a model and inputs. Write one for each method, and for each relevant kind of model.
 *
 * @param <M> the models that the method needs
 */
@Experimental
@ExtendWith(LeakExtension.class)
public abstract class AttributionContract<M extends Model> {
    /** The number of examples explained. */
    public static final int EXAMPLES = 4;

    private static final int THREADS = 4;

    /** For subclasses. */
    protected AttributionContract() {}

    /** Returns the method; the same settings at each call. */
    protected abstract Attribution<? super M> method();

    /** Opens the model, which the test closes. */
    protected abstract M model();

    /**
     * Makes inputs, owned by the current scope; the same at each call. At least one attributed input is of a
     * floating type.
     *
     * @param examples their number; example i is the same for all numbers
     */
    protected abstract Inputs inputs(M model, int examples);

    /** Returns the target; class 0 unless overridden. */
    protected Target target() {
        return Target.index(0);
    }

    /** Returns whether attributions depend on the seed; no unless overridden. */
    protected boolean random() {
        return false;
    }

    /**
     * Returns the largest completeness gap allowed, as a fraction of the largest difference between score and baseline
     * score. Empty, the default, if the gap is not checked.
     */
    protected OptionalDouble completeness() {
        return OptionalDouble.empty();
    }

    /**
     * Returns the largest difference allowed between batch sizes, as a fraction of the largest attribution; 1e-6 unless
     * overridden.
     */
    protected double batchTolerance() {
        return 1e-6;
    }

    private Explanation explain(M model, Inputs inputs, Run run) {
        return method().attribute(model, inputs, target(), run);
    }

    @Test
    @DisplayName(
            "The explanation has an attribution tensor for each name, a row for each example, and the model's scores")
    void fits() {
        try (M model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, EXAMPLES);
            double[] scores = scores(model, inputs);
            try (Explanation explanation = explain(model, inputs, Run.defaults())) {
                assertThat(explanation.attributions()).hasSameSizeAs(explanation.names());
                for (Tensor attribution : explanation.attributions()) {
                    assertThat(attribution.shape().dim(0)).isEqualTo(EXAMPLES);
                    assertThat(attribution.dataType().isFloating()).isTrue();
                    assertThat(attribution.isFinite()).isTrue();
                }
                for (int i = 0; i < explanation.standardErrors().size(); i++) {
                    Tensor error = explanation.standardErrors().get(i);
                    assertThat(error.shape())
                            .isEqualTo(explanation.attributions().get(i).shape());
                    assertThat(error.isFinite()).isTrue();
                    assertThat(Arrays.stream(error.toDoubleArray()).allMatch(value -> value >= 0))
                            .isTrue();
                }
                assertThat(explanation.scores()).hasSize(EXAMPLES);
                assertClose(explanation.scores(), scores, 1e-5);
                assertThat(explanation.elapsed()).isPositive();
            }
        }
    }

    private double[] scores(M model, Inputs inputs) {
        Optional<Attribution.OwnScore> own = method().ownScore();
        Model scored = own.isEmpty()
                ? model
                : ((LayeredModel) model).cut(own.get().layer()).head();
        Tensor output = scored.forward(inputs);
        long[] examples = new long[EXAMPLES];
        Arrays.setAll(examples, i -> i);
        return own.map(Attribution.OwnScore::score)
                .orElse(target())
                .resolve(output)
                .score(output, examples)
                .toDoubleArray();
    }

    @Test
    @DisplayName("Attributions are complete, where the method claims it, and the gap says by how much they are not")
    void complete() {
        OptionalDouble allowed = completeness();
        try (M model = model();
                TensorScope scope = TensorScope.open();
                Explanation explanation = explain(model, inputs(model, EXAMPLES), Run.defaults())) {
            if (allowed.isEmpty()) {
                statesItsGapOrNone(explanation);
                return;
            }
            double[] scores = explanation.scores();
            double[] baselineScores = explanation.baselineScores().orElseThrow();
            double[] gap = explanation.completenessGap();
            double largest = 0;
            for (int i = 0; i < EXAMPLES; i++) {
                largest = Math.max(largest, Math.abs(scores[i] - baselineScores[i]));
            }
            assertThat(largest).as("the baseline differs from the inputs").isPositive();
            for (int i = 0; i < EXAMPLES; i++) {
                double sum = explanation.features(i).sum();
                assertThat(gap[i]).isCloseTo(sum - (scores[i] - baselineScores[i]), within(1e-6 * largest));
                assertThat(Math.abs(gap[i])).isLessThanOrEqualTo(allowed.getAsDouble() * largest);
            }
        }
    }

    private static void statesItsGapOrNone(Explanation explanation) {
        if (explanation.hasCompletenessGap()) {
            assertThat(explanation.completenessGap()).hasSize(EXAMPLES);
        } else {
            assertThatThrownBy(explanation::completenessGap)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(explanation.provenance().method());
        }
    }

    @Test
    @DisplayName("The number of rows in a batch makes no difference beyond rounding")
    void batchIndependent() {
        try (M model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, EXAMPLES);
            try (Explanation expected = explain(model, inputs, Run.defaults())) {
                for (int rows : new int[] {1, 3, 7, 1000}) {
                    try (Explanation actual =
                            explain(model, inputs, Run.defaults().batchRows(rows))) {
                        assertClose(actual, expected);
                        assertThat(actual.counts().largestBatch()).isLessThanOrEqualTo(rows);
                        assertThat(actual.counts().backwardRows())
                                .isEqualTo(expected.counts().backwardRows());
                    }
                }
            }
        }
    }

    @Test
    @DisplayName("An example explained alone is explained as among others")
    void exampleIndependent() {
        try (M model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, EXAMPLES);
            try (Explanation together = explain(model, inputs, Run.defaults())) {
                for (int i = 0; i < EXAMPLES; i++) {
                    Target alone = target().forExamples(new long[] {i});
                    Run run = Run.defaults().exampleKeys(i);
                    try (Explanation explanation = method().attribute(model, inputs.select(i), alone, run)) {
                        for (int input = 0; input < together.attributions().size(); input++) {
                            double[] all = together.attributions().get(input).toDoubleArray();
                            double[] row = together.attributions()
                                    .get(input)
                                    .rows(i, i + 1)
                                    .toDoubleArray();
                            double tolerance = batchTolerance() * largest(all);
                            assertThat(explanation.attributions().get(input).toDoubleArray())
                                    .as("example %d", i)
                                    .containsExactly(row, within(tolerance));
                        }
                    }
                }
            }
        }
    }

    @Test
    @DisplayName("The same question gets the same bits again, from any thread")
    void repeats() throws InterruptedException, ExecutionException {
        try (M model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, EXAMPLES);
            Run run = Run.defaults().seed(7);
            List<ByteBuffer> expected = bits(model, inputs, run);
            assertThat(bits(model, inputs, run)).isEqualTo(expected);
            ExecutorService threads = Executors.newFixedThreadPool(THREADS);
            try {
                List<Future<List<ByteBuffer>>> answers = new ArrayList<>();
                for (int i = 0; i < 2 * THREADS; i++) {
                    answers.add(threads.submit(() -> bits(model, inputs, run)));
                }
                for (Future<List<ByteBuffer>> answer : answers) {
                    assertThat(answer.get()).isEqualTo(expected);
                }
            } finally {
                threads.shutdownNow();
            }
        }
    }

    @Test
    @DisplayName("The seed changes the answer of a method that draws, and of no other")
    void seed() {
        try (M model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, EXAMPLES);
            List<ByteBuffer> one = bits(model, inputs, Run.defaults().seed(1));
            List<ByteBuffer> two = bits(model, inputs, Run.defaults().seed(2));
            assertThat(one.equals(two)).as("same with another seed").isEqualTo(!random());
        }
    }

    private List<ByteBuffer> bits(M model, Inputs inputs, Run run) {
        try (Explanation explanation = explain(model, inputs, run)) {
            List<ByteBuffer> bits = new ArrayList<>();
            explanation.attributions().forEach(tensor -> bits.add(tensor.toByteBuffer()));
            explanation.standardErrors().forEach(tensor -> bits.add(tensor.toByteBuffer()));
            return bits;
        }
    }

    @Test
    @DisplayName("The caller's tensors stay open and keep their values; nothing else stays")
    void leavesNothingBehind() {
        try (M model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, EXAMPLES);
            List<ByteBuffer> values =
                    inputs.tensors().stream().map(Tensor::toByteBuffer).toList();
            long before = Lifetime.count();
            Explanation explanation = explain(model, inputs, Run.defaults());
            assertThat(Lifetime.count() - before)
                    .as("tensors that the explanation holds")
                    .isEqualTo(explanation.attributions().size()
                            + explanation.standardErrors().size());
            explanation.close();
            explanation.close();
            assertThat(Lifetime.count()).as("open tensors").isEqualTo(before);
            assertThat(inputs.tensors().stream().map(Tensor::toByteBuffer).toList())
                    .isEqualTo(values);
        }
    }

    @Test
    @DisplayName("The explanation outlives the scope it was made in")
    void ownsItsTensors() {
        Explanation explanation;
        try (M model = model();
                TensorScope scope = TensorScope.open()) {
            explanation = explain(model, inputs(model, EXAMPLES), Run.defaults());
        }
        try (explanation) {
            assertThat(explanation.attributions().get(0).toDoubleArray()).isNotEmpty();
        }
    }

    @Test
    @DisplayName("Provenance names method, every setting, seed, target, model and inputs")
    void provenance() {
        try (M model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, EXAMPLES);
            try (Explanation explanation = explain(model, inputs, Run.defaults().seed(11))) {
                Provenance provenance = explanation.provenance();
                Map<String, String> settings = new LinkedHashMap<>();
                method().settings().forEach((name, value) -> settings.put(name, value.toString()));
                assertThat(provenance.settings()).containsExactlyEntriesOf(settings);
                assertThat(settings.keySet()).allMatch(name -> name.matches("[a-z0-9]+([-.][a-z0-9]+)*"));
                assertThat(provenance.method())
                        .isEqualTo(method().name())
                        .matches("[a-z0-9]+(-[a-z0-9]+)*( at layer| towards neuron)?");
                assertThat(provenance.seed()).isEqualTo(11);
                assertThat(provenance.target()).isNotBlank();
                assertThat(provenance.batching()).contains("largest batch");
                assertThat(provenance.model()).isEqualTo(model.identity());
                assertThat(provenance.library()).isNotBlank();
                assertThat(provenance.inputs())
                        .extracting(Provenance.InputRecord::name)
                        .containsExactlyElementsOf(
                                inputs.all().stream().map(Inputs.Input::name).toList());
                assertThat(provenance.inputs())
                        .extracting(Provenance.InputRecord::digest)
                        .allMatch(digest -> digest.matches("[0-9a-f]{64}"));
            }
        }
    }

    @Test
    @DisplayName("One progress rises to the whole, and reaches it at the end")
    void progress() {
        try (M model = model();
                TensorScope scope = TensorScope.open()) {
            List<Run.Progress> events = new ArrayList<>();
            Run run = Run.defaults().batchRows(2).progress(events::add);
            explain(model, inputs(model, EXAMPLES), run).close();
            assertThat(events).isNotEmpty();
            assertThat(events.stream().map(Run.Progress::method).distinct())
                    .as("the method that was asked, throughout")
                    .hasSize(1);
            Run.Progress before = new Run.Progress("", 0, 0, 0);
            for (Run.Progress event : events) {
                assertThat(event.fraction()).isBetween(before.fraction(), 1.0);
                assertThat(event.rowsDone()).isGreaterThanOrEqualTo(before.rowsDone());
                assertThat(event.elapsedNanos()).isGreaterThanOrEqualTo(before.elapsedNanos());
                before = event;
            }
            assertThat(events.stream().filter(event -> event.fraction() == 1))
                    .as("the whole is told once, in the end")
                    .containsExactly(before);
        }
    }

    @Test
    @DisplayName("A deadline that has passed ends the computation, and leaves nothing behind")
    void deadline() {
        refuses(DeadlineExceededException.class, Run.defaults().deadline(Duration.ofNanos(1)), "deadline");
        refuses(DeadlineExceededException.class, Run.defaults().deadline(Duration.ZERO), "deadline");
    }

    @Test
    @DisplayName("Cancellation half-way ends the computation, and leaves nothing behind")
    void cancellation() {
        Cancellation cancellation = new Cancellation();
        Run run = Run.defaults().batchRows(1).cancellation(cancellation).progress(progress -> cancellation.cancel());
        refuses(CancelledException.class, run, "cancelled");
    }

    @Test
    @DisplayName("An interrupt ends the computation, and leaves nothing behind")
    void interrupt() {
        Run run = Run.defaults()
                .batchRows(1)
                .progress(progress -> Thread.currentThread().interrupt());
        try {
            refuses(CancelledException.class, run, "interrupted");
        } finally {
            assertThat(Thread.interrupted()).as("the interrupt is still there").isTrue();
        }
    }

    private void refuses(Class<? extends RuntimeException> failure, Run run, String word) {
        try (M model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, EXAMPLES);
            long before = Lifetime.count();
            assertThatThrownBy(() -> explain(model, inputs, run))
                    .isInstanceOf(failure)
                    .hasMessageContaining(word);
            assertThat(Lifetime.count()).as("open tensors").isEqualTo(before);
        }
    }

    @Test
    @DisplayName("NaN inputs are refused by name, before the model runs")
    void nanInput() {
        try (M model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, EXAMPLES);
            List<Tensor> attributed = new ArrayList<>(inputs.attributed());
            assumeTrue(attributed.get(0).dataType().isFloating(), "the first attributed input is of an integer type");
            attributed.set(0, attributed.get(0).mul(Double.NaN));
            long before = Lifetime.count();
            String name = inputs.attributedInputs().get(0).name();
            assertThatThrownBy(() -> explain(model, inputs.withAttributed(attributed), Run.defaults()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("input '" + name + "'")
                    .hasMessageContaining("NaN");
            assertThat(Lifetime.count()).as("open tensors").isEqualTo(before);
        }
    }

    @Test
    @DisplayName("A closed model is refused, and nothing is left behind")
    void closedModel() {
        try (M model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, EXAMPLES);
            model.close();
            long before = Lifetime.count();
            assertThatThrownBy(() -> explain(model, inputs, Run.defaults()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
            assertThat(Lifetime.count()).as("open tensors").isEqualTo(before);
        }
    }

    private void assertClose(Explanation actual, Explanation expected) {
        for (int i = 0; i < expected.attributions().size(); i++) {
            double[] values = expected.attributions().get(i).toDoubleArray();
            assertClose(actual.attributions().get(i).toDoubleArray(), values, batchTolerance());
        }
        for (int i = 0; i < expected.standardErrors().size(); i++) {
            double[] values = expected.standardErrors().get(i).toDoubleArray();
            // A standard error is the root of a sum of squares: near zero half of its digits are lost.
            assertClose(actual.standardErrors().get(i).toDoubleArray(), values, 10 * batchTolerance());
        }
    }

    private static void assertClose(double[] actual, double[] expected, double fraction) {
        assertThat(actual).containsExactly(expected, within(fraction * largest(expected)));
    }

    private static double largest(double[] values) {
        return Arrays.stream(values).map(Math::abs).max().orElse(0);
    }
}
