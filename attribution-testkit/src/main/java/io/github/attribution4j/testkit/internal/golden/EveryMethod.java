// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.golden;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.Plan;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cam.AblationCam;
import io.github.attribution4j.cam.EigenCam;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.cam.ScoreCam;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.gradient.BlurIntegratedGradients;
import io.github.attribution4j.gradient.Conductance;
import io.github.attribution4j.gradient.GradientShap;
import io.github.attribution4j.gradient.GradientXActivation;
import io.github.attribution4j.gradient.GuidedIntegratedGradients;
import io.github.attribution4j.gradient.Idgi;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.InternalInfluence;
import io.github.attribution4j.gradient.LayerActivation;
import io.github.attribution4j.gradient.NeuronConductance;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.perturbation.FeaturePermutation;
import io.github.attribution4j.perturbation.Lime;
import io.github.attribution4j.perturbation.Occlusion;
import io.github.attribution4j.perturbation.Rise;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.shapley.OwenValues;
import io.github.attribution4j.shapley.ShapleyInteractions;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every method once with settings of a moderate cost, on the small table and image models. */
public final class EveryMethod implements AutoCloseable {
    private static final int TABLE_CLASS = 2;
    private static final int IMAGE_CLASS = 3;

    /** One method on one model. */
    public record Request(GoldenModel<?> model, Attribution<? super LayeredModel> method, Target target) {
        public Explanation explain(Run run) {
            return method.attribute(model.model(), model.inputs(), target, run);
        }

        /** Returns what {@link #explain} will cost. */
        @SuppressWarnings("unchecked") // A layered model is all that these methods need.
        public Plan plan(Run run) {
            return ((Attribution<LayeredModel>) method).plan(model.model(), model.inputs(), target, run);
        }

        /** Returns the bits of all that is computed: attributions, standard errors, scores. */
        public List<Object> bits(Run run) {
            try (Explanation explanation = explain(run)) {
                List<Object> bits = new ArrayList<>();
                explanation.attributions().forEach(tensor -> bits.add(bits(tensor)));
                explanation.standardErrors().forEach(tensor -> bits.add(bits(tensor)));
                for (double score : explanation.scores()) {
                    bits.add(score);
                }
                return bits;
            }
        }

        private static List<Double> bits(Tensor tensor) {
            List<Double> bits = new ArrayList<>();
            for (double value : tensor.toDoubleArray()) {
                bits.add(value);
            }
            return bits;
        }
    }

    private final GoldenModel<?> table;
    private final GoldenModel<?> image;
    private final Map<String, Request> requests = new LinkedHashMap<>();

    /**
     * Makes the requests; closing this closes the models.
     *
     * @param table the model {@code mlp_softmax}
     * @param image the model {@code cnn}
     * @param bypassed a value that the second block of {@code cnn} has a way around
     * @param before the value in front of that block
     */
    public EveryMethod(GoldenModel<?> table, GoldenModel<?> image, String bypassed, String before) {
        this.table = table;
        this.image = image;
        FeatureMask cells = FeatureMask.grid(2, 2);
        FeatureMask columns = FeatureMask.ranges(1, 3, 3, 3, 3);
        IntegratedGradients integrated = new IntegratedGradients().steps(5);
        GradientShap shap = new GradientShap().samples(4).stdev(0.1).baseline(Baseline.normal(0, 1));

        table("saliency", new Saliency());
        table("input-x-gradient", new InputXGradient());
        table("integrated-gradients", integrated);
        table("idgi", new Idgi().steps(5));
        table("guided-integrated-gradients", new GuidedIntegratedGradients().steps(5));
        table("gradient-shap", shap);
        table("smooth-grad", NoiseTunnel.smoothGrad(integrated).samples(4).stdev(0.1));
        table(
                "smooth-grad-squared",
                NoiseTunnel.smoothGradSquared(new Saliency()).samples(4));
        table(
                "var-grad",
                NoiseTunnel.varGrad(new FeatureAblation().mask(columns)).samples(3));
        table("feature-ablation", new FeatureAblation());
        table("feature-permutation", new FeaturePermutation().shuffles(2).mask(columns));
        table("occlusion", new Occlusion(4).stride(2));
        table("rise", new Rise().samples(6).cells(4));
        table("rise with a budget", new Rise().cells(4).budget(Budget.ofEvaluations(8)));
        table("shapley-values", new ShapleyValues().mask(columns));
        table("shapley-sampling", new ShapleySampling().samples(4));
        table("kernel-shap", new KernelShap().samples(40));
        table(
                "kernel-shap-captum",
                new KernelShap()
                        .samples(30)
                        .sampling(KernelShap.Sampling.CAPTUM)
                        .mask(columns));
        table(
                "kernel-shap with a budget",
                new KernelShap().budget(Budget.ofError(0.05).evaluations(60)));
        table(
                "kernel-shap regression",
                new KernelShap()
                        .samples(80)
                        .estimator(KernelShap.Estimator.REGRESSION)
                        .mask(columns));
        table("owen-values", new OwenValues().samples(4));
        table("shapley-interactions", new ShapleyInteractions().samples(4).mask(columns));
        table("lime", new Lime().samples(30).mask(columns));
        table("layer integrated-gradients", integrated.at("relu1"));
        table("neuron saliency", Saliency.signed().towards("fc2", Target.at(5)));
        table("conductance", new Conductance("relu1").steps(5));
        table("neuron-conductance", new NeuronConductance("fc2", Target.slice("3:9")).steps(5));
        table("layer-gradient-shap", new GradientShap(Baseline.normal(0, 1)).ofLayer("relu1"));

        image("saliency", new Saliency());
        image("integrated-gradients", integrated);
        image(
                "blur-integrated-gradients",
                new BlurIntegratedGradients().steps(5).sigma(3));
        image("gradient-shap", shap);
        image("feature-ablation", new FeatureAblation().mask(cells));
        image("occlusion", new Occlusion(3, 8, 8).stride(3, 8, 8));
        image("rise", new Rise().samples(4).cells(3).estimator(Rise.Estimator.CENTERED));
        image("shapley-sampling", new ShapleySampling().samples(2).mask(cells));
        image("grad-cam", new GradCam("layer2").upsample(Tensor.Interpolation.BILINEAR));
        image("conductance, bypass held", new Conductance(bypassed).steps(5).bypass(Path.Bypass.STAY));
        image("grad-cam++", GradCam.plusPlus("layer2"));
        image("x-grad-cam", GradCam.xGrad("layer2"));
        image("hires-cam", GradCam.hiRes("layer2"));
        image("layer-cam", GradCam.layerCam("layer1"));
        image("grad-cam elementwise", GradCam.elementwise("layer1"));
        image("eigen-cam", new EigenCam("layer2"));
        image("eigen-grad-cam", EigenCam.ofGradients("layer2"));
        image("score-cam", new ScoreCam("layer2").channels(3));
        image("ablation-cam", new AblationCam("layer2").channels(3));
        image("layer-activation", new LayerActivation("layer1"));
        image("gradient-x-activation", new GradientXActivation("layer1", "layer2"));
        image("internal-influence at an input", new InternalInfluence(before).steps(5));
        image("layer input-x-gradient", new InputXGradient().at("layer1"));
    }

    private void table(String name, Attribution<? super LayeredModel> method) {
        boolean ofUnit = method.name().endsWith("towards neuron");
        requests.put("table " + name, new Request(table, method, ofUnit ? Target.output() : Target.index(TABLE_CLASS)));
    }

    private void image(String name, Attribution<? super LayeredModel> method) {
        boolean ofLayer = method.name().equals("layer-activation");
        requests.put(
                "image " + name, new Request(image, method, ofLayer ? Target.output() : Target.index(IMAGE_CLASS)));
    }

    /** Returns the request of a name. */
    public Request request(String name) {
        Request request = requests.get(name);
        if (request == null) {
            throw new IllegalArgumentException("no request " + name);
        }
        return request;
    }

    public Map<String, Request> requests() {
        return requests;
    }

    /** Returns the methods of the catalog that no request here asks for, those that need rules aside. */
    public List<String> missing() {
        return Methods.all().stream()
                .filter(method -> method.need() != Description.Need.RULES)
                .map(Description::name)
                .filter(name -> requests.values().stream()
                        .noneMatch(request -> isOf(request.method().name(), name)))
                .toList();
    }

    /** Whether a method's name is this, or this at a layer or towards a neuron. */
    private static boolean isOf(String method, String name) {
        return method.equals(name) || method.startsWith(name + " at ") || method.startsWith(name + " towards ");
    }

    @Override
    public void close() {
        table.close();
        image.close();
    }
}
