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
package io.github.attribution4j.propagation;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Baseline;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.Target;
import io.github.attribution4j.cam.GuidedGradCam;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.RuledModel;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.testkit.AttributionContract;
import io.github.attribution4j.testkit.ReferenceModels;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Nested;

/** The contract of every method that goes back by other rules, on the plain-Java backend. */
class PropagationContractTest {
    abstract static class OnImages extends AttributionContract<RuledModel> {
        @Override
        protected RuledModel model() {
            return ReferenceModels.residualCnn(DataType.FLOAT64, 3, 4);
        }

        @Override
        protected Inputs inputs(RuledModel model, int examples) {
            return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 17, EXAMPLES, 2, 4, 4)
                    .rows(0, examples));
        }
    }

    @Nested
    class OfGuidedBackprop extends OnImages {
        @Override
        protected Attribution<? super RuledModel> method() {
            return new GuidedBackprop();
        }
    }

    @Nested
    class OfDeconvolution extends OnImages {
        @Override
        protected Attribution<? super RuledModel> method() {
            return new Deconvolution();
        }

        @Override
        protected Target target() {
            return Target.argmax();
        }
    }

    @Nested
    class OfGuidedBackpropAtLayer extends OnImages {
        @Override
        protected Attribution<? super RuledModel> method() {
            return new GuidedBackprop().at("pool1");
        }
    }

    @Nested
    class OfGuidedGradCam extends OnImages {
        @Override
        protected Attribution<? super RuledModel> method() {
            return new GuidedGradCam("block.add");
        }
    }

    @Nested
    class OfDeepLift extends OnImages {
        @Override
        protected Attribution<? super RuledModel> method() {
            return new DeepLift(Baseline.constant(0.3));
        }

        @Override
        protected OptionalDouble completeness() {
            return OptionalDouble.of(1e-9);
        }
    }

    @Nested
    class OfDeepLiftOfArgmax extends OnImages {
        @Override
        protected Attribution<? super RuledModel> method() {
            return DeepLift.builder()
                    .rule(DeepLift.Rule.REVEAL_CANCEL)
                    .baseline(Baseline.blurred(1))
                    .build();
        }

        @Override
        protected Target target() {
            return Target.argmax();
        }

        @Override
        protected OptionalDouble completeness() {
            return OptionalDouble.of(1e-9);
        }
    }

    @Nested
    class OfDeepLiftAtLayer extends OnImages {
        @Override
        protected Attribution<? super RuledModel> method() {
            return new DeepLift().at("relu1");
        }

        @Override
        protected OptionalDouble completeness() {
            return OptionalDouble.of(1e-9);
        }
    }

    @Nested
    class OfDeepLiftShap extends OnImages {
        @Override
        protected Attribution<? super RuledModel> method() {
            return new DeepLiftShap(Baseline.uniform(-1, 1));
        }

        @Override
        protected boolean random() {
            return true;
        }

        @Override
        protected OptionalDouble completeness() {
            return OptionalDouble.of(1e-9);
        }
    }

    @Nested
    class OfLrp extends OnImages {
        @Override
        protected Attribution<? super RuledModel> method() {
            return new Lrp();
        }
    }

    @Nested
    class OfLrpAtLayer extends OnImages {
        @Override
        protected Attribution<? super RuledModel> method() {
            return new Lrp(Composites.epsilonGammaBox(-4, 4)).at("block.relu");
        }
    }

    @Nested
    class OfLrpOnTransformer extends OnImages {
        @Override
        protected RuledModel model() {
            return ReferenceModels.transformer(DataType.FLOAT64, 3, 3, 4);
        }

        @Override
        protected Inputs inputs(RuledModel model, int examples) {
            return Inputs.of(
                    ReferenceModels.normal(DataType.FLOAT64, 17, EXAMPLES, 3, 4).rows(0, examples));
        }

        @Override
        protected Attribution<? super RuledModel> method() {
            return new Lrp(Composites.attnLrp());
        }
    }

    @Nested
    class OfNoisyLrp extends OnImages {
        @Override
        protected Attribution<? super RuledModel> method() {
            return NoiseTunnel.smoothGrad(new Lrp()).samples(3).stdev(0.1);
        }

        @Override
        protected boolean random() {
            return true;
        }
    }
}
