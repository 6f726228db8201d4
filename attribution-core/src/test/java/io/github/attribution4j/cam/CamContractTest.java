// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.MethodContract;
import io.github.attribution4j.cam.GradCam.Merge;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of every class activation map, on the plain-Java backend. */
@ParameterizedClass(name = "{0}")
@MethodSource("cases")
final class CamContractTest extends MethodContract<LayeredModel> {
    private static final Setting<LayeredModel> ON_IMAGES = new Setting<LayeredModel>(
                    () -> ReferenceModels.cnn(DataType.FLOAT32, 3, Activation.SOFTPLUS, 2, 4),
                    examples -> Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 17, examples, 2, 4, 4)))
            .target(Target.argmax());

    CamContractTest(Case<LayeredModel> tried) {
        super(tried);
    }

    static List<Case<LayeredModel>> cases() {
        return List.of(
                ON_IMAGES.of("Grad-CAM", new GradCam("act2").upsample(Tensor.Interpolation.BILINEAR)),
                ON_IMAGES.of("Grad-CAM++", GradCam.plusPlus("act1")),
                ON_IMAGES.of("XGrad-CAM", GradCam.xGrad("act2")),
                ON_IMAGES.of("HiResCAM", GradCam.hiRes("act1", "act2").merge(Merge.EACH)),
                ON_IMAGES.of("Layer-CAM", GradCam.layerCam("act1", "act2").merge(Merge.SCALED_MEAN)),
                ON_IMAGES.of("Grad-CAM elementwise", GradCam.elementwise("conv2")),
                ON_IMAGES.of("Eigen-CAM", new EigenCam("conv2")),
                ON_IMAGES.of("Eigen-Grad-CAM", EigenCam.ofGradients("act2").centered(true)),
                ON_IMAGES.of("FEM", new Fem("act1").deviations(1)),
                ON_IMAGES.of("Score-CAM", new ScoreCam("act2")),
                ON_IMAGES.of(
                        "Score-CAM of increases",
                        new ScoreCam("act1").softmax(false).channels(2)),
                ON_IMAGES.of("Ablation-CAM", new AblationCam("act2").relative(false)),
                ON_IMAGES
                        .model(() -> ReferenceModels.cnn(DataType.FLOAT32, 3, Activation.RELU, 2, 4))
                        .of("FullGrad", new FullGrad())
                        .completeTo(1e-5));
    }
}
