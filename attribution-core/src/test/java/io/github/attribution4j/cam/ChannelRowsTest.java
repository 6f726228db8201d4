// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.RowsContract;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import org.junit.jupiter.api.Test;

/** Rows seen through one channel, and with one channel removed. */
class ChannelRowsTest {
    @Test
    void a_range_has_as_many_rows_as_asked_for() {
        ReferenceModel model = ReferenceModels.residualCnn(DataType.FLOAT64, 5, 4);
        Tensor input = ReferenceModels.normal(DataType.FLOAT64, 6, 3, 2, 4, 4);
        Evaluator evaluator = Evaluator.start(new Saliency(), model, Inputs.of(input), Target.index(0), Run.defaults());
        LayerRun layer =
                new LayerRun(new Saliency(), evaluator, model.cut("pool1"), ActivationLayout.channelsFirst(), 1);
        Tensor activation = layer.activation();
        ChannelChoice choice = ChannelChoice.largest(layer.arranged(activation).toArrays(), 0);
        RowsContract.check(new AblatedRows(layer, activation, choice));
        for (int rows : new int[] {1, 3}) {
            Tensor reference = ReferenceModels.normal(DataType.FLOAT64, 8, rows, 2, 4, 4);
            RowsContract.check(new MaskedRows(input, reference, layer.arranged(activation), choice, new long[] {4, 4}));
        }
    }
}
