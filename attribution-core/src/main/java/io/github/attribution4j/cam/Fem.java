// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;

/**
 * Feature explanation method: where channels are unusually high. It needs no gradient and no target: the map is the
 * same for all classes.
 *
 * <p>With μ[k] and σ[k] the mean and the standard deviation of channel k over its P positions,
 *
 * <pre>  L[p] = Σ_k μ[k] · (1 if A[k, p] ≥ μ[k] + d · σ[k], else 0)        σ[k]² = (1/P) Σ_p (A[k, p] − μ[k])²</pre>
 *
 * <p>The number of deviations d is 2 unless set. No value of P lies further than √(P − 1) deviations above the mean:
 * with 4 positions none reaches 2. An example without any such position has a map of zeros, and a notice says so. A
 * channel that is equal everywhere has no unusual positions, and adds nothing.
 *
 * <p><b>When it misleads.</b> It shows what the layer found striking, not why one class and not another. A mean of a
 * channel of both signs can be negative, and then its highest positions count against. A threshold is a step: a change
 * of the last bits can add a position or take it away.
 *
 * <p>Computed on the CPU in double precision.
 *
 * <p><b>Cost.</b> For each example and layer: one forward row of the head of the model, and one of the model for the
 * scores. No backward rows.
 *
 * <p><b>Paper.</b> Fuad, Martin, Giot, Bourqui, Benois-Pineau and Zemmari, <i>Features Understanding in 3D CNNs for
 * Actions Recognition in Video</i>, 2020, which scales the map to 0 … 1 for its pictures.
 *
 * <p><b>Compared with others.</b> Captum has none. Where Xplique adds the mean of a channel that is equal everywhere to
 * all positions, it is left out here: rounding of its mean would decide.
 *
 * <p>Settings: {@code deviations}, and {@code layer}, {@code layout}, {@code upsample}, {@code relu} and {@code merge},
 * as for all maps.
 */
public final class Fem extends ClassActivationMap<Fem> {
    private static final Setting<Double> DEVIATIONS = Setting.of(
                    "deviations",
                    Kind.NUMBER,
                    2.0,
                    "how many standard deviations above its channel's mean a value is unusual")
            .where("finite and at least 0", value -> value >= 0 && Double.isFinite(value));

    /** What the method says of itself. */
    public static final Description<Fem> DESCRIPTION = Description.of(
            "fem",
            Need.LAYERS,
            "where channels of a layer are unusually high, without gradients, for no class in particular",
            Fem::new,
            CamSettings.and(DEVIATIONS));

    private Fem(Settings<Fem> settings) {
        super(settings);
    }

    /**
     * Creates the method with its defaults.
     *
     * @param layers addresses of values inside the model, usually the last one with positions
     */
    public Fem(String... layers) {
        this(CamSettings.at(DESCRIPTION, layers));
    }

    /** Returns a copy for which values are unusual from so many deviations above the mean on; 2 unless set. */
    public Fem deviations(double deviations) {
        return with(DEVIATIONS, deviations);
    }

    @Override
    Tensor map(LayerRun layer) {
        // The explanation holds scores, whose cost counts as the method's.
        layer.evaluator().scores();
        layer.plan(layer.evaluator().examples());
        Channels activation = layer.arranged(layer.activation());
        double[][][] values = activation.toArrays();
        int places = activation.positionCount();
        double[] maps = new double[values.length * places];
        for (int example = 0; example < values.length; example++) {
            boolean some = false;
            for (double[] channel : values[example]) {
                some |= add(channel, maps, example * places);
            }
            if (!some) {
                layer.evaluator()
                        .notice("layer '" + layer.layer() + "': no value lies " + value(DEVIATIONS)
                                + " standard deviations above its channel's mean in some examples, whose maps are 0;"
                                + " set fewer deviations, or choose a layer of more than " + places + " positions");
            }
        }
        Tensor like = activation.values();
        return activation.spread(like.tensors().of(maps, like.dataType(), Shape.of(values.length, places)));
    }

    /** Adds a channel's mean where the channel is unusually high, and returns whether it is somewhere. */
    private boolean add(double[] channel, double[] maps, int from) {
        double mean = Arrays.stream(channel).average().orElse(0);
        double squares = 0;
        boolean varies = false;
        for (double value : channel) {
            squares += (value - mean) * (value - mean);
            varies |= value != channel[0];
        }
        double least = mean + value(DEVIATIONS) * Math.sqrt(squares / channel.length);
        boolean some = false;
        for (int p = 0; varies && p < channel.length; p++) {
            if (channel[p] >= least) {
                maps[from + p] += mean;
                some = true;
            }
        }
        return some;
    }
}
