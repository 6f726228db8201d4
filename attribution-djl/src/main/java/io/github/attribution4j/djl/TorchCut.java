// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.djl.internal.wire.Row;
import io.github.attribution4j.model.CutPoint;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayerPullback;
import io.github.attribution4j.model.RuledCut;
import io.github.attribution4j.model.RuledModel;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Heads and tail around values of a program: questions to the same native module. They live as long as the model. */
final class TorchCut implements RuledCut {
    private final TorchProgram program;
    private final TorchPart.Rows part;
    private final List<CutPoint> points;
    private final List<Row> rows;
    private final List<TorchPart> heads;
    private final TorchPart tail;

    /**
     * Cuts.
     *
     * @param whole what is cut, the model or a part of it
     * @param part which part that is
     * @param rows one for each point, none of them a leaf
     */
    TorchCut(TorchScriptModel model, RuledModel whole, TorchPart.Rows part, List<CutPoint> points, List<Row> rows) {
        this.program = model.program();
        this.part = part;
        this.points = List.copyOf(points);
        this.rows = List.copyOf(rows);
        this.heads = IntStream.range(0, points.size())
                .mapToObj(number -> TorchPart.head(model, whole, part, points.get(number), rows.get(number)))
                .toList();
        String where = points.stream().map(CutPoint::toString).collect(Collectors.joining(", "));
        this.tail = TorchPart.tail(model, whole, part, where, rows);
    }

    @Override
    public List<CutPoint> points() {
        return points;
    }

    @Override
    public List<Tensor> activations(Inputs inputs) {
        require(inputs);
        return TorchPart.activations(program, part, inputs, rows);
    }

    @Override
    public LayerPullback pullback(Inputs inputs) {
        return pullback(program, inputs);
    }

    /** Runs a program with the model's text. */
    LayerPullback pullback(TorchProgram code, Inputs inputs) {
        require(inputs);
        return TorchPart.layers(code, part, inputs, points, rows);
    }

    private void require(Inputs inputs) {
        program.module().check();
        program.requireIndependent(TorchProgram.behind(inputs, part.replaced().size()), points, rows);
    }

    @Override
    public RuledModel head(int number) {
        return heads.get(number);
    }

    @Override
    public RuledModel tail() {
        return tail;
    }

    @Override
    public String toString() {
        return "Cut" + points;
    }
}
