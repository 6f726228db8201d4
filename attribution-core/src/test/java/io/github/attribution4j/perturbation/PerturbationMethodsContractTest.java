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
package io.github.attribution4j.perturbation;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Baseline;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.Target;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.Activation;
import io.github.attribution4j.testkit.AttributionContract;
import io.github.attribution4j.testkit.ReferenceModels;
import java.util.OptionalDouble;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;

/** The contract of every perturbation method, on the plain-Java backend, to the bit whatever the batch. */
class PerturbationMethodsContractTest {
    private static final int FEATURES = 6;

    /** A reference for each example, which methods need to stay open. */
    private static final Tensor PER_EXAMPLE =
            ReferenceModels.normal(DataType.FLOAT32, 6, AttributionContract.EXAMPLES, FEATURES);

    /** A mask for each example, of 3, 2, 6 and 1 groups. */
    private static final FeatureMask MASKS = masks();

    @AfterAll
    static void close() {
        PER_EXAMPLE.close();
    }

    private static FeatureMask masks() {
        long[] ids = {0, 1, 2, 0, 1, 2, 1, 1, 1, 0, 0, 0, 5, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0};
        try (Tensor tensor = Tensors.ofJava().of(ids, Shape.of(AttributionContract.EXAMPLES, FEATURES))) {
            return FeatureMask.of(tensor);
        }
    }

    abstract static class OnPerceptron extends AttributionContract<LayeredModel> {
        @Override
        protected LayeredModel model() {
            return ReferenceModels.mlp(DataType.FLOAT32, 3, Activation.TANH, FEATURES, 8, 3);
        }

        @Override
        protected Inputs inputs(LayeredModel model, int examples) {
            return Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 17, examples, FEATURES));
        }

        @Override
        protected Target target() {
            return Target.indexes(2, 0, 1, 2);
        }

        @Override
        protected double batchTolerance() {
            return 0;
        }
    }

    abstract static class Complete extends OnPerceptron {
        @Override
        protected OptionalDouble completeness() {
            return OptionalDouble.of(1e-12);
        }
    }

    @Nested
    class OfFeatureAblation extends OnPerceptron {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new FeatureAblation();
        }
    }

    @Nested
    class OfFeatureAblationWithMaskAndReferenceOfEachExample extends OnPerceptron {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new FeatureAblation(Baseline.of(PER_EXAMPLE), MASKS);
        }
    }

    @Nested
    class OfOcclusion extends OnPerceptron {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return Occlusion.builder().window(3).stride(2).build();
        }
    }

    @Nested
    class OfShapleyValues extends Complete {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new ShapleyValues();
        }
    }

    @Nested
    class OfShapleyValuesWithMaskAndReferenceOfEachExample extends OnPerceptron {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new ShapleyValues(Baseline.of(PER_EXAMPLE), MASKS);
        }
    }

    @Nested
    class OfShapleySampling extends Complete {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new ShapleySampling(6);
        }

        @Override
        protected boolean random() {
            return true;
        }
    }

    @Nested
    class OfPlainShapleySamplingWithMaskAndReferenceOfEachExample extends OnPerceptron {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return ShapleySampling.builder()
                    .samples(3)
                    .antithetic(false)
                    .baseline(Baseline.of(PER_EXAMPLE))
                    .mask(MASKS)
                    .build();
        }

        @Override
        protected boolean random() {
            return true;
        }
    }

    @Nested
    class OfKernelShap extends Complete {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new KernelShap(30);
        }

        @Override
        protected boolean random() {
            return true;
        }
    }

    @Nested
    class OfExactKernelShap extends Complete {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new KernelShap(64);
        }
    }

    @Nested
    class OfKernelShapAsCaptum extends OnPerceptron {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return KernelShap.builder()
                    .samples(40)
                    .sampling(KernelShap.Sampling.CAPTUM)
                    .baseline(Baseline.of(PER_EXAMPLE))
                    .build();
        }

        @Override
        protected boolean random() {
            return true;
        }
    }

    /** A mask and a reference of each example find their example behind the copies of a noise tunnel. */
    @Nested
    class OfSmoothShapleyValues extends OnPerceptron {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return NoiseTunnel.smoothGrad(new ShapleyValues(Baseline.of(PER_EXAMPLE), MASKS))
                    .samples(3)
                    .stdev(0.3);
        }

        @Override
        protected boolean random() {
            return true;
        }

        @Override
        protected double batchTolerance() {
            return 1e-6;
        }
    }

    @Nested
    class OfVarianceOfShapleySampling extends OfSmoothShapleyValues {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return NoiseTunnel.varGrad(new ShapleySampling(2)).samples(4).stdev(0.3);
        }
    }

    @Nested
    class OfFeatureAblationAtLayer extends OnPerceptron {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return new FeatureAblation().at("act1");
        }
    }

    @Nested
    class OfShapleySamplingOfTwoInputs extends OnPerceptron {
        @Override
        protected LayeredModel model() {
            return ReferenceModels.twoInputs(DataType.FLOAT64, 9, 4, 2, 3);
        }

        @Override
        protected Inputs inputs(LayeredModel model, int examples) {
            return Inputs.of(
                    ReferenceModels.normal(DataType.FLOAT64, 17, examples, 4),
                    ReferenceModels.normal(DataType.FLOAT64, 18, examples, 2));
        }

        @Override
        protected Attribution<? super LayeredModel> method() {
            return ShapleySampling.builder()
                    .samples(4)
                    .mask(FeatureMask.ofIds(new long[] {0, 1, 2, 3}, new long[] {3, 4}))
                    .build();
        }

        @Override
        protected boolean random() {
            return true;
        }
    }

    @Nested
    class OfOcclusionOfTwoInputs extends OfShapleySamplingOfTwoInputs {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return Occlusion.builder().windows(Shape.of(2), Shape.of(1)).build();
        }

        @Override
        protected boolean random() {
            return false;
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

        @Override
        protected double batchTolerance() {
            return 0;
        }
    }

    @Nested
    class OfOcclusionOfImages extends OnImages {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return Occlusion.builder()
                    .window(2, 3, 2)
                    .stride(2, 3, 2)
                    .baseline(Baseline.blurred(1))
                    .build();
        }
    }

    @Nested
    class OfKernelShapOfPatches extends OnImages {
        @Override
        protected Attribution<? super LayeredModel> method() {
            return KernelShap.builder()
                    .samples(60)
                    .mask(FeatureMask.patches(2, 2))
                    .build();
        }

        @Override
        protected boolean random() {
            return true;
        }
    }
}
