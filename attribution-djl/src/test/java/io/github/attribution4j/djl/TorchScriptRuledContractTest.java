// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.testkit.contract.RuledContract;
import java.util.List;
import org.junit.jupiter.api.Nested;

/** The contract of models with rules, on archives of several kinds. */
class TorchScriptRuledContractTest {
    abstract static class OnImages extends RuledContract {
        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(TestModels.normal(model, DataType.FLOAT32, rows, 4, 2, 8, 8));
        }

        @Override
        protected double tolerance() {
            return 1e-4;
        }
    }

    /** Convolutions, ReLU, max and average pooling, linear layers. */
    @Nested
    class ConvolutionalScripted extends OnImages {
        @Override
        protected RuledModel model() {
            return TestModels.golden("../../propagation/models/convolutional.scripted.pt");
        }

        @Override
        protected List<String> layers() {
            return List.of("avgpool", "fc1");
        }
    }

    @Nested
    class ConvolutionalFrozen extends OnImages {
        @Override
        protected RuledModel model() {
            return TestModels.golden("../../propagation/models/convolutional.frozen.pt");
        }

        @Override
        protected List<String> layers() {
            return List.of();
        }
    }

    /** Residual connections, batch norm, some ReLUs in place. */
    @Nested
    class ShortcutTraced extends OnImages {
        @Override
        protected RuledModel model() {
            return TestModels.golden("../../propagation/models/shortcut.traced.pt");
        }

        @Override
        protected List<String> layers() {
            return List.of("relu", "block1", "avgpool");
        }
    }
}
