// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric.randomization;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.internal.NameList;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.metric.Judgement.Curve;
import io.github.attribution4j.metric.Metric;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What remains of an explanation when the model loses what it has learned. The parameters of its layers are drawn
 * again, in copies of the model, and each copy is explained with the same method and target. An explanation that stays
 * as it was does not come from the parameters.
 *
 * <ul>
 *   <li>{@link #ofLayers} (MPRT): with L layers that have learned parameters, the score of an example is the mean of
 *       s(e, e₁) ... s(e, eL), where e is the explanation of the model, eₖ that of the k-th copy, and s the
 *       {@link Similarity}. {@link Order} says which layers of a copy are drawn. The curve of an example has these
 *       similarities, by the share of layers. Lower is better;
 *   <li>{@link #smooth} (smooth MPRT): the same, and each explanation is the mean over copies of the example with
 *       normal noise ({@link NoiseTunnel#smoothGrad}), so that shattered gradients count less. Lower is better;
 *   <li>{@link #efficient} (efficient MPRT): (H(ê) − H(e)) / H(e), where ê is the explanation of the copy whose layers
 *       are all drawn, and H the entropy of a histogram of the attributions, in bins of equal width between the least
 *       and the greatest. Random parameters should make an explanation more complex: higher is better. Where H(e) is 0,
 *       the score is H(ê).
 * </ul>
 *
 * <p>Layers and parameters are those of {@link ParameterizedModel#parameters}: learned ones of floating types, not
 * running statistics. A {@link Draw} depends on the seed, the number of the layer, counted from the output, and the
 * number of the parameter in it, not on names: engines that show the same parameters in the same order draw the same.
 * An exporter that joins batch norm with convolutions, or transposes weights, makes another network of layers, with
 * other draws; {@link #onLayers} chooses layers that are the same.
 *
 * <p><b>When it misleads.</b> An explanation of noise passes. Edges of the input remain in every map that multiplies by
 * the input, whatever the parameters are. Which order and similarity is chosen matters: compare methods under the same
 * ones. Layers near the output that are drawn first change the attributions of saturated or piecewise linear networks
 * by little more than their scale, which no similarity sees.
 *
 * <p><b>Cost.</b> An explanation of each example for the model and for each layer; the smooth variant that times its
 * samples; the efficient one two. A copy of the model for each layer, one or two at a time.
 *
 * <p><b>Papers.</b> Adebayo, Gilmer, Muelly, Goodfellow, Hardt and Kim, <i>Sanity Checks for Saliency Maps</i>, 2018;
 * Hedström, Weber, Lapuschkin and Höhne, <i>Sanity Checks Revisited: An Exploration to Repair the Model Parameter
 * Randomisation Test</i>, 2024. The papers initialize layers as before training. The file of a model does not say how
 * that was, so each parameter is drawn with its own mean and deviation, or permuted.
 */
public final class ParameterRandomization extends DescribedRecipe<ParameterRandomization> implements Metric {
    /** Which layers of the k-th copy have other parameters. */
    public enum Order {
        /** The k layers nearest to the output. */
        TOP_DOWN,
        /** The k layers nearest to the input. */
        BOTTOM_UP,
        /** The k-th layer from the output, alone. */
        INDEPENDENT;

        private static final Kind<Order> KIND = Kind.choice(Order.class);

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private static final Setting<Order> ORDER =
            Setting.of("order", Order.KIND, Order.TOP_DOWN, "in which order layers are drawn again");
    private static final String ALL = "all";
    private static final Setting<List<String>> LAYERS = Setting.of(
            "layers",
            Kind.of("all, or addresses: a,b", ParameterRandomization::layerNames)
                    .said(names -> names.isEmpty() ? ALL : NameList.write(names)),
            List.of(),
            "layers that are drawn again");
    private static final Setting<Draw> DRAW =
            Setting.of("draw", Draw.KIND, Draw.NORMAL, "how parameters are drawn again");
    private static final Setting<Similarity> SIMILARITY =
            Setting.of("similarity", Similarity.KIND, Similarity.SPEARMAN, "how explanations are compared");
    private static final Setting<Boolean> MAGNITUDES =
            Setting.of("magnitudes", Kind.FLAG, false, "whether attributions are compared without their signs");
    private static final Setting<Integer> SAMPLES =
            Setting.count("samples", 50, 1, "noisy copies of each example").trial(2);
    private static final Setting<Double> NOISE = Setting.of(
                    "noise", Kind.NUMBER, 0.1, "standard deviation of the noise, in the unit of the inputs")
            .where("0 or more", noise -> noise >= 0);
    private static final Setting<Integer> BINS = Setting.count("bins", 100, 2, "bins of the histogram");

    @SuppressWarnings("ImmutableEnumChecker") // A description is immutable.
    private enum Variation {
        CASCADE(
                "parameter-randomization",
                "similarity to explanations of the model with random layers; lower is better",
                ORDER,
                LAYERS,
                DRAW,
                SIMILARITY,
                MAGNITUDES),
        SMOOTH(
                "smooth-parameter-randomization",
                "similarity to smooth explanations of the model with random layers; lower is better",
                ORDER,
                LAYERS,
                DRAW,
                SIMILARITY,
                MAGNITUDES,
                SAMPLES,
                NOISE),
        EFFICIENT(
                "efficient-parameter-randomization",
                "relative rise of the entropy when all layers are random; higher is better",
                LAYERS,
                DRAW,
                BINS);

        private final Description<ParameterRandomization> description;

        Variation(String name, String claim, Setting<?>... settings) {
            description = Description.of(
                    name, Need.METHOD, claim, given -> new ParameterRandomization(this, given), settings);
        }
    }

    private final Variation variation;

    private ParameterRandomization(Variation variation, Settings<ParameterRandomization> settings) {
        super(settings);
        this.variation = variation;
    }

    private static List<String> layerNames(String text) {
        return text.strip().equals(ALL) ? List.of() : NameList.read(text);
    }

    private static ParameterRandomization of(Variation variation) {
        return variation.description.defaults().method();
    }

    /** Returns the descriptions of the three. */
    public static List<Description<ParameterRandomization>> descriptions() {
        return Arrays.stream(Variation.values())
                .map(variation -> variation.description)
                .toList();
    }

    /** Returns the test layer by layer: top-down, normal draws, Spearman's correlation with signs, unless set. */
    public static ParameterRandomization ofLayers() {
        return of(Variation.CASCADE);
    }

    /** Returns the test of explanations that are means over 50 noisy copies, standard deviation 0.1, unless set. */
    public static ParameterRandomization smooth() {
        return of(Variation.SMOOTH);
    }

    /** Returns the test that compares entropies of two explanations, in 100 bins unless set. */
    public static ParameterRandomization efficient() {
        return of(Variation.EFFICIENT);
    }

    /**
     * Returns a copy that draws layers in another order.
     *
     * @throws IllegalArgumentException for the efficient test, which draws all
     */
    public ParameterRandomization order(Order order) {
        return with(ORDER, order);
    }

    /**
     * Returns a copy that draws these layers only, in the order of the model. With the same layers of the same network,
     * engines that show others differently draw the same.
     *
     * @param names as {@link #layers(ParameterizedModel)} returns them; none for all
     */
    public ParameterRandomization onLayers(String... names) {
        return with(LAYERS, List.of(names));
    }

    /** Returns a copy that draws parameters in another way. */
    public ParameterRandomization draw(Draw draw) {
        return with(DRAW, draw);
    }

    /**
     * Returns a copy that compares explanations in another way.
     *
     * @throws IllegalArgumentException for the efficient test, which compares entropies
     */
    public ParameterRandomization similarity(Similarity similarity) {
        return with(SIMILARITY, similarity);
    }

    /**
     * Returns a copy that compares attributions without their signs, or with them.
     *
     * @throws IllegalArgumentException for the efficient test, which compares entropies
     */
    public ParameterRandomization magnitudes(boolean magnitudes) {
        return with(MAGNITUDES, magnitudes);
    }

    /**
     * Returns a copy with another number of noisy copies; at least 1.
     *
     * @throws IllegalArgumentException unless this is the smooth test
     */
    public ParameterRandomization samples(int count) {
        return with(SAMPLES, count);
    }

    /**
     * Returns a copy with other noise.
     *
     * @param deviation in the unit of the inputs; 0 or more
     * @throws IllegalArgumentException unless this is the smooth test
     */
    public ParameterRandomization noise(double deviation) {
        return with(NOISE, deviation);
    }

    /**
     * Returns a copy with another number of bins; at least 2.
     *
     * @throws IllegalArgumentException unless this is the efficient test
     */
    public ParameterRandomization bins(int count) {
        return with(BINS, count);
    }

    @Override
    public boolean higherIsBetter() {
        return variation == Variation.EFFICIENT;
    }

    /**
     * Returns the layers of a model in the order in which they are drawn: the names of the points of the curves.
     *
     * @throws IllegalArgumentException if a layer was chosen that the model does not have
     * @throws UnsupportedModelException if the parameters of the model cannot be seen
     */
    public List<String> layers(ParameterizedModel model) {
        return ordered(new RandomLayers(model, value(LAYERS)).names());
    }

    private List<String> ordered(List<String> fromInput) {
        List<String> ordered = new ArrayList<>(fromInput);
        if (variation == Variation.EFFICIENT || value(ORDER) != Order.BOTTOM_UP) {
            Collections.reverse(ordered);
        }
        return ordered;
    }

    /** Refuses: this metric explains other models, for which it needs the method. */
    @Override
    public Judgement judge(Model model, Inputs inputs, Target target, Explanation explanation, Run run) {
        throw Explained.givenRefused(name(), "explains the model with other parameters");
    }

    /**
     * {@inheritDoc}
     *
     * @throws InvalidRequestException also if the model is no {@link ParameterizedModel}, or its parameters cannot be
     *     seen
     */
    @Override
    public <M extends Model> Judgement judge(
            M model, Inputs inputs, Target target, Attribution<? super M> method, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Run started = run.started();
            Optional<Attribution.OwnScore> own = method.ownScore();
            Model scored = own.isEmpty() || !(model instanceof LayeredModel layered)
                    ? model
                    : layered.cut(own.get().layer()).head();
            InvalidRequestException.Problems problems = new InvalidRequestException.Problems();
            own.ifPresent(score -> problems.collect(() -> score.requireNoTarget(target, problems)));
            RandomLayers layers = layers(model, problems);
            Evaluator evaluator = Evaluator.start(
                    this, scored, inputs, own.map(Attribution.OwnScore::score).orElse(target), started, problems);
            Explained<M> explained = new Explained<>(
                    method,
                    variation == Variation.SMOOTH ? smoothed(method) : method,
                    evaluator,
                    own.isEmpty() ? evaluator.target() : Target.output());
            evaluator.run().plan(explained.rows() * (steps(layers) + 1L));
            Maps original = explained.of(model);
            return variation == Variation.EFFICIENT
                    ? efficient(model, layers, explained, original)
                    : byLayer(model, layers, explained, original);
        }
    }

    private RandomLayers layers(Model model, InvalidRequestException.Problems problems) {
        RandomLayers layers = null;
        if (!(model instanceof ParameterizedModel parameterized)) {
            problems.add("model: its parameters cannot be changed, which metric " + name()
                    + " needs; judge a model whose file holds its weights, or one of your own that is a"
                    + " ParameterizedModel");
        } else {
            try {
                layers = new RandomLayers(parameterized, value(LAYERS));
                problems.require(
                        !layers.names().isEmpty(),
                        "model: has no learned parameters of a floating type, which metric " + name() + " draws again");
            } catch (IllegalArgumentException e) {
                problems.add(String.valueOf(e.getMessage()));
            } catch (UnsupportedModelException e) {
                problems.add("model: metric " + name() + " changes parameters: " + e.getMessage());
            }
        }
        if (layers == null) {
            problems.throwIfAny();
            throw new IllegalStateException("a problem was found");
        }
        return layers;
    }

    private int steps(RandomLayers layers) {
        return variation == Variation.EFFICIENT ? 1 : layers.names().size();
    }

    @SuppressWarnings("unchecked") // A method that takes more models takes these.
    private <M extends Model> Attribution<M> smoothed(Attribution<? super M> method) {
        return NoiseTunnel.smoothGrad((Attribution<M>) method)
                .samples(value(SAMPLES))
                .stdev(value(NOISE));
    }

    private <M extends Model> Judgement byLayer(M model, RandomLayers layers, Explained<M> explained, Maps original) {
        List<String> names = ordered(layers.names());
        double[][] similarities = new double[original.rows()][names.size()];
        double[] shares = new double[names.size()];
        try (Drawn drawn = new Drawn((ParameterizedModel) model, layers, explained.run())) {
            for (int step = 0; step < names.size(); step++) {
                shares[step] = (step + 1.0) / names.size();
                ParameterizedModel copy = drawn.next(names.get(step), value(ORDER) != Order.INDEPENDENT);
                Maps maps = explained.of(Explained.like(model, copy));
                for (int row = 0; row < similarities.length; row++) {
                    similarities[row][step] = value(SIMILARITY).of(original, maps, row, value(MAGNITUDES));
                }
            }
        }
        double[] scores = Arrays.stream(similarities)
                .mapToDouble(row -> Arrays.stream(row).average().orElse(Double.NaN))
                .toArray();
        List<Curve> curves =
                Arrays.stream(similarities).map(row -> new Curve(shares, row)).toList();
        return explained.judged(this, scores, curves);
    }

    private <M extends Model> Judgement efficient(M model, RandomLayers layers, Explained<M> explained, Maps original) {
        double[] scores = new double[original.rows()];
        try (Drawn drawn = new Drawn((ParameterizedModel) model, layers, explained.run())) {
            ParameterizedModel copy = (ParameterizedModel) model;
            for (String name : layers.names()) {
                copy = drawn.next(name, true);
            }
            Maps maps = explained.of(Explained.like(model, copy));
            for (int row = 0; row < scores.length; row++) {
                double before = entropy(original.row(row, false), value(BINS));
                double after = entropy(maps.row(row, false), value(BINS));
                scores[row] = (after - before) / (before == 0 ? 1 : before);
            }
        }
        return explained.judged(this, scores, List.of());
    }

    private static double entropy(double[] values, int bins) {
        double least = Arrays.stream(values).min().orElse(0);
        double width = Arrays.stream(values).max().orElse(0) - least;
        if (width == 0) {
            return 0;
        }
        int[] counts = new int[bins];
        for (double value : values) {
            counts[Math.min(bins - 1, (int) ((value - least) / width * bins))]++;
        }
        return Arrays.stream(counts)
                .filter(count -> count > 0)
                .mapToDouble(count -> (double) count / values.length)
                .map(part -> -part * Math.log(part))
                .sum();
    }

    /** Copies of a model, of which one is open at a time, and two while the next is made. */
    private final class Drawn implements AutoCloseable {
        private final ParameterizedModel model;
        private final RandomLayers layers;
        private final Run run;
        private @Nullable ParameterizedModel last;

        Drawn(ParameterizedModel model, RandomLayers layers, Run run) {
            this.model = model;
            this.layers = layers;
            this.run = run;
        }

        /** Returns the model with another layer drawn, in addition to those before or alone. */
        ParameterizedModel next(String layer, boolean cascading) {
            ParameterizedModel before = last;
            ParameterizedModel next =
                    layers.drawn(cascading && before != null ? before : model, layer, value(DRAW), run);
            last = next;
            if (before != null) {
                before.close();
            }
            return next;
        }

        @Override
        public void close() {
            if (last != null) {
                last.close();
            }
        }
    }
}
