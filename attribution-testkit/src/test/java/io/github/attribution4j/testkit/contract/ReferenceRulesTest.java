// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.Rules;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The reference models keep the contract of models with rules, and their new operations have the right derivatives. */
class ReferenceRulesTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void derivatives_of_all_operations_agree_with_central_differences(long seed) {
        try (RuledModel model = ReferenceModels.mixed(DataType.FLOAT64, seed);
                TensorScope scope = TensorScope.open()) {
            PullbackContract.checkGradients(
                    model, Inputs.of(ReferenceModels.normal(DataType.FLOAT64, seed, 2, 2, 6, 6)));
        }
    }

    @Nested
    @DisplayName("a residual CNN in float64")
    class ResidualCnn extends RuledContract {
        @Override
        protected RuledModel model() {
            return ReferenceModels.residualCnn(DataType.FLOAT64, 1, 4);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(
                    ReferenceModels.normal(DataType.FLOAT64, 2, ROWS, 2, 4, 4).rows(0, rows));
        }

        @Override
        protected List<String> layers() {
            return List.of("relu1", "pool1", "block.relu", "fc1");
        }

        @Override
        protected double tolerance() {
            return 1e-10;
        }
    }

    @Nested
    @DisplayName("a residual CNN in float32")
    class Single extends RuledContract {
        @Override
        protected RuledModel model() {
            return ReferenceModels.residualCnn(DataType.FLOAT32, 1, 4);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(
                    ReferenceModels.normal(DataType.FLOAT32, 2, ROWS, 2, 4, 4).rows(0, rows));
        }

        @Override
        protected List<String> layers() {
            return List.of("relu1", "block.relu");
        }

        @Override
        protected double tolerance() {
            return 1e-4;
        }
    }

    @Nested
    @DisplayName("a transformer block in float64")
    class Transformer extends RuledContract {
        @Override
        protected RuledModel model() {
            return ReferenceModels.transformer(DataType.FLOAT64, 1, 3, 4);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(
                    ReferenceModels.normal(DataType.FLOAT64, 2, ROWS, 3, 4).rows(0, rows));
        }

        @Override
        protected List<String> layers() {
            return List.of("residual1", "residual2", "relu");
        }

        @Override
        protected double tolerance() {
            return 1e-9;
        }

        @Override
        protected Optional<RuleSet> conserving() {
            return Optional.of(Composites.epsilon(0)
                    .override(Operation.Selector.kind(Operation.Kind.WEIGHTED), Rules.flat())
                    .override(Operation.Selector.kind(Operation.Kind.NORMALIZATION), Rules.pass())
                    .override(Operation.Selector.kind(Operation.Kind.SOFTMAX), Rules.stop()));
        }
    }
}
