// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.rule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.rule.BackwardRule.BiasPart;
import io.github.attribution4j.model.rule.BackwardRule.Family;
import io.github.attribution4j.model.rule.BackwardRule.Group;
import io.github.attribution4j.model.rule.BackwardRule.InputPart;
import io.github.attribution4j.model.rule.BackwardRule.Term;
import io.github.attribution4j.model.rule.BackwardRule.WeightPart;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class RuleSetTest {
    private static final BackwardRule PASS = new BackwardRule.Pass();
    private static final BackwardRule STOP = new BackwardRule.Stop();
    private static final Operation CONV =
            new Operation("features.0/_convolution#0", "features.0", "_convolution", Operation.Kind.WEIGHTED, 0);
    private static final Operation RELU =
            new Operation("features.1/relu_#0", "features.1", "relu_", Operation.Kind.ACTIVATION, 1);
    private static final Operation SECOND =
            new Operation("features.2.conv/conv2d#0", "features.2.conv", "conv2d", Operation.Kind.WEIGHTED, 2);
    private static final Operation VIEW = new Operation("view#0", "", "view", Operation.Kind.RESHAPE, 3);
    private static final Operation LSTM = new Operation("lstm/lstm#0", "lstm", "lstm", Operation.Kind.RECURRENT, 4);
    private static final List<Operation> ALL = List.of(CONV, RELU, SECOND, VIEW, LSTM);

    private static List<Operation> chosen(Operation.Selector selector) {
        return ALL.stream()
                .filter(operation -> selector.selects(operation, ALL))
                .toList();
    }

    @Test
    void selectors() {
        assertThat(chosen(Operation.Selector.any())).isEqualTo(ALL);
        assertThat(chosen(Operation.Selector.kind(Operation.Kind.WEIGHTED, Operation.Kind.RECURRENT)))
                .containsExactly(CONV, SECOND, LSTM);
        assertThat(chosen(Operation.Selector.name("relu"))).containsExactly(RELU);
        assertThat(chosen(Operation.Selector.name("relu_", "conv2d"))).containsExactly(RELU, SECOND);
        assertThat(chosen(Operation.Selector.module(""))).isEqualTo(ALL);
        assertThat(chosen(Operation.Selector.module("features"))).containsExactly(CONV, RELU, SECOND);
        assertThat(chosen(Operation.Selector.module("features.2"))).containsExactly(SECOND);
        assertThat(chosen(Operation.Selector.module("feature"))).isEmpty();
        assertThat(chosen(Operation.Selector.module("features.*.conv"))).containsExactly(SECOND);
        assertThat(chosen(Operation.Selector.module("*.1"))).containsExactly(RELU);
        assertThat(chosen(Operation.Selector.module("features.[12]"))).isEmpty();
        assertThat(chosen(Operation.Selector.address("view#0"))).containsExactly(VIEW);
        assertThat(chosen(Operation.Selector.first(Operation.Kind.WEIGHTED))).containsExactly(CONV);
        assertThat(chosen(Operation.Selector.where("odd", operation -> operation.order() % 2 == 1)))
                .containsExactly(RELU, VIEW);
        assertThat(chosen(Operation.Selector.module("features").and(Operation.Selector.name("conv2d"))))
                .containsExactly(SECOND);
        assertThatThrownBy(() -> Operation.Selector.kind()).hasMessage("kinds: none given; name at least one");
        assertThatThrownBy(() -> Operation.Selector.name()).hasMessage("names: none given; name at least one");
    }

    @Test
    void the_first_that_selects_an_operation_holds() {
        RuleSet rules = RuleSet.of(Operation.Selector.module("features.1"), STOP)
                .rule(Operation.Selector.kind(Operation.Kind.ACTIVATION), PASS);
        assertThat(rules.ruleFor(RELU, ALL)).contains(STOP);
        assertThat(rules.ruleFor(CONV, ALL)).isEmpty();
        assertThat(rules.ruleFor(VIEW, ALL)).isEmpty();
        assertThat(rules.selected(ALL)).containsExactly(RELU);

        RuleSet overridden =
                rules.override(Operation.Selector.name("relu"), PASS).otherwise(new BackwardRule.Gradient());
        assertThat(overridden.ruleFor(RELU, ALL)).contains(PASS);
        assertThat(overridden.ruleFor(LSTM, ALL)).contains(new BackwardRule.Gradient());
        assertThat(overridden.ruleFor(VIEW, ALL)).isEmpty();
        assertThat(overridden.rules()).containsExactly(PASS, STOP, new BackwardRule.Gradient());
        assertThat(overridden.otherwise()).isEqualTo(Optional.of(new BackwardRule.Gradient()));
        assertThat(overridden.describe())
                .isEqualTo("relu: Pass[]; in 'features.1': Stop[]; activation: Pass[]; otherwise: Gradient[]");
    }

    @Test
    void equal_sets_are_equal() {
        Predicate<Operation> predicate = operation -> true;
        assertThat(set(predicate)).isEqualTo(set(predicate)).hasSameHashCodeAs(set(predicate));
        assertThat(set(predicate)).isNotEqualTo(set(operation -> true));
        assertThat(RuleSet.relus(new BackwardRule.GuidedRelu()))
                .isEqualTo(RuleSet.relus(new BackwardRule.GuidedRelu()))
                .isNotEqualTo(RuleSet.relus(new BackwardRule.DeconvolutionRelu()));
    }

    private static RuleSet set(Predicate<Operation> predicate) {
        return RuleSet.of(Operation.Selector.kind(Operation.Kind.SOFTMAX, Operation.Kind.LINEAR), PASS)
                .rule(
                        Operation.Selector.where("all", predicate).and(Operation.Selector.first(Operation.Kind.LINEAR)),
                        STOP);
    }

    @Test
    void families_do_not_mix() {
        assertThat(RuleSet.relus(new BackwardRule.GuidedRelu()).family()).isEqualTo(Family.GUIDED);
        assertThat(RuleSet.of(new BackwardRule.Gradient()).family()).isEqualTo(Family.ANY);
        assertThatThrownBy(() -> RuleSet.of(Operation.Selector.any(), new BackwardRule.Gradient())
                        .rule(Operation.Selector.any(), new BackwardRule.Rescale(0))
                        .rule(Operation.Selector.any(), PASS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("Pass[]", "RELEVANCE", "COMPARISON");
    }

    @Test
    void numbers_and_parts_of_rules_are_checked() {
        assertThatThrownBy(() -> new BackwardRule.Rescale(-1)).hasMessageContaining("near -1.0");
        assertThatThrownBy(() -> new BackwardRule.Norm(Double.NaN)).hasMessageContaining("epsilon NaN");
        assertThatThrownBy(() -> new Term(2, InputPart.ONE, WeightPart.ONE, BiasPart.ZERO))
                .hasMessageContaining("sign 2");
        assertThatThrownBy(() -> new Group(1)).hasMessageContaining("0 terms");
        Group low = new Group(1, new Term(1, InputPart.LOW, WeightPart.POSITIVE, BiasPart.ZERO));
        assertThatThrownBy(() -> new BackwardRule.Weighted("mine", List.of(low), 0, 0, List.of(), List.of()))
                .hasMessageContainingAll("'mine'", "LOW", "must be given");
        assertThatThrownBy(() -> new BackwardRule.Weighted("mine", List.of(), 0, 0, List.of(), List.of()))
                .hasMessageContaining("groups: none given");
        assertThatThrownBy(() -> new Operation("a", "", "relu", Operation.Kind.ACTIVATION, -1))
                .hasMessageContaining("order -1");
        assertThat(new Operation("a", "", "__and__", Operation.Kind.UNKNOWN, 0).plainName())
                .isEqualTo("__and__");
    }
}
