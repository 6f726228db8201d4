// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.model.CutPoint;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayerValue;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledCopy;
import io.github.attribution4j.model.rule.RuledCut;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Implements {@link LayeredModel} and {@link RuledModel} on a {@link Program}. A model makes one in its constructor and
 * delegates its Java methods to it.
 *
 * <p>It provides heads and tails, which can be cut again, pullbacks to values at a cut, copies with rules, values whose
 * rows are not on axis 0, and programs that take one example, which run row by row.
 */
@Experimental
public final class WholeProgram {
    private final LayeredModel model;
    private final Section section;
    private final Map<RuleSet, RuledCopy> copies = new ConcurrentHashMap<>();

    /**
     * Makes the program of a model.
     *
     * @param model provides everything except runs: its identity, its points, its weights, its operations
     * @param program runs it
     */
    public WholeProgram(LayeredModel model, Program program) {
        this.model = model;
        this.section = new Section(program);
    }

    /** Returns what {@link LayeredModel#forward} returns. */
    public Tensor forward(Inputs inputs) {
        return section.forward(inputs);
    }

    /** Returns what {@link LayeredModel#pullback} returns. */
    public Pullback pullback(Inputs inputs) {
        return section.pullback(inputs, List.of());
    }

    /**
     * Returns what {@link LayeredModel#cut(List)} and {@link RuledModel#cut(List)} return. Heads and tails refuse rules
     * if the program does.
     */
    public RuledCut cut(List<CutPoint> points) {
        return new PartCut(model, model, section, points);
    }

    /** Returns what {@link RuledModel#with} returns; the same copy for equal rules. */
    public RuledCopy with(RuleSet rules) {
        // Called each time, since a closed program refuses.
        Section ruled = section.with(rules);
        return copies.computeIfAbsent(rules, key -> new Copy(model, ruled, key, List.of()));
    }

    /**
     * Returns what {@link LayeredModel#values} returns, for a program of which every run reaches all points of
     * the model.
     */
    public List<LayerValue> values(Inputs inputs) {
        List<CutPoint> points = model.cutPoints();
        List<LayerValue> values = new ArrayList<>();
        if (!points.isEmpty()) {
            try (TensorScope scope = TensorScope.open()) {
                List<Tensor> tensors = section.values(inputs, points);
                for (int i = 0; i < points.size(); i++) {
                    values.add(new LayerValue(
                            points.get(i),
                            tensors.get(i).dataType(),
                            tensors.get(i).shape()));
                }
            }
        }
        return values;
    }

    @Override
    public String toString() {
        return "WholeProgram[" + model + "]";
    }
}
