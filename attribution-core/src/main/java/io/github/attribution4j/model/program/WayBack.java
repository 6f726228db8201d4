// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * A pullback made from a function of the cotangent: for engines that hold only Java objects of a run.
 */
final class WayBack implements Pullback {
    static final String INPUT = "attributed input";

    private final Set<String> unused = new LinkedHashSet<>();
    private final Tensor output;
    private final List<Tensor> activations;
    private final Function<Tensor, List<Tensor>> product;
    private boolean finished;

    /**
     * See {@link Program.Question#pullback}.
     *
     * @param what the leaves are, for messages: attributed input, parameter
     */
    WayBack(
            String what,
            List<String> leaves,
            List<Boolean> reached,
            Tensor output,
            List<Tensor> activations,
            Function<Tensor, List<Tensor>> product) {
        // Closed with this pullback, not with the scope that is open now.
        this.output = TensorScope.release(output);
        this.activations = activations.stream().map(TensorScope::release).toList();
        this.product = product;
        for (int i = 0; i < leaves.size(); i++) {
            if (!reached.get(i)) {
                unused.add(leaves.get(i));
            }
        }
        if (unused.size() == leaves.size()) {
            close();
            throw new ModelException("the output depends on no " + what + " " + unused + ", so no gradient is defined; "
                    + (what.equals(INPUT) ? "attribute another input" : "name another " + what));
        }
    }

    @Override
    public Tensor output() {
        return output;
    }

    @Override
    public List<Tensor> activations() {
        return activations;
    }

    @Override
    public List<Tensor> vjp(Tensor cotangent) {
        if (finished) {
            throw new IllegalStateException("this pullback was closed or has given its last vjp; run pullback again");
        }
        requireFit(cotangent);
        return product.apply(cotangent);
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
        activations.forEach(Tensor::close);
    }

    @Override
    public String toString() {
        return "Pullback[output " + output().shape() + "]";
    }
}
