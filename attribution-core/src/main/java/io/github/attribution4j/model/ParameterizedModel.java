// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A {@link LayeredModel} whose parameters can be seen, and changed in a copy. The model itself never changes.
 *
 * <pre>{@code
 * Map<String, Tensor> zeros = Map.of("fc.bias", Tensors.ofJava().zeros(DataType.FLOAT32, 10));
 * try (TorchScriptModel other = model.withParameters(zeros)) {
 *     Explanation why = new Saliency().attribute(other, inputs, Target.index(3));
 * }
 * }</pre>
 *
 * <p><b>Contract</b> (tested by the testkit's {@code ParameterizedContract}). {@link #parameters} lists each tensor
 * once, in the order in which the model's program first uses the layers. {@link LayeredModel#weight} gives its
 * elements, also those of a copy. A copy is of the class of its model: what explains the model explains the copy. It
 * has the same layers, cuts, operations and options.
 */
@Experimental
public interface ParameterizedModel extends LayeredModel {
    /** What a stored tensor is for. */
    enum Kind {
        /** Learned by training: weights, biases, embeddings. */
        PARAMETER,
        /** Stored with the model, and not learned: running statistics, tables of positions. */
        BUFFER
    }

    /**
     * A tensor that the model stores.
     *
     * @param name as {@link LayeredModel#weight} takes it: {@code conv1.weight} where the engine knows names of
     *     PyTorch, else the name in the file
     * @param otherNames other names of the same tensor, if it is shared (tied weights)
     * @param layer the module that it belongs to, the first one if it is shared: {@code conv1}; empty for the model
     * @param kind learned or not
     * @param dataType of {@link LayeredModel#weight}; elements that are stored in a narrower type are rounded to that
     * @param shape the shape
     */
    record Parameter(String name, List<String> otherNames, String layer, Kind kind, DataType dataType, Shape shape) {
        /** Copies the list. */
        public Parameter {
            otherNames = List.copyOf(otherNames);
        }

        /** Returns whether training learns it. */
        public boolean isLearned() {
            return kind == Kind.PARAMETER;
        }

        /** Returns name, type and shape. */
        @Override
        public String toString() {
            return name + ": " + dataType + shape;
        }
    }

    /**
     * Returns the tensors that the model stores, each once, in the order from input to output: that of the first use of
     * their layers by the program, and the order in the file within a layer.
     *
     * @throws UnsupportedModelException if weights cannot be seen, with the reason: they are packed, quantized, or
     *     constants of a frozen program
     */
    List<Parameter> parameters();

    /**
     * Returns the parameter of a name, its own or another one.
     *
     * @throws IllegalArgumentException if there is none, naming similar names
     * @throws UnsupportedModelException as {@link #parameters}
     */
    default Parameter parameter(String name) {
        return find(parameters(), List.of(name)).get(0);
    }

    /**
     * Returns a copy of this model in which some parameters have other values. It shares all others, so it needs memory
     * for what was changed. It can be closed before or after this model, and has to be closed.
     *
     * @param values by name. Elements are converted to the type of the parameter; the shape must be equal. Not changed,
     *     not closed, and not used after the call
     * @throws IllegalArgumentException if a name is unknown, a shape differs, or one parameter is given by two names
     * @throws UnsupportedModelException as {@link #parameters}
     * @throws IllegalStateException if this model was closed
     */
    ParameterizedModel withParameters(Map<String, Tensor> values);

    /**
     * Runs the model once, and holds what the way back to parameters needs. {@link Pullback#vjp} returns the gradient
     * of Σ(output · cotangent) with respect to each parameter, shaped like it: the sum over all rows. For the gradients
     * of single rows, run one row at a time.
     *
     * @param names of learned parameters, their own or other ones, at least one, each parameter once
     * @param inputs of the model, of any role and type
     * @return the run, to be closed by the caller; {@link Pullback#unused} returns names from {@code names}
     * @throws IllegalArgumentException if a name is unknown, or none is given
     * @throws UnsupportedModelException if one of them is not learned, or the engine has no gradients by parameters, or
     *     none by these, with the reason
     * @throws ModelException as {@link #forward}
     */
    default Pullback pullbackTo(List<String> names, Inputs inputs) {
        throw new UnsupportedModelException("this engine has no gradients with respect to parameters; use a method that"
                + " needs those of layers only, such as TracInFast");
    }

    /**
     * Returns the learned parameters of some names. For bindings.
     *
     * @throws IllegalArgumentException if a name is unknown, one parameter is given by two names, or there are none
     * @throws UnsupportedModelException if one of them is not learned
     */
    static List<Parameter> learned(List<Parameter> known, List<String> names) {
        List<Parameter> found = find(known, names);
        if (found.isEmpty() || found.stream().distinct().count() < found.size()) {
            throw new IllegalArgumentException("parameters " + names + ": give at least one, and each once");
        }
        for (Parameter parameter : found) {
            if (!parameter.isLearned()) {
                throw new UnsupportedModelException("'" + parameter.name() + "' is not learned but stored with the"
                        + " model, so that it has no gradient; leave it out");
            }
        }
        return found;
    }

    /**
     * Checks what is given for a copy. For bindings.
     *
     * @return by the own names of the parameters, in their order
     * @throws IllegalArgumentException as {@link #withParameters}
     */
    static Map<String, Tensor> checked(List<Parameter> known, Map<String, Tensor> values) {
        List<String> names = List.copyOf(values.keySet());
        List<Parameter> found = find(known, names);
        Map<String, String> givenAs = new HashMap<>();
        for (int i = 0; i < names.size(); i++) {
            Parameter parameter = found.get(i);
            String twin = givenAs.put(parameter.name(), names.get(i));
            if (twin != null) {
                throw new IllegalArgumentException("parameters '" + twin + "' and '" + names.get(i)
                        + "' are one tensor, which the model shares; give it once");
            }
            Tensor value = values.get(names.get(i));
            if (value == null || !value.shape().equals(parameter.shape())) {
                throw new IllegalArgumentException("parameter '" + names.get(i) + "': "
                        + (value == null ? "is null" : "has shape " + value.shape()) + ", and that of the model is "
                        + parameter.shape());
            }
        }
        Map<String, Tensor> ordered = new LinkedHashMap<>();
        for (Parameter parameter : known) {
            String name = givenAs.get(parameter.name());
            Tensor value = name == null ? null : values.get(name);
            if (value != null) {
                ordered.put(parameter.name(), value);
            }
        }
        return ordered;
    }

    private static List<Parameter> find(List<Parameter> known, List<String> names) {
        Map<String, Parameter> byName = new LinkedHashMap<>();
        for (Parameter parameter : known) {
            byName.put(parameter.name(), parameter);
            parameter.otherNames().forEach(name -> byName.put(name, parameter));
        }
        List<Parameter> found = new ArrayList<>();
        for (String name : names) {
            Parameter parameter = byName.get(name);
            if (parameter == null) {
                throw new IllegalArgumentException("parameter '" + name + "' does not exist; "
                        + NearNames.hint(name, List.copyOf(byName.keySet())));
            }
            found.add(parameter);
        }
        return found;
    }
}
