// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.contract.AttributionContract;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class WriteAMethodTest {
    // tag::method
    static final class SquaredGradient extends Described<DifferentiableModel, SquaredGradient>
            implements Attribution.Gradient {
        private static final Setting<Boolean> SIGNED =
                Setting.of("signed", Kind.FLAG, false, "whether the sign of the gradient is kept");

        static final Description<SquaredGradient> DESCRIPTION = Description.of(
                "squared-gradient",
                Need.GRADIENTS,
                "the square of the score's gradient at each element",
                SquaredGradient::new,
                SIGNED);

        private SquaredGradient(Settings<SquaredGradient> settings) {
            super(settings);
        }

        SquaredGradient() {
            this(DESCRIPTION.defaults());
        }

        SquaredGradient signed(boolean signed) {
            return with(SIGNED, signed);
        }

        @Override
        public Explanation attribute(DifferentiableModel model, Inputs inputs, Target target, Run run) {
            try (TensorScope scope = TensorScope.open()) {
                Evaluator evaluator = Evaluator.start(this, model, inputs, target, run);
                List<Tensor> squares = evaluator.gradientsAtInputs().stream()
                        .map(gradient -> gradient.mul(value(SIGNED) ? gradient.abs() : gradient))
                        .toList();
                return Explanation.of(evaluator, squares);
            }
        }
    }
    // end::method

    // tag::groups
    static final class Banzhaf extends Described<Model, Banzhaf> implements Attribution.Forward {
        private static final Setting<Integer> SAMPLES = Setting.count(
                        "samples", 500, 1, "coalitions drawn for each example")
                .trial(8);
        private static final Setting<FeatureMask> MASK =
                Setting.of("mask", FeatureMask.KIND, FeatureMask.perElement(), "what goes absent together");
        private static final Setting<Baseline> BASELINE =
                Setting.of("baseline", Baseline.KIND, Baseline.zeros(), "what absent groups are replaced by");

        static final Description<Banzhaf> DESCRIPTION = Description.of(
                "banzhaf",
                Need.FORWARD,
                "what a group adds to the score, averaged over all coalitions of the others",
                Banzhaf::new,
                SAMPLES,
                MASK,
                BASELINE);

        private Banzhaf(Settings<Banzhaf> settings) {
            super(settings);
        }

        Banzhaf() {
            this(DESCRIPTION.defaults());
        }

        @Override
        public Explanation attribute(Model model, Inputs inputs, Target target, Run run) {
            try (TensorScope scope = TensorScope.open()) {
                Coalitions coalitions =
                        Coalitions.start(this, model, inputs, target, run, value(MASK), value(BASELINE));
                Run started = coalitions.evaluator().run();
                Coalitions.Keeping half = (example, row, kept) -> {
                    RandomGenerator random = started.random(0xBA2, started.exampleKey(example), row);
                    for (int group = 0; group < coalitions.groups(example); group++) {
                        kept[group] = random.nextDouble() < 0.5;
                    }
                };
                double[][] scores = coalitions.scores(example -> value(SAMPLES), half);
                double[][] values = new double[scores.length][];
                for (int example = 0; example < scores.length; example++) {
                    values[example] = differences(scores[example], coalitions.groups(example), example, half);
                }
                return Explanation.of(coalitions.evaluator(), coalitions.outcome(values));
            }
        }

        /** The mean score with a group less the mean score without it; coalitions are drawn again rather than kept. */
        private static double[] differences(double[] scores, int groups, int example, Coalitions.Keeping half) {
            double[][] sums = new double[groups][2];
            int[][] counts = new int[groups][2];
            for (int row = 0; row < scores.length; row++) {
                boolean[] kept = new boolean[groups];
                half.fill(example, row, kept);
                for (int group = 0; group < groups; group++) {
                    int with = kept[group] ? 1 : 0;
                    sums[group][with] += scores[row];
                    counts[group][with]++;
                }
            }
            double[] differences = new double[groups];
            for (int group = 0; group < groups; group++) {
                differences[group] =
                        sums[group][1] / Math.max(1, counts[group][1]) - sums[group][0] / Math.max(1, counts[group][0]);
            }
            return differences;
        }
    }
    // end::groups

    // tag::rows
    static final class LeaveOneOut extends Described<Model, LeaveOneOut> implements Attribution.Forward {
        private static final Setting<Baseline> BASELINE =
                Setting.of("baseline", Baseline.KIND, Baseline.zeros(), "what stands in the place of an element");

        static final Description<LeaveOneOut> DESCRIPTION = Description.of(
                "leave-one-out",
                Need.FORWARD,
                "what the score loses without an element of a table",
                LeaveOneOut::new,
                BASELINE);

        private LeaveOneOut(Settings<LeaveOneOut> settings) {
            super(settings);
        }

        LeaveOneOut() {
            this(DESCRIPTION.defaults());
        }

        /** Row r: example r / columns, without column r % columns. */
        private record WithoutOne(Tensor table, Tensor reference) implements Rows {
            private long columns() {
                return table.shape().dim(1);
            }

            @Override
            public long count() {
                return table.shape().size();
            }

            @Override
            public long group() {
                return columns();
            }

            @Override
            public long example(long row) {
                return row / columns();
            }

            @Override
            public List<Tensor> attributed(long from, long to) {
                List<Tensor> rows = new ArrayList<>();
                for (long row = from; row < to; row++) {
                    long example = example(row);
                    long column = row % columns();
                    boolean shared = reference.shape().dim(0) == 1;
                    Tensor absent = shared ? reference : reference.rows(example, example + 1);
                    Tensor present = table.rows(example, example + 1);
                    rows.add(table.tensors()
                            .concat(
                                    List.of(
                                            present.slice(1, 0, column),
                                            absent.slice(1, column, column + 1),
                                            present.slice(1, column + 1, columns())),
                                    1));
                }
                return List.of(table.tensors().concat(rows, 0));
            }
        }

        @Override
        public Explanation attribute(Model model, Inputs inputs, Target target, Run run) {
            try (TensorScope scope = TensorScope.open()) {
                Evaluator evaluator = Evaluator.start(
                        this,
                        model,
                        inputs,
                        target,
                        run,
                        problems -> value(BASELINE).check(inputs, problems));
                Tensor table = evaluator.inputs().attributed().get(0);
                Tensor reference = value(BASELINE)
                        .references(evaluator.inputs(), evaluator.run())
                        .get(0);
                double[] scores = evaluator.scores();
                double[] without = evaluator.scores(new WithoutOne(table, reference));
                double[] lost = new double[without.length];
                for (int row = 0; row < lost.length; row++) {
                    lost[row] = scores[row / (int) table.shape().dim(1)] - without[row];
                }
                Tensor attributions = table.tensors().of(lost, table.dataType(), table.shape());
                return Explanation.of(evaluator, List.of(attributions));
            }
        }
    }
    // end::rows

    // tag::contract
    @Nested
    class SquaredGradientContract extends AttributionContract<DifferentiableModel> {
        @Override
        protected Attribution<? super DifferentiableModel> method() {
            return new SquaredGradient().signed(true);
        }

        @Override
        protected DifferentiableModel model() {
            return ReferenceModels.mlp(DataType.FLOAT64, 1, Activation.TANH, 4, 8, 3);
        }

        @Override
        protected Inputs inputs(DifferentiableModel model, int examples) {
            return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, examples, 4));
        }
    }
    // end::contract

    @Nested
    class LeaveOneOutContract extends AttributionContract<Model> {
        @Override
        protected Attribution<? super Model> method() {
            return new LeaveOneOut();
        }

        @Override
        protected Model model() {
            return ReferenceModels.mlp(DataType.FLOAT64, 1, Activation.TANH, 4, 8, 3);
        }

        @Override
        protected Inputs inputs(Model model, int examples) {
            return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, examples, 4));
        }
    }

    @Nested
    class BanzhafContract extends AttributionContract<Model> {
        @Override
        protected Attribution<? super Model> method() {
            return new Banzhaf();
        }

        @Override
        protected boolean random() {
            return true;
        }

        @Override
        protected Model model() {
            return ReferenceModels.mlp(DataType.FLOAT64, 1, Activation.TANH, 4, 8, 3);
        }

        @Override
        protected Inputs inputs(Model model, int examples) {
            return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, examples, 4));
        }
    }

    @Test
    void groupsAddWhatTheyAddOnAverage() {
        // Two groups: the sum of columns 0 and 1, and column 2, whose product counts once more.
        Model model = Model.of(
                "product",
                "1",
                rows -> Arrays.stream(rows)
                        .map(row -> new double[] {row[0] + row[1] + row[2] + (row[0] + row[1]) * row[2]})
                        .toArray(double[][]::new));
        Banzhaf method = Banzhaf.DESCRIPTION
                .read(Map.of("samples", "20000", "mask", "ranges:1:2,1"), Sources.none())
                .method();
        try (TensorScope scope = TensorScope.open();
                Explanation why =
                        method.attribute(model, Inputs.of(Tensors.ofJava().of(new double[] {1, 2, 4}, 1, 3)))) {
            assertThat(why.attribution().toDoubleArray())
                    .containsExactly(new double[] {3 + 6, 3 + 6, 4 + 6}, within(0.4));
            assertThat(why.counts().forwardRows()).isEqualTo(20_001);
        }
    }

    @Test
    void whatTheyCompute() {
        Tensors java = Tensors.ofJava();
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(java.of(new double[] {1, -2, 3, 4}, 2, 2));
            DifferentiableModel model = DifferentiableModel.of(
                    Model.ofTensor(x -> x.mul(x).sum(1).reshape(x.shape().dim(0), 1)),
                    (given, cotangent) -> List.of(given.tensor(0).mul(2).mul(cotangent)));
            try (Explanation squares = new SquaredGradient().attribute(model, inputs);
                    Explanation signed = new SquaredGradient().signed(true).attribute(model, inputs);
                    Explanation lost = new LeaveOneOut().attribute(model, inputs)) {
                assertThat(squares.attribution().toDoubleArray()).containsExactly(4, 16, 36, 64);
                assertThat(signed.attribution().toDoubleArray()).containsExactly(4, -16, 36, 64);
                assertThat(lost.attribution().toDoubleArray())
                        .containsExactly(new double[] {1, 4, 9, 16}, within(1e-12));
            }
        }
    }

    @Test
    void wrappersTakeThem() {
        LayeredModel model = ReferenceModels.mlp(DataType.FLOAT64, 1, Activation.TANH, 4, 8, 3);
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, 2, 4));
            // tag::wrapped
            Explanation inside = new SquaredGradient().at("act1").attribute(model, inputs, Target.index(2));
            // end::wrapped
            try (inside) {
                assertThat(inside.attribution().shape().dims()).containsExactly(2, 8);
                assertThat(inside.provenance().settings()).containsEntry("signed", "false");
            }
        }
    }
}
