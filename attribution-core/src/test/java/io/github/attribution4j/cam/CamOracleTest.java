// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every method against its formula in loops, on random networks of several kinds and at layers of several ranks. */
@ExtendWith(LeakExtension.class)
class CamOracleTest {
    private static final int EXAMPLES = 3;

    /**
     * One layer of one network.
     *
     * @param channelsLast whether the oracle finds channels on the last axis
     * @param leading tokens to be left out
     */
    record Place(
            String name,
            ReferenceModel model,
            Shape input,
            String layer,
            ActivationLayout layout,
            boolean channelsLast,
            int leading) {
        Inputs inputs() {
            long[] dims = input.prepend(EXAMPLES).dims();
            return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, name.hashCode(), dims));
        }

        @Override
        public String toString() {
            return name + " at " + layer;
        }
    }

    static Stream<Place> places() {
        List<Place> places = new ArrayList<>();
        List<Activation> activations = List.of(Activation.RELU, Activation.TANH, Activation.SOFTPLUS);
        for (int seed = 0; seed < 3; seed++) {
            ReferenceModel cnn = ReferenceModels.cnn(DataType.FLOAT64, seed, activations.get(seed), 2, 5);
            for (String layer : List.of("conv1", "act1", "conv2", "act2", "pool")) {
                String name = "images, " + activations.get(seed) + ", seed " + seed;
                places.add(new Place(name, cnn, Shape.of(2, 5, 5), layer, ActivationLayout.channelsFirst(), false, 0));
            }
            places.add(flat("signals", seed, Shape.of(3, 6), ActivationLayout.channelsFirst(), false, 0));
            places.add(flat("volumes", seed, Shape.of(2, 3, 2, 3), ActivationLayout.channelsFirst(), false, 0));
            places.add(flat("channels last", seed, Shape.of(3, 2, 4), ActivationLayout.channelsLast(), true, 0));
            places.add(flat(
                    "more channels than places", seed, Shape.of(9, 4), ActivationLayout.channelsFirst(), false, 0));
            places.add(flat("tokens", seed, Shape.of(7, 3), ActivationLayout.tokens(1, 2, 3), true, 1));
            places.add(flat("square of tokens", seed, Shape.of(11, 3), ActivationLayout.tokens(2), true, 2));
        }
        return places.stream();
    }

    private static Place flat(String name, int seed, Shape shape, ActivationLayout layout, boolean last, int leading) {
        ReferenceModel model = ReferenceModel.builder(DataType.FLOAT64, seed)
                .input("x", shape)
                .activation("layer", "x", Activation.SOFTPLUS)
                .linear("fc1", "layer", 6)
                .activation("act", "fc1", Activation.RELU)
                .linear("fc2", "act", 3)
                .build();
        return new Place(name + ", seed " + seed, model, shape, "layer", layout, last, leading);
    }

    private static final Target TARGET = Target.indexes(2, 0, 1);

    /** Activation or gradient by [example][channel][position]. */
    private static double[][][] arranged(Tensor tensor, Place place) {
        long[] dims = tensor.shape().dims();
        int channelAxis = place.channelsLast() ? dims.length - 1 : 1;
        int channels = (int) dims[channelAxis];
        int all = (int) tensor.shape().row().size() / channels;
        double[] flat = tensor.toDoubleArray();
        double[][][] result = new double[EXAMPLES][channels][all - place.leading()];
        for (int e = 0; e < EXAMPLES; e++) {
            for (int k = 0; k < channels; k++) {
                for (int p = place.leading(); p < all; p++) {
                    int within = place.channelsLast() ? p * channels + k : k * all + p;
                    result[e][k][p - place.leading()] = flat[e * channels * all + within];
                }
            }
        }
        return result;
    }

    /** What the oracle needs of one example. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Facts(double[][] a, double[][] g, double score) {}

    private static List<Facts> facts(Place place) {
        try (TensorScope scope = TensorScope.open();
                Pullback run = place.model().cut(place.layer()).pullback(place.inputs())) {
            long[] examples = {0, 1, 2};
            Tensor gradient = run.vjp(TARGET.cotangent(run.output(), examples)).get(0);
            double[] scores = TARGET.score(run.output(), examples).toDoubleArray();
            double[][][] a = arranged(run.activations().get(0), place);
            double[][][] g = arranged(gradient, place);
            List<Facts> facts = new ArrayList<>();
            for (int e = 0; e < EXAMPLES; e++) {
                facts.add(new Facts(a[e], g[e], scores[e]));
            }
            return facts;
        }
    }

    private interface Oracle {
        double[] map(Facts facts);
    }

    private static void compare(Place place, ClassActivationMap<?> method, Oracle oracle) {
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = method.attribute(place.model(), place.inputs(), TARGET)) {
            List<Facts> facts = facts(place);
            double[] actual = explanation.attribution().toDoubleArray();
            double[] expected = facts.stream()
                    .flatMapToDouble(example -> Arrays.stream(oracle.map(example)))
                    .toArray();
            double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            assertThat(largest).isPositive();
            assertThat(actual).containsExactly(expected, within(1e-11 * largest));
            assertThat(explanation.scores())
                    .containsExactly(facts.stream().mapToDouble(Facts::score).toArray(), within(1e-14));
        }
    }

    @ParameterizedTest
    @MethodSource("places")
    void gradCam(Place place) {
        GradCam method = new GradCam(place.layer()).layout(place.layout());
        compare(place, method, facts -> CamOracle.gradCam(facts.a(), facts.g()));
    }

    @ParameterizedTest
    @MethodSource("places")
    void gradCamPlusPlus(Place place) {
        GradCam method = GradCam.plusPlus(place.layer()).layout(place.layout());
        compare(place, method, facts -> CamOracle.gradCamPlusPlus(facts.a(), facts.g(), facts.score()));
    }

    @ParameterizedTest
    @MethodSource("places")
    void xGradCam(Place place) {
        GradCam method = GradCam.xGrad(place.layer()).layout(place.layout());
        compare(place, method, facts -> CamOracle.xGradCam(facts.a(), facts.g()));
    }

    @ParameterizedTest
    @MethodSource("places")
    void hiResCam(Place place) {
        GradCam method = GradCam.hiRes(place.layer()).layout(place.layout());
        compare(place, method, facts -> CamOracle.hiResCam(facts.a(), facts.g()));
    }

    @ParameterizedTest
    @MethodSource("places")
    void layerCam(Place place) {
        GradCam method = GradCam.layerCam(place.layer()).layout(place.layout());
        compare(place, method, facts -> CamOracle.layerCam(facts.a(), facts.g()));
    }

    @ParameterizedTest
    @MethodSource("places")
    void gradCamElementwise(Place place) {
        GradCam method = GradCam.elementwise(place.layer()).layout(place.layout());
        compare(place, method, facts -> CamOracle.elementwise(facts.a(), facts.g()));
    }

    @ParameterizedTest
    @MethodSource("places")
    void eigenCam(Place place) {
        EigenCam method = new EigenCam(place.layer()).layout(place.layout());
        compare(place, method, facts -> CamOracle.eigenCam(facts.a(), false));
        if (!place.layer().equals("pool")) {
            EigenCam centered =
                    new EigenCam(place.layer()).layout(place.layout()).centered(true);
            compare(place, centered, facts -> CamOracle.eigenCam(facts.a(), true));
        }
    }

    /** With few positions no value lies 2 deviations above the mean; in one position nothing is unusual. */
    @ParameterizedTest
    @MethodSource("places")
    void fem(Place place) {
        for (double deviations : place.layer().equals("pool") ? new double[0] : new double[] {0, 0.5, 1.25}) {
            Fem method = new Fem(place.layer()).layout(place.layout()).deviations(deviations);
            compare(place, method, facts -> CamOracle.fem(facts.a(), deviations));
        }
    }

    @ParameterizedTest
    @MethodSource("places")
    void eigenGradCam(Place place) {
        EigenCam method = EigenCam.ofGradients(place.layer()).layout(place.layout());
        compare(place, method, facts -> CamOracle.eigenGradCam(facts.a(), facts.g(), false));
    }

    @ParameterizedTest
    @MethodSource("places")
    void ablationCam(Place place) {
        for (boolean relative : new boolean[] {true, false}) {
            AblationCam method =
                    new AblationCam(place.layer()).layout(place.layout()).relative(relative);
            int[] example = {0};
            compare(
                    place,
                    method,
                    facts -> CamOracle.ablationCam(
                            facts.a(),
                            facts.score(),
                            ablated -> tailScore(place, example[0]++ / facts.a().length, ablated),
                            relative));
        }
    }

    /** Returns the score of one example with the activation's channels replaced. */
    private static double tailScore(Place place, int example, double[][] channels) {
        try (TensorScope scope = TensorScope.open()) {
            Inputs one = place.inputs().select(example);
            Tensor activation =
                    place.model().cut(place.layer()).activations(one).get(0);
            double[] flat = activation.toDoubleArray();
            int all = flat.length / channels.length;
            for (int k = 0; k < channels.length; k++) {
                for (int p = place.leading(); p < all; p++) {
                    flat[place.channelsLast() ? p * channels.length + k : k * all + p] =
                            channels[k][p - place.leading()];
                }
            }
            Tensor replaced = Tensors.ofJava().of(flat, activation.shape());
            var cut = place.model().cut(place.layer());
            Tensor output = cut.tail().forward(cut.tailInputs(one, List.of(replaced)));
            return output.toDoubleArray()[classOf(example)];
        }
    }

    private static int classOf(int example) {
        return new int[] {2, 0, 1}[example];
    }

    @ParameterizedTest
    @MethodSource("places")
    void scoreCam(Place place) {
        if (!place.name().startsWith("images") || place.layer().equals("pool")) {
            return;
        }
        for (boolean softmax : new boolean[] {true, false}) {
            double baseline = softmax ? 0 : 0.25;
            ScoreCam method = new ScoreCam(place.layer()).softmax(softmax).baseline(Baseline.constant(baseline));
            double[] pixels;
            try (TensorScope scope = TensorScope.open()) {
                pixels = place.inputs().tensor(0).toDoubleArray();
            }
            int[] example = {0};
            compare(place, method, facts -> {
                int now = example[0]++;
                double[][] image = new double[2][25];
                for (int c = 0; c < 2; c++) {
                    System.arraycopy(pixels, now * 50 + c * 25, image[c], 0, 25);
                }
                ToDoubleFunction<double[][]> score = seen -> modelScore(place, seen, classOf(now));
                return CamOracle.scoreCam(facts.a(), 5, image, 5, baseline, score, softmax);
            });
        }
    }

    private static double modelScore(Place place, double[][] image, int target) {
        try (TensorScope scope = TensorScope.open()) {
            double[] flat = new double[50];
            System.arraycopy(image[0], 0, flat, 0, 25);
            System.arraycopy(image[1], 0, flat, 25, 25);
            Tensor input = Tensors.ofJava().of(flat, 1, 2, 5, 5);
            return place.model().forward(Inputs.of(input)).toDoubleArray()[target];
        }
    }
}
