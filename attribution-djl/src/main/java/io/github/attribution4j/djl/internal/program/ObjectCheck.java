// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.djl.internal.archive.PickleValue;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Checks that an archive's objects have the attributes that their classes declare. libtorch compiles the program by the
 * declarations and then accesses objects by position. An object of another class, or a tuple of another length, would
 * make it read foreign memory.
 */
public final class ObjectCheck {
    private final String archive;
    private final ProgramIndex index;
    private final Set<PickleValue> seen = Collections.newSetFromMap(new IdentityHashMap<>());

    private ObjectCheck(String archive, ProgramIndex index) {
        this.archive = archive;
        this.index = index;
    }

    /** Checks the object tree and the constants. */
    public static void check(TorchArchive archive, ProgramIndex index) {
        ObjectCheck check = new ObjectCheck(archive.name(), index);
        check.object(archive.root());
        for (PickleValue constant : archive.constants()) {
            if (constant instanceof PickleValue.Instance instance) {
                check.object(instance);
            }
        }
    }

    private void object(PickleValue.Instance instance) {
        Stmt.ClassDef definition = index.definition(instance.type());
        // An object with its own __setstate__ may hold anything. Classes of libtorch are not defined in the archive.
        if (!seen.add(instance) || definition == null || definition.method("__setstate__") != null) {
            return;
        }
        Map<String, PickleValue> values = instance.attributes();
        String recurrent = instance.type().endsWith(".LSTM") ? RecurrentShapes.problem(values) : null;
        if (recurrent != null) {
            throw new RewriteException(
                    archive + ": an object of class " + instance.type() + " " + recurrent + "; export the model again");
        }
        ProgramIndex.attributes(definition).forEach((name, type) -> {
            PickleValue value = values.get(name);
            if (value == null) {
                throw new RewriteException(archive + ": an object of class " + instance.type()
                        + " lacks its attribute '" + name + "'; export the model again");
            }
            if (!fits(value, type)) {
                throw new RewriteException(archive + ": attribute '" + name + "' of class " + instance.type()
                        + " is declared as " + type + " and holds " + value.kind() + "; export the model again");
            }
        });
    }

    private boolean fits(PickleValue value, Type type) {
        List<Type> arguments = type.arguments();
        return switch (type.name()) {
            case "Tensor" -> tensor(value);
            case "NoneType" -> scalar(value) && ((PickleValue.Scalar) value).value() == null;
            case "bool" -> value instanceof PickleValue.Scalar scalar && scalar.value() instanceof Boolean;
            case "int" -> value instanceof PickleValue.Scalar scalar && scalar.value() instanceof Long;
            case "float" -> value instanceof PickleValue.Scalar scalar && scalar.value() instanceof Number;
            case "str" -> value instanceof PickleValue.Scalar scalar && scalar.value() instanceof String;
            case "Optional" ->
                (value instanceof PickleValue.Scalar scalar && scalar.value() == null) || fits(value, arguments.get(0));
            case "List" ->
                value instanceof PickleValue.Sequence list
                        && list.items().stream().allMatch(item -> fits(item, arguments.get(0)));
            case "Dict" ->
                value instanceof PickleValue.Mapping map
                        && map.entries().values().stream().allMatch(item -> fits(item, arguments.get(1)));
            case "Tuple" -> value instanceof PickleValue.Sequence tuple && pairwise(tuple.items(), arguments);
            default -> named(value, type);
        };
    }

    private static boolean scalar(PickleValue value) {
        return value instanceof PickleValue.Scalar;
    }

    private static boolean tensor(PickleValue value) {
        return value instanceof PickleValue.TensorRef
                || (value instanceof PickleValue.Result result
                        && result.function().startsWith("torch._utils._rebuild_"));
    }

    private boolean pairwise(List<PickleValue> values, List<Type> types) {
        if (values.size() != types.size()) {
            return false;
        }
        for (int i = 0; i < values.size(); i++) {
            if (!fits(values.get(i), types.get(i))) {
                return false;
            }
        }
        return true;
    }

    private boolean named(PickleValue value, Type type) {
        Stmt.ClassDef declared = index.definition(type.name());
        if (value instanceof PickleValue.Instance instance) {
            object(instance);
            return declared == null
                    || instance.type().equals(type.name())
                    || (index.isInterface(type.name()) && offers(instance.type(), declared));
        }
        if (declared == null) {
            return true;
        }
        if ("NamedTuple".equals(declared.base())) {
            return value instanceof PickleValue.Sequence tuple
                    && pairwise(
                            tuple.items(),
                            List.copyOf(ProgramIndex.attributes(declared).values()));
        }
        return "Enum".equals(declared.base())
                && value instanceof PickleValue.Result result
                && result.function().equals(type.name());
    }

    /** Returns whether a class has the methods of an interface, with the same numbers of parameters. */
    private boolean offers(String className, Stmt.ClassDef wanted) {
        Stmt.ClassDef definition = index.definition(className);
        if (definition == null) {
            return false;
        }
        for (Stmt member : wanted.members()) {
            if (member instanceof Stmt.Def method) {
                Stmt.Def own = definition.method(method.name());
                if (own == null || own.parameters().size() < method.parameters().size()) {
                    return false;
                }
            }
        }
        return true;
    }
}
