// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.djl.internal.wire.Row;
import io.github.attribution4j.model.CutPoint;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayerPullback;
import io.github.attribution4j.model.LayerValue;
import io.github.attribution4j.model.ModelIdentity;
import io.github.attribution4j.model.ModelPart;
import io.github.attribution4j.model.Operation;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.RuleSet;
import io.github.attribution4j.model.RuledCopy;
import io.github.attribution4j.model.RuledCut;
import io.github.attribution4j.model.RuledModel;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A head or a tail: the whole program, asked for a value inside it, or with others in the place of values inside it. It
 * takes first those and then the model's inputs.
 */
final class TorchPart implements RuledModel {
    private final TorchScriptModel model;
    private final RuledModel whole;
    private final Rows rows;
    private final String where;
    private final boolean tail;

    /**
     * Which values of a program a part is about.
     *
     * @param replaced those in whose place others are put
     * @param result the one that is asked for; null for the output
     */
    record Rows(List<Row> replaced, @Nullable Row result) {
        /** The program as it is. */
        static final Rows WHOLE = new Rows(List.of(), null);

        List<Row> tapped() {
            return result == null ? List.of() : List.of(result);
        }
    }

    private TorchPart(TorchScriptModel model, RuledModel whole, Rows rows, String where, boolean tail) {
        this.model = model;
        this.whole = whole;
        this.rows = rows;
        this.where = where;
        this.tail = tail;
    }

    /** {@code whole}: what is cut, the model or a part of it with some rows. */
    static TorchPart head(TorchScriptModel model, RuledModel whole, Rows ofWhole, CutPoint point, Row row) {
        return new TorchPart(model, whole, new Rows(ofWhole.replaced(), row), point.toString(), false);
    }

    /** {@code replaced}: the values at the cut. */
    static TorchPart tail(TorchScriptModel model, RuledModel whole, Rows ofWhole, String points, List<Row> replaced) {
        List<Row> all =
                Stream.concat(replaced.stream(), ofWhole.replaced().stream()).toList();
        return new TorchPart(model, whole, new Rows(all, ofWhole.result()), points, true);
    }

    @Override
    public Tensor forward(Inputs inputs) {
        model.module().check();
        if (rows.result() != null) {
            return activations(model.program(), rows, inputs, rows.tapped()).get(0);
        }
        List<Row> seen = model.program().seenBehind(inputs, rows.replaced().size(), rows.replaced());
        return seen == null
                ? OneByOne.tensors(inputs, one -> List.of(forward(one))).get(0)
                : model.program().forwardTail(inputs, seen);
    }

    @Override
    public Pullback pullback(Inputs inputs) {
        return pullback(model.program(), inputs);
    }

    /** Runs this part of a program with this model's text. */
    Pullback pullback(TorchProgram program, Inputs inputs) {
        program.module().check();
        int count = rows.replaced().size();
        return run(program, rows, inputs, rows.tapped(), false, new RowViews.Run<>() {
            @Override
            public Pullback seen(List<Row> seen) {
                return program.pullback(
                        inputs, new Rows(seen.subList(0, count), rows.result() == null ? null : seen.get(count)));
            }

            @Override
            public Pullback rowByRow() {
                return OneByOne.pullback(inputs, one -> pullback(program, one));
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

    /** Returns the values of some rows of a part. */
    static List<Tensor> activations(TorchProgram program, Rows part, Inputs inputs, List<Row> wanted) {
        int count = part.replaced().size();
        return run(program, part, inputs, wanted, true, new RowViews.Run<>() {
            @Override
            public List<Tensor> seen(List<Row> seen) {
                return program.activations(inputs, seen.subList(0, count), seen.subList(count, seen.size()));
            }

            @Override
            public List<Tensor> rowByRow() {
                return OneByOne.tensors(inputs, one -> activations(program, part, one, wanted));
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

    /** Runs a part, to go back to the values at some points. */
    static LayerPullback layers(
            TorchProgram program, Rows part, Inputs inputs, List<CutPoint> points, List<Row> leaves) {
        int count = part.replaced().size();
        List<Row> wanted =
                Stream.concat(leaves.stream(), part.tapped().stream()).toList();
        return run(program, part, inputs, wanted, false, new RowViews.Run<>() {
            @Override
            public LayerPullback seen(List<Row> seen) {
                int last = count + leaves.size();
                Rows as = new Rows(seen.subList(0, count), part.result() == null ? null : seen.get(last));
                return program.pullbackLayers(inputs, as, points, seen.subList(count, last));
            }

            @Override
            public LayerPullback rowByRow() {
                return OneByOne.layerPullback(inputs, one -> layers(program, part, one, points, leaves));
            }

            @Override
            public List<Tensor> values(LayerPullback pullback) {
                return part.result() == null
                        ? pullback.activations()
                        : Stream.concat(pullback.activations().stream(), Stream.of(pullback.output()))
                                .toList();
            }

            @Override
            public void close(LayerPullback pullback) {
                pullback.close();
            }
        });
    }

    /** Runs with the values that are put in, and those wanted, seen as rows of the model's inputs. */
    private static <T> T run(
            TorchProgram program, Rows part, Inputs inputs, List<Row> wanted, boolean shared, RowViews.Run<T> run) {
        if (part.replaced().isEmpty()) {
            return program.views().run(inputs.withoutReferences(), wanted, shared, run);
        }
        List<Row> all = Stream.concat(part.replaced().stream(), wanted.stream()).toList();
        List<Row> seen = program.seenBehind(inputs, part.replaced().size(), all);
        return seen == null ? run.rowByRow() : run.seen(seen);
    }

    @Override
    public RuledCut cut(List<CutPoint> points) {
        return model.cut(this, rows, points);
    }

    @Override
    public RuledCopy with(RuleSet rules) {
        return model.copy(rules).of(this);
    }

    Rows rows() {
        return rows;
    }

    @Override
    public List<Operation> operations() {
        return model.operations();
    }

    @Override
    public List<CutPoint> cutPoints() {
        return model.cutPoints();
    }

    @Override
    public CutPoint cutPoint(String address) {
        return model.cutPoint(address);
    }

    @Override
    public String note(CutPoint point) {
        return model.note(point);
    }

    @Override
    public List<LayerValue> values(Inputs inputs) {
        return model.values(TorchProgram.behind(inputs, rows.replaced().size()));
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
    public ModelIdentity identity() {
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
    public ModelPart part() {
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
