// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.djl.internal.wire.Row;
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
        return program.views().run(inputs.withoutReferences(), rows, false, new RowViews.Run<>() {
            @Override
            public LayerPullback seen(List<Row> seen) {
                return program.pullbackLayers(inputs, points, seen);
            }

            @Override
            public LayerPullback rowByRow() {
                return OneByOne.layerPullback(inputs, one -> layers(one));
            }

            @Override
            public List<Tensor> values(LayerPullback pullback) {
                return pullback.activations();
            }

            @Override
            public void close(LayerPullback pullback) {
                pullback.close();
            }
        });
    }

    private static List<Tensor> activations(TorchProgram program, Inputs inputs, List<Row> rows) {
        return program.views().run(inputs, rows, true, new RowViews.Run<>() {
            @Override
            public List<Tensor> seen(List<Row> seen) {
                return program.activations(inputs, seen);
            }

            @Override
            public List<Tensor> rowByRow() {
                return OneByOne.tensors(inputs, one -> activations(program, one, rows));
            }

            @Override
            public List<Tensor> values(List<Tensor> values) {
                return values;
            }

            @Override
            public void close(List<Tensor> values) {
                values.forEach(Tensor::close);
            }
        });
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
            return program.views().run(inputs.withoutReferences(), List.of(row), false, new RowViews.Run<>() {
                @Override
                public Pullback seen(List<Row> seen) {
                    return program.pullbackHead(inputs, seen.get(0));
                }

                @Override
                public Pullback rowByRow() {
                    return OneByOne.pullback(inputs, Head.this::pullback);
                }

                @Override
                public List<Tensor> values(Pullback pullback) {
                    return List.of(pullback.output());
                }

                @Override
                public void close(Pullback pullback) {
                    pullback.close();
                }
            });
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

        @Override
        public List<String> randomDraws() {
            return model.randomDraws();
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

        @Override
        public List<String> randomDraws() {
            return model.randomDraws();
        }
    }
}
