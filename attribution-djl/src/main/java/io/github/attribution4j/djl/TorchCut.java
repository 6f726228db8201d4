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
import io.github.attribution4j.model.ModelIdentity;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.OptionalLong;

/** Head and tail around one call of a module: two questions to the same program. They live as long as the model. */
final class TorchCut implements Cut {
    private final CutPoint point;
    private final Head head;
    private final Tail tail;

    TorchCut(TorchScriptModel model, TorchProgram program, CutPoint point, Row output) {
        Row row = new Row(output.module(), point.call(), output.side(), output.element(), false);
        this.point = point;
        this.head = new Head(model, program, point, row);
        this.tail = new Tail(model, program, point, row);
    }

    @Override
    public CutPoint point() {
        return point;
    }

    @Override
    public DifferentiableModel head() {
        return head;
    }

    @Override
    public DifferentiableModel tail() {
        return tail;
    }

    private static ModelIdentity identity(TorchScriptModel model, CutPoint point, String part) {
        ModelIdentity whole = model.identity();
        return new ModelIdentity(
                whole.name() + " (" + part + " of " + point + ")", whole.digest(), whole.engine(), whole.device());
    }

    private record Head(TorchScriptModel model, TorchProgram program, CutPoint point, Row row)
            implements DifferentiableModel {
        @Override
        public Tensor forward(Inputs inputs) {
            program.module().check();
            return program.forwardHead(inputs, row);
        }

        @Override
        public Pullback pullback(Inputs inputs) {
            program.module().check();
            return program.pullbackHead(inputs, row);
        }

        @Override
        public Tensors tensors() {
            return model.tensors();
        }

        @Override
        public ModelIdentity identity() {
            return TorchCut.identity(model, point, "head");
        }

        @Override
        public OptionalLong bytesPerRow(Inputs inputs, boolean gradients) {
            return model.bytesPerRow(inputs, gradients);
        }
    }

    private record Tail(TorchScriptModel model, TorchProgram program, CutPoint point, Row row)
            implements DifferentiableModel {
        @Override
        public Tensor forward(Inputs inputs) {
            program.module().check();
            return program.forwardTail(inputs, row);
        }

        @Override
        public Pullback pullback(Inputs inputs) {
            program.module().check();
            return program.pullbackTail(inputs, row);
        }

        @Override
        public Tensors tensors() {
            return model.tensors();
        }

        @Override
        public ModelIdentity identity() {
            return TorchCut.identity(model, point, "tail");
        }

        @Override
        public OptionalLong bytesPerRow(Inputs inputs, boolean gradients) {
            return inputs.origin()
                    .map(origin -> model.bytesPerRow(origin.inputs(), gradients))
                    .orElse(OptionalLong.empty());
        }
    }
}
