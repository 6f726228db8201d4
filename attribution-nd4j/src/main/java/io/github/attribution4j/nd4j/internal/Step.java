// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.internal;

import java.util.List;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.linalg.api.buffer.DataType;

/** One operation of a graph: which values it takes and which it makes. */
public final class Step {
    private final String name;
    private final DifferentialFunction operation;
    private final List<String> inputs;
    private final List<String> outputs;
    private final List<DataType> types;
    /** Whether it has run once: then ND4J's objects hold all that they make of their settings. */
    private volatile boolean warm;

    Step(String name, DifferentialFunction operation, List<String> inputs, List<String> outputs, List<DataType> types) {
        this.name = name;
        this.operation = operation;
        this.inputs = List.copyOf(inputs);
        this.outputs = List.copyOf(outputs);
        this.types = List.copyOf(types);
    }

    /** Returns its name in the graph. */
    public String name() {
        return name;
    }

    /** Returns what it computes, such as {@code conv2d}. */
    public String kind() {
        return operation.opName();
    }

    DifferentialFunction operation() {
        return operation;
    }

    /** Returns the names of the values that it takes, in order. */
    public List<String> inputs() {
        return inputs;
    }

    /** Returns the names of the values that it makes, in order. */
    public List<String> outputs() {
        return outputs;
    }

    /** Returns the types of the values that it makes. */
    List<DataType> types() {
        return types;
    }

    boolean isWarm() {
        return warm;
    }

    void warmed() {
        warm = true;
    }

    /** Returns the operation and its place, for messages: {@code conv2d at "layer1/conv"}. */
    public String described() {
        return kind() + " at \"" + (outputs.isEmpty() ? name : outputs.get(0)) + "\"";
    }

    @Override
    public String toString() {
        return described();
    }
}
