// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/**
 * Eigen class activation map: the activation projected on the one direction of its channels that explains most of it.
 * It needs no gradient and no target: the map shows the strongest pattern in the layer, whatever the class.
 *
 * <pre>  A = U Σ Vᵀ  (rows: positions, columns: channels; singular values descending)
 *  L[p] = Σ_k V[k, 1] · A[k, p]</pre>
 *
 * <p><b>Sign.</b> A singular vector has no sign of its own. Here the entries of V[·, 1] have a positive sum, so that
 * the map is high where activations are mostly high. If that sum is 0 within 1e-9 of its largest possible value, the
 * (first) entry of largest magnitude is positive. After a rectifier all entries have one sign, and the map is not
 * negative. If the two largest singular values are equal, the direction is undetermined; one of the possible directions
 * is returned, always the same.
 *
 * <p>Computed on the CPU in double precision (Lanczos iteration, no full decomposition).
 *
 * <p><b>Cost.</b> For each example and layer: one forward row of the head of the model, and one of the model for the
 * scores. No backward rows.
 *
 * <p><b>Paper.</b> Muhammad and Yeasin, <i>Eigen-CAM: Class Activation Map using Principal Components</i>, 2020. It
 * does not center.
 *
 * <p><b>Compared with others.</b> Captum has none. pytorch-grad-cam subtracts every channel's mean
 * ({@code centered(true)}), keeps the sign that the decomposition returns, then sets negative values to 0 and scales to
 * 0 … 1.
 *
 * <p><b>Variant.</b> {@link #ofGradients Eigen-Grad-CAM}, of activation times gradient.
 *
 * <p>Settings: {@code centered}, and {@code layer}, {@code layout}, {@code upsample}, {@code relu} and {@code merge},
 * as for all maps.
 */
public final class EigenCam extends ClassActivationMap<EigenCam> {
    private static final Setting<Boolean> CENTERED =
            Setting.of("centered", Kind.FLAG, false, "whether each channel's mean over positions is subtracted before");
    private static final Description<EigenCam> OF_ACTIVATION = Description.of(
            "eigen-cam",
            Need.LAYERS,
            "the strongest pattern of a layer's activation, without gradients, for no class in particular",
            settings -> new EigenCam(settings, false),
            CamSettings.and(CENTERED));
    private static final Description<EigenCam> OF_GRADIENTS = Description.of(
            "eigen-grad-cam",
            Need.LAYERS,
            "the strongest pattern of activation times gradient",
            settings -> new EigenCam(settings, true),
            CamSettings.and(CENTERED));

    private final boolean gradients;

    private EigenCam(Settings<EigenCam> settings, boolean gradients) {
        super(settings);
        this.gradients = gradients;
    }

    /**
     * Creates Eigen-CAM with its defaults.
     *
     * @param layers addresses of values inside the model, usually the last one with positions
     */
    public EigenCam(String... layers) {
        this(CamSettings.at(OF_ACTIVATION, layers), false);
    }

    /**
     * Returns Eigen-Grad-CAM: {@link EigenCam} of activation times gradient instead of the activation. It shows the
     * strongest pattern in the channels' contributions to the score, which depends on the class.
     *
     * <pre>  (G∘A) = U Σ Vᵀ  (rows: positions, columns: channels)        L[p] = Σ_k V[k, 1] · G[k, p] · A[k, p]</pre>
     *
     * <p><b>Sign.</b> As in {@link EigenCam}: the entries of V[·, 1] have a positive sum, so that the map is high where
     * contributions are mostly high.
     *
     * <p><b>Cost.</b> For each example and layer: a forward row of the model, and a backward row that ends at the
     * layer.
     *
     * <p><b>Paper.</b> None of its own: the combination of Muhammad and Yeasin, <i>Eigen-CAM</i>, 2020, with Selvaraju
     * et al., <i>Grad-CAM</i>, 2017, known from pytorch-grad-cam, which subtracts every channel's mean
     * ({@code centered(true)}) and keeps the sign that the decomposition returns. Captum has none.
     *
     * @param layers addresses of values inside the model, usually the last one with positions
     */
    public static EigenCam ofGradients(String... layers) {
        return CamSettings.at(OF_GRADIENTS, layers).method();
    }

    /** Returns the descriptions of both variants. */
    public static List<Description<EigenCam>> descriptions() {
        return List.of(OF_ACTIVATION, OF_GRADIENTS);
    }

    /**
     * Returns a copy that first subtracts each channel's mean over positions, or does not (the default, as in the
     * paper).
     */
    public EigenCam centered(boolean subtractMeans) {
        return with(CENTERED, subtractMeans);
    }

    @Override
    Tensor map(LayerRun layer) {
        if (gradients) {
            return layer.fromGradients((activation, gradient) ->
                    PrincipalMap.flat(activation.with(gradient.mul(activation.values())), value(CENTERED)));
        }
        // The explanation holds scores, whose cost counts as the method's.
        layer.evaluator().scores();
        layer.plan(layer.evaluator().examples());
        Channels activation = layer.arranged(layer.activation());
        return activation.spread(PrincipalMap.flat(activation, value(CENTERED)));
    }
}
