// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.model.rule.RuledModel.RuledCut;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A head or a tail. A head is the whole program up to a value inside it. A tail is the whole program with values inside
 * it replaced; it takes first these and then the model's inputs. Both admit rules if the program does.
 */
final class Part implements RuledModel {
    private final LayeredModel model;
    private final LayeredModel whole;
    private final Section section;
    private final String where;
    private final boolean tail;

    /**
     * Makes a part.
     *
     * @param model the whole model
     * @param whole the model or part that was cut
     * @param where the points of the cut
     * @param tail whether this is the tail
     */
    Part(LayeredModel model, LayeredModel whole, Section section, String where, boolean tail) {
        this.model = model;
        this.whole = whole;
        this.section = section;
        this.where = where;
        this.tail = tail;
    }

    @Override
    public Tensor forward(Inputs inputs) {
        return section.forward(inputs);
    }

    @Override
    public Pullback pullback(Inputs inputs) {
        return section.pullback(inputs, List.of());
    }

    @Override
    public RuledCut cut(List<Cut.Point> points) {
        return new PartCut(model, this, section, points);
    }

    @Override
    public List<Operation> operations() {
        if (model instanceof RuledModel ruled) {
            return ruled.operations();
        }
        throw new UnsupportedModelException(
                model + " has no backward rules; use a gradient method or one that perturbs");
    }

    @Override
    public RuledModel.Copy with(RuleSet rules) {
        return new PartCopy(this, section.with(rules), rules, List.of());
    }

    @Override
    public List<Cut.Point> cutPoints() {
        return model.cutPoints();
    }

    @Override
    public Cut.Point cutPoint(String address) {
        return model.cutPoint(address);
    }

    @Override
    public String note(Cut.Point point) {
        return model.note(point);
    }

    @Override
    public List<Cut.Value> values(Inputs inputs) {
        return model.values(section.behind(inputs));
    }

    @Override
    public List<String> weightNames() {
        return model.weightNames();
    }

    @Override
    public Tensor weight(String name) {
        return model.weight(name);
    }

    @Override
    public Tensors tensors() {
        return model.tensors();
    }

    @Override
    public Model.Identity identity() {
        return whole.identity().part((tail ? "tail of " : "head of ") + where);
    }

    @Override
    public OptionalLong bytesPerRow(Inputs inputs, boolean gradients) {
        return tail
                ? inputs.origin()
                        .map(origin -> whole.bytesPerRow(origin.inputs(), gradients))
                        .orElse(OptionalLong.empty())
                : whole.bytesPerRow(inputs, gradients);
    }

    @Override
    public Model.Part part() {
        return whole.part().inside((tail ? "after " : "at ") + where);
    }

    @Override
    public Optional<String> oneRowAtATime() {
        return model.oneRowAtATime();
    }

    @Override
    public List<String> gradientLosses() {
        return model.gradientLosses();
    }

    @Override
    public List<String> randomDraws() {
        return model.randomDraws();
    }

    @Override
    public String toString() {
        return (tail ? "tail of " : "head of ") + where + " of " + whole;
    }
}
