// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.djl.internal.archive.PickleValue;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Parser;
import io.github.attribution4j.djl.internal.script.Printer;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The classes of a program and the tree of its modules, read once from an archive and then looked up by every other
 * step. Each module has a pre-order index: the root has 0, and a child has its parent's index plus an offset. The
 * offset depends on the parent's class alone, so instances may share a class. A model of two convolutions in a block
 * has the modules {@code ""} (0), {@code block} (1), {@code block.conv1} (2) and {@code block.conv2} (3).
 */
public final class ProgramIndex {
    private static final int MAX_MODULES = 100_000;
    static final int MAX_DEPTH = 200;

    /**
     * A class of modules.
     *
     * @param name its qualified name
     * @param definition its source
     * @param children the classes of its submodules by attribute name, in order
     * @param offsets the indexes of its submodules minus its own
     * @param size the number of modules in the tree from it downwards, itself included
     */
    public record ModuleClass(
            String name,
            Stmt.ClassDef definition,
            Map<String, String> children,
            Map<String, Integer> offsets,
            int size) {}

    private final String archive;
    private final List<PickleValue> constants;
    private final Map<String, Stmt.File> files = new LinkedHashMap<>();
    private final Map<String, Stmt.ClassDef> classes = new LinkedHashMap<>();
    private final Map<String, Stmt.Def> functions = new HashMap<>();
    private final Map<String, Map<String, Set<String>>> instances = new HashMap<>();
    private final Map<String, ModuleClass> modules = new HashMap<>();
    private final Map<String, CallSite.ModuleRef> selves = new HashMap<>();
    private final Map<String, Map<String, Type>> attributes = new HashMap<>();
    private final ModuleClass root;
    private final List<Node> nodes = new ArrayList<>();

    private ProgramIndex(TorchArchive source, Map<String, Stmt.File> files) {
        PickleValue.Instance rootValue = source.root();
        this.archive = source.name();
        this.constants = source.constants();
        this.files.putAll(files);
        for (Stmt.File file : files.values()) {
            for (Stmt statement : file.statements()) {
                if (statement instanceof Stmt.ClassDef definition) {
                    ClassMembers.check(archive + ": " + file.module() + "." + definition.name(), definition);
                    String name = file.module() + "." + definition.name();
                    classes.put(name, definition);
                    if (isClass(definition)) {
                        definition.members().forEach(member -> {
                            if (member instanceof Stmt.Def method) {
                                functions.put(name + "." + method.name(), method);
                            }
                        });
                    }
                } else if (statement instanceof Stmt.Def function) {
                    functions.put(file.module() + "." + function.name(), function);
                }
            }
        }
        collect(rootValue, 0, new HashSet<>());
        if (!isModule(rootValue.type())) {
            throw new RewriteException(archive + ": its root object is of class " + rootValue.type()
                    + ", which the archive does not define as a module; export the model again");
        }
        this.root = moduleClass(rootValue.type(), new LinkedHashSet<>());
        add("", root);
        for (Node node : nodes) {
            String type = node.type().name();
            boolean first = !selves.containsKey(type);
            selves.put(
                    type,
                    first
                            ? new CallSite.ModuleRef(type, "", node.index())
                            : new CallSite.ModuleRef(type, AddedNames.INDEX, 0));
        }
    }

    /**
     * Returns how the methods of a class refer to their module: by a constant index if it has one instance only, else
     * by a parameter.
     */
    public CallSite.ModuleRef self(String className) {
        CallSite.ModuleRef self = selves.get(className);
        return self == null ? new CallSite.ModuleRef(className, AddedNames.INDEX, 0) : self;
    }

    /**
     * Parses a whole archive.
     *
     * @param archive the archive
     * @return the index
     * @throws io.github.attribution4j.djl.internal.script.ScriptException if a file is not in the serialized language
     * @throws RewriteException if the classes do not fit together
     */
    public static ProgramIndex of(TorchArchive archive) {
        Map<String, Stmt.File> files = new LinkedHashMap<>();
        archive.code().forEach((path, text) -> files.put(path, Parser.file(path, text)));
        return of(archive, files);
    }

    public static ProgramIndex of(TorchArchive archive, Map<String, Stmt.File> files) {
        return new ProgramIndex(archive, files);
    }

    /**
     * Records the classes of the objects behind the attributes of each class, because an interface in the source hides
     * them.
     */
    private void collect(PickleValue.Instance instance, int depth, Set<PickleValue.Instance> seen) {
        if (!seen.add(instance)) {
            return;
        }
        if (depth > MAX_DEPTH) {
            throw new RewriteException(archive + ": its modules are nested more than " + MAX_DEPTH + " deep");
        }
        Map<String, Set<String>> attributes = instances.computeIfAbsent(instance.type(), k -> new HashMap<>());
        instance.attributes().forEach((name, value) -> {
            if (value instanceof PickleValue.Instance child) {
                attributes.computeIfAbsent(name, k -> new LinkedHashSet<>()).add(child.type());
                collect(child, depth + 1, seen);
            }
        });
    }

    /** {@return all files by path below {@code code/}} */
    public Map<String, Stmt.File> files() {
        return Collections.unmodifiableMap(files);
    }

    /** Returns the name of the archive, for messages. */
    String archive() {
        return archive;
    }

    public ModuleClass root() {
        return root;
    }

    public Stmt.@Nullable ClassDef definition(String className) {
        return classes.get(className);
    }

    /** Returns a function, or a method of a class that is no module, by its qualified name. */
    public Stmt.@Nullable Def function(String name) {
        return functions.get(name);
    }

    /** Returns whether a name is that of a TorchScript class that is no module, tuple, enumeration or interface. */
    public boolean isClass(String name) {
        Stmt.ClassDef definition = classes.get(name);
        return definition != null && isClass(definition);
    }

    private static boolean isClass(Stmt.ClassDef definition) {
        return definition.base() == null || definition.base().isEmpty();
    }

    boolean isNamedTuple(String name) {
        Stmt.ClassDef definition = classes.get(name);
        return definition != null && "NamedTuple".equals(definition.base());
    }

    /**
     * Returns the value of an enumeration's first member, which has the type of all; null if the name is of no
     * enumeration.
     */
    @Nullable
    Expr enumeration(String name) {
        Stmt.ClassDef definition = classes.get(name);
        return definition != null
                        && "Enum".equals(definition.base())
                        && !definition.members().isEmpty()
                        && definition.members().get(0) instanceof Stmt.Assign member
                ? member.values().get(0)
                : null;
    }

    /** Returns the type of {@code CONSTANTS.c3}; null if it is not known. */
    public @Nullable Type constant(Expr expression) {
        return type(constant(expression, constants));
    }

    /** Returns the constant that an expression {@code CONSTANTS.c3} stands for; null if it is none. */
    public static @Nullable PickleValue constant(Expr expression, List<PickleValue> constants) {
        if (expression instanceof Expr.Attribute attribute
                && attribute.value() instanceof Expr.Name name
                && name.id().equals("CONSTANTS")
                && attribute.name().matches("c\\d{1,6}")) {
            int number = Integer.parseInt(attribute.name().substring(1));
            return number < constants.size() ? constants.get(number) : null;
        }
        return null;
    }

    /** Returns the type of a constant: a tensor, or the class of an object; null if it is not known. */
    private static @Nullable Type type(@Nullable PickleValue constant) {
        if (constant instanceof PickleValue.Instance instance) {
            return Type.of(instance.type());
        }
        boolean tensor = constant instanceof PickleValue.TensorRef
                || (constant instanceof PickleValue.Result result
                        && result.function().startsWith("torch._utils._rebuild_"));
        return tensor ? Type.TENSOR : null;
    }

    public boolean isModule(String className) {
        Stmt.ClassDef definition = classes.get(className);
        return definition != null && "Module".equals(definition.base());
    }

    public boolean isInterface(String className) {
        Stmt.ClassDef definition = classes.get(className);
        return definition != null && "ModuleInterface".equals(definition.base());
    }

    /**
     * Returns the class behind an attribute: the declared one, or for an interface the only one that occurs; null if
     * several occur.
     */
    public @Nullable String concrete(String owner, String attribute, String declared) {
        if (isModule(declared)) {
            return declared;
        }
        if (!isInterface(declared)) {
            return null;
        }
        Set<String> found = instances.getOrDefault(owner, Map.of()).getOrDefault(attribute, Set.of());
        return found.size() == 1 && isModule(found.iterator().next())
                ? found.iterator().next()
                : null;
    }

    /**
     * Returns the classes whose method a call through a type may reach: for an interface, all modules below the root
     * that have such a method, else the type itself.
     */
    public List<String> classesBehind(String type, String method) {
        if (!isInterface(type)) {
            return List.of(type);
        }
        return nodes.stream()
                .map(Node::type)
                .filter(t -> !t.name().equals(root.name()) && t.definition().method(method) != null)
                .map(ModuleClass::name)
                .distinct()
                .toList();
    }

    public ModuleClass module(String className) {
        ModuleClass found = modules.get(className);
        return found != null ? found : moduleClass(className, new LinkedHashSet<>());
    }

    private ModuleClass moduleClass(String className, Set<String> open) {
        ModuleClass known = modules.get(className);
        if (known != null) {
            return known;
        }
        if (!open.add(className) || open.size() > MAX_DEPTH) {
            throw new RewriteException(archive + ": class " + className + " contains itself; export the model again");
        }
        Stmt.ClassDef definition = classes.get(className);
        if (definition == null) {
            throw new RewriteException(archive + ": class " + className + " is not defined; export the model again");
        }
        Map<String, String> children = new LinkedHashMap<>();
        Map<String, Integer> offsets = new LinkedHashMap<>();
        long size = 1;
        for (Map.Entry<String, Type> attribute : attributes(definition).entrySet()) {
            String child =
                    concrete(className, attribute.getKey(), attribute.getValue().name());
            if (child != null) {
                children.put(attribute.getKey(), child);
                offsets.put(attribute.getKey(), (int) size);
                size += moduleClass(child, open).size();
                if (size > MAX_MODULES) {
                    throw new RewriteException(archive + ": has more than " + MAX_MODULES + " modules");
                }
            }
        }
        open.remove(className);
        ModuleClass result = new ModuleClass(className, definition, children, offsets, (int) size);
        modules.put(className, result);
        return result;
    }

    /** Returns the declared attributes of a class by name, in order; empty if the archive does not define it. */
    public Map<String, Type> attributes(String className) {
        return attributes.computeIfAbsent(className, name -> {
            Stmt.ClassDef definition = classes.get(name);
            return definition == null ? Map.of() : attributes(definition);
        });
    }

    /** Returns the declared attributes of a class by name, in order. */
    public static Map<String, Type> attributes(Stmt.ClassDef definition) {
        Map<String, Type> attributes = new LinkedHashMap<>();
        for (Stmt member : definition.members()) {
            if (member instanceof Stmt.Declaration declaration) {
                attributes.put(declaration.name(), declaration.type());
            } else if (member instanceof Stmt.Assign assign
                    && assign.targets().get(0) instanceof Expr.Index index
                    && index.value() instanceof Expr.Name name
                    && name.id().equals("__annotations__")
                    && index.indices().get(0) instanceof Expr.Text key) {
                attributes.put(key.value(), typeOf(assign.values().get(0)));
            }
        }
        return attributes;
    }

    private static Type typeOf(Expr expression) {
        return Type.of(Printer.print(expression));
    }

    /** A module in the tree. */
    public record Node(String path, int index, ModuleClass type) {}

    /** Returns all modules in pre-order. */
    public List<Node> nodes() {
        return Collections.unmodifiableList(nodes);
    }

    /** Returns some modules and those that hold them, by their pre-order indexes. */
    public Set<Integer> around(Set<Integer> modules) {
        Set<Integer> around = new HashSet<>();
        for (Node node : nodes) {
            int end = node.index() + node.type().size();
            if (modules.stream().anyMatch(module -> module >= node.index() && module < end)) {
                around.add(node.index());
            }
        }
        return around;
    }

    private void add(String path, ModuleClass type) {
        nodes.add(new Node(path, nodes.size(), type));
        type.children().forEach((name, child) -> add(path.isEmpty() ? name : path + "." + name, module(child)));
    }

    public static Type resultType(Stmt.Def method) {
        Type result = method.result();
        return result == null ? Type.TENSOR : result;
    }
}
