// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** The pullback of one run of a {@link ReferenceModel}. */
final class ReferencePullback implements Pullback {
    private final Set<String> unused = new LinkedHashSet<>();
    private final Tensor output;
    private final Function<Tensor, List<Tensor>> gradients;
    private boolean finished;

    ReferencePullback(
            List<Inputs.Input> attributed,
            List<Boolean> used,
            Tensor output,
            Function<Tensor, List<Tensor>> gradients) {
        // Closed with this, and not with a scope that happens to be open.
        this.output = TensorScope.release(output);
        this.gradients = gradients;
        for (int i = 0; i < attributed.size(); i++) {
            if (!used.get(i)) {
                unused.add(attributed.get(i).name());
            }
        }
        if (unused.size() == attributed.size()) {
            output.close();
            throw new ModelException("the output depends on no attributed input " + unused + ", so no gradient is "
                    + "defined; attribute another input");
        }
    }

    @Override
    public Tensor output() {
        return output;
    }

    @Override
    public List<Tensor> vjp(Tensor cotangent) {
        if (finished) {
            throw new IllegalStateException("this pullback was closed or has given its last vjp; run pullback again");
        }
        if (!cotangent.shape().equals(output.shape()) || cotangent.dataType() != output.dataType()) {
            throw new IllegalArgumentException("cotangent is a " + cotangent.dataType() + " tensor of shape "
                    + cotangent.shape() + " and the output a " + output.dataType() + " tensor of shape "
                    + output.shape() + "; they must be equal");
        }
        return gradients.apply(cotangent);
    }

    @Override
    public List<Tensor> vjpLast(Tensor cotangent) {
        List<Tensor> last = vjp(cotangent);
        finished = true;
        return last;
    }

    @Override
    public Set<String> unused() {
        return Set.copyOf(unused);
    }

    @Override
    public void close() {
        finished = true;
        output.close();
    }

    @Override
    public String toString() {
        return "Pullback[output " + output().shape() + "]";
    }
}
