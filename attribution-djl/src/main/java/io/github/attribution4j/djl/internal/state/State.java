// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.state;

import io.github.attribution4j.djl.internal.archive.PickleValue;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.flow.Writes;
import io.github.attribution4j.djl.internal.program.AddedNames;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.program.RewriteException;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Parser;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes every call of a program start from the state in its archive. The state is everything that a program changes:
 * attributes that it assigns, and tensors, lists and objects that it writes to. All threads share a module, so a call
 * must not change it. Instead, the root's {@code forward} begins by making an object of its own with copies of the
 * state, and all methods read and write that object:
 *
 * <pre>
 * self.count = torch.add(self.count, 1)    a4j_state.count = torch.add(a4j_state.count, 1)
 * </pre>
 *
 * <p>Each class of modules with state, or with submodules that have some, gets a class for its part of the object, and
 * its methods get one more parameter. Tensors that share memory in the archive share it in the copies.
 */
public final class State {
    static final String PATH = "__torch__/a4j_state.py";

    /**
     * The part of the state for a class of modules: its class in the added file, and the names of its fields by
     * attribute.
     */
    record Part(String type, Map<String, String> values, Map<String, String> modules) {}

    private static final String IDENTIFIER = "[A-Za-z_][A-Za-z_0-9]*";

    private final TorchArchive archive;
    private final ProgramIndex index;
    private final Writes writes;
    private final Set<Writes.Place> places = new LinkedHashSet<>();
    private final Map<String, Part> parts = new LinkedHashMap<>();
    private final Map<String, Set<String>> constants = new LinkedHashMap<>();
    private final StateCopies copies;
    private final List<String> names = new ArrayList<>();
    private final StringBuilder open = new StringBuilder();
    private int variables;

    private State(TorchArchive archive, ProgramIndex index, Writes writes) {
        this.archive = archive;
        this.index = index;
        this.writes = writes;
        writes.assigned().forEach(this::add);
        writes.mutated().forEach(this::add);
        this.copies = new StateCopies(archive, index, writes.mutated());
        copies.sharing().forEach(this::add);
    }

    /** Returns whether a parameter was added for a part of the state. */
    public static boolean isPart(Stmt.Parameter parameter) {
        return parameter.type() != null && parameter.type().name().startsWith(AddedNames.STATE + ".");
    }

    /** Finds the state of a program. */
    public static State of(TorchArchive archive, ProgramIndex index, boolean inPlace) {
        State state = new State(archive, index, Writes.of(index, archive.root(), inPlace));
        if (!state.places.isEmpty()) {
            state.plan();
        }
        return state;
    }

    /** Returns the state as paths of attributes; empty if the program has none. */
    public List<String> names() {
        return names;
    }

    /** Returns the numbers of the parameters of the root's {@code forward} that it may write to. */
    public BitSet writtenInputs() {
        return writes.inputs();
    }

    private void add(Writes.Place place) {
        Type type = index.attributes(place.owner()).get(place.name());
        boolean constant = place.owner().equals(Writes.Place.CONSTANTS)
                && Type.TENSOR.equals(index.constant(Trees.dotted(place.owner() + "." + place.name())));
        if (constant || (type != null && copiesOf(type))) {
            places.add(place);
        }
    }

    /** Returns whether values of a type can be copied. Objects cannot if the archive does not define their class. */
    private boolean copiesOf(Type type) {
        return Type.TENSOR.equals(type)
                || !type.name().startsWith("__torch__.")
                || index.definition(type.name()) != null;
    }

    private void plan() {
        findMentions();
        part(index.root().name());
        walk(index.root().name(), archive.root(), "", "self");
    }

    /** Records which classes mention the constants that the program writes to. */
    private void findMentions() {
        for (Stmt.File file : index.files().values()) {
            for (Stmt statement : file.statements()) {
                boolean function = statement instanceof Stmt.Def;
                String owner = statement instanceof Stmt.ClassDef type ? file.module() + "." + type.name() : "";
                Trees.forEach(List.of(statement), expression -> {
                    String name = Trees.dotted(expression);
                    int dot = name.lastIndexOf('.');
                    if (dot > 0
                            && places.contains(new Writes.Place(name.substring(0, dot), name.substring(dot + 1)))
                            && name.startsWith(Writes.Place.CONSTANTS)) {
                        if (function) {
                            throw new RewriteException(archive.name() + ": function " + file.module() + "."
                                    + ((Stmt.Def) statement).name() + " writes to the constant " + name
                                    + ", so that calls depend on each other; export the model again with that tensor"
                                    + " as a buffer of a module");
                        }
                        constants
                                .computeIfAbsent(owner, k -> new LinkedHashSet<>())
                                .add(name);
                    }
                });
            }
        }
    }

    /** Returns the part of a class; null if neither it nor a module below it has state. */
    @Nullable
    Part part(String type) {
        Part known = parts.get(type);
        if (known != null) {
            return known.type().isEmpty() ? null : known;
        }
        if (!index.isModule(type)) {
            return null;
        }
        Map<String, String> values = new LinkedHashMap<>();
        for (Writes.Place place : places) {
            if (place.owner().equals(type)) {
                values.put(place.name(), "f" + values.size());
            }
        }
        for (String constant : constants.getOrDefault(type, Set.of())) {
            values.put(constant, "f" + values.size());
        }
        Map<String, String> modules = new LinkedHashMap<>();
        index.module(type).children().forEach((attribute, child) -> {
            if (part(child) != null) {
                modules.put(attribute, "m" + modules.size());
            }
        });
        boolean none = values.isEmpty() && modules.isEmpty();
        Part part = new Part(none ? "" : AddedNames.STATE + ".S" + parts.size(), values, modules);
        parts.put(type, part);
        return none ? null : part;
    }

    /** Writes the statements that make the part for one module, and returns the variable that holds it. */
    private String walk(String type, PickleValue.@Nullable Instance instance, String path, String module) {
        Part part = part(type);
        if (part == null) {
            throw new IllegalStateException(type + " has no state");
        }
        List<String> fields = new ArrayList<>();
        part.values().forEach((attribute, field) -> {
            boolean constant = attribute.startsWith(Writes.Place.CONSTANTS + ".");
            String value = constant ? attribute : get(module, attribute);
            String name = constant ? attribute : path + attribute;
            if (!constant || !names.contains(name)) {
                names.add(name);
            }
            Type declared = constant ? Type.TENSOR : index.attributes(type).get(attribute);
            boolean written = constant
                    || writes.mutated().contains(new Writes.Place(type, attribute))
                    || copies.sharing().contains(new Writes.Place(type, attribute));
            fields.add(written && declared != null ? copies.copy(name, declared, value, open) : value);
        });
        part.modules().forEach((attribute, field) -> {
            String child = index.module(type).children().get(attribute);
            PickleValue below = instance == null ? null : instance.attributes().get(attribute);
            String variable = "v" + variables++;
            open.append("  ")
                    .append(variable)
                    .append(" = ")
                    .append(get(module, attribute))
                    .append('\n');
            fields.add(walk(
                    child == null ? "" : child,
                    below instanceof PickleValue.Instance found ? found : null,
                    path + attribute + ".",
                    variable));
        });
        String made = "s" + variables++;
        open.append("  ")
                .append(made)
                .append(" = ")
                .append(part.type())
                .append(".__new__(")
                .append(part.type());
        open.append(")\n  _").append(variables++).append(" = (").append(made).append(").__init__(");
        fields.forEach(field -> open.append(field).append(", "));
        open.append(")\n");
        return made;
    }

    private static String get(String object, String attribute) {
        return attribute.matches(IDENTIFIER)
                ? object + "." + attribute
                : "getattr(" + object + ", " + Expr.Text.of(attribute).raw() + ")";
    }

    /**
     * Returns the program with changed methods and the file with the added classes. It is unchanged if it has no state.
     */
    public Map<String, Stmt.File> files() {
        if (places.isEmpty()) {
            return index.files();
        }
        Map<String, Stmt.File> files = new LinkedHashMap<>();
        StateMethods methods = new StateMethods(archive.name(), index, this, writes);
        index.files().forEach((path, file) -> {
            List<Stmt> statements = new ArrayList<>();
            for (Stmt statement : file.statements()) {
                if (statement instanceof Stmt.ClassDef type) {
                    String owner = file.module() + "." + type.name();
                    List<Stmt> members = new ArrayList<>();
                    type.members()
                            .forEach(m -> members.add(
                                    m instanceof Stmt.Def method && index.isModule(owner)
                                            ? methods.method(owner, method)
                                            : m));
                    statements.add(new Stmt.ClassDef(type.name(), type.base(), members));
                } else {
                    statements.add(statement instanceof Stmt.Def function ? methods.method(null, function) : statement);
                }
            }
            files.put(path, new Stmt.File(path, statements));
        });
        files.put(PATH, Parser.file(PATH, text()));
        return files;
    }

    private String text() {
        StringBuilder text = new StringBuilder();
        parts.forEach((type, part) -> {
            if (part.type().isEmpty()) {
                return;
            }
            Map<String, Type> fields = new LinkedHashMap<>();
            part.values().forEach((attribute, field) -> {
                Type declared = index.attributes(type).get(attribute);
                fields.put(field, declared == null ? Type.TENSOR : declared);
            });
            part.modules().forEach((attribute, field) -> {
                Part below = part(String.valueOf(index.module(type).children().get(attribute)));
                fields.put(field, Type.of(below == null ? "" : below.type()));
            });
            text.append("class ")
                    .append(part.type().substring(AddedNames.STATE.length() + 1))
                    .append(":\n");
            fields.forEach((field, declared) -> text.append("  ")
                    .append(field)
                    .append(" : ")
                    .append(declared)
                    .append('\n'));
            text.append("  def __init__(self: ").append(part.type());
            fields.forEach((field, declared) ->
                    text.append(",\n    ").append(field).append(": ").append(declared));
            text.append(") -> NoneType:\n");
            fields.keySet()
                    .forEach(field -> text.append("    self.")
                            .append(field)
                            .append(" = ")
                            .append(field)
                            .append('\n'));
            text.append("    return None\n");
        });
        Part root = part(index.root().name());
        text.append(copies.functions());
        text.append("def open(self: ").append(index.root().name()).append(") -> ");
        text.append(root == null ? "" : root.type()).append(":\n").append(open);
        return text.append("  return s").append(variables - 2).append('\n').toString();
    }
}
