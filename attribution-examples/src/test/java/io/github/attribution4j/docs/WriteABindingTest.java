// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.gradient.Conductance;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.model.program.Program.Place;
import io.github.attribution4j.model.program.Program.Question;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.contract.ProgramContract;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

@SuppressWarnings("ArrayRecordComponent") // a layer is what its arrays hold, and two are never compared
class WriteABindingTest {
    // tag::engine
    /** The engine: layers one after another, on one row. */
    interface Layer {
        String name();

        double[] forward(double[] x);

        /** Returns the gradient of Σ(forward(x) · sent). */
        double[] back(double[] x, double[] sent);
    }

    record Linear(String name, double[][] weights) implements Layer {
        @Override
        public double[] forward(double[] x) {
            return Arrays.stream(weights)
                    .mapToDouble(row -> IntStream.range(0, x.length)
                            .mapToDouble(i -> row[i] * x[i])
                            .sum())
                    .toArray();
        }

        @Override
        public double[] back(double[] x, double[] sent) {
            return IntStream.range(0, x.length)
                    .mapToDouble(i -> IntStream.range(0, sent.length)
                            .mapToDouble(o -> weights[o][i] * sent[o])
                            .sum())
                    .toArray();
        }
    }

    record Tanh(String name) implements Layer {
        @Override
        public double[] forward(double[] x) {
            return Arrays.stream(x).map(Math::tanh).toArray();
        }

        @Override
        public double[] back(double[] x, double[] sent) {
            return IntStream.range(0, x.length)
                    .mapToDouble(i -> sent[i] * (1 - Math.pow(Math.tanh(x[i]), 2)))
                    .toArray();
        }
    }
    // end::engine

    // tag::program
    /** The binding: value 0 is the input, value i what layer i gives. */
    record Chain(List<Layer> layers, AtomicBoolean closed) implements Program {
        List<Cut.Point> points() {
            if (closed.get()) {
                throw new IllegalStateException("this model was closed; make it again");
            }
            return layers.stream()
                    .map(layer -> new Cut.Point(layer.name(), layer.getClass().getSimpleName(), 0))
                    .toList();
        }

        private int number(Cut.Point point) {
            return points().indexOf(point) + 1;
        }

        @Override
        public RowLayout rowLayout() {
            return RowLayout.FIRST;
        }

        @Override
        public void check(Cut.Point point) {
            if (number(point) == 0) {
                throw new UnknownLayerException(
                        point.toString(), layers.stream().map(Layer::name).toList());
            }
        }

        @Override
        public Set<Cut.Point> computedFrom(Cut.Point source, List<Cut.Point> points, Inputs inputs) {
            return points.stream()
                    .filter(point -> number(point) > number(source))
                    .collect(Collectors.toSet());
        }

        @Override
        public List<Tensor> forward(Question question) {
            double[][][] values = run(question);
            List<Integer> wanted = question.tapped().isEmpty() ? List.of(layers.size()) : numbers(question.tapped());
            return wanted.stream().map(number -> tensor(values[number])).toList();
        }

        @Override
        public Pullback pullback(Question question) {
            double[][][] values = run(question);
            int end = question.end() == null
                    ? layers.size()
                    : number(question.end().point());
            List<Integer> given = new ArrayList<>(numbers(question.replaced()));
            given.add(0);
            List<Integer> tapped = numbers(question.tapped());
            List<Integer> leaves = new ArrayList<>(tapped);
            for (int i = 0; i < given.size(); i++) {
                if (question.isLeaf(question.inputs().all().get(i))) {
                    leaves.add(given.get(i));
                }
            }
            // In a chain, all that is sent arrives at the last value that was given or tapped.
            int stop = Stream.concat(given.stream(), tapped.stream())
                    .filter(i -> i <= end)
                    .max(Integer::compare)
                    .orElse(0);
            return question.pullback(
                    leaves.stream().map(leaf -> leaf == stop).toList(),
                    tensor(values[end]),
                    tapped.stream().map(leaf -> tensor(values[leaf])).toList(),
                    cotangent -> {
                        double[][] sent = rows(cotangent);
                        for (int i = end; i > stop; i--) {
                            for (int row = 0; row < sent.length; row++) {
                                sent[row] = layers.get(i - 1).back(values[i - 1][row], sent[row]);
                            }
                        }
                        return leaves.stream()
                                .map(leaf ->
                                        tensor(leaf == stop ? sent : new double[sent.length][values[leaf][0].length]))
                                .toList();
                    });
        }

        private List<Integer> numbers(List<Place> places) {
            return places.stream().map(place -> number(place.point())).toList();
        }

        private double[][][] run(Question question) {
            int count = points().size();
            double[][][] values = new double[count + 1][][];
            values[0] = rows(question.arguments().get(0).tensor());
            for (int i = 0; i < question.replaced().size(); i++) {
                values[number(question.replaced().get(i).point())] = rows(question.replacement(i));
            }
            for (int i = 1; i <= count; i++) {
                if (values[i] == null) {
                    values[i] = Arrays.stream(values[i - 1])
                            .map(layers.get(i - 1)::forward)
                            .toArray(double[][]::new);
                }
            }
            return values;
        }

        private static double[][] rows(Tensor tensor) {
            if (tensor.dataType() != DataType.FLOAT64 || tensor.shape().rank() != 2) {
                throw new ModelException("a " + tensor.dataType() + " tensor of shape " + tensor.shape()
                        + "; this model takes float64 (rows, width)");
            }
            int width = (int) tensor.shape().dim(1);
            double[] all = tensor.toDoubleArray();
            return IntStream.range(0, all.length / width)
                    .mapToObj(row -> Arrays.copyOfRange(all, row * width, (row + 1) * width))
                    .toArray(double[][]::new);
        }

        private static Tensor tensor(double[][] rows) {
            double[] all = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
            return Tensors.ofJava().of(all, Shape.of(rows.length, rows[0].length));
        }
    }
    // end::program

    // tag::model
    static final class ChainModel implements LayeredModel {
        private final Chain program;
        private final Program.Whole whole;

        ChainModel(Layer... layers) {
            this.program = new Chain(List.of(layers), new AtomicBoolean());
            this.whole = new Program.Whole(this, program);
        }

        @Override
        public Tensor forward(Inputs inputs) {
            return whole.forward(inputs);
        }

        @Override
        public Pullback pullback(Inputs inputs) {
            return whole.pullback(inputs);
        }

        @Override
        public Cut cut(List<Cut.Point> points) {
            return whole.cut(points);
        }

        @Override
        public List<Cut.Point> cutPoints() {
            return program.points();
        }

        @Override
        public List<Cut.Value> values(Inputs inputs) {
            return whole.values(inputs);
        }

        @Override
        public Tensors tensors() {
            return Tensors.ofJava();
        }

        @Override
        public Model.Identity identity() {
            return new Model.Identity("chain", "1", "", "chain engine 1.0", "java");
        }

        @Override
        public void close() {
            program.closed().set(true);
        }
    }
    // end::model

    private static ChainModel network() {
        double[][] first = {{0.5, -1, 0.25}, {1, 0.5, -0.5}, {-0.75, 0.5, 1}, {0.25, 0.25, 0.5}};
        double[][] second = {{1, -0.5, 0.25, 0.5}, {-1, 0.5, 0.75, -0.25}};
        return new ChainModel(new Linear("fc1", first), new Tanh("act"), new Linear("fc2", second));
    }

    // tag::contract
    @Nested
    class ChainContract extends ProgramContract {
        @Override
        protected LayeredModel model() {
            return network();
        }

        @Override
        protected Program program(LayeredModel model) {
            return ((ChainModel) model).program;
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, 5, 3).rows(0, rows));
        }

        @Override
        protected List<String> layers() {
            return List.of("fc1", "act", "fc2");
        }

        @Override
        protected List<String> dependentLayers() {
            return List.of("fc1", "act");
        }

        @Override
        protected double batchTolerance() {
            return 0;
        }
    }
    // end::contract

    @Test
    void methods() {
        try (TensorScope scope = TensorScope.open();
                ChainModel model = network()) {
            Inputs inputs = Inputs.of(Tensors.ofJava().of(new double[] {0.3, -0.2, 0.9}, 1, 3));
            // tag::use
            Explanation why = new IntegratedGradients().attribute(model, inputs, Target.index(1));
            Explanation inside = new Saliency().at("act").attribute(model, inputs, Target.index(1));
            Explanation conductance = new Conductance("act").attribute(model, inputs, Target.index(1));
            // end::use
            assertThat(why.attributions().get(0).shape()).isEqualTo(Shape.of(1, 3));
            assertThat(inside.attributions().get(0).shape()).isEqualTo(Shape.of(1, 4));
            double sum =
                    Arrays.stream(why.attributions().get(0).toDoubleArray()).sum();
            assertThat(Arrays.stream(conductance.attributions().get(0).toDoubleArray())
                            .sum())
                    .isCloseTo(sum, within(1e-3));
        }
    }

    @Test
    void an_engine_without_rules_refuses_them() {
        try (ChainModel model = network()) {
            RuledModel head = (RuledModel) model.cut("act").head();
            assertThatThrownBy(() -> head.with(new DeepLift().rules()))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("no backward rules");
            assertThatThrownBy(head::operations).isInstanceOf(UnsupportedModelException.class);
        }
    }
}
