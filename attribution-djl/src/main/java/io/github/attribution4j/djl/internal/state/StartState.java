// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.state;

import io.github.attribution4j.djl.internal.archive.PickleValue;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.flow.Writes;
import io.github.attribution4j.djl.internal.operator.InPlace;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.program.RewriteException;
import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.djl.internal.script.Parser;
import io.github.attribution4j.djl.internal.script.Printer;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Type;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Makes the calls of a program start from another state than that of its archive: {@code forward} begins by assigning
 * it. In go an archive and values by the paths of attributes; out comes an archive with the changed {@code forward}.
 */
public final class StartState {
    private static final String FORWARD = "forward";
    private static final int MOST_ELEMENTS = 1 << 16;
    /** PyTorch's numbers for floating types. */
    private static final Map<String, Integer> FLOATING = Map.of("Half", 5, "Float", 6, "Double", 7, "BFloat16", 15);

    private StartState() {}

    /**
     * Returns a copy of an archive whose {@code forward} starts from given values.
     *
     * @param archive not changed
     * @param state values by the attributes' paths; a number or truth value is a tensor of one element
     * @param computed the type that the program was converted to, or null
     * @return the copy; the archive itself for an empty map
     * @throws RewriteException if the program does not change an attribute, or its value does not fit
     */
    public static TorchArchive of(TorchArchive archive, Map<String, Tensor> state, @Nullable DataType computed) {
        if (state.isEmpty()) {
            return archive;
        }
        ProgramIndex index = ProgramIndex.of(archive);
        List<String> names = State.of(
                        archive, index, InPlace.occursIn(index.files().values()))
                .names();
        Stmt.Def forward = index.root().definition().method(FORWARD);
        if (forward == null) {
            Signature.of(index);
            return archive;
        }
        String self = forward.parameters().get(0).name();
        List<Stmt> body = new ArrayList<>();
        // Sorted by path, so that equal states make equal programs.
        new TreeMap<>(state).forEach((path, value) -> {
            if (!names.contains(path) || path.startsWith(Writes.Place.CONSTANTS)) {
                throw new RewriteException(archive.name() + ": state '" + path + "' does not exist; "
                        + (names.isEmpty()
                                ? "the program keeps none"
                                : "the program changes " + String.join(", ", names)));
            }
            StringBuilder text = new StringBuilder("def f():\n");
            String target = open(path, self, "a4j_b" + state.size() + "_" + body.size() + "_", text);
            String given = text(archive, index, path, target, value, computed);
            if (sharesMemory(archive, index, path, names)) {
                requireShape(archive, index, path, value);
                String written = "a4j_w" + state.size() + "_" + body.size();
                text.append("  ").append(written).append(" = torch.copy_(").append(target);
                text.append(", ").append(given).append(")\n  return None\n");
            } else {
                text.append("  ").append(target).append(" = ").append(given).append("\n  return None\n");
            }
            List<Stmt> assigned = Parser.function(text.toString()).body();
            body.addAll(assigned.subList(0, assigned.size() - 1));
        });
        body.addAll(forward.body());
        Stmt.Def started = new Stmt.Def(FORWARD, forward.parameters(), forward.result(), body);
        return archive.withCode(Map.of(file(index), Printer.print(replaced(index, started))));
    }

    /**
     * Writes the statements that lead to an attribute. The serialized language allows one step at a time, so each
     * module on the path gets a variable.
     *
     * @return the expression for the attribute after these statements
     */
    static String open(String path, String self, String prefix, StringBuilder text) {
        String object = self;
        String[] steps = path.split("\\.", -1);
        for (int i = 0; i + 1 < steps.length; i++) {
            String below = prefix + i;
            text.append("  ").append(below).append(" = getattr(").append(object).append(", \"");
            text.append(steps[i]).append("\")\n");
            object = below;
        }
        return object + "." + steps[steps.length - 1];
    }

    /**
     * An attribute of the state: its declared type and its value in the archive.
     *
     * @param type its type; null if the class does not declare it
     * @param value its value; null if the archive has none
     */
    record Stored(@Nullable Type type, @Nullable PickleValue value) {
        static Stored of(TorchArchive archive, ProgramIndex index, String path) {
            String owner = index.root().name();
            PickleValue stored = archive.root();
            String[] steps = path.split("\\.", -1);
            for (int i = 0; i < steps.length; i++) {
                stored = stored instanceof PickleValue.Instance object
                        ? object.attributes().get(steps[i])
                        : null;
                if (i + 1 < steps.length) {
                    owner = String.valueOf(index.module(owner).children().get(steps[i]));
                }
            }
            return new Stored(index.attributes(owner).get(steps[steps.length - 1]), stored);
        }
    }

    /** Returns whether another attribute of the state has the same memory, which both must keep. */
    private static boolean sharesMemory(TorchArchive archive, ProgramIndex index, String path, List<String> names) {
        return Stored.of(archive, index, path).value() instanceof PickleValue.TensorRef own
                && names.stream()
                        .filter(name -> !name.equals(path) && !name.startsWith(Writes.Place.CONSTANTS))
                        .anyMatch(name -> Stored.of(archive, index, name).value() instanceof PickleValue.TensorRef other
                                && other.storage().equals(own.storage()));
    }

    private static void requireShape(TorchArchive archive, ProgramIndex index, String path, Tensor value) {
        if (Stored.of(archive, index, path).value() instanceof PickleValue.TensorRef own
                && !own.shape()
                        .equals(Arrays.stream(value.shape().dims()).boxed().toList())) {
            throw unfit(
                    archive,
                    path,
                    "shares memory with another part of the state and has shape " + own.shape() + " in the file; "
                            + value.shape() + " does not fit it");
        }
    }

    static String file(ProgramIndex index) {
        String root = index.root().name();
        return root.substring(0, root.lastIndexOf('.')).replace('.', '/') + ".py";
    }

    /** Returns the file of the root's class with a method added, or replaced if it has one of that name. */
    static Stmt.File replaced(ProgramIndex index, Stmt.Def changed) {
        String root = index.root().name();
        Stmt.File file = index.files().get(file(index));
        if (file == null) {
            throw new IllegalStateException(file(index));
        }
        List<Stmt> statements = new ArrayList<>();
        for (Stmt statement : file.statements()) {
            if (statement instanceof Stmt.ClassDef type && root.equals(file.module() + "." + type.name())) {
                List<Stmt> members = new ArrayList<>(type.members());
                members.replaceAll(m -> m instanceof Stmt.Def d && d.name().equals(changed.name()) ? changed : m);
                if (!members.contains(changed)) {
                    members.add(changed);
                }
                statements.add(new Stmt.ClassDef(type.name(), type.base(), members));
            } else {
                statements.add(statement);
            }
        }
        return new Stmt.File(file.path(), statements);
    }

    /** Returns a value as text. */
    private static String text(
            TorchArchive archive,
            ProgramIndex index,
            String path,
            String target,
            Tensor value,
            @Nullable DataType computed) {
        Stored attribute = Stored.of(archive, index, path);
        PickleValue stored = attribute.value();
        String declared = String.valueOf(attribute.type());
        if (value.shape().size() > MOST_ELEMENTS) {
            throw unfit(
                    archive,
                    path,
                    "has " + value.shape().size() + " elements; at most " + MOST_ELEMENTS + " can be handed in");
        }
        List<String> items = items(value);
        switch (declared) {
            case "int", "float", "bool" -> {
                boolean fits = value.shape().size() == 1
                        && (declared.equals("float") || !value.dataType().isFloating());
                if (!fits) {
                    throw unfit(
                            archive,
                            path,
                            "is of type " + declared + "; give a tensor of one element, not " + value.dataType() + " "
                                    + value.shape());
                }
                String item = items.get(0);
                return declared.equals("bool") && !item.equals("True")
                        ? (item.equals("0") || item.equals("False") ? "False" : "True")
                        : item;
            }
            case "Tensor", "Optional[Tensor]" -> {
                check(archive, path, stored, value);
                String device = declared.equals("Tensor") ? ", device=ops.prim.device(" + target + ")" : "";
                long[] dims = value.shape().dims();
                List<String> shape = new ArrayList<>();
                for (long dim : dims) {
                    shape.add(Long.toString(dim));
                }
                String element =
                        value.dataType().isFloating() ? "float" : value.dataType() == DataType.BOOL ? "bool" : "int";
                return "torch.reshape(torch.tensor(annotate(List[" + element + "], [" + String.join(", ", items)
                        + "]), dtype=" + number(stored, computed, value.dataType()) + device
                        + "), annotate(List[int], ["
                        + String.join(", ", shape) + "]))";
            }
            default ->
                throw unfit(
                        archive,
                        path,
                        "is of type " + declared + "; only tensors, numbers and truth values can be handed in");
        }
    }

    private static void check(TorchArchive archive, String path, @Nullable PickleValue stored, Tensor value) {
        if (stored instanceof PickleValue.TensorRef tensor) {
            boolean empty = tensor.shape().contains(0L);
            String type = tensor.type().replace("Storage", "");
            String wanted = switch (value.dataType()) {
                case FLOAT32 -> "Float";
                case FLOAT64 -> "Double";
                case INT64 -> "Long";
                case INT32 -> "Int";
                case BOOL -> "Bool";
                default -> "Byte";
            };
            boolean floating = value.dataType().isFloating() && FLOATING.containsKey(type);
            if (!(floating || type.endsWith(wanted))
                    || (!empty && tensor.shape().size() != value.shape().rank())) {
                throw unfit(
                        archive,
                        path,
                        "is a " + type + " tensor of shape " + tensor.shape() + " in the file; " + value.dataType()
                                + " " + value.shape() + " does not fit it");
            }
        }
    }

    /**
     * Returns the type of the new value. A floating value gets the type of the stored one, which may be that of a
     * converted copy.
     */
    private static int number(@Nullable PickleValue stored, @Nullable DataType computed, DataType type) {
        if (!type.isFloating()) {
            return number(type);
        }
        int known = number(computed == null ? type : computed);
        return stored instanceof PickleValue.TensorRef tensor
                ? FLOATING.getOrDefault(tensor.type().replace("Storage", ""), known)
                : known;
    }

    private static int number(DataType type) {
        return switch (type) {
            case FLOAT32 -> 6;
            case FLOAT64 -> 7;
            case INT64 -> 4;
            case INT32 -> 3;
            case BOOL -> 11;
            case UINT8 -> 0;
        };
    }

    private static List<String> items(Tensor value) {
        List<String> items = new ArrayList<>();
        if (value.dataType().isFloating()) {
            for (double item : value.toDoubleArray()) {
                items.add(
                        Double.isNaN(item)
                                ? "nan"
                                : Double.isInfinite(item)
                                        ? (item > 0 ? "inf" : "-inf")
                                        : Double.toString(item).replace('E', 'e'));
            }
        } else {
            for (long item : value.toLongArray()) {
                items.add(value.dataType() == DataType.BOOL ? (item != 0 ? "True" : "False") : Long.toString(item));
            }
        }
        return items;
    }

    private static RewriteException unfit(TorchArchive archive, String path, String why) {
        return new RewriteException(archive.name() + ": state '" + path + "' " + why);
    }
}
