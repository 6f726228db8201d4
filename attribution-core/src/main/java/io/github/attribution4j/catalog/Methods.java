// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.catalog;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.Provenance;
import io.github.attribution4j.benchmark.RandomAttribution;
import io.github.attribution4j.cam.AblationCam;
import io.github.attribution4j.cam.EigenCam;
import io.github.attribution4j.cam.Fem;
import io.github.attribution4j.cam.FullGrad;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.cam.GuidedGradCam;
import io.github.attribution4j.cam.ScoreCam;
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
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.perturbation.FeaturePermutation;
import io.github.attribution4j.perturbation.Lime;
import io.github.attribution4j.perturbation.Occlusion;
import io.github.attribution4j.perturbation.Rise;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.DeepLiftShap;
import io.github.attribution4j.propagation.GuidedBackprop;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.shapley.OwenValues;
import io.github.attribution4j.shapley.ShapleyInteractions;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.text.TokenAttribution;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Every method of the library, by name.
 *
 * <p>The name and the settings of a method are in the provenance of every explanation. {@link #of} makes the method
 * again from there, also one in a noise tunnel, at a layer, towards a neuron or by token:
 *
 * <pre>{@code
 * Explanation why = Explanation.fromJson(json);
 * Methods.of(why.provenance()).attribute(model, inputs, target, why.provenance().run());
 * }</pre>
 *
 * <p>A provenance holds only the digests of baselines' and masks' arrays; {@link Sources} supply the arrays.
 */
public final class Methods {
    private static final String AT_LAYER = " at layer";
    private static final String TOWARDS_NEURON = " towards neuron";
    private static final String BY_TOKEN = " by token";

    private static final Setting<List<String>> LAYER = Setting.required("layer", Kind.ADDRESSES, "where");
    private static final Setting<Target> UNIT = Setting.required("unit", Target.KIND, "which unit of the layer");

    private static final Catalog<Attribution<?>> CATALOG = new Catalog<>(
            "method",
            "Methods.all()",
            Stream.<List<? extends Description<? extends Attribution<?>>>>of(
                            List.of(
                                    Saliency.DESCRIPTION,
                                    InputXGradient.DESCRIPTION,
                                    IntegratedGradients.DESCRIPTION,
                                    Idgi.DESCRIPTION,
                                    GuidedIntegratedGradients.DESCRIPTION,
                                    BlurIntegratedGradients.DESCRIPTION,
                                    LayerActivation.DESCRIPTION,
                                    GradientXActivation.DESCRIPTION,
                                    InternalInfluence.DESCRIPTION,
                                    Conductance.DESCRIPTION,
                                    NeuronConductance.DESCRIPTION),
                            GradientShap.descriptions(),
                            GradCam.descriptions(),
                            EigenCam.descriptions(),
                            List.of(
                                    Fem.DESCRIPTION,
                                    ScoreCam.DESCRIPTION,
                                    AblationCam.DESCRIPTION,
                                    FullGrad.DESCRIPTION,
                                    GuidedGradCam.DESCRIPTION,
                                    FeatureAblation.DESCRIPTION,
                                    FeaturePermutation.DESCRIPTION,
                                    Occlusion.DESCRIPTION,
                                    Rise.DESCRIPTION,
                                    ShapleyValues.DESCRIPTION,
                                    ShapleySampling.DESCRIPTION,
                                    KernelShap.DESCRIPTION,
                                    OwenValues.DESCRIPTION,
                                    ShapleyInteractions.DESCRIPTION,
                                    Lime.DESCRIPTION,
                                    DeepLift.DESCRIPTION,
                                    DeepLiftShap.DESCRIPTION,
                                    Lrp.DESCRIPTION),
                            GuidedBackprop.descriptions(),
                            NoiseTunnel.descriptions())
                    .<Description<? extends Attribution<?>>>flatMap(List::stream)
                    .toList());

    private Methods() {}

    /** Returns the descriptions of all methods, in the order of the documentation. */
    public static List<Description<? extends Attribution<?>>> all() {
        return CATALOG.all();
    }

    /**
     * Returns the description of the method of a name: one of {@link #all}, or {@code random}, with which metrics
     * compare methods.
     *
     * @throws IllegalArgumentException naming near ones if there is none of that name
     */
    public static Description<? extends Attribution<?>> find(String name) {
        return name.equals(RandomAttribution.DESCRIPTION.name()) ? RandomAttribution.DESCRIPTION : CATALOG.find(name);
    }

    /**
     * Makes a method from texts. A method without a layer of its own is applied at the setting {@code layer}, if there
     * is one, and towards the setting {@code unit}. The settings of a wrapped method have the prefix {@code method.}.
     *
     * @param name the name as {@link Attribution#name()}
     * @param given texts by name of setting; the others have their defaults
     * @param sources of the arrays that texts name
     * @return the method, for any model that has all that it needs
     * @throws IllegalArgumentException if there is no such method or setting, or a text does not fit its kind
     */
    public static Attribution<? super RuledModel> read(String name, Map<String, String> given, Sources sources) {
        if (name.endsWith(BY_TOKEN)) {
            return byToken(name.substring(0, name.length() - BY_TOKEN.length()), given, sources);
        }
        Description<? extends Attribution<?>> description = find(without(TOWARDS_NEURON, without(AT_LAYER, name)));
        Map<String, String> own = new LinkedHashMap<>(given);
        String layer = description.has(LAYER.name()) ? null : own.remove(LAYER.name());
        String unit = layer == null || description.has(UNIT.name()) ? null : own.remove(UNIT.name());
        Attribution<? super RuledModel> method = make(description, own, sources);
        if (layer == null) {
            return method;
        }
        List<String> layers = LAYER.read(layer, sources);
        if (unit != null && layers.size() > 1) {
            throw new IllegalArgumentException("unit " + unit + ": is of one layer, and layer names " + layers.size()
                    + ", " + layer + "; give one (a comma in its name is \\,)");
        }
        return unit == null
                ? Attribution.<RuledModel>at(layers, method)
                : Attribution.<RuledModel>towards(layers.get(0), UNIT.read(unit, sources), method);
    }

    /**
     * Makes the method again whose explanation has a provenance.
     *
     * @throws IllegalArgumentException if the method is none of the library's, or its settings hold arrays
     */
    public static Attribution<? super RuledModel> of(Provenance provenance) {
        return of(provenance, Sources.none());
    }

    /**
     * Makes the method again whose explanation has a provenance.
     *
     * @param sources of the arrays of baselines and masks, which are asked for by their text in the provenance, such as
     *     {@code (1, 4) sha256:0123456789abcdef}
     * @throws IllegalArgumentException if the method is none of the library's, or an array is missing
     */
    public static Attribution<? super RuledModel> of(Provenance provenance, Sources sources) {
        return read(provenance.method(), provenance.settings(), sources);
    }

    /**
     * Returns the target for a replay of an explanation.
     *
     * @param method made from its provenance
     * @throws IllegalArgumentException if the explanation's description is not the whole target; see
     *     {@link Target#parse}
     */
    public static Target target(Explanation explanation, Attribution<?> method) {
        Provenance provenance = explanation.provenance();
        return method.ownScore().isPresent()
                ? Target.output()
                : Target.parse(provenance.target(), explanation.classes());
    }

    private static String without(String ending, String name) {
        return name.endsWith(ending) ? name.substring(0, name.length() - ending.length()) : name;
    }

    @SuppressWarnings("unchecked") // A ruled model is all that any method needs.
    private static <S extends Attribution<?>> Attribution<? super RuledModel> make(
            Description<S> description, Map<String, String> given, Sources sources) {
        String wrapped = NoiseTunnel.METHOD.name();
        if (!description.has(wrapped) || !given.containsKey(wrapped)) {
            return (Attribution<? super RuledModel>)
                    description.read(given, sources).method();
        }
        Catalog.Parts parts = Catalog.Parts.of(given, NoiseTunnel.METHOD);
        Settings<S> settings = description
                .read(parts.outer(), sources)
                .with(NoiseTunnel.METHOD, read(String.valueOf(given.get(wrapped)), parts.inner(), sources));
        return (Attribution<? super RuledModel>) settings.method();
    }

    private static Attribution<? super RuledModel> byToken(String name, Map<String, String> given, Sources sources) {
        Map<String, String> own = new LinkedHashMap<>(given);
        String embeddings = own.remove("embeddings");
        String grouping = own.remove("grouping");
        String reduction = own.remove("reduction");
        TokenAttribution<RuledModel> tokens = TokenAttribution.of(read(name, own, sources));
        if ("every".equals(embeddings)) {
            tokens = tokens.everyEmbedding();
        } else if (embeddings != null && !embeddings.equals("of inputs")) {
            tokens = tokens.at(LAYER.read(embeddings, sources).toArray(String[]::new));
        }
        if ("by-embedding".equals(grouping)) {
            tokens = tokens.byEmbedding();
        } else if ("together".equals(grouping)) {
            tokens = tokens.together();
        }
        return reduction == null
                ? tokens
                : tokens.reduction(TokenAttribution.Reduction.valueOf(reduction.toUpperCase(Locale.ROOT)));
    }
}
