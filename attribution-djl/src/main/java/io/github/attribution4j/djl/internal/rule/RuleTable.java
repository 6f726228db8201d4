// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.rule;

import io.github.attribution4j.djl.internal.program.OperationInfo;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Assigns the rules of a rule set to the places of a program, and packs them into the numbers that {@link RuledTape}
 * reads. It also checks that each rule fits its operation, and turns refusals of the text into messages.
 */
public final class RuleTable {
    /** A place, for the module that runs it. */
    private record Key(int module, int place) {}

    private final RuleSource source;
    private final RuleSet rules;
    private final Map<Key, Operation> operations = new LinkedHashMap<>();
    private final Map<Key, Integer> numbered = new LinkedHashMap<>();
    private final List<double[]> numbers = new ArrayList<>();
    private final long[] usual;

    private RuleTable(RuleSet rules, int places) {
        this.source = RuleSource.of(rules.family());
        this.rules = rules;
        this.usual = new long[places];
    }

    /**
     * Makes the table.
     *
     * @param rules the rule set
     * @param operations all operations of the program
     * @param places the number of places inside methods
     * @param infos the places of the operations, in the same order
     * @return the table
     * @throws UnsupportedModelException if a rule cannot be applied to its operation, or no operation follows any rule
     */
    public static RuleTable of(RuleSet rules, List<Operation> operations, int places, List<OperationInfo> infos) {
        RuleTable table = new RuleTable(rules, places);
        table.fill(operations, infos);
        return table;
    }

    private void fill(List<Operation> all, List<OperationInfo> infos) {
        rules.requirePlaces(
                all,
                "a frozen archive has no modules, all its operations are in the root; choose them by kind, by name or"
                        + " by address");
        Map<BackwardRule, Integer> known = new HashMap<>();
        Map<Integer, Map<Integer, Integer>> votes = new HashMap<>();
        for (int i = 0; i < all.size(); i++) {
            Operation operation = all.get(i);
            OperationInfo info = infos.get(i);
            int number = number(operation, all, known);
            Key key = new Key(info.module(), info.place());
            operations.put(key, operation);
            numbered.put(key, number);
            votes.computeIfAbsent(info.place(), k -> new HashMap<>()).merge(number, 1, Integer::sum);
        }
        votes.forEach((place, counts) -> usual[place] = counts.entrySet().stream()
                .max(Map.Entry.<Integer, Integer>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
                .orElseThrow()
                .getKey());
        if (rules.family() == BackwardRule.Family.GUIDED && numbers.isEmpty()) {
            throw rules.followedByNone(all);
        }
    }

    /** Returns the number of an operation's rule: -1 if it has none, 0 for its own derivative, else from 1. */
    private int number(Operation operation, List<Operation> all, Map<BackwardRule, Integer> known) {
        Optional<BackwardRule> chosen = rules.ruleFor(operation, all);
        if (chosen.isEmpty()) {
            return operation.kind() == Operation.Kind.RESHAPE ? 0 : -1;
        }
        BackwardRule rule = chosen.get();
        if (rule instanceof BackwardRule.Gradient) {
            boolean meant = rules.assignments().stream()
                    .anyMatch(assignment -> assignment.selector().selects(operation, all));
            return meant || source.derivative(operation) ? 0 : -1;
        }
        double[] values = source.numbers(rule);
        String objection = values == null ? "there is no text for it" : source.objection(rule, operation);
        if (objection != null || values == null) {
            throw new UnsupportedModelException("rule " + rule + " at operation '" + operation.address() + "' ("
                    + operation.kind() + "): " + objection + "; give the operation another rule");
        }
        return known.computeIfAbsent(rule, r -> {
            numbers.add(values);
            return numbers.size();
        });
    }

    /** {@return the family of the rules} */
    public BackwardRule.Family family() {
        return source.family();
    }

    /**
     * Returns the table of a request.
     *
     * @param mode 0 if the reply shall hold the memory, 1 if the request holds it
     * @param marks one for each tensor of the request's memory
     * @return an int64 vector
     */
    public long[] control(int mode, List<Long> marks) {
        List<Long> table = new ArrayList<>();
        List<Long> exceptions = new ArrayList<>();
        numbered.forEach((key, number) -> {
            if (number != usual[key.place()]) {
                exceptions.add((long) key.module() * usual.length + key.place());
                exceptions.add((long) number);
            }
        });
        long[] head = {mode, usual.length, numbers.size(), exceptions.size() / 2, marks.size()};
        Arrays.stream(head).forEach(table::add);
        Arrays.stream(usual).forEach(table::add);
        long bound = 0;
        table.add(bound);
        for (double[] values : numbers) {
            bound += values.length;
            table.add(bound);
        }
        table.addAll(exceptions);
        table.addAll(marks);
        return table.stream().mapToLong(Long::longValue).toArray();
    }

    /** {@return the numbers of all rules; a 0 is appended so that the list is never empty} */
    public double[] numbers() {
        List<Double> all = new ArrayList<>();
        numbers.forEach(values -> Arrays.stream(values).forEach(all::add));
        all.add(0.);
        return all.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /**
     * Returns the message of a refusal.
     *
     * @param code the reason
     * @param module index of the module
     * @param place number of the place
     * @return a message that names the operation and the remedy
     */
    public String refusal(String code, int module, int place) {
        Operation operation = operations.get(new Key(module, place));
        String where = operation == null
                ? "an operation"
                : "operation '" + operation.address() + "' (" + operation.name() + ", " + operation.kind() + ")";
        String own = source.meaning(code);
        if (own != null) {
            return where + ": " + own;
        }
        return switch (code) {
            case "recurrent" ->
                where + ": a recurrent layer in one operator has no " + family()
                        + " rule, and a gradient has to pass it; cut the "
                        + "model at a layer after it, write the cell in single operations, or treat it as a gradient: "
                        + "otherwise(new BackwardRule.Gradient())";
            case "untyped" ->
                where + ": the program's text shows neither the types of its operands nor whose code it runs, so no "
                        + family()
                        + " rule can apply to it, and a gradient has to pass it; cut the model at a layer after it, "
                        + "or export it by torch.jit.trace";
            case "path" ->
                where + ": the reference takes other branches of the program than the input, so that the two cannot be "
                        + "compared here; choose a reference that takes the same branches";
            case "shape" ->
                where
                        + ": its values for the reference have another shape than for the input; "
                        + "choose a reference for which all shapes are equal";
            default ->
                where + ": there is no " + family() + " rule for it, and a gradient has to pass it; give it one "
                        + "(RuleSet.of(selector, rule)), treat it as a gradient (otherwise(new "
                        + "BackwardRule.Gradient())), or cut the model at a layer after it";
        };
    }
}
