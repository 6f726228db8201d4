// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import java.util.List;

/**
 * The copy with rules of a model or of a part of one.
 *
 * @param model which
 * @param section the section of the program with the rules that it computes
 * @param points that it goes back to; none for its inputs
 */
record PartCopy(LayeredModel model, Section section, RuleSet rules, List<Cut.Point> points) implements RuledModel.Copy {
    @Override
    public Model.Identity identity() {
        return model.identity().with("rules", rules.describe());
    }

    @Override
    public BackwardRun run(Inputs inputs) {
        section.requireIndependent(inputs, points);
        return BackwardRun.byRules(section.pullback(inputs, points));
    }

    @Override
    public RuledModel.Copy cut(List<Cut.Point> others) {
        return new PartCopy(model, section, rules, section.checked(others));
    }

    @Override
    public String toString() {
        return model + (points.isEmpty() ? "" : ", back to " + points) + " under backward rules";
    }
}
