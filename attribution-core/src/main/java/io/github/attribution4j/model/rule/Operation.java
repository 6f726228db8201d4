// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.rule;

import io.github.attribution4j.model.Cut;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * One place in a model's program at which an operator is applied. The operations of a module that is called twice are
 * listed once.
 *
 * @param address unique in the model, written like a {@link Cut.Point} inside a module, such as
 *     {@code layer1.0/relu_#0}
 * @param module dotted path of the module whose code contains it, such as {@code layer1.0}; empty for the root
 * @param name the operator without its namespace, such as {@code relu_}; {@code _} at the end means in place
 * @param kind what it does
 * @param order position in the order in which the program's text runs, from 0, unique in the model
 */
public record Operation(String address, String module, String name, Kind kind, int order) {
    /** The relevance rules that each kind takes, besides Gradient and Stop. */
    private static final Map<Kind, String> FITTING = Map.of(
            Kind.WEIGHTED, "it takes Weighted rules, Norm and Pass",
            Kind.LINEAR, "it has no weights to take parts of, and takes Norm, epsilon and Pass",
            Kind.AVERAGE_POOLING, "it has no weights to take parts of, and takes Norm, epsilon and Pass",
            Kind.ACTIVATION, "it takes Pass",
            Kind.MAX_POOLING, "it takes Pass, by which the largest element gets all relevance",
            Kind.NORMALIZATION,
                    "it takes ConstantDeviation, Norm, epsilon and Pass, and a batch norm all Weighted rules",
            Kind.SOFTMAX, "it takes SoftmaxTaylor and Pass",
            Kind.PRODUCT, "it takes Uniform, Norm and epsilon",
            Kind.RECURRENT, "it takes Norm and epsilon, by which signals get all relevance and gates none",
            Kind.UNKNOWN, "it is unknown, so it takes only Gradient and Stop");

    /**
     * Returns why this operation cannot follow a {@linkplain BackwardRule.Family#RELEVANCE relevance} rule, in words
     * that name those that its kind takes; empty if it can. Of the {@link BackwardRule.Weighted} rules, an operation
     * without weights takes ε alone, since it has no parts.
     *
     * @param rule the rule
     */
    public Optional<String> relevanceObjection(BackwardRule rule) {
        boolean weighted = rule instanceof BackwardRule.Weighted;
        boolean epsilon = rule instanceof BackwardRule.Norm
                || (rule instanceof BackwardRule.Weighted general && general.isEpsilon());
        boolean pass = rule instanceof BackwardRule.Pass;
        boolean always = rule instanceof BackwardRule.Gradient || rule instanceof BackwardRule.Stop;
        boolean fits = switch (kind) {
            case WEIGHTED -> epsilon || pass || weighted;
            case LINEAR, AVERAGE_POOLING -> epsilon || pass;
            case ACTIVATION, MAX_POOLING -> pass;
            case NORMALIZATION ->
                epsilon
                        || pass
                        || rule instanceof BackwardRule.ConstantDeviation
                        || (weighted && name.equals("batch_norm"));
            case SOFTMAX -> pass || rule instanceof BackwardRule.SoftmaxTaylor;
            case PRODUCT -> epsilon || rule instanceof BackwardRule.Uniform;
            case RESHAPE -> true;
            case RECURRENT -> epsilon;
            case UNKNOWN -> false;
        };
        return always || fits ? Optional.empty() : Optional.ofNullable(FITTING.get(kind));
    }

    /**
     * The kind of computation, as backward rules distinguish them. Every operation that returns floating-point tensors
     * is of exactly one kind.
     */
    public enum Kind {
        /**
         * A linear map with weights, and perhaps a bias: convolution, transposed convolution, fully connected layer.
         */
        WEIGHTED,
        /** A fixed linear map: addition, subtraction, mean, sum, negation, interpolation. */
        LINEAR,
        /** A nonlinear function of each element: ReLU, GELU, sigmoid, exponential, square root, a power. */
        ACTIVATION,
        /** The largest or smallest of several elements, or a soft maximum of them. */
        MAX_POOLING,
        /** The mean of several elements at each position of a window. */
        AVERAGE_POOLING,
        /**
         * Batch, layer, group or instance normalization, and its ingredients: vector norms, variances, standard
         * deviations.
         */
        NORMALIZATION,
        /** Softmax and its logarithm. */
        SOFTMAX,
        /**
         * A product: element by element, of matrices, attention, or a quotient. If only one of its operands depends on
         * what is attributed, it is linear; this is decided when the model runs.
         */
        PRODUCT,
        /**
         * Moves, repeats or drops elements and computes nothing: view, concatenation, slice, padding, lookup. Needs
         * no rule.
         */
        RESHAPE,
        /** A recurrent cell or layer in one operator: LSTM, GRU, Elman. */
        RECURRENT,
        /** Anything else. */
        UNKNOWN
    }

    /** Checks the parts. */
    public Operation {
        Objects.requireNonNull(address, "address");
        Objects.requireNonNull(module, "module");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(kind, "kind");
        if (order < 0) {
            throw new IllegalArgumentException("order " + order + " of operation '" + address + "': counts from 0");
        }
    }

    /** Returns the operator's name without the {@code _} of an operation in place: {@code relu} for {@code relu_}. */
    public String plainName() {
        return name.length() > 1 && name.endsWith("_") && !name.endsWith("__")
                ? name.substring(0, name.length() - 1)
                : name;
    }

    /** Returns address and kind, for messages. */
    @Override
    public String toString() {
        return address + " (" + kind + ")";
    }

    /** Chooses operations of a model by their kind, name or place. Equal selectors choose the same operations. */
    public sealed interface Selector {
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
        static Selector any() {
            return new Any();
        }

        /** Chooses operations of some kinds. */
        static Selector kind(Operation.Kind... kinds) {
            return new Kinds(new TreeSet<>(Arrays.asList(kinds)));
        }

        /**
         * Chooses operations by the operator's name without namespace, in place or not: {@code relu} also means
         * {@code relu_}.
         */
        static Selector name(String... names) {
            return new Names(new TreeSet<>(Arrays.asList(names)));
        }

        /**
         * Chooses the operations of a module, and of all modules inside it.
         *
         * @param path dotted, as in PyTorch's {@code named_modules()}; {@code *} matches any text: {@code features},
         *     {@code layer*.0}. Empty for the whole model.
         */
        static Selector module(String path) {
            return new Module(path);
        }

        /** Chooses the operation with this address. */
        static Selector address(String address) {
            return new Address(address);
        }

        /** Chooses, of the operations of some kinds, the one that comes first in the order of the program. */
        static Selector first(Operation.Kind... kinds) {
            return new First(kind(kinds));
        }

        /**
         * Chooses operations by any criterion.
         *
         * @param description the criterion in words: part of an explanation's provenance
         * @param predicate two selectors are equal only if they have the same one
         */
        static Selector where(String description, Predicate<Operation> predicate) {
            return new Where(description, predicate);
        }

        /** Returns the selector of operations that both choose. */
        default Selector and(Selector other) {
            return new Both(this, other);
        }

        /** Every operation. */
        record Any() implements Selector {
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
        record Kinds(Set<Operation.Kind> kinds) implements Selector {
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
        record Names(Set<String> names) implements Selector {
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
        record Module(String path) implements Selector {
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
        record Address(String address) implements Selector {
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
        record First(Selector of) implements Selector {
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
        record Where(String description, Predicate<Operation> predicate) implements Selector {
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
        record Both(Selector one, Selector other) implements Selector {
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
}
