// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.cam.AblationCam;
import io.github.attribution4j.cam.ActivationLayout;
import io.github.attribution4j.cam.EigenCam;
import io.github.attribution4j.cam.Fem;
import io.github.attribution4j.cam.FullGrad;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.cam.GradCam.Merge;
import io.github.attribution4j.cam.ScoreCam;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.view.LayerInspector;
import io.github.attribution4j.view.LayerView;
import io.github.attribution4j.visual.Caption;
import io.github.attribution4j.visual.Histograms;
import io.github.attribution4j.visual.MapGrid;
import io.github.attribution4j.visual.Picture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ClassActivationMapsTest {
    private static TorchScriptModel model;
    private Tensor image;

    @BeforeAll
    static void load() {
        model = TorchScriptModel.load(Demo.FILES.resolve("digits.pt"));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @BeforeEach
    void read() throws IOException {
        image = Demo.digit(3, model.tensors());
    }

    @AfterEach
    void free() {
        image.close();
    }

    private static void shaped(Explanation why, long... dims) {
        try (why) {
            assertThat(why.attribution().shape()).isEqualTo(Shape.of(dims));
            assertThat(why.attribution().toFloatArray())
                    .isNotEqualTo(new float[(int) Shape.of(dims).size()]);
        }
    }

    @Test
    void gradCamPlusPlus() {
        // tag::grad-cam-plus-plus
        GradCam method = GradCam.plusPlus("relu3").upsample(Tensor.Interpolation.BILINEAR);
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // shape (1, 1, 8, 8)
        // end::grad-cam-plus-plus
        shaped(why, 1, 1, 8, 8);
    }

    @Test
    void xGradCam() {
        // tag::x-grad-cam
        GradCam method = GradCam.xGrad("relu3");
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // shape (1, 1, 4, 4)
        // end::x-grad-cam
        shaped(why, 1, 1, 4, 4);
    }

    @Test
    void hiResCam() {
        // tag::hi-res-cam
        GradCam method = GradCam.hiRes("relu3");
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // shape (1, 1, 4, 4)
        // end::hi-res-cam
        shaped(why, 1, 1, 4, 4);
    }

    @Test
    void layerCam() {
        // tag::layer-cam
        GradCam method = GradCam.layerCam("relu1", "relu2", "relu3")
                .merge(Merge.SCALED_MEAN)
                .upsample(Tensor.Interpolation.BILINEAR);
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // shape (1, 1, 8, 8)
        // end::layer-cam
        shaped(why, 1, 1, 8, 8);
    }

    @Test
    void gradCamElementwise() {
        // tag::grad-cam-elementwise
        GradCam method = GradCam.elementwise("relu2");
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // shape (1, 1, 8, 8)
        // end::grad-cam-elementwise
        shaped(why, 1, 1, 8, 8);
    }

    @Test
    void eigenCam() {
        // tag::eigen-cam
        EigenCam method = new EigenCam("relu2");
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // shape (1, 1, 8, 8)
        // end::eigen-cam
        shaped(why, 1, 1, 8, 8);
    }

    @Test
    void fem() {
        // tag::fem
        Fem method = new Fem("relu2").deviations(1.5);
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // shape (1, 1, 8, 8)
        // end::fem
        shaped(why, 1, 1, 8, 8);
    }

    @Test
    void eigenGradCam() {
        // tag::eigen-grad-cam
        EigenCam method = EigenCam.ofGradients("relu2");
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // shape (1, 1, 8, 8)
        // end::eigen-grad-cam
        shaped(why, 1, 1, 8, 8);
    }

    @Test
    void scoreCam() {
        // tag::score-cam
        ScoreCam method = new ScoreCam("relu2").channels(8);
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // shape (1, 1, 8, 8)
        // end::score-cam
        shaped(why, 1, 1, 8, 8);
    }

    @Test
    void ablationCam() {
        // tag::ablation-cam
        AblationCam method = new AblationCam("relu3");
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // shape (1, 1, 4, 4)
        // end::ablation-cam
        shaped(why, 1, 1, 4, 4);
    }

    @Test
    void fullGrad() {
        // tag::full-grad
        FullGrad method = new FullGrad();
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // shape (1, 1, 8, 8)
        double withoutPlace = why.baselineScores().orElseThrow()[0]; // the bias of the last layer
        double missing = why.completenessGap()[0]; // next to nothing: a network of rectifiers
        // end::full-grad
        assertThat(missing).isCloseTo(0, within(1e-4));
        assertThat(withoutPlace).isNotZero();
        shaped(why, 1, 1, 8, 8);
    }

    @Test
    void transformer() {
        // tag::transformer
        GradCam vit = new GradCam("encoder.layers.encoder_layer_11.ln_1")
                .layout(ActivationLayout.tokens(1, 14, 14)) // one class token, then 14 rows of 14 patches
                .upsample(Tensor.Interpolation.BILINEAR); // to the image
        GradCam swin = new GradCam("features.7.1.norm1").layout(ActivationLayout.channelsLast()); // (N, H, W, C)
        // end::transformer
        assertThat(vit.settings()).containsEntry("layout", ActivationLayout.tokens(1, 14, 14));
        assertThat(swin.settings()).containsEntry("layout", ActivationLayout.channelsLast());
    }

    @Test
    void several() {
        // tag::several
        GradCam merged = GradCam.layerCam("relu2", "relu3")
                .upsample(Tensor.Interpolation.BILINEAR) // maps of different sizes meet at the input's
                .merge(Merge.SCALED_MEAN);
        GradCam apart = GradCam.layerCam("relu2", "relu3").merge(Merge.EACH);
        Explanation why = merged.attribute(model, Inputs.of(image), Target.index(3)); // shape (1, 1, 8, 8)
        Explanation both = apart.attribute(model, Inputs.of(image), Target.index(3)); // names relu2 and relu3
        // end::several
        shaped(why, 1, 1, 8, 8);
        try (both) {
            assertThat(both.names()).containsExactly("relu2", "relu3");
        }
    }

    @Test
    void compare() throws IOException {
        // tag::compare
        List<Attribution<LayeredModel>> methods = List.of(
                new GradCam("relu2"),
                GradCam.plusPlus("relu2"),
                GradCam.xGrad("relu2"),
                GradCam.hiRes("relu2"),
                GradCam.layerCam("relu2"),
                GradCam.elementwise("relu2"),
                new EigenCam("relu2"),
                EigenCam.ofGradients("relu2"),
                new ScoreCam("relu2").softmax(false),
                new AblationCam("relu2"),
                new FullGrad());
        MapGrid grid = MapGrid.empty().scaling(MapGrid.Scaling.OWN).columns(4).cellSize(136);
        grid = grid.add("input", image.toDoubleArray(), 8, 8);
        for (Attribution<LayeredModel> method : methods) {
            try (Explanation why = method.attribute(model, Inputs.of(image), Target.index(3))) {
                grid = grid.add(method.name(), why.attribution().toDoubleArray(), 8, 8);
            }
        }
        Picture picture =
                grid.caption(Caption.of("Why is this a 3? Layer relu2")).picture();
        // end::compare
        Demo.assertShown(picture, "class-activation-maps.png");
    }

    @Test
    void segmentation() {
        Tensor mask = model.tensors().full(Shape.of(4, 4), DataType.FLOAT32, 1);
        try (mask) {
            // tag::segmentation
            Target region = Target.region(17, mask); // sum of channel 17 over the places where the mask is 1
            // end::segmentation
            assertThat(region.describe()).contains("17");
        }
    }

    @Test
    void views() throws IOException {
        Path folder = Files.createTempDirectory("views");
        List<Double> report = new ArrayList<>();
        // tag::views
        try (LayerInspector.Views views =
                new LayerInspector("relu1", "relu2").inspect(model, Inputs.of(image), Target.index(3))) {
            LayerView relu2 = views.get("relu2");
            report.add(relu2.statistics(LayerView.Quantity.ACTIVATION).zeros()); // how much of it is 0
            report.add(
                    relu2.channelStatistics(LayerView.Quantity.GRADIENT).get(9).norm());
            MapGrid.of(relu2, LayerView.Quantity.ACTIVATION, 0).picture().write(folder.resolve("relu2.png"));
            Histograms.of(views, LayerView.Quantity.GRADIENT).picture().write(folder.resolve("flow.png"));
        }
        try (Tensor filters = model.weight("conv1.weight")) { // shape (16, 1, 3, 3)
            MapGrid.ofFilters(filters).picture().write(folder.resolve("conv1.png"));
        }
        // end::views
        assertThat(report.get(0)).isBetween(0.1, 0.99);
        assertThat(report.get(1)).isPositive();
        for (String name : List.of("relu2.png", "flow.png", "conv1.png")) {
            assertThat(ImageIO.read(folder.resolve(name).toFile()).getWidth()).isGreaterThan(100);
            Files.delete(folder.resolve(name));
        }
        Files.delete(folder);
    }
}
