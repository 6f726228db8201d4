// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.catalog;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Provenance;
import io.github.attribution4j.metric.Axiom;
import io.github.attribution4j.metric.Concentration;
import io.github.attribution4j.metric.Consistency;
import io.github.attribution4j.metric.DropCorrelation;
import io.github.attribution4j.metric.Infidelity;
import io.github.attribution4j.metric.InformationCurve;
import io.github.attribution4j.metric.InputInvariance;
import io.github.attribution4j.metric.Metric;
import io.github.attribution4j.metric.PerturbationCurve;
import io.github.attribution4j.metric.RelativeStability;
import io.github.attribution4j.metric.Road;
import io.github.attribution4j.metric.Sensitivity;
import io.github.attribution4j.metric.agreement.Agreement;
import io.github.attribution4j.metric.localization.Localization;
import io.github.attribution4j.metric.randomization.ParameterRandomization;
import io.github.attribution4j.metric.randomization.RandomLogit;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Setting.Sources;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Every metric of the library, by name, as {@link Methods} has the methods.
 *
 * <p>The name and the settings of a metric are in the provenance of every judgement. {@link #of} makes the metric again
 * from there:
 *
 * <pre>{@code
 * Metric metric = Metrics.of(judgement.provenance());
 * Attribution<? super RuledModel> method = Methods.of(judgement.explained());
 * metric.judge(model, inputs, target, method, judgement.provenance().run());
 * }</pre>
 */
public final class Metrics {
    private static final Catalog<Metric> CATALOG = new Catalog<>(
            "metric",
            "Metrics.all()",
            Stream.<List<? extends Description<? extends Metric>>>of(
                            PerturbationCurve.descriptions(),
                            Road.descriptions(),
                            InformationCurve.descriptions(),
                            DropCorrelation.descriptions(),
                            List.of(Infidelity.DESCRIPTION),
                            Sensitivity.descriptions(),
                            RelativeStability.descriptions(),
                            List.of(Consistency.DESCRIPTION),
                            Concentration.descriptions(),
                            Axiom.descriptions(),
                            List.of(InputInvariance.DESCRIPTION),
                            ParameterRandomization.descriptions(),
                            List.of(RandomLogit.DESCRIPTION),
                            Localization.descriptions(),
                            Agreement.descriptions())
                    .<Description<? extends Metric>>flatMap(List::stream)
                    .toList());

    private Metrics() {}

    /** Returns the descriptions of all metrics, in the order of the documentation. */
    public static List<Description<? extends Metric>> all() {
        return CATALOG.all();
    }

    /**
     * Returns the description of the metric of a name.
     *
     * @throws IllegalArgumentException naming near ones if there is none of that name
     */
    public static Description<? extends Metric> find(String name) {
        return CATALOG.find(name);
    }

    /**
     * Makes a metric from texts. The settings of a method of reference have the prefix {@code reference.}.
     *
     * @param name the name as {@link Metric#name()}
     * @param given texts by name of setting; the others have their defaults
     * @param sources of the arrays that texts name
     * @throws IllegalArgumentException if there is no such metric or setting, or a text does not fit its kind
     */
    public static Metric read(String name, Map<String, String> given, Sources sources) {
        return make(find(name), given, sources);
    }

    private static <S extends Metric> S make(Description<S> description, Map<String, String> given, Sources sources) {
        String reference =
                given.getOrDefault(Agreement.REFERENCE.name(), "none").strip();
        if (!description.has(Agreement.REFERENCE.name()) || reference.equals("none")) {
            return description.read(given, sources).method();
        }
        Catalog.Parts parts = Catalog.Parts.of(given, Agreement.REFERENCE);
        Optional<Attribution<?>> method = Optional.of(Methods.read(reference, parts.inner(), sources));
        return description
                .read(parts.outer(), sources)
                .with(Agreement.REFERENCE, method)
                .method();
    }

    /**
     * Makes the metric again whose judgement has a provenance.
     *
     * @throws IllegalArgumentException if the metric is none of the library's, or its settings hold arrays
     */
    public static Metric of(Provenance provenance) {
        return of(provenance, Sources.none());
    }

    /**
     * Makes the metric again whose judgement has a provenance.
     *
     * @param sources of the arrays of baselines, masks and regions, which are asked for by their text in the provenance
     * @throws IllegalArgumentException if the metric is none of the library's, or an array is missing
     */
    public static Metric of(Provenance provenance, Sources sources) {
        return read(provenance.method(), provenance.settings(), sources);
    }
}
