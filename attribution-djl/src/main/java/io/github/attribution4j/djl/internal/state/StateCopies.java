// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.state;

import io.github.attribution4j.djl.internal.archive.PickleValue;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.flow.Writes;
import io.github.attribution4j.djl.internal.program.AddedNames;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes the text that copies values of attributes, at any depth. Tensors whose memory overlaps in the archive become
 * parts of one copy, so that a write to one still shows in the other.
 */
final class StateCopies {
    /** A tensor of the archive that is an attribute of a module. */
    private record Held(String path, Writes.Place place, PickleValue.TensorRef tensor) {
        boolean isEmpty() {
            return tensor.shape().contains(0L);
        }

        /** The index of its first element in the storage. */
        long start() {
            return tensor.offset();
        }

        /** The index after its last element. */
        long end() {
            long end = tensor.offset() + 1;
            for (int i = 0; i < tensor.shape().size(); i++) {
                end += (tensor.shape().get(i) - 1) * tensor.strides().get(i);
            }
            return end;
        }

        boolean overlaps(Held other) {
            return tensor.storage().equals(other.tensor().storage())
                    && start() < other.end()
                    && other.start() < end()
                    && !isEmpty()
                    && !other.isEmpty();
        }
    }

    private final ProgramIndex index;
    private final Map<String, Held> shared = new HashMap<>();
    private final Set<Writes.Place> sharing = new LinkedHashSet<>();
    private final Map<String, String> storages = new HashMap<>();
    private final Map<Type, String> functions = new LinkedHashMap<>();
    private final StringBuilder text = new StringBuilder();
    private final Map<String, long[]> spans = new HashMap<>();
    private int temporaries;

    StateCopies(TorchArchive archive, ProgramIndex index, Set<Writes.Place> mutated) {
        this.index = index;
        if (mutated.isEmpty()) {
            return;
        }
        List<Held> all = new ArrayList<>();
        collect(archive.root(), index.root(), "", all);
        Map<String, List<Held>> byStorage = new LinkedHashMap<>();
        all.forEach(held -> byStorage
                .computeIfAbsent(held.tensor().storage(), k -> new ArrayList<>())
                .add(held));
        Set<Writes.Place> written = new LinkedHashSet<>(mutated);
        int before = -1;
        while (before != written.size()) {
            before = written.size();
            byStorage.values().stream().filter(list -> list.size() > 1).forEach(list -> share(list, written));
        }
    }

    private void share(List<Held> list, Set<Writes.Place> written) {
        for (Held one : list) {
            for (Held other : list) {
                if (!one.path().equals(other.path()) && written.contains(one.place()) && one.overlaps(other)) {
                    shared.put(one.path(), one);
                    shared.put(other.path(), other);
                    sharing.add(other.place());
                    written.add(other.place());
                    long[] span =
                            spans.computeIfAbsent(one.tensor().storage(), k -> new long[] {one.start(), one.end()});
                    span[0] = Math.min(span[0], Math.min(one.start(), other.start()));
                    span[1] = Math.max(span[1], Math.max(one.end(), other.end()));
                }
            }
        }
    }

    private void collect(
            PickleValue.Instance instance, ProgramIndex.ModuleClass type, String prefix, List<Held> found) {
        instance.attributes().forEach((name, value) -> {
            String child = type.children().get(name);
            if (value instanceof PickleValue.TensorRef tensor
                    && tensor.shape().size() == tensor.strides().size()) {
                found.add(new Held(prefix + name, new Writes.Place(type.name(), name), tensor));
            } else if (value instanceof PickleValue.Instance below && child != null) {
                collect(below, index.module(child), prefix + name + ".", found);
            }
        });
    }

    /** Returns the attributes that share memory with mutated ones. */
    Set<Writes.Place> sharing() {
        return sharing;
    }

    /** Returns an expression with a copy of an attribute's value. Writes the statements that must come before it. */
    String copy(String path, Type type, String value, StringBuilder before) {
        Held held = shared.get(path);
        if (held == null || !type.equals(Type.TENSOR)) {
            return copy(type, value);
        }
        long[] span = spans.getOrDefault(held.tensor().storage(), new long[2]);
        String storage = storages.computeIfAbsent(held.tensor().storage(), key -> {
            String variable = "t" + temporaries++;
            before.append("  ")
                    .append(variable)
                    .append(" = torch.clone(torch.as_strided(")
                    .append(value)
                    .append(", [")
                    .append(span[1] - span[0])
                    .append("], [1], ")
                    .append(span[0])
                    .append("))\n");
            return variable;
        });
        return "torch.as_strided(" + storage + ", " + held.tensor().shape() + ", "
                + held.tensor().strides() + ", " + (held.start() - span[0]) + ")";
    }

    private String copy(Type type, String value) {
        if (type.equals(Type.TENSOR)) {
            // An attribute that was loaded has no graph, so nothing has to be detached.
            return "torch.clone(" + value + ")";
        }
        Stmt.ClassDef definition = index.definition(type.name());
        boolean object = definition != null && (definition.base() == null || "NamedTuple".equals(definition.base()));
        boolean deep = object
                || switch (type.name()) {
                    case "List", "Dict", "Tuple", "Optional" -> true;
                    default -> false;
                };
        return deep ? AddedNames.STATE + "." + function(type) + "(" + value + ", )" : value;
    }

    private String function(Type type) {
        String known = functions.get(type);
        if (known != null) {
            return known;
        }
        String name = "copy" + functions.size();
        functions.put(type, name);
        StringBuilder body = new StringBuilder("def " + name + "(v: " + type + ") -> " + type + ":\n");
        switch (type.name()) {
            case "Optional" -> {
                Type inside = type.arguments().get(0);
                body.append("  if torch.__isnot__(v, None):\n    w = unchecked_cast(")
                        .append(inside);
                body.append(", v)\n    r : ").append(type).append(" = ").append(copy(inside, "w"));
                body.append("\n  else:\n    r = None\n");
            }
            case "List" -> {
                body.append("  r = annotate(").append(type).append(", [])\n  for i in range(torch.len(v)):\n");
                body.append("    _0 = torch.append(r, ")
                        .append(copy(type.arguments().get(0), "v[i]"))
                        .append(")\n");
            }
            case "Dict" -> {
                body.append("  r = annotate(").append(type).append(", {})\n  for k in torch.keys(v):\n");
                body.append("    torch._set_item(r, k, ")
                        .append(copy(type.arguments().get(1), "v[k]"))
                        .append(")\n");
            }
            case "Tuple" -> {
                StringBuilder items = new StringBuilder();
                for (int i = 0; i < type.arguments().size(); i++) {
                    items.append(copy(type.arguments().get(i), "(v)[" + i + "]"))
                            .append(", ");
                }
                body.append("  r = (").append(items).append(")\n");
            }
            default -> object(type, body);
        }
        text.append(body).append("  return r\n");
        return name;
    }

    private void object(Type type, StringBuilder body) {
        Stmt.ClassDef definition = index.definition(type.name());
        Map<String, Type> fields = index.attributes(type.name());
        if (definition != null && "NamedTuple".equals(definition.base())) {
            StringBuilder items = new StringBuilder();
            fields.forEach((field, declared) ->
                    items.append(items.isEmpty() ? "" : ", ").append(copy(declared, "v." + field)));
            body.append("  r = ").append(type.name()).append('(').append(items).append(")\n");
            return;
        }
        body.append("  r = ")
                .append(type.name())
                .append(".__new__(")
                .append(type.name())
                .append(")\n");
        fields.forEach((field, declared) -> body.append("  r.")
                .append(field)
                .append(" = ")
                .append(copy(declared, "v." + field))
                .append('\n'));
    }

    /** Returns the functions that the copies call. */
    String functions() {
        return text.toString();
    }
}
