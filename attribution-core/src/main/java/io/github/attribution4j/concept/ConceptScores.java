// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.concept;

import io.github.attribution4j.Provenance;
import io.github.attribution4j.run.Run.Counts;
import java.util.List;

/** Scores of concepts at layers for targets, and where they come from. Immutable; holds no tensors. */
public final class ConceptScores {
    private final List<ConceptScore> all;
    private final List<List<Double>> chance;
    private final List<String> layers;
    private final List<String> notices;
    private final Counts counts;
    private final List<Provenance> provenances;

    ConceptScores(
            List<ConceptScore> all,
            List<List<Double>> chance,
            List<String> layers,
            List<String> notices,
            Counts counts,
            List<Provenance> provenances) {
        this.all = List.copyOf(all);
        this.chance = List.copyOf(chance);
        this.layers = List.copyOf(layers);
        this.notices = List.copyOf(notices);
        this.counts = counts;
        this.provenances = List.copyOf(provenances);
    }

    /** Returns all scores: by target, then by layer, then by concept. */
    public List<ConceptScore> all() {
        return all;
    }

    /**
     * Returns the score of a concept, told from random ones or else from another, at a layer.
     *
     * @param target position of the explained score among the targets
     * @throws IllegalArgumentException if there is none
     */
    public ConceptScore get(String concept, String layer, int target) {
        return all.stream()
                .filter(score ->
                        score.concept().equals(concept) && score.layer().equals(layer) && score.target() == target)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("concept '" + concept + "' has no score at layer '"
                        + layer + "' for target " + target + "; there are " + all));
    }

    /** Returns {@link #get(String, String, int)} for the first target. */
    public ConceptScore get(String concept, String layer) {
        return get(concept, layer, 0);
    }

    /** Returns the layers, in order. */
    public List<String> layers() {
        return layers;
    }

    /**
     * Returns for each random concept the mean sign count that it has against the others: what chance gives. None
     * without random concepts.
     */
    public double[] chance(String layer, int target) {
        int number = layers.indexOf(layer);
        if (number < 0 || target < 0 || target >= provenances.size()) {
            throw new IllegalArgumentException("layer '" + layer + "' and target " + target + ": there are the layers "
                    + layers + " and " + provenances.size() + " targets, from 0");
        }
        return chance.get(target * layers.size() + number).stream()
                .mapToDouble(Double::doubleValue)
                .toArray();
    }

    /** Returns notices, among them one for each concept that a layer does not tell from others. */
    public List<String> notices() {
        return notices;
    }

    /** Returns the cost, with that of the activations if they were computed for these scores. */
    public Counts counts() {
        return counts;
    }

    /** Returns where the scores of a target come from. */
    public Provenance provenance(int target) {
        return provenances.get(target);
    }

    /** Returns the scores, one each line. */
    @Override
    public String toString() {
        return String.join("\n", all.stream().map(ConceptScore::toString).toList());
    }
}
