// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.modality.Classifications;
import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.ImageFactory;
import ai.djl.modality.cv.transform.Resize;
import ai.djl.modality.cv.transform.ToTensor;
import ai.djl.modality.cv.translator.ImageClassificationTranslator;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.LambdaBlock;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.contract.ModelContract;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Models as a service has them: loaded by DJL, with a translator. */
@ExtendWith(LeakExtension.class)
class DjlModelTest {
    private static ZooModel<Image, Classifications> service() {
        Device device = TestModels.options().device();
        try {
            return Criteria.builder()
                    .setTypes(Image.class, Classifications.class)
                    .optModelPath(TestModels.file("cnn.traced.pt").getParent())
                    .optModelName("cnn.traced")
                    .optEngine("PyTorch")
                    .optDevice(device)
                    .optTranslator(ImageClassificationTranslator.builder()
                            .setImageSize(16, 16)
                            .addTransform(new Resize(16, 16))
                            .addTransform(new ToTensor())
                            .optSynset(List.of("a", "b", "c", "d", "e"))
                            .optApplySoftmax(true)
                            .build())
                    .build()
                    .loadModel();
        } catch (IOException | ModelNotFoundException | MalformedModelException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Image image() {
        BufferedImage picture = new BufferedImage(20, 30, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 600; i++) {
            picture.setRGB(i % 20, i / 20, i * 7919 * 31);
        }
        return ImageFactory.getInstance().fromImage(picture);
    }

    @Nested
    class Contract extends ModelContract {
        @Override
        protected Model model() {
            return new Owning(service());
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(TestModels.normal(model, DataType.FLOAT32, rows, 1, 3, 16, 16));
        }

        @Override
        protected double batchTolerance() {
            return 1e-5;
        }
    }

    /** Closes the DJL model with ours, which a user does by hand. */
    private record Owning(ZooModel<?, ?> service, DjlModel model) implements Model {
        Owning(ZooModel<?, ?> service) {
            this(service, DjlModel.of(service));
        }

        @Override
        public Tensor forward(Inputs inputs) {
            return model.forward(inputs);
        }

        @Override
        public Tensors tensors() {
            return model.tensors();
        }

        @Override
        public Model.Identity identity() {
            return model.identity();
        }

        @Override
        public void close() {
            model.close();
            service.close();
        }
    }

    @Test
    @DisplayName("A service's own image becomes the inputs of its model, and of the model reloaded for gradients")
    void serviceImage() throws TranslateException {
        try (ZooModel<Image, Classifications> zoo = service();
                var predictor = zoo.newPredictor();
                DjlModel model = DjlModel.of(zoo);
                TorchScriptModel reloaded = TorchScriptModel.reload(zoo);
                TensorScope scope = TensorScope.open()) {
            Classifications answer = predictor.predict(image());
            Inputs inputs = DjlInputs.of(zoo).inputs(image());
            assertThat(inputs.tensor(0)).hasShape(1, 3, 16, 16).hasType(DataType.FLOAT32);
            Tensor scores = model.forward(inputs);
            Tensor odds = scores.exp();
            double[] probabilities = odds.div(odds.sum()).toDoubleArray();
            for (int i = 0; i < 5; i++) {
                Assertions.assertThat(
                                answer.get(List.of("a", "b", "c", "d", "e").get(i))
                                        .getProbability())
                        .isCloseTo(probabilities[i], Assertions.within(1e-5));
            }
            assertThat(reloaded.forward(inputs)).isCloseToWithin(1e-5, scores);
            Assertions.assertThat(model.identity().digest())
                    .isEqualTo(reloaded.identity().digest());
            try (var pullback = reloaded.pullback(inputs)) {
                Tensor gradient = pullback.vjp(pullback.output()).get(0);
                Assertions.assertThat(gradient.abs().max().toDoubleArray()[0]).isPositive();
            }
        }
    }

    @Test
    @DisplayName("A block without an archive cannot be reloaded for gradients, and the message says what to do")
    void notReloadable() {
        try (ai.djl.Model model = ai.djl.Model.newInstance("own", "PyTorch")) {
            model.setBlock(LambdaBlock.singleton(array -> array.mul(2)));
            assertThatThrownBy(() -> TorchScriptModel.reload(model))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContainingAll("'own'", "TorchScriptModel.load", "perturbation", "DjlModel.of");
        }
    }

    @Test
    @DisplayName("A block is a model; a wrong shape is one line")
    void block() {
        try (NDManager manager = NDManager.newBaseManager(TestModels.options().device(), "PyTorch");
                DjlModel model = DjlModel.of(LambdaBlock.singleton(array -> array.matMul(array)), manager);
                TensorScope scope = TensorScope.open()) {
            Tensor x = model.tensors().of(new float[] {1, 2, 3, 4}, 2, 2);
            assertThat(model.forward(Inputs.of(x))).hasValues(7, 10, 15, 22);
            Tensor wrong = model.tensors().of(new float[6], 2, 3);
            assertThatThrownBy(() -> model.forward(Inputs.of(wrong)))
                    .isInstanceOf(ModelException.class)
                    .satisfies(
                            e -> Assertions.assertThat(e.getMessage().lines()).hasSize(1));
        }
    }
}
