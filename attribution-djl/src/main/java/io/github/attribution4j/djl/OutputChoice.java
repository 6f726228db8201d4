// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.pytorch.engine.PtNDArray;
import io.github.attribution4j.djl.internal.engine.Types;
import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.djl.internal.wire.Reply;
import io.github.attribution4j.model.ModelException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The choice of the output among the tensors that a program returns.
 *
 * @param chosen its name or number; null if there is only one
 * @param signature of the program
 */
record OutputChoice(@Nullable String chosen, Signature signature) {
    /** Whether the model returns one tensor, as far as this is known before it runs. */
    boolean isOnly() {
        return chosen == null;
    }

    /** Returns the output of a reply. */
    PtNDArray of(Reply<PtNDArray> reply) {
        List<PtNDArray> outputs = reply.outputs();
        if (outputs.isEmpty()) {
            String when = signature.result().hasTensors() ? " for these inputs" : "";
            throw new ModelException("the model returns no tensor" + when + " (" + signature.resultType()
                    + "), so there is nothing to explain");
        }
        if (chosen == null) {
            if (outputs.size() == 1) {
                return outputs.get(0);
            }
            throw new ModelException("the model returns " + outputs.size() + " tensors, " + describe(reply)
                    + "; choose one when loading: LoadOptions.defaults().output(\""
                    + Names.plain(reply.outputNames().get(0))
                    + "\")");
        }
        for (int i = 0; i < outputs.size(); i++) {
            if (Names.plain(reply.outputNames().get(i)).equals(chosen)) {
                return outputs.get(i);
            }
        }
        int index = Names.index(chosen);
        if (index < 0 || index >= outputs.size()) {
            throw new ModelException("output '" + chosen + "' does not exist; the model returns " + describe(reply));
        }
        return outputs.get(index);
    }

    private static String describe(Reply<PtNDArray> reply) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < reply.outputs().size(); i++) {
            String name = Names.plain(reply.outputNames().get(i));
            all.add((name.isEmpty() ? Integer.toString(i) : name) + " "
                    + Types.fromDjl(reply.outputs().get(i).getShape()));
        }
        return String.join(", ", all);
    }
}
