// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Training rows that a layer finds similar to an explained example: how similar the activations of the two are, each
 * flattened to one vector.
 *
 * <p>It knows neither labels nor how the model learned. A similar row with another label shows as much influence as one
 * with the same.
 *
 * <p><b>Cost.</b> One forward row as far as the layer for each training row and explained example, in each checkpoint,
 * and one more.
 *
 * <p><b>Compared with Captum.</b> {@code SimilarityInfluence}: the same numbers for {@link Similarity#COSINE} and
 * {@link Similarity#DOT}; its {@code euclidean_distance} with {@code similarity_direction="min"} is the negative of
 * {@link Similarity#EUCLID}. There, the cosine of an activation of zeros has no defined value; here it is 0. Settings:
 * {@code layer}, {@code similarity}.
 */
public final class SimilarityInfluence extends Influence<SimilarityInfluence> {
    private static final Setting<String> LAYER =
            Setting.required("layer", Kind.ADDRESS, "whose activations are compared");
    private static final Setting<Similarity> SIMILARITY = Setting.of(
            "similarity",
            Kind.choice(Similarity.class),
            Similarity.COSINE,
            "how activations are compared: cosine, euclid or dot");

    /** What it says of itself. */
    public static final Description<SimilarityInfluence> DESCRIPTION = Description.of(
            "similarity-influence",
            Need.LAYERS,
            "training rows whose activations at a layer are similar",
            SimilarityInfluence::new,
            LAYER,
            SIMILARITY);

    private SimilarityInfluence(Settings<SimilarityInfluence> settings) {
        super(settings);
    }

    /**
     * Compares by cosine.
     *
     * @param layer address, as {@link Cut.Point} describes
     */
    public SimilarityInfluence(String layer) {
        this(DESCRIPTION.defaults().with(LAYER, layer));
    }

    /** Returns a copy that compares in another way. */
    public SimilarityInfluence similarity(Similarity similarity) {
        return with(SIMILARITY, similarity);
    }

    @Override
    boolean needsLoss() {
        return false;
    }

    @Override
    Similarity similarity() {
        return value(SIMILARITY);
    }

    @Override
    Vectors vectors(Checkpoint checkpoint, Examples training, Run run) {
        return Vectors.of(this::block);
    }

    private Block block(Evaluator evaluator) {
        Cut cut = ((LayeredModel) evaluator.model()).cut(value(LAYER));
        return new Block(
                evaluator.examples(),
                List.of(evaluator.activationsAtInputs(cut).get(0).toDoubleArray()));
    }

    @Override
    Optional<String> remark(Block block) {
        boolean zeros = value(SIMILARITY) == Similarity.COSINE
                && IntStream.range(0, block.rows()).anyMatch(row -> block.squares(row) == 0);
        return zeros
                ? Optional.of("some activations of layer '" + value(LAYER) + "' are all zeros: their cosine with any"
                        + " other is given as 0")
                : Optional.empty();
    }
}
