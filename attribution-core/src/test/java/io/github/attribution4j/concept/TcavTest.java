// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.concept;

import static io.github.attribution4j.concept.PlantedConcept.cosine;
import static io.github.attribution4j.concept.PlantedConcept.direction;
import static io.github.attribution4j.concept.PlantedConcept.inputs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Cancellation;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
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
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakExtension.class)
class TcavTest {
    private static final int FEATURES = 10;
    private static final LayeredModel MODEL =
            ReferenceModels.mlp(DataType.FLOAT64, 3, Activation.TANH, FEATURES, 12, 8, 3);
    private static final double CLOSE = 1e-9;
    private static final List<Target> TARGETS = List.of(Target.index(0), Target.index(2));

    private static Inputs explained() {
        return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 8, 30, FEATURES));
    }

    private static Concept noise(String name, int count, long seed) {
        return Concept.of(name, inputs(PlantedConcept.rows(count, direction(FEATURES, 1), 0, seed)));
    }

    private static Concept planted(String name, int count, double strength, long seed) {
        return Concept.of(name, inputs(PlantedConcept.rows(count, direction(FEATURES, 1), strength, seed)));
    }

    private static Concepts concepts() {
        return Concepts.of(planted("planted", 30, 4, 1), planted("opposite", 30, -4, 2))
                .against(noise("noise", 180, 3).split(6, 0))
                .comparing("planted", "opposite");
    }

    private static ConceptScores scores(Run run) {
        try (TensorScope scope = TensorScope.open()) {
            return new Tcav("act1", "fc2").explain(MODEL, explained(), TARGETS, concepts(), run);
        }
    }

    private static List<Double> numbers(ConceptScores scores) {
        List<Double> numbers = new ArrayList<>();
        for (ConceptScore score : scores.all()) {
            numbers.addAll(List.of(score.signCount(), score.magnitude(), score.probability(), score.accuracy()));
            Arrays.stream(score.derivatives()).flatMapToDouble(Arrays::stream).forEach(numbers::add);
        }
        return numbers;
    }

    private static void assertClose(ConceptScores found, ConceptScores expected) {
        List<Double> numbers = numbers(expected);
        List<Double> others = numbers(found);
        assertThat(others).hasSameSizeAs(numbers);
        for (int i = 0; i < numbers.size(); i++) {
            assertThat(others.get(i)).isCloseTo(numbers.get(i), within(1e-7));
        }
    }

    /** S(x) by differences of the tail, at every input, and the scores by their definitions. */
    @ParameterizedTest
    @ValueSource(strings = {"fc1", "act1", "fc2", "act2"})
    void derivatives_are_those_of_the_tail(String layer) {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = explained();
            Cut cut = MODEL.cut(layer);
            Tensor values = cut.activations(inputs).get(0);
            int size = (int) values.shape().dim(1);
            double[] vector = direction(size, 5);
            Cavs cavs = Cavs.of(List.of(Cav.of("one", layer, vector)));
            double step = 1e-5;
            for (int number = 0; number < TARGETS.size(); number++) {
                ConceptScore score = new Tcav(layer)
                        .score(MODEL, inputs, TARGETS, cavs, Run.defaults())
                        .get("one", layer, number);
                Tensor way = Tensors.ofJava().of(vector, 1, size).mul(step);
                double[] up = tail(cut, inputs, values.add(way), number * 2);
                double[] down = tail(cut, inputs, values.sub(way), number * 2);
                int positive = 0;
                double sum = 0;
                for (int i = 0; i < up.length; i++) {
                    double slope = (up[i] - down[i]) / (2 * step);
                    assertThat(score.derivatives()[0][i]).isCloseTo(slope, within(1e-8));
                    positive += slope > 0 ? 1 : 0;
                    sum += slope;
                }
                assertThat(score.signCount()).isEqualTo((double) positive / up.length);
                assertThat(score.magnitude()).isCloseTo(sum / up.length, within(1e-8));
                assertThat(score.probability()).isNaN();
                assertThat(score.isSignificant()).isFalse();
            }
        }
    }

    private static double[] tail(Cut cut, Inputs inputs, Tensor values, int index) {
        double[] outputs = cut.tail().forward(cut.tailInputs(inputs, values)).toDoubleArray();
        return IntStream.range(0, outputs.length / 3)
                .mapToDouble(row -> outputs[row * 3 + index])
                .toArray();
    }

    /** A model whose layer is twice the input, and whose score grows with the planted direction nearly everywhere. */
    private static LayeredModel using(int features) {
        return using(features, 2);
    }

    /** Returns that model with a layer of {@code scale} times the input, and the same score. */
    private static LayeredModel using(int features, double scale) {
        double[] direction = direction(features, 1);
        double[][] hidden = PlantedConcept.rows(16, direction, 2, 77);
        double[][] out = new double[2][16];
        double[][] scaled = new double[features][features];
        for (int i = 0; i < features; i++) {
            scaled[i][i] = scale;
        }
        for (double[] row : hidden) {
            Arrays.setAll(row, i -> row[i] * 0.3 / scale);
        }
        Arrays.fill(out[0], 1);
        Arrays.fill(out[1], -1);
        return ReferenceModel.builder(DataType.FLOAT64, 1)
                .input("x", Shape.of(features))
                .linear("twice", "x", scaled, new double[features])
                .linear("fc1", "twice", hidden, new double[16])
                .activation("act1", "fc1", Activation.TANH)
                .linear("fc2", "act1", out, new double[2])
                .build();
    }

    @Test
    void the_vector_of_a_planted_concept_is_found_where_the_layer_is_the_input() {
        double[] direction = direction(FEATURES, 1);
        for (LinearClassifier classifier : List.of(LinearClassifier.logistic(), LinearClassifier.sgd())) {
            try (TensorScope scope = TensorScope.open()) {
                Cavs cavs = new Tcav("twice")
                        .classifier(classifier)
                        .train(
                                using(FEATURES),
                                Concepts.of(planted("planted", 200, 4, 1)).against(List.of(noise("noise", 200, 2))),
                                Run.defaults());
                Cav cav = cavs.of("planted", "twice").get(0);
                assertThat(cosine(cav.vector(), direction)).isGreaterThan(0.95);
                assertThat(Arrays.stream(cav.vector()).map(v -> v * v).sum()).isCloseTo(1, within(CLOSE));
                assertThat(cav.accuracy()).isGreaterThan(0.9);
                assertThat(cav.tested()).isEqualTo(132);
                assertThat(cav.accuracyInterval()[0]).isBetween(0.85, cav.accuracy());
            }
        }
    }

    @Test
    void there_is_a_score_for_each_target_layer_and_concept_with_what_it_cost() {
        ConceptScores scores = scores(Run.defaults());
        assertThat(scores.all()).hasSize(2 * 2 * 3);
        assertThat(scores.layers()).containsExactly("act1", "fc2");
        for (ConceptScore score : scores.all()) {
            assertThat(score.signCount()).isBetween(0.0, 1.0);
            assertThat(score.accuracy()).isGreaterThan(0.8);
            assertThat(score.signCounts()).hasSize(score.isRelative() ? 1 : 6);
        }
        for (int target = 0; target < 2; target++) {
            assertThat(scores.chance("act1", target)).hasSize(6);
            assertThat(Arrays.stream(scores.chance("act1", target)).average().orElseThrow())
                    .isCloseTo(0.5, within(CLOSE));
            assertThat(scores.provenance(target).method()).isEqualTo("tcav");
            assertThat(scores.provenance(target).settings()).containsEntry("layer", "act1, fc2");
        }
        assertThat(scores.notices()).isEmpty();
        assertThat(scores.counts().backwardRows()).isEqualTo(2 * 2 * 30);
        assertThat(scores.counts().forwardRows()).isEqualTo(2 * 2 * 30 + 2 * (2 * 30 + 180));
        assertThatThrownBy(() -> scores.get("dotted", "act1")).hasMessageContaining("dotted");
        assertThatThrownBy(() -> scores.chance("act7", 0)).hasMessageContaining("[act1, fc2]");
    }

    @Test
    void a_concept_that_the_model_uses_is_significant_and_a_random_one_is_not() {
        try (TensorScope scope = TensorScope.open()) {
            double[] direction = direction(40, 1);
            List<Concept> sets = Concept.of("noise", inputs(PlantedConcept.rows(21 * 30, direction, 0, 3)))
                    .split(21, 0);
            Concepts concepts = Concepts.of(
                            Concept.of("planted", inputs(PlantedConcept.rows(30, direction, 4, 1))),
                            Concept.of("opposite", inputs(PlantedConcept.rows(30, direction, -4, 2))),
                            sets.get(20))
                    .against(sets.subList(0, 20))
                    .comparing("planted", "opposite");
            ConceptScores scores = new Tcav("twice", "act1")
                    .explain(
                            using(40),
                            inputs(PlantedConcept.rows(30, direction, 0, 8)),
                            List.of(Target.index(0), Target.index(1)),
                            concepts,
                            Run.defaults());
            for (String layer : scores.layers()) {
                for (int target = 0; target < 2; target++) {
                    ConceptScore planted = scores.get("planted", layer, target);
                    ConceptScore opposite = scores.get("opposite", layer, target);
                    assertThat(planted.isSignificant()).isTrue();
                    assertThat(opposite.isSignificant()).isTrue();
                    assertThat(planted.signCount()).isCloseTo(target == 0 ? 1 : 0, within(0.05));
                    assertThat(opposite.signCount()).isCloseTo(target == 0 ? 0 : 1, within(0.05));
                    assertThat(planted.magnitude() * opposite.magnitude()).isNegative();
                    assertThat(scores.get("noise 21", layer, target).isSignificant())
                            .isFalse();
                }
            }
            List<ConceptScore> relative =
                    scores.all().stream().filter(ConceptScore::isRelative).toList();
            assertThat(relative).hasSize(4);
            assertThat(relative.get(0).against()).isEqualTo("opposite");
            assertThat(relative.get(0).signCount()).isGreaterThan(0.95);
            assertThat(relative)
                    .filteredOn(score -> score.layer().equals("twice"))
                    .allMatch(ConceptScore::isSignificant);
        }
    }

    @Test
    void the_scale_of_a_layer_changes_neither_vectors_nor_sign_counts() {
        try (TensorScope scope = TensorScope.open()) {
            List<ConceptScores> scores = new ArrayList<>();
            List<Cavs> cavs = new ArrayList<>();
            for (double scale : new double[] {2, 5000}) {
                LayeredModel model = using(FEATURES, scale);
                Tcav tcav = new Tcav("twice");
                Cavs trained = tcav.train(model, concepts(), Run.defaults());
                cavs.add(trained);
                scores.add(tcav.score(model, explained(), TARGETS.subList(0, 1), trained, Run.defaults()));
            }
            for (int i = 0; i < cavs.get(0).all().size(); i++) {
                assertThat(cavs.get(1).all().get(i).vector())
                        .containsExactly(cavs.get(0).all().get(i).vector(), within(CLOSE));
            }
            for (int i = 0; i < scores.get(0).all().size(); i++) {
                ConceptScore small = scores.get(0).all().get(i);
                ConceptScore large = scores.get(1).all().get(i);
                assertThat(large.signCounts()).containsExactly(small.signCounts());
                assertThat(large.magnitude() * 2500).isCloseTo(small.magnitude(), within(CLOSE));
                assertThat(large.probability()).isCloseTo(small.probability(), within(CLOSE));
            }
        }
    }

    @Test
    void scores_depend_neither_on_batches_nor_on_threads_and_repeat() throws Exception {
        ConceptScores expected = scores(Run.defaults());
        assertThat(numbers(scores(Run.defaults()))).isEqualTo(numbers(expected));
        for (int rows : new int[] {1, 7, 1000}) {
            assertClose(scores(Run.defaults().batchRows(rows)), expected);
        }
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            List<Callable<ConceptScores>> calls = Collections.nCopies(3, () -> scores(Run.defaults()));
            for (Future<ConceptScores> one : threads.invokeAll(calls)) {
                assertThat(numbers(one.get())).isEqualTo(numbers(expected));
            }
        } finally {
            threads.shutdown();
        }
        assertThat(numbers(scores(Run.defaults().seed(1)))).isNotEqualTo(numbers(expected));
    }

    /** The examples of a concept in another order, and read one by one. */
    @Test
    void the_order_of_examples_and_how_they_are_read_have_no_influence() {
        double[][] rows = PlantedConcept.rows(100, direction(FEATURES, 1), 4, 1);
        List<double[]> shuffled = new ArrayList<>(List.of(rows));
        Collections.shuffle(shuffled, new Random(1));
        try (TensorScope scope = TensorScope.open()) {
            List<Concept> randoms = noise("noise", 200, 3).split(2, 0);
            Tcav tcav = new Tcav("act1", "act2");
            Cavs expected =
                    tcav.train(MODEL, Concepts.of(Concept.of("c", inputs(rows))).against(randoms), Run.defaults());
            Cavs other = tcav.train(
                    MODEL,
                    Concepts.of(Concept.of("c", shuffled, row -> inputs(row))).against(randoms),
                    Run.defaults());
            for (int i = 0; i < expected.all().size(); i++) {
                Cav cav = other.all().get(i);
                assertThat(cav.vector()).containsExactly(expected.all().get(i).vector(), within(1e-7));
                assertThat(cav.accuracy()).isEqualTo(expected.all().get(i).accuracy());
            }
        }
    }

    /** Of a value that is not used, gradients are 0: the score is 0, chance is 0 too, and nothing is significant. */
    @Test
    void a_score_that_does_not_depend_on_the_layer_is_not_significant() {
        Target constant = Target.of(
                "constant",
                output -> output.slice(1, 0, 1).mul(0).reshape(output.shape().dim(0)),
                output -> output.mul(0));
        try (TensorScope scope = TensorScope.open()) {
            ConceptScore score = new Tcav("act1")
                    .explain(MODEL, explained(), constant, concepts())
                    .get("planted", "act1");
            assertThat(score.signCount()).isZero();
            assertThat(score.probability()).isEqualTo(1);
        }
    }

    @Test
    void noise_against_noise_has_a_notice() {
        try (TensorScope scope = TensorScope.open()) {
            ConceptScores scores = new Tcav("act1")
                    .explain(
                            MODEL,
                            explained(),
                            Target.index(0),
                            Concepts.of(noise("grey", 40, 17))
                                    .against(noise("noise", 150, 3).split(5, 0)));
            assertThat(scores.notices())
                    .anySatisfy(notice -> assertThat(notice)
                            .contains("concept 'grey' is not linearly there at layer 'act1'", "0.5 is chance"))
                    .anySatisfy(notice -> assertThat(notice).contains("30 examples are used"));
        }
    }

    /**
     * How often a random concept is called significant at 0.05, of 100: by the tests against random concepts about as
     * often as that, by the paper's far more often.
     */
    @Test
    void random_concepts_are_seldom_significant() {
        Map<Significance, Integer> found = new EnumMap<>(Significance.class);
        int trials = 100;
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = explained();
            LinearClassifier fast = LinearClassifier.logistic(0.1);
            for (int trial = 0; trial < trials; trial++) {
                List<Concept> sets = noise("noise", 11 * 20, 1000 + trial).split(11, 0);
                Concepts concepts = Concepts.of(sets.get(0)).against(sets.subList(1, 11));
                Tcav tcav = new Tcav("act1").classifier(fast);
                Cavs cavs = tcav.train(MODEL, concepts, Run.defaults());
                for (Significance test : Significance.values()) {
                    ConceptScore score = tcav.significance(test)
                            .score(MODEL, inputs, List.of(Target.index(0)), cavs, Run.defaults())
                            .all()
                            .get(0);
                    found.merge(test, score.isSignificant() ? 1 : 0, Integer::sum);
                }
            }
        }
        // Of binomial counts of 100 trials with 0.05, 99 % are at most 11.
        assertThat(found.get(Significance.MAGNITUDE)).isLessThanOrEqualTo(11);
        assertThat(found.get(Significance.SIGN_COUNT)).isLessThanOrEqualTo(11);
        assertThat(found.get(Significance.PAPER)).isGreaterThan(trials / 5);
    }

    @Test
    void probabilities_are_those_of_the_tests() {
        // scipy.stats: ttest_1samp([.6, .7, .65, .8], .5), t.sf(...)
        double[] own = {0.6, 0.7, 0.65, 0.8};
        assertThat(Significance.PAPER.probability(own, new double[0])).isCloseTo(0.02187539878, within(1e-10));
        double[] chance = {0.4, 0.5, 0.6, 0.45, 0.55};
        // t = 0.1875 / (0.0790569 * sqrt(1.2)) = 2.1651, 4 degrees
        assertThat(Significance.SIGN_COUNT.probability(own, chance)).isCloseTo(0.09634107616, within(1e-10));
        assertThat(Significance.SIGN_COUNT.probability(own, new double[] {0.5})).isNaN();
        assertThat(Significance.adjusted(0.04, Double.NaN, 0.01, 0.03)).containsExactly(0.06, Double.NaN, 0.03, 0.06);
    }

    @Test
    void progress_rises_to_1_and_runs_can_be_stopped() {
        List<Double> fractions = new ArrayList<>();
        List<Long> rows = new ArrayList<>();
        scores(Run.defaults().batchRows(8).progress(progress -> {
            fractions.add(progress.fraction());
            rows.add(progress.rowsDone());
        }));
        assertThat(fractions).isSorted().endsWith(1.0).doesNotContain(Double.NaN);
        assertThat(fractions.stream().filter(one -> one < 1).count()).isGreaterThan(fractions.size() - 3L);
        assertThat(rows.get(rows.size() - 1)).isEqualTo(2 * (2 * 30 + 180) + 2 * 2 * 30);
        assertThatThrownBy(() -> scores(Run.defaults().deadline(Duration.ZERO)))
                .isInstanceOf(DeadlineExceededException.class);
        Cancellation cancellation = new Cancellation();
        assertThatThrownBy(() -> scores(Run.defaults()
                        .batchRows(5)
                        .cancellation(cancellation)
                        .progress(progress -> cancellation.cancel())))
                .isInstanceOf(CancelledException.class);
    }

    @Test
    void what_cannot_be_computed_is_refused_in_words() {
        try (TensorScope scope = TensorScope.open()) {
            Concept planted = planted("planted", 20, 4, 1);
            Concepts alone = Concepts.of(planted);
            Tcav tcav = new Tcav("act1");
            refused(() -> tcav.train(MODEL, alone, Run.defaults()), "nothing to tell them from", "split(20, 0)");
            refused(
                    () -> tcav.heldOut(0.7).train(MODEL, concepts(), Run.defaults()),
                    "held-out 0.7: must be above 0 and at most 0.5");
            refused(() -> new Tcav("act9").train(MODEL, concepts(), Run.defaults()), "layer 'act9' does not exist");
            refused(() -> Concepts.of(planted, planted("planted", 20, 1, 2)), "'planted' is the name of two");
            refused(() -> alone.comparing("planted", "dotted"), "'dotted' is none of [planted]");
            refused(() -> alone.comparing("planted", "planted"), "compared with itself");
            refused(() -> planted.split(6, 0), "20 examples cannot be divided into 6 sets of at least 4");
            refused(() -> Concept.of(" ", explained()), "name is blank");
            refused(() -> Concept.of("none", List.<Inputs>of(), i -> i), "has no examples");
            refused(() -> new Tcav(), "name at least one");
            refused(
                    () -> tcav.train(
                            MODEL, Concepts.of(planted("few", 3, 4, 1)).against(List.of(planted)), Run.defaults()),
                    "concept 'few': has 3 examples, and needs at least 4");
            refused(
                    () -> tcav.train(
                            MODEL,
                            Concepts.of(Concept.of("mixed", List.of(1, 2, 3, 4), i -> inputs(new double[i + 1])))
                                    .against(List.of(planted)),
                            Run.defaults()),
                    "concept 'mixed': examples differ");
            double[][] equal = new double[8][FEATURES];
            refused(
                    () -> tcav.train(
                            MODEL,
                            Concepts.of(Concept.of("a", inputs(equal)))
                                    .against(List.of(Concept.of("b", inputs(equal)))),
                            Run.defaults()),
                    "no plane divides concept 'a' from 'b'");
            refused(
                    () -> tcav.score(
                            MODEL,
                            explained(),
                            TARGETS,
                            Cavs.of(List.of(Cav.of("short", "act1", 1, 2))),
                            Run.defaults()),
                    "has 2 elements, and layer 'act1' has 12");
            refused(
                    () -> tcav.score(
                            MODEL,
                            explained(),
                            List.of(),
                            Cavs.of(List.of(Cav.of("one", "act1", 1, 2))),
                            Run.defaults()),
                    "targets: none given");
            refused(() -> Cav.of("zero", "act1", 0, 0), "finite length above 0");
            refused(() -> Cavs.of(List.of()), "none given");
        }
    }

    private static void refused(Runnable call, String... words) {
        assertThatThrownBy(call::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(words);
    }

    @Test
    void values_that_are_not_finite_are_refused() {
        try (TensorScope scope = TensorScope.open()) {
            double[][] rows = PlantedConcept.rows(8, direction(FEATURES, 1), 0, 1);
            rows[3][2] = Double.NaN;
            assertThatThrownBy(() -> new Tcav("act1")
                            .train(
                                    MODEL,
                                    Concepts.of(Concept.of("nan", inputs(rows))).against(List.of(noise("noise", 8, 1))),
                                    Run.defaults()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("input0");
            rows[3][2] = 1e200;
            assertThatThrownBy(() -> new Tcav("square")
                            .train(
                                    ReferenceModels.quadratic(DataType.FLOAT64, 1, FEATURES, 2),
                                    Concepts.of(Concept.of("large", inputs(rows)))
                                            .against(List.of(noise("noise", 8, 1))),
                                    Run.defaults()))
                    .isInstanceOfAny(ModelException.class, InvalidRequestException.class);
        }
    }
}
