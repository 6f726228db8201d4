// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.golden;

import com.google.gson.JsonObject;
import io.github.attribution4j.Attribution;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.gradient.Conductance;
import io.github.attribution4j.gradient.GradientShap;
import io.github.attribution4j.gradient.GradientXActivation;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.InternalInfluence;
import io.github.attribution4j.gradient.LayerActivation;
import io.github.attribution4j.gradient.NeuronConductance;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.perturbation.FeaturePermutation;
import io.github.attribution4j.perturbation.Occlusion;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Makes the request of a case with the public API. */
public final class Requests {
    private static final Set<String> INSIDE = Set.of(
            "grad-cam",
            "activation",
            "layer-activation",
            "gradient-x-activation",
            "internal-influence",
            "conductance",
            "layer-gradient-shap",
            "neuron-conductance");

    private final GoldenModel<?> model;
    private final GoldenCase given;

    public Requests(GoldenModel<?> model, GoldenCase given) {
        this.model = model;
        this.given = given;
    }

    /** Returns the method of a case, at its layer or towards its unit if it has one. */
    public Attribution<? super LayeredModel> method() {
        if (INSIDE.contains(given.method())) {
            return inside(given.options());
        }
        Attribution<? super DifferentiableModel> method = method(given.method(), given.options());
        if (!given.isInside()) {
            return method;
        }
        String[] layers = given.layers();
        if (method instanceof Attribution.Gradient gradient) {
            return given.has("unit") ? gradient.towards(layers[0], given.unit()) : gradient.at(layers);
        }
        if (method instanceof Attribution.Forward forward) {
            return given.has("unit") ? forward.towards(layers[0], given.unit()) : forward.at(layers);
        }
        throw new IllegalArgumentException(given.id() + ": which " + given.method() + " at a layer?");
    }

    /** Returns the methods that always need layers. */
    private Attribution<LayeredModel> inside(GoldenCase.Options options) {
        String[] layers = given.layers();
        return switch (given.method()) {
            case "grad-cam" -> gradCam();
            case "activation", "layer-activation" -> new LayerActivation(layers);
            case "gradient-x-activation" ->
                new GradientXActivation(layers).multiplyByInputs(options.flag("multiply-by-inputs", true));
            case "internal-influence" ->
                new InternalInfluence(layers)
                        .steps(options.integer("steps"))
                        .quadrature(Quadrature.of(options.text("quadrature")))
                        .bypass(Path.Bypass.of(options.text("bypass")))
                        .baseline(unlifted());
            case "conductance" ->
                Conductance.DESCRIPTION
                        .read(Map.of("layer", String.join(",", layers), "rule", options.text("rule")), Sources.none())
                        .method()
                        .steps(options.integer("steps"))
                        .bypass(Path.Bypass.of(options.text("bypass")))
                        .baseline(unlifted());
            case "layer-gradient-shap" ->
                new GradientShap()
                        .samples(options.integer("samples"))
                        .stdev(options.numbers("stdev"))
                        .multiplyByInputs(options.flag("multiply-by-inputs", true))
                        .baseline(distribution())
                        .ofLayer(layers);
            case "neuron-conductance" ->
                new NeuronConductance(layers[0], given.unit())
                        .steps(options.integer("steps"))
                        .quadrature(Quadrature.of(options.text("quadrature")))
                        .multiplyByInputs(options.flag("multiply-by-inputs", true))
                        .units(
                                options.text("units").equals("captum")
                                        ? NeuronConductance.Units.CAPTUM
                                        : NeuronConductance.Units.APART)
                        .baseline(unlifted());
            default -> throw new IllegalArgumentException(given.id() + ": method " + given.method() + " is unknown");
        };
    }

    private Attribution<? super DifferentiableModel> method(String name, GoldenCase.Options options) {
        return switch (name) {
            case "saliency" -> new Saliency().absolute(options.flag("absolute", true));
            case "input-x-gradient" -> new InputXGradient();
            case "integrated-gradients" ->
                new IntegratedGradients()
                        .steps(options.integer("steps"))
                        .quadrature(
                                options.has("quadrature")
                                        ? Quadrature.of(options.text("quadrature"))
                                        : Quadrature.GAUSS_LEGENDRE)
                        .multiplyByInputs(options.flag("multiply-by-inputs", true))
                        .baseline(baseline());
            case "gradient-shap" ->
                new GradientShap()
                        .samples(options.integer("samples"))
                        .stdev(options.numbers("stdev"))
                        .multiplyByInputs(options.flag("multiply-by-inputs", true))
                        .baseline(distribution());
            case "noise-tunnel" -> noiseTunnel(options);
            case "feature-ablation" ->
                new FeatureAblation().baseline(baseline()).mask(mask());
            case "feature-permutation" ->
                new FeaturePermutation().shuffles(options.integer("shuffles")).mask(mask());
            case "occlusion" ->
                Occlusion.of(shapes(options.shapes("windows")))
                        .strides(shapes(options.shapes("strides")))
                        .baseline(baseline());
            case "shapley-values" -> new ShapleyValues().baseline(baseline()).mask(mask());
            case "shapley-sampling" ->
                new ShapleySampling()
                        .samples(options.integer("samples"))
                        // Captum's walks are independent; the limit is tested on the default, walks in pairs.
                        .antithetic(given.compare().equals("limit"))
                        .baseline(baseline())
                        .mask(mask());
            case "kernel-shap" ->
                new KernelShap()
                        .samples(options.integer("samples"))
                        .sampling(
                                options.text("sampling").equals("captum")
                                        ? KernelShap.Sampling.CAPTUM
                                        : KernelShap.Sampling.LEVERAGE)
                        .baseline(baseline())
                        .mask(mask());
            default -> throw new IllegalArgumentException(given.id() + ": method " + name + " is unknown");
        };
    }

    private Attribution<? super DifferentiableModel> noiseTunnel(GoldenCase.Options options) {
        return tunnel(options, method(options.text("inner"), options.inner("inner-options")));
    }

    private static <M extends Model> NoiseTunnel<M> tunnel(GoldenCase.Options options, Attribution<M> inner) {
        NoiseTunnel<M> tunnel = switch (options.text("type")) {
            case "smoothgrad" -> NoiseTunnel.smoothGrad(inner);
            case "smoothgrad-squared" -> NoiseTunnel.smoothGradSquared(inner);
            case "vargrad" -> NoiseTunnel.varGrad(inner);
            default -> throw new IllegalArgumentException(options.text("type"));
        };
        return tunnel.samples(options.integer("samples")).stdev(options.numbers("stdev"));
    }

    private GradCam gradCam() {
        GradCam method = new GradCam(given.layer()).relu(given.options().flag("relu", false));
        if (given.options().has("upsample")) {
            GoldenCase.Options upsample = given.options().inner("upsample");
            Tensor.Interpolation mode =
                    Tensor.Interpolation.valueOf(upsample.text("mode").toUpperCase(Locale.ROOT));
            return method.upsample(
                    mode,
                    Arrays.stream(upsample.numbers("size"))
                            .mapToLong(size -> (long) size)
                            .toArray());
        }
        return method;
    }

    private static Shape[] shapes(List<long[]> perInput) {
        return perInput.stream().map(Shape::of).toArray(Shape[]::new);
    }

    /** Returns the single references, lifted to the layer where the case gives them for the model's inputs. */
    public Baseline baseline() {
        Baseline baseline = unlifted();
        boolean lifted = given.options().has("baseline-space")
                && given.options().text("baseline-space").equals("input-through-head");
        return lifted ? baseline.throughHead() : baseline;
    }

    /** Returns the single references of the case, for the inputs or the layer that the case gives them for. */
    public Baseline unlifted() {
        if (!given.has("baselines")) {
            return Baseline.zeros();
        }
        List<JsonObject> perInput = given.baselines();
        if (perInput.stream().allMatch(Requests::isConstant)) {
            return Baseline.constant(perInput.stream()
                    .mapToDouble(one -> one.get("value").getAsDouble())
                    .toArray());
        }
        List<Tensor> references = new ArrayList<>();
        for (JsonObject one : perInput) {
            Tensor input = model.inputs().attributed().get(references.size());
            references.add(
                    isConstant(one)
                            ? Tensors.ofJava()
                                    .full(
                                            input.shape().withRows(1),
                                            input.dataType(),
                                            one.get("value").getAsDouble())
                            : model.array(one.get("array").getAsString()));
        }
        return Baseline.of(references.toArray(Tensor[]::new));
    }

    private static boolean isConstant(JsonObject baseline) {
        return baseline.get("kind").getAsString().equals("constant");
    }

    /** Returns all samples of baselines; a sample has the same row of every input. */
    public Baseline samples() {
        return Baseline.samples(given.baselines().stream()
                .map(one -> model.array(one.get("array").getAsString()))
                .toArray(Tensor[]::new));
    }

    private Baseline distribution() {
        List<Tensor> sets = given.baselines().stream()
                .map(one -> model.array(one.get("array").getAsString()))
                .toList();
        if (sets.size() == 1) {
            return Baseline.samples(sets.get(0));
        }
        List<Tensor> indexes = new ArrayList<>();
        for (int input = 0; input < sets.size(); input++) {
            indexes.add(model.array(given.draws("baseline_index_" + input)));
        }
        return new RecordedBaseline(sets, indexes);
    }

    private FeatureMask mask() {
        if (!given.has("masks")) {
            return FeatureMask.perElement();
        }
        Tensor[] perInput = given.masks().stream().map(model::array).toArray(Tensor[]::new);
        long[] distinct = Arrays.stream(perInput)
                .flatMapToLong(mask -> Arrays.stream(mask.toLongArray()))
                .distinct()
                .sorted()
                .toArray();
        FeatureMask mask = FeatureMask.of(perInput);
        return distinct[distinct.length - 1] == distinct.length - 1 ? mask : mask.renumbered();
    }

    public Target target() {
        JsonObject target = given.target();
        return switch (target.get("kind").getAsString()) {
            case "none" -> Target.output();
            case "index" -> Target.index(target.get("index").getAsLong());
            case "indices" -> Target.indexes(GoldenCase.longs(target.get("indices")));
            case "at" -> Target.at(GoldenCase.longs(target.get("at")));
            case "at-each" ->
                Target.atEach(GoldenCase.elements(target.get("at")).stream()
                        .map(GoldenCase::longs)
                        .toArray(long[][]::new));
            case "argmax" -> Target.argmax();
            case "difference" ->
                Target.difference(
                        Target.index(target.get("index").getAsLong()),
                        Target.index(target.get("minus").getAsLong()));
            case "probability" -> Target.probability(target.get("index").getAsLong());
            case "sum-of-squares" -> Targets.ofFunction("sum-of-squares");
            default -> throw new IllegalArgumentException("target " + target);
        };
    }

    /**
     * Returns the run of a case: Captum's options for splitting work become batches here, and must not change
     * the result.
     */
    public Run run() {
        Run run = Run.defaults();
        for (String rows : List.of("internal-batch-rows", "samples-per-batch", "perturbations-per-evaluation")) {
            if (given.options().has(rows)) {
                run = run.batchRows(given.options().integer(rows));
            }
        }
        return given.compare().equals("with-draws") ? RecordedDraws.replay(model, given, run) : run;
    }
}
