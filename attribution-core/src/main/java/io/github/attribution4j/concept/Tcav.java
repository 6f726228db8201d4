// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.concept;

import io.github.attribution4j.Provenance;
import io.github.attribution4j.concept.Concepts.Pair;
import io.github.attribution4j.concept.LinearClassifier.Plane;
import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Testing with concept activation vectors: whether a score of the model grows when a layer's value moves towards what
 * examples of a concept have there.
 *
 * <p>A linear classifier tells the layer's values at the examples of a concept from those at random examples. The
 * vector v is the normal of its plane, of length 1, towards the concept. With h the layer's value, the directional
 * derivative of an input x is S(x) = ∇ₕ F(x) · v. Over the inputs that are explained,
 *
 * <pre>
 * sign count = share of inputs with S(x) &gt; 0
 * magnitude  = mean of S(x)
 * </pre>
 *
 * <p>A concept is told from each of K random concepts, and has K vectors and K scores; their mean counts. Random
 * concepts are told from each other, which shows what scores chance gives; the {@link Significance} compares. A
 * {@linkplain Concepts#comparing relative} concept is told from another one, and has one vector.
 *
 * <p>Sets are told from each other with as many examples each: those of the smallest, chosen by their content. A third
 * is held out, in each pair of sets at random, and gives the accuracy. Where its 95 % interval reaches down to 0.5,
 * the concept is not linearly there, and a notice says so: then the vector points anywhere. If all values of a layer
 * are multiplied by one number, sign counts stay, and with {@link LinearClassifier#logistic} vectors do.
 *
 * <p>The order of examples and of concepts, and the size of batches, change nothing but the rounding of the engine.
 *
 * <p><b>When it misleads.</b> A layer can know a concept that the model does not use, and use one that is mixed with
 * what is in the same examples: choose random examples that differ from the concept's in nothing else. A gradient is
 * local; at a saturated score it is noise. Many layers, concepts and targets find something by chance, for which
 * probabilities are adjusted (Holm), within one result only.
 *
 * <p><b>Cost.</b> For each example of a concept and layer, a forward row; for each explained input, layer and target, a
 * forward row and a backward row that ends at the layer. For C concepts, K random ones and each layer,
 * C K + K (K − 1) / 2 classifiers, each of time examples² × elements, and as many vectors in memory.
 *
 * <p><b>Paper.</b> Kim, Wattenberg, Gilmer, Cai, Wexler, Viegas and Sayres, <i>Interpretability Beyond Feature
 * Attribution: Quantitative Testing with Concept Activation Vectors (TCAV)</i>, 2018.
 *
 * <p><b>Compared with Captum.</b> The same scores for the same vectors ({@code sign_count}, {@code magnitude}); those
 * of Captum's second concept are those of {@code −v}. {@link LinearClassifier#sgd()} is its classifier. Captum leaves
 * vectors as long as the classifier made them, tests nothing, splits examples anew each time, and finds files by a name
 * that the user keeps right.
 *
 * <p>Settings: {@code layer}, {@code classifier}, {@code held-out}, {@code significance}, {@code level}.
 */
public final class Tcav extends DescribedRecipe<Tcav> {
    private static final long PURPOSE = 0x7CA5;

    private static final Setting<List<String>> LAYERS = Setting.required(
            "layer", Kind.ADDRESSES, "where concepts are looked for: one layer, or several, each by itself");
    private static final Setting<LinearClassifier> CLASSIFIER = Setting.of(
            "classifier",
            LinearClassifier.KIND,
            LinearClassifier.logistic(),
            "what tells a concept from other examples");
    private static final Setting<Double> HELD_OUT = Setting.of(
                    "held-out", Kind.NUMBER, 0.33, "share of the examples that test the classifier")
            .where("above 0 and at most 0.5", share -> share > 0 && share <= 0.5);
    private static final Setting<Significance> TEST = Setting.of(
            "significance", Significance.KIND, Significance.MAGNITUDE, "how it is tested whether a concept matters");
    private static final Setting<Double> LEVEL = Setting.of(
                    "level", Kind.NUMBER, 0.05, "adjusted probability up to which a score is significant")
            .where("above 0 and below 1", level -> level > 0 && level < 1);

    /** What the method says of itself. */
    public static final Description<Tcav> DESCRIPTION = Description.of(
            "tcav",
            Need.LAYERS,
            "whether a score grows when a layer's value moves towards examples of a concept",
            Tcav::new,
            LAYERS,
            CLASSIFIER,
            HELD_OUT,
            TEST,
            LEVEL);

    private Tcav(Settings<Tcav> settings) {
        super(settings);
    }

    /**
     * Creates the method.
     *
     * @param layers addresses, at least one; some may depend on others
     */
    public Tcav(String... layers) {
        this(DESCRIPTION.defaults().with(LAYERS, List.of(layers)));
        if (layers.length == 0) {
            throw new IllegalArgumentException("layers: none given; name at least one");
        }
    }

    /** Returns a copy with another classifier; {@link LinearClassifier#logistic()} unless set. */
    public Tcav classifier(LinearClassifier classifier) {
        return with(CLASSIFIER, classifier);
    }

    /** Returns a copy that holds out another share of the examples, at most half; 0.33 unless set. */
    public Tcav heldOut(double share) {
        return with(HELD_OUT, share);
    }

    /** Returns a copy with another test; {@link Significance#MAGNITUDE} unless set. */
    public Tcav significance(Significance test) {
        return with(TEST, test);
    }

    /** Returns a copy with another level of significance; 0.05 unless set. */
    public Tcav level(double level) {
        return with(LEVEL, level);
    }

    /**
     * Finds the vectors of concepts, and asks what scores have to do with them.
     *
     * @param model not changed
     * @param inputs the examples whose scores are explained, such as those of a class
     * @param targets scores of the model, at least one
     * @param run seed, batching, deadline, progress
     * @throws InvalidRequestException listing what is wrong with the request, or naming a file of another model or of
     *     other examples
     * @throws io.github.attribution4j.model.ModelException if the model fails, or gives no gradient at a layer
     */
    public ConceptScores explain(LayeredModel model, Inputs inputs, List<Target> targets, Concepts concepts, Run run) {
        Run started = run.started();
        long learning = rows(concepts);
        long asking = (long) value(LAYERS).size() * targets.size() * inputs.rows();
        started.plan(learning + asking);
        Cavs cavs = train(model, concepts, started.part(learning));
        ConceptScores scores = score(model, inputs, targets, cavs, started.part(asking));
        started.finished(name());
        return scores;
    }

    /** Explains one score with {@link Run#defaults()}. */
    public ConceptScores explain(LayeredModel model, Inputs inputs, Target target, Concepts concepts) {
        return explain(model, inputs, List.of(target), concepts, Run.defaults());
    }

    private long rows(Concepts concepts) {
        return concepts.all().stream().mapToLong(Concept::size).sum()
                * value(LAYERS).size();
    }

    /**
     * Finds the vectors of concepts.
     *
     * @param model its activations are computed, or read from the {@linkplain Concepts#keptIn folder}; no gradients
     * @throws InvalidRequestException as {@link #explain}
     */
    public Cavs train(LayeredModel model, Concepts concepts, Run run) {
        Run started = run.started();
        InvalidRequestException.Problems problems = new InvalidRequestException.Problems();
        checkSettings(problems);
        List<Pair> pairs = concepts.pairs();
        problems.require(
                !pairs.isEmpty(),
                "concepts " + concepts.all() + ": there is nothing to tell them from; give random examples with"
                        + " against(pool.split(20, 0)), or compare two concepts with comparing(...)");
        problems.throwIfAny();
        List<Cut> cuts = value(LAYERS).stream().map(model::cut).toList();
        started.plan(rows(concepts));
        Activations activations = new Activations(this, model, cuts, concepts.folder(), started);
        concepts.all().forEach(activations::compute);
        Set<String> notices = new LinkedHashSet<>(activations.notices());
        List<Cav> cavs = new ArrayList<>();
        for (Cut cut : cuts) {
            int used = smallest(concepts, activations, cut, notices);
            for (Pair pair : pairs) {
                started.check(name() + " (classifiers)", cavs.size(), (long) pairs.size() * cuts.size());
                cavs.add(fit(pair, cut, activations, used, started));
            }
        }
        started.finished(name());
        return new Cavs(
                cavs,
                model.identity().isVague() ? "" : Activations.identity(model.identity()),
                new ArrayList<>(notices),
                activations.counts());
    }

    /** Returns the size of the smallest set, and notices that others have examples which are not used. */
    private static int smallest(Concepts concepts, Activations activations, Cut cut, Set<String> notices) {
        int least = Integer.MAX_VALUE;
        int most = 0;
        String which = "";
        for (Concept concept : concepts.all()) {
            int size = activations.rows(concept, cut).length;
            which = size < least ? concept.name() : which;
            least = Math.min(least, size);
            most = Math.max(most, size);
        }
        if (least < most) {
            notices.add("of each concept " + least + " examples are used, as many as '" + which
                    + "' has: scores of sets of one size can be compared");
        }
        return least;
    }

    private Cav fit(Pair pair, Cut cut, Activations activations, int used, Run run) {
        RandomGenerator random = run.random(
                PURPOSE, pair.concept().name().hashCode(), pair.against().name().hashCode());
        double[][][] sides = {activations.rows(pair.concept(), cut), activations.rows(pair.against(), cut)};
        int out = Math.max(1, (int) (value(HELD_OUT) * used));
        double[][] rows = new double[2 * (used - out)][];
        boolean[] positive = new boolean[rows.length];
        double[][] tests = new double[2 * out][];
        for (int side = 0; side < 2; side++) {
            int[] order = RandomStream.permutation(random, used);
            for (int i = 0; i < used; i++) {
                double[] row = sides[side][order[i]];
                if (i < out) {
                    tests[2 * i + side] = row;
                } else {
                    rows[2 * (i - out) + side] = row;
                    positive[2 * (i - out) + side] = side == 0;
                }
            }
        }
        Plane plane = value(CLASSIFIER).fit(rows, positive, random);
        double right = 0;
        for (int i = 0; i < tests.length; i++) {
            double side = plane.side(tests[i]) * (i % 2 == 0 ? 1 : -1);
            right += side > 0 ? 1 : side == 0 ? 0.5 : 0;
        }
        return new Cav(
                pair.concept().name(),
                pair.against().name(),
                pair.role(),
                cut.point().toString(),
                unit(plane.weights(), pair, cut),
                right / tests.length,
                tests.length);
    }

    private static double[] unit(double[] weights, Pair pair, Cut cut) {
        double length = Cav.length(weights);
        if (!(length > 0 && Double.isFinite(length))) {
            throw new InvalidRequestException(List.of("layer '" + cut.point() + "': no plane divides concept '"
                    + pair.concept().name() + "' from '" + pair.against().name()
                    + "', whose values there are equal or too large; choose another layer"));
        }
        double[] unit = new double[weights.length];
        for (int i = 0; i < unit.length; i++) {
            unit[i] = weights[i] / length;
        }
        return unit;
    }

    /**
     * Asks what scores have to do with given vectors, at the layers that these name.
     *
     * @param cavs the vectors; {@link Cavs#of(List)} takes those made elsewhere
     * @throws InvalidRequestException if a vector does not fit its layer, and as {@link #explain}
     */
    public ConceptScores score(LayeredModel model, Inputs inputs, List<Target> targets, Cavs cavs, Run run) {
        Run started = run.started();
        if (targets.isEmpty()) {
            throw new InvalidRequestException(List.of("targets: none given; name at least one score"));
        }
        List<String> layers = cavs.all().stream().map(Cav::layer).distinct().toList();
        started.plan((long) layers.size() * targets.size() * inputs.rows());
        Set<String> notices = new LinkedHashSet<>(cavs.notices());
        if (!cavs.model().isEmpty() && !cavs.model().equals(Activations.identity(model.identity()))) {
            notices.add("the vectors were made with another model, " + cavs.model() + ", than is explained, "
                    + Activations.identity(model.identity()));
        }
        Counts counts = cavs.counts();
        List<Provenance> provenances = new ArrayList<>();
        List<ConceptScore> scores = new ArrayList<>();
        List<List<Double>> chance = new ArrayList<>();
        for (int target = 0; target < targets.size(); target++) {
            try (TensorScope scope = TensorScope.open()) {
                Evaluator evaluator = Evaluator.start(this, model, inputs, targets.get(target), started);
                for (String layer : layers) {
                    List<Cav> here = cavs.all().stream()
                            .filter(cav -> cav.layer().equals(layer))
                            .toList();
                    double[][] derivatives = derivatives(evaluator, model.cut(layer), here);
                    LayerScores ofLayer = new LayerScores(here, derivatives);
                    chance.add(ofLayer.chance(Significance.SIGN_COUNT));
                    scores.addAll(ofLayer.scores(target, explained(evaluator), value(TEST), value(LEVEL)));
                }
                counts = counts.plus(evaluator.counts());
                notices.addAll(evaluator.notices());
                provenances.add(Provenance.of(evaluator));
            }
        }
        started.finished(name());
        double[] adjusted = Significance.adjusted(
                scores.stream().mapToDouble(ConceptScore::probability).toArray());
        List<ConceptScore> all = new ArrayList<>();
        for (int i = 0; i < adjusted.length; i++) {
            all.add(scores.get(i).adjusted(adjusted[i]));
            notDivided(scores.get(i), notices);
        }
        return new ConceptScores(all, chance, layers, new ArrayList<>(notices), counts, provenances);
    }

    private static String explained(Evaluator evaluator) {
        List<String> words = evaluator.words();
        return words.size() == 1 ? words.get(0) : evaluator.target().describe();
    }

    private static void notDivided(ConceptScore score, Set<String> notices) {
        double[] interval = score.accuracyInterval();
        if (interval[0] <= 0.5) {
            notices.add(String.format(
                    Locale.ROOT,
                    "concept '%s' is not linearly there at layer '%s': held-out accuracy against %s is %.2f (%.2f to"
                            + " %.2f), and 0.5 is chance; give more examples, or choose another layer",
                    score.concept(),
                    score.layer(),
                    score.against(),
                    score.accuracy(),
                    interval[0],
                    interval[1]));
        }
    }

    /** Returns for each vector the directional derivative at each input. */
    private static double[][] derivatives(Evaluator evaluator, Cut cut, List<Cav> cavs) {
        double[][] derivatives = new double[cavs.size()][evaluator.examples()];
        evaluator.layerGradientsAtInputs(cut, part -> {
            double[] gradients = part.gradients().get(0).toDoubleArray();
            int rows = Math.toIntExact(part.to() - part.from());
            int size = gradients.length / rows;
            for (int i = 0; i < derivatives.length; i++) {
                double[] vector = cavs.get(i).direction();
                if (vector.length != size) {
                    throw new InvalidRequestException(List.of("vector of concept '"
                            + cavs.get(i).concept() + "': has " + vector.length + " elements, and layer '"
                            + cut.point() + "' has " + size + " for an example; vectors are flattened row-major"));
                }
                for (int row = 0; row < rows; row++) {
                    double sum = 0;
                    for (int j = 0; j < size; j++) {
                        sum += vector[j] * gradients[row * size + j];
                    }
                    derivatives[i][(int) part.from() + row] = sum;
                }
            }
        });
        return derivatives;
    }
}
