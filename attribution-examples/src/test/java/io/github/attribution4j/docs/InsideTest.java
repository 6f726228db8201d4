// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.mask.Hierarchy;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.shapley.OwenValues;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class InsideTest {
    private static TorchScriptModel model;
    private Tensor image;

    @BeforeAll
    static void load() {
        model = TorchScriptModel.load(Demo.FILES.resolve("digits.pt"));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @BeforeEach
    void read() throws IOException {
        image = Demo.digit(3, model.tensors());
    }

    @AfterEach
    void free() {
        image.close();
    }

    @Test
    void points() {
        StringBuilder list = new StringBuilder();
        // tag::points
        for (Cut.Point point : model.cutPoints()) {
            list.append(point).append(" ").append(point.kind()).append("\n"); // such as relu3 ReLU
        }
        // end::points
        assertThat(list.toString()).contains("relu3 ReLU").contains("conv1 Conv2d");
    }

    @Test
    void layer() {
        // tag::at
        Attribution<LayeredModel> method = new IntegratedGradients().at("relu3");
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // shape (1, 32, 4, 4)
        // end::at
        try (why) {
            assertThat(why.attribution().shape()).isEqualTo(Shape.of(1, 32, 4, 4));
        }
    }

    @Test
    void neuron() {
        // tag::towards
        Attribution<LayeredModel> method = new IntegratedGradients().towards("relu3", Target.at(17, 2, 2));
        Explanation why = method.attribute(model, Inputs.of(image)); // shape (1, 1, 8, 8)
        // end::towards
        try (why) {
            assertThat(why.attribution().shape()).isEqualTo(image.shape());
        }
    }

    @Test
    void noise() {
        // tag::noise
        Attribution<LayeredModel> noisyImage =
                NoiseTunnel.smoothGrad(new Saliency().at("relu3")).stdev(0.1);
        Attribution<LayeredModel> noisyActivation =
                Attribution.at("relu3", NoiseTunnel.smoothGrad(new Saliency()).stdev(0.1));
        // end::noise
        try (Explanation first = noisyImage.attribute(model, Inputs.of(image), Target.index(3));
                Explanation second = noisyActivation.attribute(model, Inputs.of(image), Target.index(3))) {
            assertThat(first.attribution().shape())
                    .isEqualTo(second.attribution().shape());
        }
    }

    @Test
    void ablatedChannels() {
        // tag::ablate-channels
        int[] single = new int[32];
        java.util.Arrays.fill(single, 1);
        Attribution<LayeredModel> method =
                new FeatureAblation().mask(FeatureMask.ranges(1, single)).at("relu3");
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // one number for each channel
        // end::ablate-channels
        try (why) {
            assertThat(why.counts().forwardRows()).isGreaterThanOrEqualTo(33);
        }
    }

    @Test
    void targets() {
        // tag::targets
        Target byClass = Target.index(3); // output (rows, classes): the logit of class 3
        Target each = Target.indexes(3, 8, 5); // one class for each of three examples
        Target pixel = Target.at(1, 4, 4); // output (rows, classes, height, width): one element
        Target best = Target.argmax(); // the class of the largest output of each example
        Target contrast = Target.difference(Target.index(3), Target.index(8)); // why 3 rather than 8
        Target probability = Target.probability(3); // softmax of logits
        Target alone = Target.sigmoid(Target.index(3)); // a label that does not exclude others
        Target set = Target.sum(Target.index(3), Target.index(5)); // either of two classes
        Target only = Target.output(); // of a model with one number per row
        // end::targets
        assertThat(java.util.List.of(byClass, each, pixel, best, contrast, probability, alone, set, only))
                .extracting(Target::describe)
                .doesNotHaveDuplicates();
    }

    @Test
    void ownTarget() {
        // tag::own-target
        Target energy = Target.of(
                "half the sum of squared logits",
                output -> output.mul(output).sum(1).mul(0.5), // a score for each row
                output -> output); // its derivative, in the output's shape
        // end::own-target
        try (Explanation why = new Saliency().attribute(model, Inputs.of(image), energy)) {
            assertThat(why.provenance().target()).contains("squared logits");
        }
    }

    @Test
    void baselines() {
        Tensor background = image.mul(0.5);
        try (background) {
            // tag::baselines
            Baseline zeros = Baseline.zeros();
            Baseline gray = Baseline.constant(0.5); // or one number for each attributed input
            Baseline given = Baseline.of(background); // one row for all examples, or one for each
            Baseline blurred = Baseline.blurred(1.5); // standard deviation in pixels
            Baseline mean = Baseline.mean(background); // of a set of samples
            Baseline samples = Baseline.samples(background); // a set, over which scores are averaged
            Baseline summary = Baseline.kMeans(20, background); // 20 rows of it, weighted by their clusters
            Baseline noise = Baseline.uniform(0, 1); // and Baseline.normal(mean, stdev)
            Baseline lifted = Baseline.blurred(1.5).throughHead(); // of the image, for a method at a layer
            // end::baselines
            assertThat(java.util.List.of(zeros, gray, given, blurred, mean, samples, summary, noise, lifted))
                    .extracting(Baseline::describe)
                    .doesNotHaveDuplicates();
            assertThat(samples.isDistribution()).isTrue();
        }
    }

    @Test
    void roles() {
        Tensor x = image;
        Tensor side = image;
        Tensor scalar = model.tensors().full(Shape.of(), DataType.FLOAT32, 1);
        try (scalar) {
            // tag::roles
            Inputs inputs = Inputs.none() // in the model's argument order
                    .attribute("image", x) // explained; axis 0 counts examples
                    .fixed("mask", side) // held as it is; one row for each example
                    .constant("temperature", scalar); // passed as it is, whatever the number of rows
            // end::roles
            assertThat(inputs.attributed()).hasSize(1);
        }
    }

    @Test
    void masks() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor segments = model.tensors().of(new long[] {0, 0, 1, 1, 2, 2, 3, 3}, 1, 1, 1, 8);
            // tag::masks
            FeatureMask elements = FeatureMask.perElement(); // the default: every element a group of its own
            FeatureMask cells = FeatureMask.grid(4, 4); // 16 cells, all channels of a cell together
            FeatureMask patches = FeatureMask.patches(2, 2); // cells of a size
            FeatureMask regions =
                    FeatureMask.superpixels(6); // connected regions of similar color, in each image its own
            FeatureMask windows = FeatureMask.windows(-1, 3); // time windows: 3 steps, 3 steps, 2 steps
            FeatureMask columns = FeatureMask.ranges(-1, 2, 5, 1); // consecutive columns: 2, then 5, then 1
            FeatureMask given = FeatureMask.of(segments); // group numbers 0, 1, 2, ... as a tensor
            FeatureMask gaps = FeatureMask.of(segments).renumbered(); // of numbers that have gaps
            FeatureMask named = FeatureMask.ranges(-1, 4, 4).named("left", "right");
            // end::masks
            Inputs inputs = Inputs.of(image);
            assertThat(elements.groups(inputs)).isEqualTo(64);
            assertThat(cells.groups(inputs)).isEqualTo(16);
            assertThat(patches.groups(inputs)).isEqualTo(16);
            assertThat(regions.groups(inputs)).isBetween(3, 12);
            assertThat(windows.groups(inputs)).isEqualTo(3);
            assertThat(columns.groups(inputs)).isEqualTo(3);
            assertThat(given.groups(inputs)).isEqualTo(4);
            assertThat(gaps.groups(inputs)).isEqualTo(4);
            assertThat(named.names()).containsExactly("left", "right");
            assertThat(scope.owns(segments)).isTrue();
        }
    }

    @Test
    void hierarchies() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor rows = model.tensors().of(new float[] {1, 2, 3, 4, 5, 7}, 3, 2);
            // tag::hierarchies
            Hierarchy byPlace = Hierarchy.halves(); // halves of halves; the default
            Hierarchy larger = Hierarchy.of(FeatureMask.grid(2, 2)); // the groups within each of four cells
            Hierarchy sentences = Hierarchy.of(FeatureMask.sentences()); // words within sentences
            Hierarchy alike = Hierarchy.correlation(Hierarchy.Linkage.AVERAGE, rows); // correlated columns first
            Hierarchy byHand = Hierarchy.parse("((age, income), (height, weight))"); // by names or numbers of groups
            OwenValues owen = new OwenValues().mask(FeatureMask.grid(4, 4)).hierarchy(larger);
            // end::hierarchies
            assertThat(java.util.List.of(byPlace, larger, sentences, alike, byHand))
                    .extracting(Hierarchy::toString)
                    .doesNotHaveDuplicates();
            try (Explanation why = owen.attribute(model, Inputs.of(image), Target.index(3))) {
                assertThat(why.completenessGap()[0]).isCloseTo(0, org.assertj.core.api.Assertions.within(1e-4));
            }
            assertThat(scope.owns(rows)).isTrue();
        }
    }

    @Test
    void maskOfSeveralInputs() {
        try (Tensor row = model.tensors().of(new float[] {1, 2, 3}, 1, 3)) {
            // tag::masks-per-input
            Inputs inputs = Inputs.of(image, row);
            FeatureMask apart = FeatureMask.perInput(FeatureMask.grid(2, 2), FeatureMask.perElement()); // 4 + 3 groups
            FeatureMask together = FeatureMask.ofIds(new long[64], new long[] {0, 1, 2}); // the image with column 0
            // end::masks-per-input
            assertThat(apart.groups(inputs)).isEqualTo(7);
            assertThat(together.groups(inputs)).isEqualTo(3);
        }
    }

    @Test
    void groupedShapley() {
        // tag::mask-method
        ShapleyValues method = new ShapleyValues().mask(FeatureMask.grid(3, 3));
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // 2^9 = 512 rows
        // end::mask-method
        try (why) {
            assertThat(why.counts().forwardRows()).isEqualTo(512);
        }
    }

    @Test
    void valuesOfGroups() {
        Inputs inputs = Inputs.of(image);
        // tag::by-group
        FeatureMask mask = FeatureMask.grid(2, 2).named("top left", "top right", "bottom left", "bottom right");
        ShapleyValues method = new ShapleyValues().mask(mask);
        try (Explanation why = method.attribute(model, inputs, Target.index(3))) {
            double[] four = why.features(0).contributions(); // of the first example
            assertThat(four).isEqualTo(mask.byGroup(inputs, why.attributions())[0]); // hidden
            assertThat(four).hasSize(4); // hidden
        }
        // end::by-group
        assertThat(FeatureMask.parse(FeatureMask.grid(2, 2).toString()).groups(inputs))
                .isEqualTo(4);
    }
}
