// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A pullback made from a function of the cotangent: for engines that hold only Java objects of a run.
 */
@Experimental
public final class WayBack implements Pullback {
    private final Set<String> unused = new LinkedHashSet<>();
    private final Tensor output;
    private final List<Tensor> activations;
    private final Product product;
    private boolean finished;

    /** The vector-Jacobian product of one run. */
    @FunctionalInterface
    public interface Product {
        /**
         * Returns what arrives at each leaf, in order, with zeros where nothing arrives; new tensors, which belong to
         * the current scope.
         *
         * @param cotangent of the shape and type of the output
         */
        List<Tensor> of(Tensor cotangent);
    }

    /**
     * Makes a pullback that owns these tensors.
     *
     * @param question whose leaves these are
     * @param reached for each leaf whether a way leads there from the end
     * @param output the value of the end
     * @param activations the values of the tapped places
     * @throws ModelException if no leaf is reached
     */
    public WayBack(Question question, List<Boolean> reached, Tensor output, List<Tensor> activations, Product product) {
        // Closed with this pullback, not with the scope that is open now.
        this.output = TensorScope.release(output);
        this.activations = activations.stream().map(TensorScope::release).toList();
        this.product = product;
        List<String> leaves = question.leafNames();
        for (int i = 0; i < leaves.size(); i++) {
            if (!reached.get(i)) {
                unused.add(leaves.get(i));
            }
        }
        if (unused.size() == leaves.size()) {
            close();
            throw new ModelException("the output depends on no attributed input " + unused + ", so no gradient is "
                    + "defined; attribute another input");
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
        return product.of(cotangent);
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
