// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.internal;

import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.nd4j.internal.Derivatives.Way;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The values of one run, which is one thread's at a time. They are freed when this is closed. */
public final class Values implements AutoCloseable {
    private final Graph graph;
    private final Map<String, INDArray> arrays;

    /**
     * Begins a run.
     *
     * @param given inputs and replaced values by their names, which now belong to this object
     */
    public Values(Graph graph, Map<String, INDArray> given) {
        this.graph = graph;
        this.arrays = new HashMap<>(given);
    }

    /** Returns whether a value is there already. */
    public boolean has(String value) {
        return arrays.containsKey(value);
    }

    /** Returns a value or constant, which stays this object's. */
    public INDArray get(String value) {
        INDArray array = arrays.get(value);
        return array != null ? array : Objects.requireNonNull(graph.constant(value), value);
    }

    /**
     * Runs operations.
     *
     * @param steps in order
     * @param kept values that stay; the others are freed after their last use. Null: all stay
     */
    public void compute(List<Step> steps, Runners runners, @Nullable Set<String> kept) {
        Map<String, Integer> lastUse = new HashMap<>();
        if (kept != null) {
            for (int i = 0; i < steps.size(); i++) {
                for (String input : steps.get(i).inputs()) {
                    lastUse.put(input, i);
                }
            }
        }
        Runner runner = runners.take();
        try {
            for (int i = 0; i < steps.size(); i++) {
                Step step = steps.get(i);
                INDArray[] made = runner.run(step, inputs(step, this::get));
                for (int k = 0; k < made.length; k++) {
                    INDArray before = arrays.putIfAbsent(step.outputs().get(k), made[k]);
                    if (before != null) {
                        // A replaced value: what the operation makes is not used.
                        Runner.free(made[k]);
                    }
                }
                if (kept != null) {
                    for (String input : step.inputs()) {
                        if (lastUse.getOrDefault(input, -1) == i && !kept.contains(input)) {
                            drop(input);
                        }
                    }
                }
            }
        } finally {
            runners.give(runner);
        }
    }

    private void drop(String value) {
        INDArray array = arrays.remove(value);
        if (array != null) {
            Runner.free(array);
        }
    }

    private static INDArray[] inputs(Step step, Function<String, INDArray> source) {
        return step.inputs().stream().map(source).toArray(INDArray[]::new);
    }

    /**
     * Goes back from a value to others.
     *
     * @param end where the way begins
     * @param sent what is sent; stays the caller's
     * @param steps the operations between them in order: each has an input that is computed from a leaf, or is one
     * @param way the values that something must come back to, leaves among them
     * @param leaves where it ends
     * @return what arrives at each leaf that is reached; new arrays, which belong to the caller
     */
    public Map<String, INDArray> back(
            String end,
            INDArray sent,
            List<Step> steps,
            Set<String> way,
            Set<String> leaves,
            Derivatives derivatives,
            Runners runners) {
        Map<String, INDArray> coming = new LinkedHashMap<>();
        Runner runner = runners.take();
        boolean complete = false;
        try {
            coming.put(end, sent.dup('c'));
            for (int i = steps.size() - 1; i >= 0; i--) {
                Step step = steps.get(i);
                if (step.outputs().stream()
                        .anyMatch(output -> coming.containsKey(output) && !leaves.contains(output))) {
                    through(step, coming, way, leaves, derivatives, runner);
                }
            }
            coming.entrySet().removeIf(entry -> {
                boolean other = !leaves.contains(entry.getKey());
                if (other) {
                    Runner.free(entry.getValue());
                }
                return other;
            });
            complete = true;
            return coming;
        } finally {
            runners.give(runner);
            if (!complete) {
                coming.values().forEach(Runner::free);
            }
        }
    }

    private void through(
            Step step,
            Map<String, INDArray> coming,
            Set<String> way,
            Set<String> leaves,
            Derivatives derivatives,
            Runner runner) {
        Way back = derivatives.of(step);
        if (back == null || back.refusal() != null) {
            throw new UnsupportedModelException(
                    "no gradient passes " + step.described() + (back == null ? "" : ": " + back.refusal()));
        }
        List<INDArray> sent = new ArrayList<>();
        Map<String, INDArray> local = new HashMap<>();
        try {
            for (String output : step.outputs()) {
                INDArray came = leaves.contains(output) ? null : coming.remove(output);
                sent.add(came != null ? came : get(output).like().assign(0));
            }
            if (back.rule() != null) {
                byRule(step, back.rule(), sent, way, coming);
                return;
            }
            for (int k = 0; k < sent.size(); k++) {
                local.put(back.sent().get(k), sent.get(k));
            }
            sent.clear();
            for (int k = 0; k < step.inputs().size(); k++) {
                String input = step.inputs().get(k);
                if (way.contains(input)) {
                    INDArray came = resolve(back.arriving().get(k), back, local, runner);
                    if (came.length() != get(input).length()) {
                        throw new ModelException("the derivative of " + step.described() + " has " + came.length()
                                + " elements for an input of " + get(input).length());
                    }
                    add(coming, input, came.dup('c').reshape('c', get(input).shape()));
                }
            }
        } finally {
            sent.forEach(Runner::free);
            local.values().forEach(Runner::free);
        }
    }

    private void byRule(Step step, Rule rule, List<INDArray> sent, Set<String> way, Map<String, INDArray> coming) {
        List<INDArray> inputs = step.inputs().stream().map(this::get).toList();
        List<INDArray> outputs = step.outputs().stream().map(this::get).toList();
        List<INDArray> came = List.of();
        try (Scratch scratch = new Scratch()) {
            came = rule.back(new Rule.Given(step, inputs, outputs, sent, scratch));
            scratch.closeExcept(came);
        }
        int number = 0;
        for (String input : step.inputs()) {
            if (graph.isFloating(input)) {
                INDArray one = came.get(number++);
                if (way.contains(input)) {
                    add(coming, input, one);
                } else {
                    Runner.free(one);
                }
            }
        }
    }

    private static void add(Map<String, INDArray> coming, String value, INDArray more) {
        INDArray before = coming.get(value);
        if (before == null) {
            coming.put(value, more);
        } else {
            before.addi(more);
            Runner.free(more);
        }
    }

    /** Returns a value of a derivative, computing what it is made of. */
    private INDArray resolve(String value, Way way, Map<String, INDArray> local, Runner runner) {
        INDArray known = local.get(value);
        if (known != null) {
            return known;
        }
        Step maker = way.makers().get(value);
        if (maker == null) {
            return get(value);
        }
        INDArray[] made = runner.run(maker, inputs(maker, input -> resolve(input, way, local, runner)));
        for (int k = 0; k < made.length; k++) {
            local.put(maker.outputs().get(k), made[k]);
        }
        return Objects.requireNonNull(local.get(value), value);
    }

    @Override
    public void close() {
        arrays.values().forEach(Runner::free);
        arrays.clear();
    }

    @Override
    public String toString() {
        return "Values" + arrays.keySet();
    }
}
