// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.model.rule.RuledModel.RuledCut;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.stream.Collectors;

/** A cut of a model or a part of it. Its head and tail run the same program. */
final class PartCut implements RuledCut {
    private final LayeredModel model;
    private final LayeredModel whole;
    private final Section section;
    private final List<Cut.Point> points;

    /**
     * Cuts.
     *
     * @param model the whole model
     * @param whole the model or part that is cut
     * @param section the section of the program that it computes
     */
    PartCut(LayeredModel model, LayeredModel whole, Section section, List<Cut.Point> points) {
        this.model = model;
        this.whole = whole;
        this.section = section;
        this.points = section.checked(points);
    }

    @Override
    public List<Cut.Point> points() {
        return points;
    }

    @Override
    public List<Tensor> activations(Inputs inputs) {
        section.requireIndependent(inputs, points);
        return section.values(inputs, points);
    }

    @Override
    public Pullback pullback(Inputs inputs) {
        section.requireIndependent(inputs, points);
        return section.pullback(inputs, points);
    }

    @Override
    public RuledModel head(int number) {
        Cut.Point point = points.get(number);
        return new Part(model, whole, section.to(point), point.toString(), false);
    }

    @Override
    public RuledModel tail() {
        String where = points.stream().map(Cut.Point::toString).collect(Collectors.joining(", "));
        return new Part(model, whole, section.from(points), where, true);
    }

    @Override
    public String toString() {
        return "Cut" + points;
    }
}
