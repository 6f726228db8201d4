/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.djl;

import io.github.attribution4j.djl.internal.rewrite.Row;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.CutPoint;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayerPullback;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.ModelIdentity;
import io.github.attribution4j.model.ModelPart;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Heads and tail around values of a program: questions to the same native module. They live as long as the model. */
final class TorchCut implements Cut {
    private final TorchProgram program;
    private final List<CutPoint> points;
    private final List<Row> rows;
    private final List<Head> heads;
    private final Tail tail;

    /** {@code rows}: one for each point, none of them a leaf. */
    TorchCut(LayeredModel model, TorchProgram program, List<CutPoint> points, List<Row> rows) {
        this.program = program;
        this.points = List.copyOf(points);
        this.rows = List.copyOf(rows);
        this.heads = IntStream.range(0, points.size())
                .mapToObj(number -> new Head(model, program, points.get(number), rows.get(number)))
                .toList();
        this.tail = new Tail(
                model, program, points.stream().map(CutPoint::toString).collect(Collectors.joining(", ")), rows);
    }

    @Override
    public List<CutPoint> points() {
        return points;
    }

    @Override
    public List<Tensor> activations(Inputs inputs) {
        program.module().check();
        program.requireIndependent(inputs, points, rows);
        return activations(program, inputs, rows);
    }

    @Override
    public LayerPullback pullback(Inputs inputs) {
        program.module().check();
        program.requireIndependent(inputs, points, rows);
        return layers(inputs);
    }

    private LayerPullback layers(Inputs inputs) {
        boolean again = false;
        while (true) {
            List<Row> seen = program.views().of(inputs.withoutReferences(), rows, false);
            if (seen == null) {
                return OneByOne.layerPullback(inputs, this::layers);
            }
            LayerPullback pullback = program.pullbackLayers(inputs, points, seen);
            // Looked at once more; a value whose axes depend on the data would be looked at for ever.
            if (again || !program.views().contradict(inputs.withoutReferences(), seen, pullback.activations())) {
                return pullback;
            }
            again = true;
            pullback.close();
        }
    }

    private static List<Tensor> activations(TorchProgram program, Inputs inputs, List<Row> rows) {
        boolean again = false;
        while (true) {
            List<Row> seen = program.views().of(inputs, rows, true);
            if (seen == null) {
                return OneByOne.tensors(inputs, one -> activations(program, one, rows));
            }
            List<Tensor> values = program.activations(inputs, seen);
            if (again || !program.views().contradict(inputs, seen, values)) {
                return values;
            }
            again = true;
            values.forEach(Tensor::close);
        }
    }

    @Override
    public DifferentiableModel head(int number) {
        return heads.get(number);
    }

    @Override
    public DifferentiableModel tail() {
        return tail;
    }

    private static ModelIdentity identity(LayeredModel model, String part) {
        ModelIdentity whole = model.identity();
        return new ModelIdentity(
                whole.name() + " (" + part + ")",
                whole.version(),
                whole.digest(),
                whole.engine(),
                whole.device(),
                whole.loaded());
    }

    @Override
    public String toString() {
        return "Cut" + points;
    }

    private record Head(LayeredModel model, TorchProgram program, CutPoint point, Row row)
            implements DifferentiableModel {
        @Override
        public Tensor forward(Inputs inputs) {
            program.module().check();
            return activations(program, inputs, List.of(row)).get(0);
        }

        @Override
        public Pullback pullback(Inputs inputs) {
            program.module().check();
            List<Row> seen = program.views().of(inputs.withoutReferences(), List.of(row), false);
            return seen == null ? OneByOne.pullback(inputs, this::pullback) : program.pullbackHead(inputs, seen.get(0));
        }

        @Override
        public Tensors tensors() {
            return model.tensors();
        }

        @Override
        public ModelIdentity identity() {
            return TorchCut.identity(model, "head of " + point);
        }

        @Override
        public OptionalLong bytesPerRow(Inputs inputs, boolean gradients) {
            return model.bytesPerRow(inputs, gradients);
        }

        @Override
        public ModelPart part() {
            return model.part().inside("at " + point);
        }

        @Override
        public Optional<String> oneRowAtATime() {
            return model.oneRowAtATime();
        }

        @Override
        public List<String> gradientLosses() {
            return model.gradientLosses();
        }
    }

    private record Tail(LayeredModel model, TorchProgram program, String where, List<Row> rows)
            implements DifferentiableModel {
        @Override
        public Tensor forward(Inputs inputs) {
            program.module().check();
            List<Row> seen = seen(inputs);
            return seen == null
                    ? OneByOne.tensors(inputs, one -> List.of(forward(one))).get(0)
                    : program.forwardTail(inputs, seen);
        }

        @Override
        public Pullback pullback(Inputs inputs) {
            program.module().check();
            List<Row> seen = seen(inputs);
            return seen == null ? OneByOne.pullback(inputs, this::pullback) : program.pullbackTail(inputs, seen);
        }

        private @Nullable List<Row> seen(Inputs inputs) {
            return program.seenBehind(inputs, rows);
        }

        @Override
        public Tensors tensors() {
            return model.tensors();
        }

        @Override
        public ModelIdentity identity() {
            return TorchCut.identity(model, "tail of " + where);
        }

        @Override
        public OptionalLong bytesPerRow(Inputs inputs, boolean gradients) {
            return inputs.origin()
                    .map(origin -> model.bytesPerRow(origin.inputs(), gradients))
                    .orElse(OptionalLong.empty());
        }

        @Override
        public ModelPart part() {
            return model.part().inside("after " + where);
        }

        @Override
        public Optional<String> oneRowAtATime() {
            return model.oneRowAtATime();
        }

        @Override
        public List<String> gradientLosses() {
            return model.gradientLosses();
        }
    }
}
