// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.BackwardRule.Family;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.model.rule.RuledModel.RuledCut;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What every {@link RuledModel} promises: copies compute the same outputs, do not change the model, refuse operations
 * without a rule, compare only with references, add up, conserve, and do the same at cuts and from any thread.
 *
 * <p>Each binding's own tests compare the numbers with those of {@link ReferenceModel}, operation by operation.
 */
@Experimental
@ExtendWith(LeakExtension.class)
public abstract class RuledContract {
    static final int ROWS = 4;

    /** For subclasses. */
    protected RuledContract() {}

    /**
     * Opens a model with at least one ReLU, whose operations have rules in all of {@link #ruleSets}; the test
     * closes it.
     */
    protected abstract RuledModel model();

    /** Makes inputs, owned by the current scope, the same at every call; row r is the same for all numbers of rows. */
    protected abstract Inputs inputs(Model model, int rows);

    /** Returns addresses of activations that nothing bypasses on its way to the output; may be empty. */
    protected abstract List<String> layers();

    /** Returns the rounding error allowed, divided by the largest number. 1e-4 is usual in float32. */
    protected abstract double tolerance();

    /** Returns the rule sets to test: at least one of each family. */
    protected List<RuleSet> ruleSets() {
        return List.of(
                RuleSet.relus(new BackwardRule.GuidedRelu()),
                RuleSet.relus(new BackwardRule.DeconvolutionRelu()),
                new DeepLift().rules(),
                Composites.epsilon(1e-3),
                Composites.epsilonPlus(),
                Composites.epsilonAlpha2Beta1Flat());
    }

    /**
     * Returns relevance rules that conserve on this model; empty if none do. By default a layer with weights divides
     * relevance in proportion to what each of its inputs adds, without the bias; other operations follow the rules of
     * the composites.
     */
    protected Optional<RuleSet> conserving() {
        BackwardRule.Term proportional = new BackwardRule.Term(
                1, BackwardRule.InputPart.VALUE, BackwardRule.WeightPart.VALUE, BackwardRule.BiasPart.ZERO);
        BackwardRule unbiased = new BackwardRule.Weighted(
                "proportional", List.of(new BackwardRule.Group(1, proportional)), 0, 0, List.of(), List.of());
        return Optional.of(Composites.epsilon(0).override(Operation.Selector.kind(Operation.Kind.WEIGHTED), unbiased));
    }

    /** Returns an equal set that is another object. */
    private static RuleSet again(RuleSet rules) {
        RuleSet equal = null;
        for (RuleSet.Assignment one : rules.assignments()) {
            equal = equal == null ? RuleSet.of(one.selector(), one.rule()) : equal.rule(one.selector(), one.rule());
        }
        if (rules.otherwise().isPresent()) {
            BackwardRule rest = rules.otherwise().get();
            equal = equal == null ? RuleSet.of(rest) : equal.otherwise(rest);
        }
        return Objects.requireNonNull(equal);
    }

    private static Inputs asked(Inputs inputs, RuleSet rules) {
        if (rules.family() != Family.COMPARISON) {
            return inputs;
        }
        List<Tensor> references = inputs.attributed().stream()
                .map(tensor -> tensor.mul(-0.5).add(0.125))
                .toList();
        return inputs.against(references);
    }

    private static Tensor cotangent(Model model, BackwardRun run, long seed) {
        return FiniteDifferences.normal(
                model, run.output().dataType(), run.output().shape(), seed);
    }

    private static List<Tensor> back(RuledModel model, RuledModel.Copy copy, Inputs inputs, long seed) {
        try (BackwardRun run = copy.run(inputs)) {
            return run.back(cotangent(model, run, seed));
        }
    }

    private static List<Tensor> gradients(DifferentiableModel model, Inputs inputs, long seed) {
        try (Pullback pullback = model.pullback(inputs)) {
            return pullback.vjp(cotangent(model, pullback, seed));
        }
    }

    private interface RulesTest {
        void check(RuledModel model, RuledModel.Copy copy, RuleSet rules);
    }

    private void withEach(RulesTest test) {
        try (RuledModel model = model()) {
            for (RuleSet rules : ruleSets()) {
                try (TensorScope scope = TensorScope.open()) {
                    test.check(model, model.with(rules), rules);
                } catch (AssertionError e) {
                    throw new AssertionError("rules " + rules + ": " + e.getMessage(), e);
                }
            }
        }
    }

    @Test
    @DisplayName("Operations have different addresses and come in the order of the program")
    void operations() {
        try (RuledModel model = model()) {
            List<Operation> operations = model.operations();
            Assertions.assertThat(operations).isNotEmpty();
            Assertions.assertThat(operations).extracting(Operation::address).doesNotHaveDuplicates();
            Assertions.assertThat(operations)
                    .extracting(Operation::order)
                    .isSorted()
                    .doesNotHaveDuplicates();
            Assertions.assertThat(operations).extracting(Operation::plainName).contains("relu");
            Assertions.assertThat(operations).extracting(Operation::kind).contains(Operation.Kind.WEIGHTED);
            Assertions.assertThat(model.operations()).isEqualTo(operations);
        }
    }

    @Test
    @DisplayName("A copy computes the values of its model, to its inputs and to a cut, with references or without")
    void sameValues() {
        withEach((model, copy, rules) -> {
            Inputs inputs = inputs(model, ROWS);
            Tensor expected = model.forward(inputs);
            try (BackwardRun run = copy.run(asked(inputs, rules))) {
                assertThat(run.output()).isCloseToWithin(tolerance(), expected);
                Assertions.assertThat(run.activations()).isEmpty();
                run.referenceOutput()
                        .ifPresent(output -> assertThat(output)
                                .isCloseToWithin(
                                        tolerance(),
                                        model.forward(asked(inputs, rules).atReferences())));
            }
            for (String layer : layers()) {
                RuledCut cut = model.cut(layer);
                try (BackwardRun run = copy.cut(cut.points()).run(asked(inputs, rules))) {
                    assertThat(run.output()).isCloseToWithin(tolerance(), expected);
                    assertThat(run.activations().get(0))
                            .isCloseToWithin(
                                    tolerance(), cut.activations(inputs).get(0));
                }
            }
        });
    }

    @Test
    @DisplayName("A copy is no model and its runs are no pullbacks; its identity is the model's, with the rules")
    void identity() {
        withEach((model, copy, rules) -> {
            Assertions.assertThat(copy.rules()).isEqualTo(rules);
            Assertions.assertThat(copy).isNotInstanceOf(Model.class);
            try (BackwardRun run = copy.run(asked(inputs(model, 1), rules))) {
                Assertions.assertThat(run).isNotInstanceOf(Pullback.class);
            }
            for (RuledModel one : withParts(model)) {
                Model.Identity plain = one.identity();
                Model.Identity ruled = one.with(rules).identity();
                Assertions.assertThat(ruled)
                        .isEqualTo(plain.with("rules", rules.describe()))
                        .isNotEqualTo(plain);
                Assertions.assertThat(ruled.loaded()).containsEntry("rules", rules.describe());
                Assertions.assertThat(ruled.name()).isEqualTo(plain.name());
            }
        });
    }

    private List<RuledModel> withParts(RuledModel model) {
        List<RuledModel> parts = new ArrayList<>(List.of(model));
        for (String layer : layers()) {
            RuledCut cut = model.cut(layer);
            parts.addAll(List.of(cut.head(), cut.tail()));
        }
        return parts;
    }

    @Test
    @DisplayName("The model itself gives the gradients that it gave before")
    void modelUntouched() {
        withEach((model, copy, rules) -> {
            Inputs inputs = inputs(model, ROWS);
            List<Tensor> before = gradients(model, inputs, 1);
            List<Tensor> ruled = back(model, copy, asked(inputs, rules), 1);
            List<Tensor> after = gradients(model, inputs, 1);
            boolean differs = false;
            for (int i = 0; i < before.size(); i++) {
                assertThat(after.get(i)).isBitEqualTo(before.get(i));
                double apart = after.get(i).sub(ruled.get(i)).abs().max().toDoubleArray()[0];
                differs |= apart > 1e-3 * after.get(i).abs().max().toDoubleArray()[0];
            }
            Assertions.assertThat(differs)
                    .as("rules that change nothing show nothing")
                    .isTrue();
        });
    }

    @Test
    @DisplayName("Equal rules give equal bits, and the rows of a batch do not depend on each other")
    void repeatable() {
        withEach((model, copy, rules) -> {
            Inputs inputs = inputs(model, ROWS);
            RuleSet equal = again(rules);
            Assertions.assertThat(equal).isEqualTo(rules).hasSameHashCodeAs(rules);
            List<Tensor> first = back(model, copy, asked(inputs, rules), 1);
            List<Tensor> second = back(model, model.with(equal), asked(inputs, rules), 1);
            try (BackwardRun whole = copy.run(asked(inputs, rules));
                    BackwardRun one = copy.run(asked(inputs, rules).select(2))) {
                List<Tensor> row = one.back(cotangent(model, whole, 1).rows(2, 3));
                for (int i = 0; i < first.size(); i++) {
                    assertThat(second.get(i)).isBitEqualTo(first.get(i));
                    close(row.get(i), first.get(i).rows(2, 3), first.get(i));
                }
            }
        });
    }

    /** Compares elements, in units of the largest element of a third tensor. */
    private void close(Tensor actual, Tensor expected, Tensor scale) {
        double largest = scale.abs().max().toDoubleArray()[0];
        Assertions.assertThat(actual.toDoubleArray())
                .containsExactly(expected.toDoubleArray(), within(tolerance() * Math.max(largest, 1e-30)));
    }

    @Test
    @DisplayName("Multipliers and relevance are linear in what is sent back")
    void linear() {
        withEach((model, copy, rules) -> {
            if (rules.family() == Family.GUIDED) {
                return;
            }
            try (BackwardRun run = copy.run(asked(inputs(model, ROWS), rules))) {
                Tensor a = cotangent(model, run, 1);
                Tensor b = cotangent(model, run, 2);
                List<Tensor> first = run.back(a);
                List<Tensor> second = run.back(b);
                List<Tensor> combined = run.back(a.mul(2).sub(b.mul(3)));
                for (int i = 0; i < first.size(); i++) {
                    Tensor expected = first.get(i).mul(2).sub(second.get(i).mul(3));
                    Tensor scale = first.get(i).abs().add(second.get(i).abs()).mul(3);
                    close(combined.get(i), expected, scale);
                }
            }
        });
    }

    @Test
    @DisplayName("Multipliers times differences from the reference add up to the difference of outputs")
    void complete() {
        withEach((model, copy, rules) -> {
            if (rules.family() != Family.COMPARISON) {
                return;
            }
            Inputs inputs = asked(inputs(model, ROWS), rules);
            Tensor difference = model.forward(inputs.withoutReferences()).sub(model.forward(inputs.atReferences()));
            try (BackwardRun run = copy.run(inputs)) {
                Tensor cotangent = cotangent(model, run, 3);
                List<Tensor> multipliers = run.back(cotangent);
                double[] expected = sums(difference.mul(cotangent));
                double[] actual = new double[ROWS];
                double size = 0;
                for (int i = 0; i < multipliers.size(); i++) {
                    Tensor change =
                            inputs.attributed().get(i).sub(inputs.references().get(i));
                    double[] part = sums(multipliers.get(i).mul(change));
                    double[] sizes = sums(multipliers.get(i).mul(change).abs());
                    for (int row = 0; row < ROWS; row++) {
                        actual[row] += part[row];
                        size = Math.max(size, sizes[row]);
                    }
                }
                Assertions.assertThat(actual).containsExactly(expected, within(tolerance() * size));
            }
        });
    }

    @Test
    @DisplayName("Rules that conserve relevance do, summed over all inputs")
    void conserved() {
        Optional<RuleSet> rules = conserving();
        Assumptions.assumeTrue(rules.isPresent(), "no conserving rules");
        try (RuledModel model = model();
                TensorScope scope = TensorScope.open();
                BackwardRun run = model.with(rules.orElseThrow()).run(inputs(model, ROWS))) {
            Tensor relevance = cotangent(model, run, 5).abs();
            double[] expected = sums(relevance);
            double[] actual = new double[ROWS];
            double[] sizes = new double[ROWS];
            for (Tensor part : run.back(relevance)) {
                double[] sums = sums(part);
                double[] absolute = sums(part.abs());
                for (int row = 0; row < ROWS; row++) {
                    actual[row] += sums[row];
                    sizes[row] += absolute[row];
                }
            }
            for (int row = 0; row < ROWS; row++) {
                double rounding = tolerance() * sizes[row];
                Assertions.assertThat(actual[row]).isCloseTo(expected[row], within(1e-3 * expected[row] + rounding));
            }
        }
    }

    private static double[] sums(Tensor tensor) {
        double[] values = tensor.toDoubleArray();
        int rows = Math.toIntExact(tensor.shape().dim(0));
        double[] sums = new double[rows];
        for (int i = 0; i < values.length; i++) {
            sums[i / (values.length / rows)] += values[i];
        }
        return sums;
    }

    @Test
    @DisplayName("What arrives at a cut, sent on through the head, arrives at the inputs as without the cut")
    void cuts() {
        withEach((model, copy, rules) -> {
            for (String layer : layers()) {
                Inputs inputs = asked(inputs(model, ROWS), rules);
                RuledCut cut = model.cut(layer);
                List<Tensor> whole = back(model, copy, inputs, 1);
                try (BackwardRun below = copy.cut(cut.points()).run(inputs);
                        BackwardRun head = cut.head().with(rules).run(inputs)) {
                    assertThat(below.activations().get(0)).isCloseToWithin(tolerance(), head.output());
                    Tensor arrived = below.back(cotangent(model, below, 1)).get(0);
                    List<Tensor> composed = head.back(arrived);
                    for (int i = 0; i < whole.size(); i++) {
                        close(composed.get(i), whole.get(i), whole.get(i));
                    }
                    Inputs tail = cut.tailInputs(inputs, below.activations());
                    close(back(model, cut.tail().with(rules), tail, 1).get(0), arrived, arrived);
                }
            }
        });
    }

    @Test
    @DisplayName("A tail compares with references of the activations, and its multipliers add up to its own difference")
    void tailReferences() {
        withEach((model, copy, rules) -> {
            if (rules.family() != Family.COMPARISON) {
                return;
            }
            for (String layer : layers()) {
                RuledCut cut = model.cut(layer);
                Inputs inputs = inputs(model, ROWS);
                Inputs tail = asked(cut.tailInputs(inputs, cut.activations(inputs)), rules);
                Tensor difference = cut.tail()
                        .forward(tail.withoutReferences())
                        .sub(cut.tail().forward(tail.atReferences()));
                try (BackwardRun run = cut.tail().with(rules).run(tail)) {
                    Tensor cotangent = cotangent(model, run, 3);
                    Tensor change =
                            tail.attributed().get(0).sub(tail.references().get(0));
                    Tensor parts = run.back(cotangent).get(0).mul(change);
                    double size = 0;
                    for (double row : sums(parts.abs())) {
                        size = Math.max(size, row);
                    }
                    Assertions.assertThat(sums(parts))
                            .containsExactly(sums(difference.mul(cotangent)), within(tolerance() * size));
                }
            }
        });
    }

    @Test
    @DisplayName("Heads and tails admit rules as the model does: the same operations, and plain derivatives give the"
            + " gradient")
    void parts() {
        RuleSet gradient = RuleSet.of(new BackwardRule.Gradient());
        try (RuledModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, ROWS);
            for (String layer : layers()) {
                RuledCut cut = model.cut(layer);
                Assertions.assertThat(cut.head().operations()).isEqualTo(model.operations());
                Assertions.assertThat(cut.tail().operations()).isEqualTo(model.operations());
                Inputs tail = cut.tailInputs(inputs, cut.activations(inputs));
                Tensor expected = gradients(cut.tail(), tail, 1).get(0);
                close(back(model, cut.tail().with(gradient), tail, 1).get(0), expected, expected);
                List<Tensor> ofHead = gradients(cut.head(), inputs, 1);
                List<Tensor> ruled = back(model, cut.head().with(gradient), inputs, 1);
                for (int i = 0; i < ofHead.size(); i++) {
                    close(ruled.get(i), ofHead.get(i), ofHead.get(i));
                }
            }
        }
    }

    @Test
    @DisplayName("An operation without a rule refuses by name; treated as gradient, it is the gradient")
    void refusal() {
        try (RuledModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, 2);
            RuleSet activationsOnly =
                    RuleSet.of(Operation.Selector.kind(Operation.Kind.ACTIVATION), new BackwardRule.Pass());
            List<String> addresses = model.operations().stream()
                    .filter(operation -> operation.kind() != Operation.Kind.RESHAPE)
                    .map(Operation::address)
                    .collect(Collectors.toList());
            assertThatThrownBy(() -> back(model, model.with(activationsOnly), inputs, 1))
                    .isInstanceOf(UnsupportedModelException.class)
                    .satisfies(refused -> Assertions.assertThat(addresses)
                            .as("addresses in: %s", refused.getMessage())
                            .anyMatch(address ->
                                    String.valueOf(refused.getMessage()).contains(address)));
            RuleSet gradient = RuleSet.of(new BackwardRule.Gradient());
            List<Tensor> expected = gradients(model, inputs, 1);
            List<Tensor> actual = back(model, model.with(gradient), inputs, 1);
            for (int i = 0; i < expected.size(); i++) {
                close(actual.get(i), expected.get(i), expected.get(i));
            }
        }
    }

    @Test
    @DisplayName("References are refused by name where nothing compares, and asked for where something does")
    void references() {
        try (RuledModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, 2);
            RuleSet compares = new DeepLift().rules();
            Inputs against = asked(inputs, compares);
            String name = inputs.attributedInputs().get(0).name();
            assertThatThrownBy(() -> model.forward(against))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("'" + name + " (reference)'");
            assertThatThrownBy(() -> model.pullback(against))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("'" + name + " (reference)'");
            assertThatThrownBy(() -> model.with(Composites.epsilon(1e-6)).run(against))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("'" + name + " (reference)'");
            assertThatThrownBy(() -> model.with(compares).run(inputs))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContainingAll(name, "Inputs.against");
        }
    }

    @Test
    @DisplayName("Many threads go back by one copy at once and get the bits that one thread gets")
    void threads() throws InterruptedException, ExecutionException {
        try (RuledModel model = model();
                TensorScope scope = TensorScope.open()) {
            List<Inputs> asked = new ArrayList<>();
            for (RuleSet rules : ruleSets()) {
                asked.add(asked(inputs(model, ROWS), rules));
            }
            InThreads.Computation mixed = () -> {
                Tensor sum = gradients(model, inputs(model, ROWS), 1).get(0);
                for (int i = 0; i < asked.size(); i++) {
                    sum = sum.add(back(model, model.with(ruleSets().get(i)), asked.get(i), 1)
                            .get(0));
                }
                return sum;
            };
            InThreads.run(mixed.run(), mixed);
        }
    }

    @Test
    @DisplayName("Copies end with their model")
    void closed() {
        try (RuledModel model = model();
                TensorScope scope = TensorScope.open()) {
            RuleSet rules = ruleSets().get(0);
            Inputs inputs = inputs(model, 2);
            RuledModel.Copy copy = model.with(rules);
            copy.run(asked(inputs, rules)).close();
            model.close();
            assertThatThrownBy(() -> copy.run(asked(inputs, rules))).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> model.with(rules)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    @DisplayName("Nothing is left behind but what comes back")
    void leavesResultsOnly() {
        withEach((model, copy, rules) -> {
            Inputs inputs = asked(inputs(model, 2), rules);
            try (BackwardRun run = copy.run(inputs)) {
                Tensor cotangent = cotangent(model, run, 1);
                long before = Lifetime.count();
                List<Tensor> back = run.backLast(cotangent);
                Assertions.assertThat(Lifetime.count() - before).isEqualTo(back.size());
                for (int i = 0; i < back.size(); i++) {
                    assertThat(back.get(i))
                            .hasShape(inputs.attributed().get(i).shape())
                            .hasType(run.output().dataType() == DataType.FLOAT64 ? DataType.FLOAT64 : DataType.FLOAT32);
                }
            }
        });
    }
}
