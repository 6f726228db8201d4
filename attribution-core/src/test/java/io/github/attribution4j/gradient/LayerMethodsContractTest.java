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
import io.github.attribution4j.Target;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.path.Bypass;
import io.github.attribution4j.path.Quadrature;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.perturbation.FeatureMask;
import io.github.attribution4j.perturbation.KernelShap;
import io.github.attribution4j.perturbation.Occlusion;
import io.github.attribution4j.perturbation.ShapleySampling;
import io.github.attribution4j.perturbation.ShapleyValues;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.testkit.AttributionContract;
import io.github.attribution4j.testkit.ReferenceModels;
import java.util.OptionalDouble;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;

/** The contract of methods at layers and towards neurons, on a network in which the input bypasses the layers. */
class LayerMethodsContractTest {
    private static final int FEATURES = 4;
    private static final Tensor SAMPLES = ReferenceModels.normal(DataType.FLOAT32, 5, 6, FEATURES);
    private static final Tensor PER_EXAMPLE =
            ReferenceModels.normal(DataType.FLOAT32, 6, AttributionContract.EXAMPLES, FEATURES);

    @AfterAll
    static void close() {
        SAMPLES.close();
        PER_EXAMPLE.close();
    }

    abstract static class OnResidual extends AttributionContract<LayeredModel> {
        @Override
        protected LayeredModel model() {
            return ReferenceModels.residualNetwork(DataType.FLOAT32, 3, 3, FEATURES, 3);
        }

        @Override
        protected Inputs inputs(LayeredModel model, int examples) {
            return Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 17, examples, FEATURES));
        }

        @Override
        protected Target target() {
            return Target.indexes(2, 0, 1, 2);
        }
    }

    @Nested
    class OfConductance extends OnResidual {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return Conductance.builder("block1.tanh")
                    .steps(5)
                    .baseline(Baseline.of(PER_EXAMPLE))
                    .build();
        }
    }

    @Nested
    class OfConductanceWithTheBypassHeld extends OnResidual {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return Conductance.builder("block1.tanh")
                    .steps(400)
                    .bypass(Bypass.STAY)
                    .build();
        }

        @Override
        protected Target target() {
            return Target.argmax();
        }

        @Override
        protected OptionalDouble completeness() {
            return OptionalDouble.of(1e-5);
        }
    }

    @Nested
    class OfCaptumsConductance extends OnResidual {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return Conductance.builder("block1.add")
                    .steps(6)
                    .captum(Quadrature.GAUSS_LEGENDRE)
                    .build();
        }
    }

    @Nested
    class OfInternalInfluence extends OnResidual {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return InternalInfluence.builder("block1.fc1")
                    .steps(5)
                    .baseline(Baseline.constant(0.3))
                    .build();
        }
    }

    @Nested
    class OfInternalInfluenceWithTheBypassHeld extends OnResidual {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return InternalInfluence.builder("block1.fc1")
                    .steps(5)
                    .bypass(Bypass.STAY)
                    .build();
        }
    }

    @Nested
    class OfNeuronConductance extends OnResidual {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return NeuronConductance.builder("block1.tanh", Target.slice("1:3"))
                    .steps(5)
                    .build();
        }
    }

    @Nested
    class OfNeuronConductanceWithTheBypassHeld extends OnResidual {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return NeuronConductance.builder("block1.tanh", Target.index(2))
                    .steps(5)
                    .bypass(Bypass.STAY)
                    .build();
        }
    }

    @Nested
    class OfGradientXActivation extends OnResidual {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new GradientXActivation("block1.tanh", "block1.add");
        }
    }

    @Nested
    class OfLayerGradientShap extends OnResidual {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return LayerGradientShap.builder("block1.tanh")
                    .baseline(Baseline.samples(SAMPLES))
                    .samples(6)
                    .stdev(0.1)
                    .build();
        }

        @Override
        protected boolean random() {
            return true;
        }
    }

    @Nested
    class OfLayerGradientShapFromOneBaseline extends OnResidual {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new LayerGradientShap(Baseline.zeros(), "block1.tanh");
        }

        @Override
        protected boolean random() {
            return true;
        }
    }

    @Nested
    class OfIntegratedGradientsLifted extends OnResidual {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return IntegratedGradients.builder()
                    .steps(20)
                    .baseline(Baseline.of(PER_EXAMPLE).throughHead())
                    .build()
                    .at("block1.fc1");
        }

        @Override
        protected OptionalDouble completeness() {
            return OptionalDouble.of(1e-5);
        }
    }

    @Nested
    class OfGradientShapLifted extends OnResidual {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new GradientShap(Baseline.samples(SAMPLES).throughHead()).at("block1.tanh");
        }

        @Override
        protected boolean random() {
            return true;
        }
    }

    @Nested
    class OfFeatureAblation extends OnResidual {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new FeatureAblation(Baseline.constant(0.5), FeatureMask.ranges(1, 3, 4, 1)).at("block1.tanh");
        }
    }

    @Nested
    class OfOcclusion extends OnResidual {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return Occlusion.builder()
                    .window(2)
                    .baseline(Baseline.of(PER_EXAMPLE).throughHead())
                    .build()
                    .at("block1.fc2");
        }
    }

    @Nested
    class OfShapleyValues extends OnResidual {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return ShapleyValues.builder()
                    .baseline(Baseline.zeros().throughHead())
                    .build()
                    .at("block1.tanh");
        }

        @Override
        protected OptionalDouble completeness() {
            return OptionalDouble.of(1e-5);
        }
    }

    @Nested
    class OfShapleySampling extends OnResidual {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return ShapleySampling.builder().samples(4).build().at("block1.fc1");
        }

        @Override
        protected boolean random() {
            return true;
        }

        @Override
        protected OptionalDouble completeness() {
            return OptionalDouble.of(1e-5);
        }
    }

    @Nested
    class OfKernelShap extends OnResidual {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return KernelShap.builder()
                    .samples(40)
                    .baseline(Baseline.zeros().throughHead())
                    .build()
                    .at("block1.tanh");
        }

        @Override
        protected boolean random() {
            return true;
        }

        @Override
        protected OptionalDouble completeness() {
            return OptionalDouble.of(1e-5);
        }
    }

    @Nested
    class OfSeveralLayersAtOnce extends AttributionContract<LayeredModel> {
        @Override
        protected LayeredModel model() {
            return ReferenceModels.twoInputs(DataType.FLOAT32, 3, FEATURES, 3, 3);
        }

        @Override
        protected Inputs inputs(LayeredModel model, int examples) {
            return Inputs.of(
                    ReferenceModels.normal(DataType.FLOAT32, 17, examples, FEATURES),
                    ReferenceModels.normal(DataType.FLOAT32, 18, examples, 3));
        }

        @Override
        protected Attribution<? super LayeredModel> method() {
            return IntegratedGradients.builder().steps(20).build().at("left", "right");
        }

        @Override
        protected OptionalDouble completeness() {
            return OptionalDouble.of(1e-5);
        }
    }
}
