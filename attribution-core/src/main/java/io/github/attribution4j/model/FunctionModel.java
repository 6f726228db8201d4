// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.Arrays;
import java.util.function.Function;

/** A model made of a Java function. */
final class FunctionModel implements Model {
    private final Model.Identity identity;
    private final Tensors tensors;
    private final Function<Inputs, Tensor> function;
    private volatile boolean closed;

    FunctionModel(String name, String version, Tensors tensors, Function<Inputs, Tensor> function) {
        this.identity = new Model.Identity(name, version, "", Model.Identity.JAVA, "java");
        this.tensors = tensors;
        this.function = function;
    }

    static FunctionModel ofTable(String name, String version, TableFunction function) {
        return new FunctionModel(name, version, Tensors.ofJava(), inputs -> score(name, function, inputs));
    }

    private static Tensor score(String name, TableFunction function, Inputs inputs) {
        if (inputs.size() != 1) {
            throw new ModelException("a model of a table function takes one input, not " + inputs.size()
                    + "; use Model.ofTensors for several");
        }
        Tensor input = inputs.tensor(0);
        double[] values = input.toDoubleArray();
        int rows = Math.toIntExact(input.shape().dim(0));
        int features = rows == 0 ? 0 : values.length / rows;
        double[][] table = new double[rows][];
        for (int row = 0; row < rows; row++) {
            table[row] = Arrays.copyOfRange(values, row * features, (row + 1) * features);
        }
        return new TableScores(name, function, table).tensor();
    }

    @Override
    public Tensor forward(Inputs inputs) {
        if (closed) {
            throw new IllegalStateException("this model was closed; load it again");
        }
        inputs.requireNoReferences();
        try (TensorScope scope = TensorScope.open()) {
            Tensor output = function.apply(inputs);
            if (output.shape().rank() == 0 || output.shape().dim(0) != inputs.rows()) {
                throw new ModelException("the function was given " + inputs.rows() + " rows and returned shape "
                        + output.shape() + "; axis 0 of the output must count the same rows");
            }
            return own(scope, output);
        }
    }

    /**
     * Gives a function's result to the caller. An input that the function returned remains the caller's; the result is
     * another handle of it.
     */
    static Tensor own(TensorScope scope, Tensor result) {
        return scope.keep(scope.owns(result) ? result : result.alias());
    }

    @Override
    public Tensors tensors() {
        return tensors;
    }

    @Override
    public Model.Identity identity() {
        return identity;
    }

    @Override
    public void close() {
        closed = true;
    }

    @Override
    public String toString() {
        return "Model[" + identity.name() + "]";
    }
}
