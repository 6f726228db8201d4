// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.Set;

/**
 * A program whose ways back follow rules.
 *
 * @param program runs forward
 * @param ways back
 */
record RuledProgram(OnnxProgram program, Plans ways) implements Program {
    @Override
    public RowLayout rowLayout() {
        return program.rowLayout();
    }

    @Override
    public void check(Cut.Point point) {
        program.check(point);
    }

    @Override
    public List<Tensor> forward(Question question) {
        return program.forward(question);
    }

    @Override
    public Pullback pullback(Question question) {
        return program.pullback(question, ways);
    }

    @Override
    public Set<Cut.Point> computedFrom(Cut.Point source, List<Cut.Point> points, Inputs inputs) {
        return program.computedFrom(source, points, inputs);
    }

    @Override
    public Program with(RuleSet rules) {
        return program.with(rules);
    }
}
