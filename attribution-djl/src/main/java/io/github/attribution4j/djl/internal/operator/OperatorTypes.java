// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.operator;

import io.github.attribution4j.djl.internal.script.Type;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Gives the result types of libtorch's operators, by the schemas that it registers. Most operators return one tensor;
 * the table names the others. Where the overloads of a name differ, the types of the arguments decide. Null means: the
 * result is not known to hold tensors.
 */
public final class OperatorTypes {
    private static final Pattern LIBRARIES = Pattern.compile("(cudnn|miopen|mkldnn|fake_quantize)_.*|.*backward.*");
    private static final Pattern TEXT = Pattern.compile("add|mul|slice|lower|upper|strip|replace|format|join");
    private static final Pattern NUMBERS = Pattern.compile("int|float|bool|number|complex");
    private static final Pattern UNDECIDED = Pattern.compile("number|complex");
    private static final Pattern COMPARISONS = Pattern.compile("eq|ne|lt|le|gt|ge|isnan|isinf|isfinite");
    private static final Pattern LIKE_OPERANDS = Pattern.compile("pow|abs|fmod|__and__|__or__|__xor__");
    private static final Pattern WHOLE =
            Pattern.compile("add|sub|mul|neg|remainder|floor|ceil|gcd|__lshift__|__rshift__");
    private static final Pattern ROUNDED = Pattern.compile("floor|ceil|round");
    private static final Pattern REALS = Pattern.compile("float|number");

    /** The argument of a normalization that tells whether it is in training. */
    public static final int TRAINING = 5;

    private static final int[] STATISTICS = {3, 4};
    private static final int[] NOISE = {1};
    private static final int[] OBSERVED = {3, 4, 5, 6};
    private static final int[] TARGET = {0};
    private static final int[] NONE = {};

    private OperatorTypes() {}

    /** Returns whether an operator also works on numbers, strings or lists, so that its arguments may be no tensors. */
    public static boolean isMixed(String operator) {
        return switch (Operator.of(operator).result()) {
            case "mixed", "other", "reduced", "2?", "list?" -> true;
            default -> false;
        };
    }

    /** Returns whether the result may be a view of the first argument. */
    public static boolean isView(String operator) {
        return Operator.of(operator).is(" view ");
    }

    /** Returns whether no result shares memory with an argument. */
    public static boolean isFresh(String operator) {
        return Operator.of(operator).is(" fresh ");
    }

    /** Returns whether an operator puts its other arguments into its first, a list or dict. */
    public static boolean changesContainer(String operator) {
        return Operator.of(operator).is(" fills ");
    }

    /** Returns whether an operator removes elements from its first argument, a list or dict, or reorders them. */
    public static boolean emptiesContainer(String operator) {
        return Operator.of(operator).is(" empties ");
    }

    /** Returns the positions of arguments that an operator writes to although its name has no underscore. */
    public static int[] written(String operator) {
        Operator row = Operator.of(operator);
        return row.is(" statistics ")
                ? STATISTICS
                : row.is(" noise ") ? NOISE : row.is(" observed ") ? OBSERVED : row.is(" target ") ? TARGET : NONE;
    }

    /** Returns whether an operator writes to its arguments only in training. */
    public static boolean writesInTraining(String operator) {
        return Operator.of(operator).is(" statistics ");
    }

    /** Returns whether an operator returns no tensors for any arguments. */
    static boolean returnsNoTensors(String operator) {
        return Operator.of(operator).result().equals("other");
    }

    /** Returns the type of a result; null if it is unknown, or no tensor. {@code operator} has no namespace. */
    public static @Nullable Type result(String operator, List<@Nullable Type> arguments) {
        Type first = arguments.isEmpty() ? null : arguments.get(0);
        if (first != null && !isTensor(first)) {
            Type known = ofContainer(operator, first, arguments);
            if (known != null) {
                return known;
            }
        }
        boolean tensor = isTensor(first) || (arguments.size() > 1 && isTensor(arguments.get(1)));
        return switch (Operator.of(operator).result()) {
            case "2" -> tuple(2);
            case "3" -> tuple(3);
            case "4" -> tuple(4);
            case "list" -> Type.generic("List", Type.TENSOR);
            case "tensor" -> Type.TENSOR;
            case "mixed" -> mixed(operator, first, tensor, arguments);
            case "reduced" ->
                !isTensor(first) ? null : arguments.size() == 1 || isTensor(arguments.get(1)) ? Type.TENSOR : tuple(2);
            case "2?" -> isTensor(first) ? tuple(2) : other(operator, arguments);
            case "list?" -> isTensor(first) ? Type.generic("List", Type.TENSOR) : other(operator, arguments);
            case "other" -> other(operator, arguments);
            default -> operator.startsWith("_") || LIBRARIES.matcher(operator).matches() ? null : Type.TENSOR;
        };
    }

    private static @Nullable Type mixed(
            String operator, @Nullable Type first, boolean tensor, List<@Nullable Type> arguments) {
        if (operator.equals("slice")) {
            return first;
        }
        boolean listed = (operator.equals("where") && arguments.size() == 1) || operator.startsWith("atleast");
        boolean chosen = operator.equals("where") && arguments.size() > 2;
        return (tensor && !listed) || chosen ? Type.TENSOR : number(operator, arguments);
    }

    /** Returns the type of {@code min} or {@code max}: of several numbers, or of one list of them. */
    public static @Nullable Type extreme(@Nullable Type first, int arguments) {
        return first == null
                ? null
                : first.name().equals("List") && arguments == 1
                        ? first.arguments().get(0)
                        : isNumber(first) ? Type.of("number") : null;
    }

    /** Returns the result type of operators on dictionaries, lists and strings; null for others. */
    private static @Nullable Type ofContainer(String operator, Type first, List<@Nullable Type> arguments) {
        if (first.name().equals("Dict")) {
            Type key = first.arguments().get(0);
            Type value = first.arguments().get(1);
            return switch (operator) {
                case "keys" -> Type.generic("List", key);
                case "values" -> Type.generic("List", value);
                case "items" -> Type.generic("List", Type.generic("Tuple", key, value));
                case "popitem" -> Type.generic("Tuple", key, value);
                case "get" -> arguments.size() > 2 ? value : Type.generic("Optional", value);
                case "pop", "setdefault", "__getitem__" -> value;
                case "copy", "dict" -> first;
                default -> null;
            };
        }
        if (first.name().equals("List")) {
            Type item = first.arguments().get(0);
            return switch (operator) {
                case "pop", "__getitem__" -> item;
                case "add", "add_", "mul", "slice", "list", "copy", "sorted", "append", "extend", "insert" -> first;
                case "sum" -> isNumber(item) ? item : null;
                case "count" -> Type.of("int");
                case "index" -> arguments.size() > 1 && !isTensor(arguments.get(1)) ? Type.of("int") : null;
                default -> null;
            };
        }
        return first.name().equals("str") && TEXT.matcher(operator).matches() ? first : null;
    }

    private static boolean isNumber(@Nullable Type type) {
        return type != null && NUMBERS.matcher(type.toString()).matches();
    }

    /** Returns the type of arithmetic on numbers. */
    private static @Nullable Type number(String operator, List<@Nullable Type> arguments) {
        if (arguments.isEmpty() || !arguments.stream().allMatch(OperatorTypes::isNumber)) {
            return null;
        }
        if (arguments.stream()
                .anyMatch(t -> t != null && UNDECIDED.matcher(t.name()).matches())) {
            return Type.of("number");
        }
        if (COMPARISONS.matcher(operator).matches()) {
            return Type.of("bool");
        }
        if (LIKE_OPERANDS.matcher(operator).matches()) {
            return Type.of("number");
        }
        boolean whole = WHOLE.matcher(operator).matches()
                && arguments.stream().noneMatch(t -> t != null && t.name().equals("float"));
        return Type.of(whole || ROUNDED.matcher(operator).matches() ? "int" : "float");
    }

    private static @Nullable Type other(String operator, List<@Nullable Type> arguments) {
        Type first = arguments.isEmpty() ? null : arguments.get(0);
        return switch (operator) {
            case "len", "dim", "numel", "Int", "IntImplicit", "ord", "factorial", "element_size", "storage_offset" ->
                Type.of("int");
            case "Float", "FloatImplicit", "degrees", "radians", "gamma", "fabs" -> Type.of("float");
            case "Bool",
                    "__contains__",
                    "__not__",
                    "__is__",
                    "__isnot__",
                    "is_floating_point",
                    "is_complex",
                    "is_contiguous",
                    "equal",
                    "allclose" -> Type.of("bool");
            case "floordiv", "__round_to_zero_floordiv", "mathremainder" -> floored(arguments);
            case "ScalarImplicit", "_local_scalar_dense", "item" -> Type.of("number");
            case "format", "percentFormat", "hex", "oct", "bin", "chr" -> Type.of("str");
            case "size" -> arguments.size() > 1 ? Type.of("int") : Type.generic("List", Type.of("int"));
            case "_unwrap_optional" ->
                first != null && first.name().equals("Optional")
                        ? first.arguments().get(0)
                        : first;
            case "append", "copy", "list", "sorted" -> first;
            case "stride", "__range_length" ->
                arguments.size() > 1 || operator.startsWith("_")
                        ? Type.of("int")
                        : Type.generic("List", Type.of("int"));
            case "wait" ->
                first != null && first.name().equals("Future")
                        ? first.arguments().get(0)
                        : null;
            default -> null;
        };
    }

    /** Whole if all arguments are whole, else a number. */
    private static Type floored(List<@Nullable Type> arguments) {
        boolean whole = arguments.stream()
                .allMatch(t -> t == null || !REALS.matcher(t.name()).matches());
        return Type.of(whole ? "int" : "number");
    }

    private static boolean isTensor(@Nullable Type type) {
        return type != null && type.equals(Type.TENSOR);
    }

    private static Type tuple(int size) {
        return new Type("Tuple", Collections.nCopies(size, Type.TENSOR), true);
    }
}
