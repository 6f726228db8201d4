/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.cam;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Target;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Interpolation;
import io.github.attribution4j.testkit.Activation;
import io.github.attribution4j.testkit.AttributionContract;
import io.github.attribution4j.testkit.ReferenceModels;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Nested;

/** The contract of every class activation map, on the plain-Java backend. */
class CamContractTest {
    abstract static class OnImages extends AttributionContract<LayeredModel> {
        @Override
        protected LayeredModel model() {
            return ReferenceModels.cnn(DataType.FLOAT32, 3, Activation.SOFTPLUS, 2, 4);
        }

        @Override
        protected Inputs inputs(LayeredModel model, int examples) {
            return Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 17, examples, 2, 4, 4));
        }

        @Override
        protected Target target() {
            return Target.argmax();
        }
    }

    @Nested
    class OfGradCam extends OnImages {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return GradCam.builder("act2").upsample(Interpolation.BILINEAR).build();
        }
    }

    @Nested
    class OfGradCamPlusPlus extends OnImages {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new GradCamPlusPlus("act1");
        }
    }

    @Nested
    class OfXGradCam extends OnImages {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new XGradCam("act2");
        }
    }

    @Nested
    class OfHiResCam extends OnImages {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return HiResCam.builder("act1", "act2").merge(Merge.EACH).build();
        }
    }

    @Nested
    class OfLayerCam extends OnImages {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return LayerCam.builder("act1", "act2").merge(Merge.SCALED_MEAN).build();
        }
    }

    @Nested
    class OfGradCamElementwise extends OnImages {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new GradCamElementwise("conv2");
        }
    }

    @Nested
    class OfEigenCam extends OnImages {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new EigenCam("conv2");
        }
    }

    @Nested
    class OfEigenGradCam extends OnImages {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return EigenGradCam.builder("act2").centered(true).build();
        }
    }

    @Nested
    class OfScoreCam extends OnImages {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new ScoreCam("act2");
        }
    }

    @Nested
    class OfScoreCamOfIncreases extends OnImages {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return ScoreCam.builder("act1").softmax(false).channels(2).build();
        }
    }

    @Nested
    class OfAblationCam extends OnImages {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return AblationCam.builder("act2").relative(false).build();
        }
    }

    @Nested
    class OfFullGrad extends OnImages {
        @Override
        protected LayeredModel model() {
            return ReferenceModels.cnn(DataType.FLOAT32, 3, Activation.RELU, 2, 4);
        }

        @Override
        protected Attribution<? super LayeredModel> method() {
            return new FullGrad();
        }

        @Override
        protected OptionalDouble completeness() {
            return OptionalDouble.of(1e-5);
        }
    }
}
