// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static io.github.attribution4j.influence.Similarity.COSINE;
import static io.github.attribution4j.metric.Infidelity.Kinds.GLOBAL;
import static io.github.attribution4j.metric.Infidelity.Kinds.LOCAL;
import static io.github.attribution4j.robust.MinimalPerturbation.Search.LINEAR;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.cam.GuidedGradCam;
import io.github.attribution4j.concept.Concept;
import io.github.attribution4j.concept.ConceptScore;
import io.github.attribution4j.concept.ConceptScores;
import io.github.attribution4j.concept.Concepts;
import io.github.attribution4j.concept.LinearClassifier;
import io.github.attribution4j.concept.Tcav;
import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.Conductance;
import io.github.attribution4j.gradient.GradientShap;
import io.github.attribution4j.gradient.GradientXActivation;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.InternalInfluence;
import io.github.attribution4j.gradient.LayerActivation;
import io.github.attribution4j.gradient.NeuronConductance;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.influence.ArnoldiInfluence;
import io.github.attribution4j.influence.Checkpoint;
import io.github.attribution4j.influence.Examples;
import io.github.attribution4j.influence.Influence;
import io.github.attribution4j.influence.SimilarityInfluence;
import io.github.attribution4j.influence.TracIn;
import io.github.attribution4j.influence.TracInFast;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.metric.Infidelity;
import io.github.attribution4j.metric.Metric;
import io.github.attribution4j.metric.Sensitivity;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.perturbation.FeaturePermutation;
import io.github.attribution4j.perturbation.Lime;
import io.github.attribution4j.perturbation.Occlusion;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.DeepLiftShap;
import io.github.attribution4j.propagation.GuidedBackprop;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.propagation.Rules;
import io.github.attribution4j.robust.Attack;
import io.github.attribution4j.robust.AttackComparison;
import io.github.attribution4j.robust.Attacked;
import io.github.attribution4j.robust.Goal;
import io.github.attribution4j.robust.GradientAttack;
import io.github.attribution4j.robust.MinimalPerturbation;
import io.github.attribution4j.robust.Norm;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Loss;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.text.TokenAttribution;
import io.github.attribution4j.visual.ChannelReduction;
import io.github.attribution4j.visual.ColorMap;
import io.github.attribution4j.visual.HeatMap;
import io.github.attribution4j.visual.Opacity;
import io.github.attribution4j.visual.OriginalImage;
import io.github.attribution4j.visual.Sign;
import io.github.attribution4j.visual.TimeSeriesChart;
import io.github.attribution4j.visual.TokenText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Makes every call that {@code docs/captum-map.md} names. */
class CaptumMapTest {
    private static TorchScriptModel model;
    private TensorScope scope;
    private Tensor image;
    private Tensor references;
    private Inputs inputs;

    @BeforeAll
    static void load() {
        model = TorchScriptModel.load(
                Demo.FILES.resolve("digits.pt"), LoadOptions.defaults().device("cpu"));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @BeforeEach
    void read() throws IOException {
        scope = TensorScope.open();
        image = Demo.digit(3, model.tensors());
        references = model.tensors().concat(List.of(image.mul(0), image.mul(0.2), image.mul(0.4)), 0);
        inputs = Inputs.of(image);
    }

    @AfterEach
    void free() {
        scope.close();
    }

    private void explains(Attribution<? super TorchScriptModel> method) {
        explains(method, Target.index(3), inputs);
    }

    private static void explains(Attribution<? super TorchScriptModel> method, Target target, Inputs inputs) {
        try (Explanation why = method.attribute(model, inputs, target)) {
            assertThat(why.attributions()).allMatch(Tensor::isFinite);
        }
    }

    @Test
    void targets() {
        List<Target> targets = List.of(
                Target.index(3),
                Target.at(3),
                Target.argmax(),
                Target.probability(3),
                Target.difference(Target.index(3), Target.index(8)));
        for (Target target : targets) {
            explains(new Saliency(), target, inputs);
        }
        Inputs two = Inputs.of(model.tensors().concat(List.of(image, image), 0));
        explains(new Saliency(), Target.indexes(3, 8), two);
        explains(new Saliency(), Target.atEach(new long[] {3}, new long[] {8}), two);
        assertThat(Target.output().describe()).isNotEmpty();
    }

    @Test
    void baselines() {
        List<Baseline> baselines = List.of(
                Baseline.zeros(),
                Baseline.constant(0.5),
                Baseline.of(image.mul(0.5)),
                Baseline.mean(references),
                Baseline.blurred(1));
        for (Baseline baseline : baselines) {
            explains(new IntegratedGradients().steps(5).baseline(baseline));
        }
    }

    @Test
    void conventions() {
        List<Run.Progress> seen = new ArrayList<>();
        Consumer<Run.Progress> listener = seen::add;
        IntegratedGradients method = new IntegratedGradients();
        for (Run run : List.of(
                Run.defaults().batchRows(10),
                Run.defaults().memoryBudget(512L << 20),
                Run.defaults().progress(listener),
                Run.defaults().seed(7))) {
            try (Explanation why = method.attribute(model, inputs, Target.index(3), run)) {
                assertThat(why.hasCompletenessGap()).isTrue();
                assertThat(why.completenessGap()).hasSize(1);
            }
        }
        assertThat(seen).isNotEmpty();
        assertThat(method.name()).isEqualTo("integrated-gradients");
        assertThat(method.settings()).containsEntry("multiply-by-inputs", true);
        Tensor side = image;
        Inputs both = Inputs.none().attribute("x", image).fixed("mask", side);
        assertThat(both.attributed()).hasSize(1);
        Tensor groups = model.tensors().of(new long[] {0, 0, 1, 1, 2, 2, 3, 3}, 1, 1, 1, 8);
        explains(new FeatureAblation().mask(FeatureMask.of(groups)));
    }

    @Test
    void gradients() {
        explains(new IntegratedGradients());
        explains(new IntegratedGradients().steps(50));
        explains(new IntegratedGradients().multiplyByInputs(false));
        for (Quadrature rule : List.of(
                Quadrature.RIEMANN_LEFT,
                Quadrature.RIEMANN_RIGHT,
                Quadrature.RIEMANN_MIDDLE,
                Quadrature.CAPTUM_TRAPEZOID,
                Quadrature.TRAPEZOID)) {
            explains(new IntegratedGradients().steps(5).quadrature(rule));
        }
        explains(new Saliency());
        explains(Saliency.signed());
        explains(new InputXGradient());
        explains(new GradientShap(Baseline.samples(references)));
        explains(new GradientShap()
                .baseline(Baseline.samples(references))
                .samples(5)
                .stdev(0.1));
        explains(new GradientShap().baseline(Baseline.samples(references)).multiplyByInputs(false));
    }

    @Test
    void rules() {
        explains(new DeepLift());
        explains(new DeepLift()
                .baseline(Baseline.zeros())
                .multiplyByInputs(false)
                .near(1e-10));
        explains(new DeepLift().rule(DeepLift.Rule.REVEAL_CANCEL));
        explains(new DeepLiftShap(Baseline.samples(references)));
        explains(new GuidedBackprop());
        explains(GuidedBackprop.deconvolution());
        explains(new GuidedGradCam("relu3"));
        explains(new GuidedGradCam("conv3:in").interpolation(Tensor.Interpolation.BILINEAR));
        explains(new Lrp());
        explains(new Lrp(Composites.epsilon(1e-9)));
        for (BackwardRule rule : List.of(Rules.epsilon(0.1), Rules.gamma(0.25), Rules.alphaBeta(1, 0))) {
            explains(new Lrp(Composites.epsilonPlus().override(Operation.Selector.module("conv2"), rule)));
        }
        assertThat(RuleSet.of(Operation.Selector.module("conv2"), Rules.gamma(0.25))
                        .rules())
                .hasSize(1);
        assertThat(Rules.pass().family()).isEqualTo(BackwardRule.Family.RELEVANCE);
        assertThat(BackwardRule.BiasPart.ZERO).isNotNull();
    }

    @Test
    void noise() {
        explains(NoiseTunnel.smoothGrad(new Saliency()));
        explains(NoiseTunnel.smoothGradSquared(new Saliency()));
        explains(NoiseTunnel.varGrad(new Saliency()));
        explains(NoiseTunnel.smoothGrad(new Saliency()).samples(10).stdev(0.15));
    }

    @Test
    void perturbations() {
        FeatureMask mask = FeatureMask.grid(2, 2);
        explains(new FeatureAblation());
        explains(new FeatureAblation().mask(mask));
        explains(new Occlusion(1, 3, 3));
        explains(new Occlusion(1, 3, 3).stride(1, 2, 2).baseline(Baseline.zeros()));
        explains(new ShapleyValues().mask(mask));
        explains(new ShapleySampling().samples(25).antithetic(false).mask(mask));
        explains(new KernelShap()
                .samples(25)
                .sampling(KernelShap.Sampling.CAPTUM)
                .mask(mask));
        explains(new KernelShap().samples(512).mask(mask));
        explains(new KernelShap().baseline(Baseline.zeros()).mask(mask));
        explains(new KernelShap().baseline(Baseline.samples(references)).mask(mask));
        explains(Lime.captum().mask(mask));
        explains(new Lime().fit(Lime.Fit.RIDGE).strength(1).kernel(Lime.Kernel.cosine(0.5)));
        Inputs two = Inputs.of(model.tensors().concat(List.of(image, references.rows(1, 2)), 0));
        explains(new FeaturePermutation().mask(mask), Target.index(3), two);
        explains(new FeaturePermutation().mask(FeatureMask.ranges(1, 16, 16)).at("relu3"), Target.index(3), two);
    }

    /** The calls in the table of Captum's layer and neuron classes, by class. */
    private List<NamedMethod> inside() {
        Baseline lifted = Baseline.zeros().throughHead();
        FeatureMask channels = FeatureMask.ranges(1, 16, 16);
        Target unit = Target.at(17, 2, 2);
        return List.of(
                new NamedMethod("LayerActivation", new LayerActivation("relu3")),
                new NamedMethod("LayerGradientXActivation", new GradientXActivation("relu3")),
                new NamedMethod(
                        "LayerIntegratedGradients",
                        new IntegratedGradients().baseline(lifted).at("relu3")),
                new NamedMethod("InternalInfluence", new InternalInfluence("relu3")),
                new NamedMethod("LayerConductance", new Conductance("relu3").captum(Quadrature.GAUSS_LEGENDRE)),
                new NamedMethod("LayerGradientShap", new GradientShap(Baseline.samples(references)).ofLayer("relu3")),
                new NamedMethod("LayerGradCam", new GradCam("relu3")),
                new NamedMethod(
                        "LayerFeatureAblation",
                        new FeatureAblation().mask(channels).at("relu3")),
                new NamedMethod(
                        "LayerFeaturePermutation",
                        new FeaturePermutation().mask(channels).at("relu3")),
                new NamedMethod("LayerDeepLift", new DeepLift().at("relu3")),
                new NamedMethod("LayerDeepLiftShap", new DeepLiftShap(Baseline.samples(references)).at("relu3")),
                new NamedMethod("LayerLRP", new Lrp(Composites.epsilon(1e-9)).at("relu3")),
                new NamedMethod("GuidedGradCam", new GuidedGradCam("relu3")),
                new NamedMethod("NeuronGradient", Saliency.signed().towards("relu3", unit)),
                new NamedMethod("NeuronIntegratedGradients", new IntegratedGradients().towards("relu3", unit)),
                new NamedMethod("NeuronConductance", new NeuronConductance("relu3", unit)),
                new NamedMethod(
                        "NeuronGradientShap", new GradientShap(Baseline.samples(references)).towards("relu3", unit)),
                new NamedMethod("NeuronFeatureAblation", new FeatureAblation().towards("relu3", unit)),
                new NamedMethod("NeuronDeepLift", new DeepLift().towards("relu3", unit)),
                new NamedMethod(
                        "NeuronDeepLiftShap", new DeepLiftShap(Baseline.samples(references)).towards("relu3", unit)),
                new NamedMethod("NeuronGuidedBackprop", new GuidedBackprop().towards("relu3", unit)),
                new NamedMethod(
                        "NeuronDeconvolution", GuidedBackprop.deconvolution().towards("relu3", unit)));
    }

    private record NamedMethod(String captum, Attribution<? super RuledModel> method) {}

    @Test
    void everyClassOfCaptumThatLooksInsideHasAnAnswerHere() {
        Inputs two = Inputs.of(model.tensors().concat(List.of(image, image.mul(0.5)), 0));
        for (NamedMethod each : inside()) {
            boolean own = each.method().ownScore().isPresent();
            explains(each.method(), own ? Target.output() : Target.index(3), two);
        }
    }

    @Test
    void theTableOfThoseClassesIsWholeAndSaysWhatIsRunHere() throws IOException {
        List<String> page =
                Page.read(Demo.REPOSITORY.resolve("docs/captum-map.md")).lines();
        int start = page.indexOf("## Layer and neuron attribution");
        List<String> rows = page.subList(start, page.indexOf("Their options:")).stream()
                .filter(line -> line.startsWith("| `"))
                .toList();
        List<String> classes = new ArrayList<>();
        List<String> answered = new ArrayList<>();
        for (String row : rows) {
            String[] cells = row.split("\\|", -1);
            String name = cells[1].strip().replace("`", "");
            classes.add(name);
            if (!cells[2].strip().equals("next release")) {
                answered.add(name);
            }
        }
        assertThat(classes).hasSize(22).doesNotHaveDuplicates();
        assertThat(answered)
                .containsExactlyElementsOf(
                        inside().stream().map(NamedMethod::captum).toList());
    }

    @Test
    void optionsOfThoseClasses() {
        Tensor activation = model.cut("relu3").head().forward(inputs);
        assertThat(activation
                        .interpolate(8, 8, Tensor.Interpolation.BILINEAR)
                        .shape()
                        .dim(-1))
                .isEqualTo(8);
        explains(new InputXGradient().at("relu3"));
        explains(new IntegratedGradients().at("relu3"));
        explains(new Conductance("relu3"));
        explains(new Occlusion(8, 2, 2).at("relu3"));
        explains(new GradientXActivation("relu3").multiplyByInputs(false));
        explains(new GradCam("relu3").relu(true));
        explains(new GradCam("relu3").upsample(Tensor.Interpolation.NEAREST));
        explains(new Saliency().at("conv2:in"));
        explains(new GradientXActivation("conv1", "relu3"));
        explains(Saliency.signed().towards("relu3", Target.slice("17, 0:2, :")), Target.output(), inputs);
        explains(new Saliency(), Target.slice("3:5"), inputs);
    }

    @Test
    void texts() {
        try (TorchScriptModel topics = TorchScriptModel.load(Demo.FILES.resolve("topics.pt"))) {
            Tensor ids = topics.tensors().of(new long[] {2, 92, 85, 3}, 1, 4);
            Inputs text = Inputs.none()
                    .attribute("input_ids", ids)
                    .fixed("attention_mask", ids.gt(0).to(DataType.INT64));
            Baseline masked = Baseline.token(4).keeping(2, 3);
            List<TokenAttribution<LayeredModel>> methods = List.of(
                    TokenAttribution.of(new IntegratedGradients()),
                    TokenAttribution.of(new IntegratedGradients().baseline(masked.throughHead())));
            for (TokenAttribution<LayeredModel> method : methods) {
                try (Explanation why = method.attribute(topics, text, Target.index(0))) {
                    assertThat(why.attribution().shape()).isEqualTo(ids.shape());
                }
            }
        }
    }

    @Test
    void metrics() {
        IntegratedGradients method = new IntegratedGradients().steps(5);
        for (Metric metric : List.of(
                new Infidelity().attributions(GLOBAL), new Infidelity().attributions(LOCAL), Sensitivity.max())) {
            assertThat(metric.judge(model, inputs, Target.index(3), method, Run.defaults())
                            .scores())
                    .hasSize(1)
                    .doesNotContain(Double.NaN);
        }
    }

    @Test
    void attacks() {
        Goal away = Goal.away(3).by(Loss.logLoss());
        AttackComparison<DifferentiableModel> comparison =
                new AttackComparison<DifferentiableModel>().with("fgsm", GradientAttack.fgsm(0.1));
        assertThat(comparison
                        .compare(model, inputs, Goal.towards(3), Run.defaults())
                        .attacks())
                .containsExactly("original", "fgsm");
        GradientAttack pgd = GradientAttack.pgd(0.1).step(0.03).steps(7).keepBest(false);
        for (Attack<DifferentiableModel> attack : List.<Attack<DifferentiableModel>>of(
                GradientAttack.fgsm(0.1),
                pgd,
                pgd.norm(Norm.L2).signSteps(true),
                MinimalPerturbation.of(radius -> GradientAttack.fgsm(radius), 0.01, 0.3, 0.01)
                        .search(LINEAR))) {
            try (Attacked attacked = attack.attack(model, inputs, away)) {
                assertThat(attacked.scores()).hasSize(1).doesNotContain(Double.NaN);
            }
        }
    }

    @Test
    void concepts() {
        Concept dark = Concept.of("dark", List.of(0.1, 0.2, 0.3, 0.4), by -> Inputs.of(image.mul(by)));
        Concept light = Concept.of("light", List.of(0.9, 0.8, 0.7, 0.6), by -> Inputs.of(image.mul(by)));
        for (Tcav tcav : List.of(
                new Tcav("relu2", "relu3"),
                new Tcav("relu2:in").heldOut(0.33).classifier(LinearClassifier.sgd(0.01, 1000, 1e-3)))) {
            ConceptScores scores = tcav.explain(
                    model, inputs, Target.index(3), Concepts.of(dark, light).comparing("dark", "light"));
            assertThat(scores.all()).isNotEmpty().allMatch(ConceptScore::isRelative);
        }
    }

    @Test
    void influences() {
        List<Checkpoint> checkpoints = List.of(Checkpoint.of(model));
        Examples training = Examples.of(Inputs.of(references), Target.loss(Loss.crossEntropy(), 3, 3, 3));
        for (Influence<?> influence : List.of(
                new TracInFast("fc").bias(false),
                new TracInFast("fc").projected(100),
                new TracIn(),
                new TracIn("fc.weight", "fc.bias"),
                new ArnoldiInfluence("fc.weight").arnoldiDim(5),
                new SimilarityInfluence("relu3").similarity(COSINE))) {
            assertThat(influence
                            .scores(checkpoints, training, training, Run.defaults())
                            .of(0))
                    .hasSize(3)
                    .doesNotContain(Double.NaN);
        }
    }

    @Test
    void pictures() {
        OriginalImage original = OriginalImage.of(image.toDoubleArray(), 1, 8, 8, 0, 1);
        try (Explanation why = Saliency.signed().attribute(model, inputs, Target.index(3))) {
            List<HeatMap> maps = List.of(
                    HeatMap.of(why, 0),
                    HeatMap.of(why, 0).over(original).view(HeatMap.View.OVERLAY),
                    HeatMap.of(why, 0).over(original).view(HeatMap.View.SIDE_BY_SIDE),
                    HeatMap.of(why, 0).over(original).view(HeatMap.View.MASKED).sign(Sign.POSITIVE),
                    HeatMap.of(why, 0)
                            .over(original)
                            .view(HeatMap.View.ALPHA_SCALED)
                            .sign(Sign.ABSOLUTE),
                    HeatMap.of(why, 0).outlierPercentage(2).channels(ChannelReduction.SUM),
                    HeatMap.of(why, 0).colors(ColorMap.PURPLE_WHITE_GREEN).legend(false),
                    HeatMap.of(why, 0).over(original).opacity(Opacity.constant(0.5)));
            for (HeatMap map : maps) {
                assertThat(map.picture().toSvg()).startsWith("<svg");
            }
        }
        double[][] series = {{1, 2, 3}};
        double[][] scores = {{0.1, -0.2, 0.3}};
        assertThat(TimeSeriesChart.of(series, scores).picture().toSvg()).startsWith("<svg");
        String[] tokens = {"not", "bad"};
        double[] ofTokens = {-0.3, 0.8};
        assertThat(TokenText.of(tokens, ofTokens).picture().toHtml()).contains("bad");
    }
}
