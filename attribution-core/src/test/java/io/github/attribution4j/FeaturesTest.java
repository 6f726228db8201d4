// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.attribution4j.Features.Feature;
import io.github.attribution4j.Features.Reasons;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.perturbation.FeaturePermutation;
import io.github.attribution4j.perturbation.Occlusion;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names, values and groups of features, from inputs and mask to numbers, files and sentences. */
class FeaturesTest {
    private static final Tensors JAVA = Tensors.ofJava();
    private static final String[] COLUMNS = {"age", "income", "colour_red", "colour_blue", "colour_green", "owner"};
    private static final FeatureMask COLOURS =
            FeatureMask.ranges(-1, 1, 1, 3, 1).named("age", "income", "colour", "owner");

    private TensorScope scope;
    private long liveBefore;

    @BeforeEach
    void open() {
        liveBefore = Lifetime.count();
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
        assertThat(Lifetime.count()).isEqualTo(liveBefore);
    }

    private static Tensor table() {
        return JAVA.of(new double[] {41, 5200, 0, 1, 0, 1, 23.5, 900, 1, 0, 0, 0}, 2, 6);
    }

    private static Inputs applicants() {
        return Inputs.none().attribute("applicants", table()).named("applicants", FeatureNames.columns(COLUMNS));
    }

    /** Σ weights · x, by which every number below is known. */
    private static Model linear(double... weights) {
        return Model.ofTensors(
                JAVA,
                inputs -> inputs.get(0).mul(JAVA.of(weights, 1, weights.length)).sum(1));
    }

    private static final double[] WEIGHTS = {0.5, 1 / 1024.0, 2, -3, 4, -1};

    @Test
    @DisplayName("Columns name elements, and values come with them")
    void columns() {
        try (Explanation why = new FeatureAblation().attribute(linear(WEIGHTS), applicants())) {
            Features first = why.features(0);
            assertThat(first).extracting(Feature::name).containsExactly(COLUMNS);
            assertThat(first).extracting(Feature::value).containsExactly("41", "5200", "0", "1", "0", "1");
            assertThat(first).extracting(Feature::values).element(1).isEqualTo(List.of(5200.0));
            assertThat(first.contributions()).containsExactly(20.5, 5.078125, 0, -3, 0, -1);
            assertThat(first.top(3))
                    .extracting(Feature::label)
                    .containsExactly("age = 41", "income = 5200", "colour_blue = 1");
            assertThat(why.features(1).up(9)).extracting(Feature::name).containsExactly("age", "colour_red", "income");
            assertThat(why.features(0).down(1)).extracting(Feature::name).containsExactly("colour_blue");
            assertThat(why.asMap(1))
                    .containsEntry("age", 11.75)
                    .containsEntry("owner", 0.0)
                    .hasSize(6);
            assertThat(first.get(0).standardError()).isNaN();
            assertThat(why.isGrouped()).isFalse();
            assertThatThrownBy(() -> why.top(2)).hasMessageContaining("there are 2 examples");
            assertThatThrownBy(() -> why.features(2)).hasMessageContaining("choose one from 0 to 1");
            assertThatThrownBy(() -> why.groupNumbers(0, 0)).hasMessageContaining("not grouped");
        }
    }

    @Test
    @DisplayName("A group counts once, has its name, and of one-hot columns the one that is set as value")
    void groups() {
        FeatureAblation method = new FeatureAblation().mask(COLOURS);
        try (Explanation why = method.attribute(linear(WEIGHTS), applicants())) {
            assertThat(why.isGrouped()).isTrue();
            assertThat(why.groupNumbers(0, 1)).containsExactly(0, 1, 2, 2, 2, 3);
            assertThat(why.features(0))
                    .extracting(Feature::label)
                    .containsExactly("age = 41", "income = 5200", "colour = blue", "owner = 1");
            assertThat(why.features(0).contributions()).containsExactly(20.5, 5.078125, -3, -1);
            assertThat(why.features(1).contributions()).containsExactly(11.75, 0.87890625, 2, 0);
            assertThat(why.features(0).sum()).isEqualTo(21.578125);
            assertThat(why.features(0).get(2).values()).containsExactly(0.0, 1.0, 0.0);
        }
    }

    @Test
    @DisplayName("Groups without a name tell their members, of tables and of images")
    void unnamedGroups() {
        FeatureMask mask = FeatureMask.ranges(-1, 1, 1, 4);
        try (Explanation why = new FeatureAblation().mask(mask).attribute(linear(WEIGHTS), applicants())) {
            assertThat(why.features(0))
                    .extracting(Feature::name)
                    .containsExactly("age", "income", "group 2: colour_red ... owner (4)");
        }
        Model sum = Model.ofTensors(JAVA, inputs -> inputs.get(0).sum(1, 2, 3));
        Inputs image = Inputs.of(JAVA.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 1, 2, 1, 4));
        try (Explanation why =
                new FeatureAblation().mask(FeatureMask.grid(1, 2)).attribute(sum, image)) {
            assertThat(why.features(0))
                    .extracting(Feature::name)
                    .containsExactly(
                            "group 0: channel 0 row 0 column 0 ... channel 1 row 0 column 1 (4)",
                            "group 1: channel 0 row 0 column 2 ... channel 1 row 0 column 3 (4)");
            assertThat(why.features(0).contributions()).containsExactly(14, 22);
            assertThat(why.features(0).get(0).values()).isEmpty();
        }
        try (Explanation why =
                new Saliency().attribute(quadratic(), Inputs.of(JAVA.of(new double[3], 1, 3)), Target.index(0))) {
            assertThat(why.features(0))
                    .extracting(Feature::name)
                    .containsExactly("input0[0]", "input0[1]", "input0[2]");
        }
    }

    private static LayeredModel quadratic() {
        return ReferenceModels.quadratic(DataType.FLOAT64, 3, 3, 2);
    }

    @Test
    @DisplayName("Columns are grouped by name, the others stay by themselves, and text says the same")
    void columnsByName() {
        FeatureMask mask = FeatureMask.columns(Map.of("colour", List.of("colour_blue", "colour_red", "colour_green")));
        FeatureMask read = FeatureMask.parse("columns(colour: colour_red, colour_blue,colour_green)");
        for (FeatureMask one : List.of(mask, read, FeatureMask.parse(read.toString()))) {
            try (Explanation why = new FeatureAblation().mask(one).attribute(linear(WEIGHTS), applicants())) {
                assertThat(why.features(0))
                        .extracting(Feature::label)
                        .containsExactly("age = 41", "income = 5200", "colour = blue", "owner = 1");
                assertThat(why.features(1).contributions()).containsExactly(11.75, 0.87890625, 2, 0);
            }
        }
        FeatureAblation wrong = new FeatureAblation().mask(FeatureMask.parse("columns(c: colour_rad)"));
        assertThatThrownBy(() -> wrong.attribute(linear(WEIGHTS), applicants()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("there is no column 'colour_rad'; did you mean 'colour_red'");
        assertThatThrownBy(() -> wrong.attribute(linear(WEIGHTS), Inputs.of(table())))
                .hasMessageContaining("the features of input 'input0' have no names");
        assertThatThrownBy(() -> FeatureMask.parse("columns(a: x; b: y, x)"))
                .hasMessageContaining("is in 'a' and in 'b'");
        FeatureAblation taken = new FeatureAblation().mask(FeatureMask.parse("columns(age: income)"));
        assertThatThrownBy(() -> taken.attribute(linear(WEIGHTS), applicants()))
                .hasMessageContaining("has a column 'age' outside the group of that name");
        assertThatThrownBy(() -> FeatureMask.parse("columns(a)")).hasMessageContaining("names no columns");
        assertThatThrownBy(() -> FeatureMask.parse("columns(a: x; a: y)")).hasMessageContaining("given twice");
    }

    @Test
    @DisplayName("Names of a mask for each input stay with its groups")
    void namedPerInput() {
        Model sum = Model.ofTensors(
                JAVA, inputs -> inputs.get(0).sum(1).add(inputs.get(1).sum(1)));
        Inputs inputs = Inputs.of(JAVA.of(new double[] {1, 2}, 1, 2), JAVA.of(new double[] {4, 8}, 1, 2));
        FeatureMask mask = FeatureMask.perInput(FeatureMask.ranges(-1, 2).named("both"), FeatureMask.perElement());
        try (Explanation why = new FeatureAblation().mask(mask).attribute(sum, inputs)) {
            assertThat(why.asMap(0)).isEqualTo(Map.of("both", 3.0, "input1[0]", 4.0, "input1[1]", 8.0));
        }
        FeatureMask read = FeatureMask.parse(mask.toString());
        try (Explanation why = new FeatureAblation().mask(read).attribute(sum, inputs)) {
            assertThat(why.asMap(0)).containsOnlyKeys("both", "input1[0]", "input1[1]");
        }
        FeatureMask few = FeatureMask.parse("per-element named [a] | per-element");
        assertThatThrownBy(() -> new FeatureAblation().mask(few).attribute(sum, inputs))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("1 names for 2 groups of input 'input0'");
    }

    @Test
    @DisplayName("Under a gradient method, which takes no mask, a group is the sum of its elements")
    void sums() {
        LayeredModel model = ReferenceModels.mlp(DataType.FLOAT64, 3, Activation.TANH, 6, 8, 3);
        Inputs inputs = applicants();
        try (Explanation why =
                        COLOURS.sums(new IntegratedGradients().attribute(model, inputs, Target.index(1)), inputs);
                Explanation plain = new IntegratedGradients().attribute(model, inputs, Target.index(1));
                Explanation read = Explanation.fromJson(why.toJson())) {
            double[] elements = plain.features(1).contributions();
            assertThat(why.features(1).contributions())
                    .containsExactly(
                            elements[0], elements[1], 0.0 + elements[2] + elements[3] + elements[4], 0.0 + elements[5]);
            assertThat(why.features(1).sum()).isCloseTo(plain.features(1).sum(), within(1e-12));
            assertThat(read.features(0)).isEqualTo(why.features(0)).hasSize(4);
            assertThatThrownBy(() -> COLOURS.sums(why, inputs)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> FeatureMask.perElement()
                            .sums(plain, Inputs.of(JAVA.zeros(Shape.of(2, 5), DataType.FLOAT64))))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("give what was explained");
        }
    }

    @Test
    @DisplayName("Other names can be given, of features or of the elements of groups")
    void renamed() {
        FeatureMask mask = FeatureMask.ranges(-1, 4, 2);
        try (Explanation why = new FeatureAblation().mask(mask).attribute(linear(WEIGHTS), applicants())) {
            assertThat(why.features(0).named(List.of("a", "b")))
                    .extracting(Feature::name)
                    .containsExactly("a", "b");
            assertThat(why.features(0).named(List.of("a", "b", "c", "d", "e", "f")))
                    .extracting(Feature::name)
                    .containsExactly("group 0: a ... d (4)", "group 1: e, f");
            assertThatThrownBy(() -> why.features(0).named(List.of("a")))
                    .hasMessage("names: 1 given for 2 features made of 6 elements; give one for each");
        }
    }

    @Test
    @DisplayName("A value that is missing is said to be")
    void missing() {
        double[] values = table().toDoubleArray();
        values[1] = Double.NaN;
        Model first =
                Model.ofTensors(JAVA, inputs -> inputs.get(0).slice(1, 0, 1).sum(1));
        Inputs inputs = Inputs.of(JAVA.of(values, 2, 6)).named(COLUMNS).allowMissing();
        try (Explanation why = new FeatureAblation().attribute(first, inputs);
                Explanation read = Explanation.fromJson(why.toJson())) {
            assertThat(why.features(0).get(1).label()).isEqualTo("income = missing");
            assertThat(read.features(0)).isEqualTo(why.features(0));
        }
    }

    @Test
    @DisplayName("In every family of masked methods the features add up to the score minus the baseline's")
    void addUp() {
        Tensor x = ReferenceModels.normal(DataType.FLOAT64, 5, 3, 6);
        Inputs inputs = Inputs.of(x).named(COLUMNS);
        LayeredModel model = ReferenceModels.mlp(DataType.FLOAT64, 3, Activation.TANH, 6, 8, 3);
        Baseline baseline = Baseline.constant(0.3);
        long[] own = {0, 0, 1, 1, 2, 2, 0, 0, 0, 0, 0, 0, 3, 2, 1, 0, 0, 1};
        FeatureMask each = FeatureMask.of(JAVA.of(own, 3, 6));
        for (FeatureMask mask : List.of(COLOURS, each, FeatureMask.perElement().named(COLUMNS))) {
            List<Attribution<? super LayeredModel>> methods = List.of(
                    new ShapleyValues().baseline(baseline).mask(mask),
                    new ShapleySampling().samples(4).baseline(baseline).mask(mask),
                    new KernelShap().samples(20).baseline(baseline).mask(mask),
                    new ShapleyValues()
                            .baseline(baseline)
                            .mask(FeatureMask.ranges(-1, 5, 3))
                            .at("act1"),
                    new ShapleyValues().baseline(baseline).mask(mask).towards("act1", Target.index(2)),
                    NoiseTunnel.smoothGrad(
                                    new ShapleyValues().baseline(baseline).mask(mask))
                            .samples(3)
                            .stdev(0));
            for (Attribution<? super LayeredModel> method : methods) {
                boolean unit = method.name().endsWith("towards neuron");
                Target target = unit ? Target.output() : Target.indexes(0, 2, 1);
                try (Explanation why = method.attribute(model, inputs, target);
                        Explanation read = Explanation.fromJson(why.toJson())) {
                    for (int example = 0; example < 3; example++) {
                        double difference =
                                why.scores()[example] - why.baselineScores().orElseThrow()[example];
                        assertThat(why.features(example).sum())
                                .as("%s of example %s with %s", method.name(), example, mask)
                                .isCloseTo(difference, within(1e-12));
                        assertThat(read.features(example)).isEqualTo(why.features(example));
                    }
                }
            }
        }
    }

    @Test
    @DisplayName("Feature permutation has groups, and windows of occlusion that do not overlap are features")
    void otherPerturbations() {
        try (Explanation why =
                new FeaturePermutation().shuffles(2).mask(COLOURS).attribute(linear(WEIGHTS), applicants())) {
            assertThat(why.features(0).contributions()).containsExactly(8.75, 4.19921875, -5, -1);
            assertThat(why.features(0).get(0).standardError()).isZero();
        }
        Occlusion tiles = new Occlusion(2).stride(2);
        Occlusion sliding = new Occlusion(2).stride(1);
        try (Explanation apart = tiles.attribute(linear(WEIGHTS), applicants());
                Explanation across = sliding.attribute(linear(WEIGHTS), applicants())) {
            assertThat(apart.features(0))
                    .extracting(Feature::name)
                    .containsExactly(
                            "group 0: age, income", "group 1: colour_red, colour_blue", "group 2: colour_green, owner");
            assertThat(apart.features(0).contributions()).containsExactly(25.578125, -3, -1);
            assertThat(across.isGrouped()).isFalse();
            assertThat(across.features(0)).hasSize(6);
        }
    }

    @Test
    @DisplayName("A group over two inputs counts once, and is a feature of both")
    void acrossInputs() {
        Model sum = Model.ofTensors(
                JAVA, inputs -> inputs.get(0).sum(1).add(inputs.get(1).sum(1)));
        Inputs inputs = Inputs.none()
                .attribute("a", JAVA.of(new double[] {1, 2}, 1, 2))
                .attribute("b", JAVA.of(new double[] {4, 8}, 1, 2))
                .named("a", FeatureNames.columns("x", "y"))
                .named("b", FeatureNames.columns("y", "z"));
        FeatureMask mask = FeatureMask.ofIds(new long[] {0, 1}, new long[] {1, 2});
        try (Explanation why = new FeatureAblation().mask(mask).attribute(sum, inputs);
                Explanation single = new FeatureAblation().attribute(sum, inputs)) {
            assertThat(why.features(0).contributions()).containsExactly(1, 6, 8);
            assertThat(why.features(0).of("a")).extracting(Feature::name).containsExactly("a x", "group 1: a y, b y");
            assertThat(why.features(0).of("b"))
                    .extracting(Feature::contribution)
                    .containsExactly(6.0, 8.0);
            assertThat(single.asMap(0)).containsOnlyKeys("a x", "a y", "b y", "b z");
            assertThat(single.features(0).of("b")).extracting(Feature::name).containsExactly("b y", "b z");
            assertThatThrownBy(() -> why.features(0).of("c")).hasMessageContaining("[a, b]");
        }
    }

    @Test
    @DisplayName("Reasons say which features raised and lowered the score, and by how much")
    void reasons() {
        LayeredModel model = ReferenceModels.linear(DataType.FLOAT64, 3, 6, 2);
        Inputs inputs = applicants();
        ShapleyValues method = new ShapleyValues().mask(COLOURS);
        try (Explanation why = method.attribute(model, inputs, Target.index(1).named("refused", "granted"));
                Explanation plain = method.attribute(model, inputs, Target.index(1));
                Explanation gradient = new Saliency().attribute(model, inputs, Target.index(0))) {
            Reasons reasons = why.reasons(1, 2);
            assertThat(reasons.target()).isEqualTo("'granted'");
            assertThat(reasons.score()).isEqualTo(why.scores()[1]);
            assertThat(reasons.up()).isEqualTo(why.features(1).up(2));
            Feature first = why.features(1).top(1).get(0);
            String verb = first.contribution() > 0 ? " raised" : " lowered";
            assertThat(reasons.sentences())
                    .hasSize(reasons.up().size() + reasons.down().size())
                    .contains(first.label() + verb + " the score of 'granted' by "
                            + String.format(java.util.Locale.ROOT, "%.3g", Math.abs(first.contribution())) + ".");
            assertThat(plain.reasons(1, 2).sentences()).anyMatch(sentence -> sentence.contains(verb + " output 1 by "));
            assertThat(gradient.reasons(0, 1).sentences())
                    .singleElement()
                    .asString()
                    .contains(" has attribution +")
                    .endsWith(" for output 0.");
        }
    }

    @Test
    @DisplayName("Classes have names in what is explained, for each example its own")
    void classes() {
        LayeredModel model = ReferenceModels.mlp(DataType.FLOAT64, 3, Activation.TANH, 6, 8, 3);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 5, 3, 6));
        Saliency method = new Saliency();
        String[] animals = {"cat", "dog", "hen"};
        try (Explanation why =
                        method.attribute(model, inputs, Target.indexes(2, 0, 1).named(animals));
                Explanation read = Explanation.fromJson(why.toJson());
                Explanation plain = method.attribute(model, inputs, Target.indexes(2, 0, 1));
                Explanation versus = method.attribute(
                        model,
                        inputs,
                        Target.difference(Target.argmax(), Target.probability(1))
                                .named(animals));
                Explanation sum =
                        method.attribute(model, inputs, Target.slice("0:2").named(animals));
                Explanation smooth = NoiseTunnel.smoothGrad(method)
                        .samples(2)
                        .stdev(0.1)
                        .attribute(model, inputs, Target.indexes(2, 0, 1).named(animals))) {
            assertThat(List.of(why.target(0), why.target(1), why.target(2))).containsExactly("'hen'", "'cat'", "'dog'");
            assertThat(read.target(1)).isEqualTo("'cat'");
            assertThat(read.classes()).containsExactly(animals);
            assertThat(smooth.target(2)).isEqualTo("'dog'");
            assertThat(plain.target(0)).isEqualTo("index 2");
            assertThat(why.attribution().toDoubleArray())
                    .isEqualTo(plain.attribution().toDoubleArray());
            assertThat(why.provenance().target()).isEqualTo("index 2, 0, 1");
            assertThat(versus.target(0)).matches("'(cat|dog|hen)' minus probability of 'dog'");
            assertThat(sum.target(0)).isEqualTo("sum of 'cat', 'dog'");
        }
        assertThatThrownBy(() -> method.attribute(model, inputs, Target.index(1).named("cat", "dog")))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(
                        "class names: 2 given, and the model's output of shape (3, 3) has 3 classes on axis 1");
        assertThatThrownBy(() -> Target.index(1).named("cat", "cat")).hasMessageContaining("two are 'cat'");
        assertThatThrownBy(() -> Target.index(1).named("cat", " ")).hasMessageContaining("one is blank");
        try (Explanation one = new FeatureAblation()
                .attribute(linear(WEIGHTS), applicants(), Target.output().named("risk"))) {
            assertThat(one.reasons(0, 1).sentences().get(0))
                    .isEqualTo("age = 41 has attribution +20.5 for the score of 'risk'.");
        }
    }

    @Test
    @DisplayName("Names along other axes and of each row name elements; several inputs keep theirs apart")
    void axes() {
        FeatureNames channels = FeatureNames.none().along(2, List.of("pulse", "pressure"));
        assertThat(channels.element("series", Shape.of(1, 3, 2), 0, 3)).isEqualTo("pressure [1]");
        FeatureNames both = channels.along(1, List.of("Mon", "Tue", "Wed"));
        assertThat(both.element("series", Shape.of(1, 3, 2), 0, 3)).isEqualTo("Tue pressure");
        FeatureNames words = FeatureNames.none().alongEach(1, List.of(List.of("the", "the", "end"), List.of("go")));
        assertThat(words.element("ids", Shape.of(2, 3), 0, 2)).isEqualTo("end");
        assertThat(words.element("ids", Shape.of(2, 3), 1, 2)).isEqualTo("ids[2]");
        assertThat(words.select(1, 0, 1).along(1, 1)).containsExactly("the", "the", "end");
        assertThat(words.element("ids", Shape.of(2, 3, 4), 0, 5)).isEqualTo("the [1]");

        Model sum = Model.ofTensors(JAVA, inputs -> inputs.get(0).sum(1));
        Inputs text = Inputs.none()
                .attribute("ids", JAVA.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3))
                .named("ids", words);
        try (Explanation why = new FeatureAblation().attribute(sum, text);
                Explanation chosen = new FeatureAblation().attribute(sum, text.select(1, 0));
                Explanation read = Explanation.fromJson(why.toJson())) {
            assertThat(why.asMap(0)).containsOnlyKeys("the", "the (2)", "end");
            assertThat(read.asMap(0)).isEqualTo(why.asMap(0));
            assertThat(read.featureNames(0)).isEqualTo(words);
            assertThat(chosen.asMap(0)).containsOnlyKeys("go", "ids[1]", "ids[2]");
            assertThat(why.features(0).get(0).values()).isEmpty();
        }
    }

    @Test
    @DisplayName("Names that do not fit are refused where they are given")
    void refused() {
        Tensor row = table();
        assertThatThrownBy(() -> Inputs.of(row).named("age", "income"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "input 'input0' of shape (2, 6): 2 feature names are given for axis 1, which has extent 6; give"
                                + " one for each position");
        assertThatThrownBy(() -> FeatureNames.columns("a", "b", "a")).hasMessageContaining("two are 'a'");
        assertThatThrownBy(() -> FeatureNames.columns("a", "")).hasMessageContaining("number 1 is blank");
        assertThatThrownBy(() -> FeatureNames.none().along(0, List.of("a")))
                .hasMessageContaining("axis 0 counts examples");
        assertThatThrownBy(() -> Inputs.of(row, row).named("a")).hasMessageContaining("2 attributed inputs");
        assertThatThrownBy(() -> Inputs.of(row).named("inputs0", FeatureNames.columns(COLUMNS)))
                .hasMessageContaining("did you mean 'input0'?");
        assertThatThrownBy(() ->
                        Inputs.of(row).named("input0", FeatureNames.none().along(3, List.of("a"))))
                .hasMessageContaining("it has axes 1 to 1");
        assertThatThrownBy(() ->
                        Inputs.of(row).named("input0", FeatureNames.none().alongEach(1, List.of(List.of("a")))))
                .hasMessageContaining("are given for 1 rows; give them for each of the 2");
        assertThatThrownBy(() -> FeatureNames.none().alongEach(1, List.of())).hasMessageContaining("no rows given");
        assertThatThrownBy(() -> new FeatureAblation()
                        .mask(FeatureMask.perElement().named("a"))
                        .attribute(linear(WEIGHTS), applicants()))
                .hasMessageContaining("1 names for 6 groups");
    }

    @Test
    @DisplayName("A value that is NaN is named by feature and row")
    void message() {
        double[] values = table().toDoubleArray();
        values[7] = Double.NaN;
        Inputs inputs = Inputs.of(JAVA.of(values, 2, 6)).named(COLUMNS);
        assertThatThrownBy(() -> new FeatureAblation().attribute(linear(WEIGHTS), inputs))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("input 'input0' of shape (2, 6) holds NaN in 'income' of row 1, 1 of 12 values");
    }

    @Test
    @DisplayName("JSON and npz keep names, values, groups and classes; values can be left out")
    void files(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("why.npz");
        LayeredModel model = ReferenceModels.linear(DataType.FLOAT64, 3, 6, 2);
        ShapleyValues method = new ShapleyValues().mask(COLOURS);
        try (Explanation why =
                        method.attribute(model, applicants(), Target.index(1).named("refused", "gewährt"));
                Explanation read = Explanation.fromJson(why.toJson());
                Explanation bare = Explanation.fromJson(why.toJson()).withoutInputData()) {
            assertThat(read.toJson()).isEqualTo(why.toJson()).contains("5200", "\"version\": 2");
            assertThat(read.features(1)).isEqualTo(why.features(1));
            assertThat(read.reasons(0, 2)).isEqualTo(why.reasons(0, 2));
            assertThat(read.featureNames(0))
                    .isEqualTo(FeatureNames.columns(COLUMNS).fitting("x", Shape.of(2, 6)));
            assertThat(bare.toJson()).doesNotContain("5200");
            assertThat(bare.features(0)).extracting(Feature::label).containsExactly("age", "income", "colour", "owner");

            why.writeNpz(file);
            Map<String, Tensor> arrays = NumpyFiles.readNpz(file, JAVA);
            assertThat(arrays.get("group_contributions").shape()).isEqualTo(Shape.of(2, 4));
            assertThat(arrays.get("group_contributions").rows(1, 2).toDoubleArray())
                    .isEqualTo(why.features(1).contributions());
            assertThat(arrays.get("groups_0").toLongArray()).containsExactly(0, 1, 2, 2, 2, 3);
            assertThat(texts(file, "feature_names_0")).containsExactly(COLUMNS);
            assertThat(texts(file, "group_names")).containsExactly("age", "income", "colour", "owner");
            assertThat(texts(file, "class_names")).containsExactly("refused", "gewährt");
        }
    }

    @Test
    @DisplayName("JSON whose groups do not fit is refused, and version 1 is read")
    void oldAndBroken() {
        try (Explanation why = new FeatureAblation().mask(COLOURS).attribute(linear(WEIGHTS), applicants())) {
            JsonObject json = JsonParser.parseString(why.toJson()).getAsJsonObject();
            json.getAsJsonObject("labels")
                    .getAsJsonObject("groups")
                    .getAsJsonArray("elements")
                    .get(0)
                    .getAsJsonObject()
                    .getAsJsonArray("numbers")
                    .set(0, new JsonPrimitive(4));
            assertThatThrownBy(() -> Explanation.fromJson(json.toString()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("group numbers do not fit");
            json.remove("labels");
            json.addProperty("version", 1);
            try (Explanation old = Explanation.fromJson(json.toString())) {
                assertThat(old.isGrouped()).isFalse();
                assertThat(old.features(0).name(0)).isEqualTo("applicants[0]");
                assertThat(old.target(1)).isEqualTo("output");
            }
        }
    }

    /** Reads NumPy's U: a header with the width, then code points of four bytes. */
    private static List<String> texts(Path file, String name) throws IOException {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            byte[] bytes = zip.getInputStream(zip.getEntry(name + ".npy")).readAllBytes();
            String header = new String(bytes, 10, 118, StandardCharsets.US_ASCII);
            int width = Integer.parseInt(header.replaceAll("(?s).*'<U(\\d+)'.*", "$1"));
            ByteBuffer points = ByteBuffer.wrap(bytes, 128, bytes.length - 128).order(ByteOrder.LITTLE_ENDIAN);
            List<String> texts = new java.util.ArrayList<>();
            while (points.hasRemaining()) {
                StringBuilder text = new StringBuilder();
                for (int i = 0; i < width; i++) {
                    int point = points.getInt();
                    if (point != 0) {
                        text.appendCodePoint(point);
                    }
                }
                texts.add(text.toString());
            }
            return texts;
        }
    }

    @Test
    @DisplayName("Explanations of layers have no names of inputs; those of other attributions lose groups")
    void elsewhere() {
        LayeredModel model = ReferenceModels.mlp(DataType.FLOAT64, 3, Activation.TANH, 6, 6, 3);
        Inputs inputs = applicants();
        try (Explanation layer = new IntegratedGradients().at("act1").attribute(model, inputs, Target.index(0));
                Explanation unit = new IntegratedGradients()
                        .towards("act1", Target.index(0))
                        .attribute(model, inputs);
                Explanation made = new ShapleyValues()
                        .mask(COLOURS)
                        .attribute(model, inputs, Target.index(0))
                        .withAttributions(
                                List.of("sum"),
                                List.of(JAVA.of(new double[2], 2, 1)),
                                List.of(FeatureNames.none()),
                                false)) {
            assertThat(layer.features(0).name(2)).isEqualTo("act1[2]");
            assertThat(layer.features(0).values(2)).isEmpty();
            assertThat(unit.features(1)).extracting(Feature::name).containsExactly(COLUMNS);
            assertThat(made.isGrouped()).isFalse();
            assertThat(made.features(0).name(0)).isEqualTo("sum[0]");
        }
    }

    @Test
    @DisplayName("Values of rows that are large are not kept")
    void large() {
        int width = Labels.MOST_VALUES + 1;
        String[] names = new String[width];
        java.util.Arrays.setAll(names, i -> "pixel " + i);
        Model sum = Model.ofTensors(JAVA, inputs -> inputs.get(0).sum(1));
        Inputs inputs = Inputs.of(JAVA.full(Shape.of(1, width), DataType.FLOAT32, 424242))
                .named(names);
        FeatureMask halves = FeatureMask.ranges(-1, 1, width - 1);
        try (Explanation why = new FeatureAblation().mask(halves).attribute(sum, inputs)) {
            assertThat(why.features(0).get(0).values()).isEmpty();
            assertThat(why.features(0).name(0)).isEqualTo("pixel 0");
            assertThat(why.toJson()).doesNotContain("424242.0,");
        }
    }
}
