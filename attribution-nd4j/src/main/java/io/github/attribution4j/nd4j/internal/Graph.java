// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.internal;

import io.github.attribution4j.model.UnsupportedModelException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The operations of a SameDiff graph in an order in which they can run, and its constants.
 *
 * <p>Everything is read once. After that the SameDiff object is neither asked nor changed, except by {@link
 * Derivatives} before the first run.
 */
public final class Graph implements AutoCloseable {
    private final SameDiff graph;
    private final List<Step> steps = new ArrayList<>();
    private final Map<String, Step> makers = new HashMap<>();
    private final Map<String, INDArray> constants = new LinkedHashMap<>();
    private final Map<String, DataType> types = new HashMap<>();
    private final Map<String, List<Long>> placeholders = new LinkedHashMap<>();
    private final Set<String> losses;
    private boolean closed;

    /**
     * Reads a graph.
     *
     * @param graph which now belongs to this object
     */
    public Graph(SameDiff graph) {
        this.graph = graph;
        this.losses = new LinkedHashSet<>(graph.getLossVariables());
        for (SDVariable variable : graph.variables()) {
            read(variable);
        }
        Map<String, Step> read = new LinkedHashMap<>();
        graph.getOps().forEach((name, operation) -> {
            requirePrintable(operation.getName());
            read.put(name, step(graph, operation));
        });
        read.values().forEach(step -> step.outputs().forEach(output -> makers.put(output, step)));
        read.values().forEach(step -> step.inputs().forEach(input -> requireMade(step, input)));
        Order order = new Order();
        read.values().forEach(order::add);
    }

    private void read(SDVariable variable) {
        requirePrintable(variable.name());
        types.put(variable.name(), variable.dataType());
        VariableType type = variable.getVariableType();
        if (type == VariableType.PLACEHOLDER) {
            long[] shape = variable.placeholderShape();
            List<Long> dims = new ArrayList<>();
            for (long dim : shape == null ? new long[0] : shape) {
                dims.add(dim);
            }
            placeholders.put(variable.name(), shape == null ? List.of() : dims);
        } else if (type != VariableType.ARRAY) {
            INDArray array = variable.getArr();
            if (array == null) {
                throw new UnsupportedModelException(
                        "the graph has no numbers for its variable '" + variable.name() + "'; save it with them");
            }
            constants.put(variable.name(), array);
        }
    }

    private void requireMade(Step step, String input) {
        if (!makers.containsKey(input) && !constants.containsKey(input) && !placeholders.containsKey(input)) {
            throw new UnsupportedModelException("nothing in the graph makes '" + input + "', which " + step.described()
                    + " takes: the file is damaged; save it again");
        }
    }

    /** Names stand in messages and are typed as addresses of layers. */
    private static void requirePrintable(String name) {
        if (name.chars().anyMatch(Character::isISOControl)) {
            throw new UnsupportedModelException("the graph has a name with control characters, '"
                    + name.replaceAll("\\p{Cc}", "?") + "': the file is damaged; save it again");
        }
    }

    static Step step(SameDiff graph, SameDiffOp operation) {
        List<String> inputs = operation.getInputsToOp() == null ? List.of() : operation.getInputsToOp();
        List<String> outputs = operation.getOutputsOfOp() == null ? List.of() : operation.getOutputsOfOp();
        List<DataType> types = new ArrayList<>();
        for (String output : outputs) {
            DataType type = graph.getVariable(output).dataType();
            types.add(type == null ? DataType.FLOAT : type);
        }
        return new Step(operation.getName(), operation.getOp(), inputs, outputs, types);
    }

    /** Puts steps after those whose values they take. */
    private final class Order {
        private final Set<Step> done = new HashSet<>();

        void add(Step first) {
            Deque<Step> open = new ArrayDeque<>();
            Set<Step> opened = new HashSet<>();
            open.push(first);
            while (!open.isEmpty()) {
                Step step = open.peek();
                if (done.contains(step)) {
                    open.pop();
                    continue;
                }
                List<Step> before = step.inputs().stream()
                        .map(makers::get)
                        .filter(maker -> maker != null && !done.contains(maker))
                        .toList();
                if (before.isEmpty()) {
                    open.pop();
                    done.add(step);
                    steps.add(step);
                } else if (opened.add(step)) {
                    before.forEach(open::push);
                } else {
                    throw new UnsupportedModelException("the graph has a loop at " + step.described()
                            + "; loops and branches of SameDiff are not run here, so write the steps out");
                }
            }
        }
    }

    /**
     * Checks that operations can be run here.
     *
     * @throws UnsupportedModelException naming all kinds that cannot, with the reasons
     */
    public void requireRunnable(List<Step> asked) {
        Map<String, String> refused = new LinkedHashMap<>();
        for (Step step : asked) {
            String why = Runner.refusal(this, step);
            if (why != null) {
                refused.putIfAbsent(step.kind(), step.described() + ": " + why);
            }
        }
        if (!refused.isEmpty()) {
            throw new UnsupportedModelException(String.join("; ", refused.values()));
        }
    }

    /** Returns the SameDiff object, which only {@link Derivatives} changes. */
    SameDiff samediff() {
        return graph;
    }

    /** Returns the operations, in an order in which they can run. */
    public List<Step> steps() {
        return steps;
    }

    /** Returns the operation that makes a value; null for inputs and constants. */
    public @Nullable Step maker(String value) {
        return makers.get(value);
    }

    /** Returns whether there is a value of this name. */
    public boolean has(String value) {
        return types.containsKey(value);
    }

    /** Returns the type of a value. */
    public DataType type(String value) {
        return types.getOrDefault(value, DataType.FLOAT);
    }

    /** Returns whether a value is of a floating type. */
    public boolean isFloating(String value) {
        return type(value).isFPType();
    }

    /** Returns the inputs with their shapes, -1 for open extents; an empty shape if nothing is known. */
    public Map<String, List<Long>> placeholders() {
        return placeholders;
    }

    /** Returns the names of values that training minimizes. */
    public Set<String> losses() {
        return losses;
    }

    /** Returns a constant or weight; null if it is none. */
    public @Nullable INDArray constant(String value) {
        return constants.get(value);
    }

    /** Returns the names of constants and weights. */
    public Set<String> constantNames() {
        return constants.keySet();
    }

    /** Adds what a derivative needs. */
    void addConstant(String name, INDArray array) {
        constants.put(name, array);
    }

    /** Returns the values that no operation takes, in the order of the graph. */
    public List<String> ends() {
        Set<String> taken = new HashSet<>();
        steps.forEach(step -> taken.addAll(step.inputs()));
        return steps.stream()
                .flatMap(step -> step.outputs().stream())
                .filter(output -> !taken.contains(output))
                .toList();
    }

    /**
     * Returns the operations that some values are computed by, in order.
     *
     * @param given values that are there already
     */
    public List<Step> before(Collection<String> wanted, Predicate<String> given) {
        Set<Step> needed = new HashSet<>();
        Deque<String> open = new ArrayDeque<>(wanted);
        while (!open.isEmpty()) {
            String value = open.pop();
            Step maker = given.test(value) ? null : makers.get(value);
            if (maker != null && needed.add(maker)) {
                open.addAll(maker.inputs());
            }
        }
        return steps.stream().filter(needed::contains).toList();
    }

    /**
     * Returns the values that are computed from some others by way of values that fit, themselves included.
     *
     * @param among operations in order
     */
    public static Set<String> computedFrom(Collection<String> sources, List<Step> among, Predicate<String> fits) {
        Set<String> computed = new HashSet<>(sources);
        for (Step step : among) {
            if (step.inputs().stream().anyMatch(computed::contains)) {
                step.outputs().stream().filter(fits).forEach(computed::add);
            }
        }
        return computed;
    }

    /** Frees the constants. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            constants.values().forEach(Runner::free);
        }
    }

    @Override
    public String toString() {
        return "Graph[" + steps.size() + " operations]";
    }
}
