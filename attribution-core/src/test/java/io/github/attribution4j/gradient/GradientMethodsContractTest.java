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
package io.github.attribution4j.gradient;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Baseline;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.Target;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.path.Quadrature;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Interpolation;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.testkit.Activation;
import io.github.attribution4j.testkit.AttributionContract;
import io.github.attribution4j.testkit.ReferenceModels;
import java.util.OptionalDouble;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;

/** The contract of every gradient method, on the plain-Java backend. */
class GradientMethodsContractTest {
    /** Samples and references, which methods need to stay open. */
    private static final Tensor SAMPLES = ReferenceModels.normal(DataType.FLOAT32, 5, 6, 4);

    private static final Tensor PER_EXAMPLE =
            ReferenceModels.normal(DataType.FLOAT32, 6, AttributionContract.EXAMPLES, 4);

    @AfterAll
    static void close() {
        SAMPLES.close();
        PER_EXAMPLE.close();
    }

    abstract static class OnPerceptron extends AttributionContract<LayeredModel> {
        @Override
        protected LayeredModel model() {
            return ReferenceModels.mlp(DataType.FLOAT32, 3, Activation.TANH, 4, 8, 3);
        }

        @Override
        protected Inputs inputs(LayeredModel model, int examples) {
            return Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 17, examples, 4));
        }

        @Override
        protected Target target() {
            return Target.indexes(2, 0, 1, 2);
        }
    }

    @Nested
    class OfSaliency extends OnPerceptron {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new Saliency();
        }
    }

    @Nested
    class OfSignedSaliency extends OnPerceptron {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return Saliency.signed();
        }

        @Override
        protected Target target() {
            return Target.argmax();
        }
    }

    @Nested
    class OfInputXGradient extends OnPerceptron {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new InputXGradient();
        }

        @Override
        protected Target target() {
            return Target.difference(Target.probability(0), Target.probability(2));
        }
    }

    @Nested
    class OfIntegratedGradients extends OnPerceptron {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new IntegratedGradients();
        }

        @Override
        protected OptionalDouble completeness() {
            return OptionalDouble.of(1e-6);
        }
    }

    @Nested
    class OfIntegratedGradientsFromReferences extends OnPerceptron {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return IntegratedGradients.builder()
                    .steps(9)
                    .quadrature(Quadrature.RIEMANN_MIDDLE)
                    .baseline(Baseline.of(PER_EXAMPLE))
                    .build();
        }

        @Override
        protected OptionalDouble completeness() {
            return OptionalDouble.of(0.05);
        }
    }

    @Nested
    class OfAveragedGradients extends OnPerceptron {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return IntegratedGradients.builder()
                    .steps(5)
                    .multiplyByInputs(false)
                    .build();
        }
    }

    @Nested
    class OfIntegratedGradientsWithFixedInput extends OnPerceptron {
        @Override
        protected LayeredModel model() {
            return ReferenceModels.twoInputs(DataType.FLOAT32, 9, 4, 2, 3);
        }

        @Override
        protected Inputs inputs(LayeredModel model, int examples) {
            return Inputs.builder()
                    .attribute("x", ReferenceModels.normal(DataType.FLOAT32, 17, examples, 4))
                    .fixed("y", ReferenceModels.normal(DataType.FLOAT32, 18, examples, 2))
                    .build();
        }

        @Override
        protected Attribution<? super LayeredModel> method() {
            return new IntegratedGradients();
        }

        @Override
        protected OptionalDouble completeness() {
            return OptionalDouble.of(1e-5);
        }
    }

    @Nested
    class OfGradientShap extends OnPerceptron {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return GradientShap.builder()
                    .samples(11)
                    .stdev(0.2)
                    .baseline(Baseline.samples(SAMPLES))
                    .build();
        }

        @Override
        protected boolean random() {
            return true;
        }
    }

    @Nested
    class OfGradientShapOfTwoInputs extends OfIntegratedGradientsWithFixedInput {
        @Override
        protected Inputs inputs(LayeredModel model, int examples) {
            return Inputs.of(
                    ReferenceModels.normal(DataType.FLOAT32, 17, examples, 4),
                    ReferenceModels.normal(DataType.FLOAT32, 18, examples, 2));
        }

        @Override
        protected Attribution<? super LayeredModel> method() {
            return GradientShap.builder()
                    .stdev(0, 0.5)
                    .baseline(Baseline.uniform(-1, 1))
                    .multiplyByInputs(false)
                    .build();
        }

        @Override
        protected OptionalDouble completeness() {
            return OptionalDouble.empty();
        }

        @Override
        protected boolean random() {
            return true;
        }
    }

    @Nested
    class OfIntegratedGradientsAtLayer extends OnPerceptron {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return IntegratedGradients.builder()
                    .baseline(Baseline.of(PER_EXAMPLE).throughHead())
                    .build()
                    .at("act1");
        }

        @Override
        protected OptionalDouble completeness() {
            return OptionalDouble.of(1e-6);
        }
    }

    @Nested
    class OfGradientTowardsNeuron extends OnPerceptron {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return Saliency.signed().towards("fc1", Target.index(5));
        }

        @Override
        protected LayeredModel model() {
            return ReferenceModels.mlp(DataType.FLOAT32, 3, Activation.TANH, 4, 8);
        }

        @Override
        protected Target target() {
            return Target.index(5);
        }
    }

    @Nested
    class OfSmoothGrad extends OnPerceptron {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return NoiseTunnel.smoothGrad(new Saliency()).samples(6).stdev(0.3);
        }

        @Override
        protected boolean random() {
            return true;
        }
    }

    @Nested
    class OfSmoothGradSquared extends OfSmoothGrad {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return NoiseTunnel.smoothGradSquared(IntegratedGradients.builder()
                            .steps(3)
                            .baseline(Baseline.of(PER_EXAMPLE))
                            .build())
                    .stdev(0.3);
        }
    }

    @Nested
    class OfVarGrad extends OfSmoothGrad {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return NoiseTunnel.varGrad(new GradientShap(Baseline.samples(SAMPLES)))
                    .samples(3)
                    .stdev(0.3);
        }

        @Override
        protected double batchTolerance() {
            // A variance: twice the relative rounding error of what it is made of, which is itself a sum that cancels.
            return 4e-6;
        }
    }

    @Nested
    class OfSmoothGradAtLayer extends OfSmoothGrad {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return NoiseTunnel.smoothGrad(new InputXGradient().at("act1"));
        }
    }

    @Nested
    class OfNoiseInTheLayer extends OfSmoothGrad {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return Attribution.at("act1", NoiseTunnel.smoothGrad(new InputXGradient()));
        }
    }

    abstract static class OnImages extends AttributionContract<LayeredModel> {
        @Override
        protected LayeredModel model() {
            return ReferenceModels.cnn(DataType.FLOAT32, 3, Activation.SOFTPLUS, 2, 5);
        }

        @Override
        protected Inputs inputs(LayeredModel model, int examples) {
            return Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 17, examples, 2, 5, 5));
        }
    }

    @Nested
    class OfGradCam extends OnImages {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new GradCam("conv2");
        }
    }

    @Nested
    class OfUpsampledGradCam extends OnImages {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return GradCam.builder("act1")
                    .relu(true)
                    .upsample(Interpolation.BILINEAR, 9, 8)
                    .build();
        }
    }

    @Nested
    class OfSmoothGradCam extends OnImages {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return NoiseTunnel.smoothGrad(new GradCam("act2")).stdev(0.2);
        }

        @Override
        protected boolean random() {
            return true;
        }
    }

    @Nested
    class OfIntegratedGradientsOnImages extends OnImages {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return IntegratedGradients.builder().baseline(Baseline.blurred(1.5)).build();
        }

        @Override
        protected OptionalDouble completeness() {
            return OptionalDouble.of(1e-5);
        }
    }
}
