// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.rule;

import io.github.attribution4j.model.UnsupportedModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which operation follows which backward rule: assignments in order. An operation follows the first one that selects
 * it. All rules are of one {@linkplain BackwardRule.Family family}. Immutable; equal sets have equal assignments.
 *
 * <p>An operation that no assignment selects has no rule. Operations of kind {@link Operation.Kind#RESHAPE} need none:
 * what goes back is moved as the values were. Any other operation without a rule is refused when something must go back
 * through it, unless {@link #otherwise(BackwardRule)} gives a rule for the rest.
 *
 * <pre>{@code
 * RuleSet.of(Operation.Selector.first(Operation.Kind.WEIGHTED), Rules.zBox(-2.1, 2.6))
 *         .rule(Operation.Selector.kind(Operation.Kind.WEIGHTED), Rules.epsilon(1e-6))
 *         .rule(Operation.Selector.kind(Operation.Kind.ACTIVATION), Rules.pass());
 * }</pre>
 */
public final class RuleSet {
    /**
     * One line of a rule set.
     *
     * @param selector chooses operations
     * @param rule the rule that they follow
     */
    public record Assignment(Operation.Selector selector, BackwardRule rule) {
        /** Checks that both are given. */
        public Assignment {
            Objects.requireNonNull(selector, "selector");
            Objects.requireNonNull(rule, "rule");
        }
    }

    private final List<Assignment> assignments;
    private final @Nullable BackwardRule otherwise;
    private final BackwardRule.Family family;

    private RuleSet(List<Assignment> assignments, @Nullable BackwardRule otherwise) {
        this.assignments = List.copyOf(assignments);
        this.otherwise = otherwise;
        this.family = familyOf(rules());
    }

    private static BackwardRule.Family familyOf(List<BackwardRule> rules) {
        BackwardRule.Family family = BackwardRule.Family.ANY;
        for (BackwardRule rule : rules) {
            if (family == BackwardRule.Family.ANY) {
                family = rule.family();
            } else if (rule.family() != BackwardRule.Family.ANY && rule.family() != family) {
                throw new IllegalArgumentException("rule " + rule + " is of family " + rule.family()
                        + " and rules before it are of family " + family
                        + "; what flows backwards must be the same thing everywhere");
            }
        }
        return family;
    }

    /**
     * Returns the set that gives every ReLU, module or function, in place or not, one rule, and everything else its
     * derivative.
     *
     * @param rule {@link BackwardRule.GuidedRelu}, {@link BackwardRule.DeconvolutionRelu}
     */
    public static RuleSet relus(BackwardRule rule) {
        return of(Operation.Selector.name("relu"), rule).otherwise(new BackwardRule.Gradient());
    }

    /** Returns the set of one assignment. */
    public static RuleSet of(Operation.Selector selector, BackwardRule rule) {
        return new RuleSet(List.of(new Assignment(selector, rule)), null);
    }

    /** Returns the set that gives one rule to all operations; those that only move values need none. */
    public static RuleSet of(BackwardRule rule) {
        return new RuleSet(List.of(), Objects.requireNonNull(rule, "rule"));
    }

    /**
     * Returns this set with one more assignment after the others.
     *
     * @throws IllegalArgumentException if the rule is of another family
     */
    public RuleSet rule(Operation.Selector selector, BackwardRule rule) {
        List<Assignment> more = new ArrayList<>(assignments);
        more.add(new Assignment(selector, rule));
        return new RuleSet(more, otherwise);
    }

    /**
     * Returns this set with one more assignment before the others, so that it takes precedence. Use it to change a part
     * of a preset.
     *
     * @throws IllegalArgumentException if the rule is of another family
     */
    public RuleSet override(Operation.Selector selector, BackwardRule rule) {
        List<Assignment> more = new ArrayList<>(assignments);
        more.add(0, new Assignment(selector, rule));
        return new RuleSet(more, otherwise);
    }

    /**
     * Returns this set with a rule for operations that no assignment selects. Without it, such operations are refused.
     * With {@link BackwardRule.Gradient} they use their derivatives, and completeness or conservation no longer holds
     * as far as they matter.
     *
     * @throws IllegalArgumentException if the rule is of another family
     */
    public RuleSet otherwise(BackwardRule rule) {
        return new RuleSet(assignments, Objects.requireNonNull(rule, "rule"));
    }

    /** Returns the assignments in order, without {@link #otherwise()}. */
    public List<Assignment> assignments() {
        return assignments;
    }

    /** Returns the rule of all operations that no assignment selects, if there is one. */
    public Optional<BackwardRule> otherwise() {
        return Optional.ofNullable(otherwise);
    }

    /** Returns the family of the rules; {@link BackwardRule.Family#ANY} if all rules are the derivative. */
    public BackwardRule.Family family() {
        return family;
    }

    /** Returns the distinct rules in the order in which they first appear, that of {@link #otherwise()} last. */
    public List<BackwardRule> rules() {
        List<BackwardRule> rules = new ArrayList<>();
        assignments.forEach(assignment -> rules.add(assignment.rule()));
        otherwise().ifPresent(rules::add);
        return rules.stream().distinct().toList();
    }

    /**
     * Returns the rule that an operation follows.
     *
     * @param operation one of {@code all}
     * @param all all operations of the model, since a selector of the first one depends on the others
     * @return the rule; empty if the operation has none
     */
    public Optional<BackwardRule> ruleFor(Operation operation, List<Operation> all) {
        for (Assignment assignment : assignments) {
            if (assignment.selector().selects(operation, all)) {
                return Optional.of(assignment.rule());
            }
        }
        return operation.kind() == Operation.Kind.RESHAPE ? Optional.empty() : otherwise();
    }

    /**
     * Returns, of some operations, those that an assignment selects, in their order: the ones that this set changes.
     */
    public List<Operation> selected(List<Operation> all) {
        return all.stream()
                .filter(operation -> assignments.stream()
                        .anyMatch(assignment -> assignment.selector().selects(operation, all)))
                .toList();
    }

    /**
     * Checks that every module and address that this set names is in a model, because a rule for another place would
     * silently do nothing.
     *
     * @param all all operations of the model
     * @param withoutModules for the message, where no operation is in a module: why, and how to choose operations then
     * @throws UnsupportedModelException naming the rule and the modules that there are
     */
    public void requirePlaces(List<Operation> all, String withoutModules) {
        for (Assignment assignment : assignments) {
            Operation.Selector selector = assignment.selector();
            boolean names =
                    selector instanceof Operation.Selector.Module || selector instanceof Operation.Selector.Address;
            if (names && all.stream().noneMatch(operation -> selector.selects(operation, all))) {
                List<String> modules = all.stream()
                        .map(Operation::module)
                        .filter(module -> !module.isEmpty())
                        .distinct()
                        .toList();
                throw new UnsupportedModelException("rule " + describe(assignment.rule()) + " is for operations "
                        + selector.describe() + ", and this model has none there: "
                        + (modules.isEmpty() ? withoutModules : "its operations are in " + String.join(", ", modules)));
            }
        }
    }

    /**
     * Returns the refusal of a model no operation of which follows one of these rules.
     *
     * @param all all operations of the model
     */
    public UnsupportedModelException followedByNone(List<Operation> all) {
        List<String> nonlinear = all.stream()
                .filter(operation -> operation.kind() == Operation.Kind.ACTIVATION)
                .map(Operation::plainName)
                .distinct()
                .sorted()
                .toList();
        return new UnsupportedModelException("no operation of this model follows one of the rules (" + describe()
                + "), so the result would be the plain gradient; its nonlinear operations are "
                + (nonlinear.isEmpty() ? "none" : String.join(", ", nonlinear))
                + "; choose rules for them, or a gradient method");
    }

    /** Returns the assignments in words, one after the other: part of an explanation's provenance. */
    public String describe() {
        String text = assignments.stream()
                .map(assignment -> assignment.selector().describe() + ": " + describe(assignment.rule()))
                .collect(Collectors.joining("; "));
        return otherwise == null ? text : text + (text.isEmpty() ? "" : "; ") + "otherwise: " + describe(otherwise);
    }

    /** Returns a rule in words: its name in the literature, with its numbers. */
    public static String describe(BackwardRule rule) {
        return rule instanceof BackwardRule.Weighted weighted ? weighted.name() : rule.toString();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof RuleSet that
                && assignments.equals(that.assignments)
                && Objects.equals(otherwise, that.otherwise);
    }

    @Override
    public int hashCode() {
        return Objects.hash(assignments, otherwise);
    }

    @Override
    public String toString() {
        return describe();
    }
}
