// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import io.github.attribution4j.RowsContract;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import org.junit.jupiter.api.Test;

class AttackRowsTest {
    private static final DifferentiableModel MODEL = ReferenceModels.mlp(DataType.FLOAT64, 1, Activation.TANH, 6, 8, 3);

    @Test
    void rowsFollowTheContract() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor three = ReferenceModels.normal(DataType.FLOAT64, 2, 3, 6);
            RandomChange change = RandomChange.uniform(0.4).attempts(4);
            Evaluator evaluator =
                    Evaluator.start(change, MODEL, Inputs.of(three), Target.index(1), Run.defaults(), new Problems());
            RowsContract.check(change.new Attempts(evaluator));
            RowsContract.check(new Ascent.Chosen(List.of(three), new long[] {2, 0}));
        }
    }
}
