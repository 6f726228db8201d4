// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.rule;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Chooses operations of a model by their kind, name or place. Equal selectors choose the same operations. */
public sealed interface OperationSelector {
    /**
     * Returns whether an operation is chosen.
     *
     * @param operation one of {@code all}
     * @param all all operations of the model
     */
    boolean selects(Operation operation, List<Operation> all);

    /** Returns the choice in words. */
    String describe();

    /** Chooses every operation. */
    static OperationSelector any() {
        return new Any();
    }

    /** Chooses operations of some kinds. */
    static OperationSelector kind(Operation.Kind... kinds) {
        return new Kinds(new TreeSet<>(Arrays.asList(kinds)));
    }

    /**
     * Chooses operations by the operator's name without namespace, in place or not: {@code relu} also means
     * {@code relu_}.
     */
    static OperationSelector name(String... names) {
        return new Names(new TreeSet<>(Arrays.asList(names)));
    }

    /**
     * Chooses the operations of a module, and of all modules inside it.
     *
     * @param path dotted, as in PyTorch's {@code named_modules()}; {@code *} matches any text: {@code features},
     *     {@code layer*.0}. Empty for the whole model.
     */
    static OperationSelector module(String path) {
        return new Module(path);
    }

    /** Chooses the operation with this address. */
    static OperationSelector address(String address) {
        return new Address(address);
    }

    /** Chooses, of the operations of some kinds, the one that comes first in the order of the program. */
    static OperationSelector first(Operation.Kind... kinds) {
        return new First(kind(kinds));
    }

    /**
     * Chooses operations by any criterion.
     *
     * @param description the criterion in words: part of an explanation's provenance
     * @param predicate two selectors are equal only if they have the same one
     */
    static OperationSelector where(String description, Predicate<Operation> predicate) {
        return new Where(description, predicate);
    }

    /** Returns the selector of operations that both choose. */
    default OperationSelector and(OperationSelector other) {
        return new Both(this, other);
    }

    /** Every operation. */
    record Any() implements OperationSelector {
        @Override
        public boolean selects(Operation operation, List<Operation> all) {
            return true;
        }

        @Override
        public String describe() {
            return "any";
        }
    }

    /**
     * Operations of some kinds.
     *
     * @param kinds at least one
     */
    record Kinds(Set<Operation.Kind> kinds) implements OperationSelector {
        /** Copies the set. */
        public Kinds {
            kinds = Set.copyOf(requireSome("kinds", kinds));
        }

        @Override
        public boolean selects(Operation operation, List<Operation> all) {
            return kinds.contains(operation.kind());
        }

        @Override
        public String describe() {
            return kinds.stream()
                    .sorted()
                    .map(kind -> kind.name().toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining("|"));
        }
    }

    /**
     * Operations with some names.
     *
     * @param names at least one
     */
    record Names(Set<String> names) implements OperationSelector {
        /** Copies the set. */
        public Names {
            names = Set.copyOf(requireSome("names", names));
        }

        @Override
        public boolean selects(Operation operation, List<Operation> all) {
            return names.contains(operation.name()) || names.contains(operation.plainName());
        }

        @Override
        public String describe() {
            return names.stream().sorted().collect(Collectors.joining("|"));
        }
    }

    /**
     * Operations inside modules.
     *
     * @param path dotted, perhaps with {@code *}
     */
    record Module(String path) implements OperationSelector {
        /** Checks that there is a path. */
        public Module {
            Objects.requireNonNull(path, "path");
        }

        @Override
        public boolean selects(Operation operation, List<Operation> all) {
            if (path.isEmpty()) {
                return true;
            }
            Pattern pattern = Pattern.compile(
                    Arrays.stream(path.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
            return ancestors(operation.module()).stream()
                    .anyMatch(module -> pattern.matcher(module).matches());
        }

        private static List<String> ancestors(String module) {
            List<String> paths = new ArrayList<>();
            for (int dot = module.indexOf('.'); dot >= 0; dot = module.indexOf('.', dot + 1)) {
                paths.add(module.substring(0, dot));
            }
            paths.add(module);
            return paths;
        }

        @Override
        public String describe() {
            return "in '" + path + "'";
        }
    }

    /**
     * One operation.
     *
     * @param address its address
     */
    record Address(String address) implements OperationSelector {
        /** Checks that there is an address. */
        public Address {
            Objects.requireNonNull(address, "address");
        }

        @Override
        public boolean selects(Operation operation, List<Operation> all) {
            return operation.address().equals(address);
        }

        @Override
        public String describe() {
            return "'" + address + "'";
        }
    }

    /**
     * The first operation of those that another selector chooses.
     *
     * @param of the other
     */
    record First(OperationSelector of) implements OperationSelector {
        @Override
        public boolean selects(Operation operation, List<Operation> all) {
            return all.stream()
                    .filter(candidate -> of.selects(candidate, all))
                    .min(Comparator.comparingInt(Operation::order))
                    .filter(operation::equals)
                    .isPresent();
        }

        @Override
        public String describe() {
            return "first " + of.describe();
        }
    }

    /**
     * Operations by any criterion.
     *
     * @param description the criterion in words
     * @param predicate the criterion
     */
    record Where(String description, Predicate<Operation> predicate) implements OperationSelector {
        /** Checks that both are given. */
        public Where {
            Objects.requireNonNull(description, "description");
            Objects.requireNonNull(predicate, "predicate");
        }

        @Override
        public boolean selects(Operation operation, List<Operation> all) {
            return predicate.test(operation);
        }

        @Override
        public String describe() {
            return description;
        }
    }

    /**
     * The operations that two selectors both choose.
     *
     * @param one the first selector
     * @param other the other selector
     */
    record Both(OperationSelector one, OperationSelector other) implements OperationSelector {
        @Override
        public boolean selects(Operation operation, List<Operation> all) {
            return one.selects(operation, all) && other.selects(operation, all);
        }

        @Override
        public String describe() {
            return one.describe() + " and " + other.describe();
        }
    }

    private static <T> Set<T> requireSome(String what, Set<T> given) {
        if (given.isEmpty()) {
            throw new IllegalArgumentException(what + ": none given; name at least one");
        }
        return given;
    }
}
