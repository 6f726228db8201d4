// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.flow.GradientLosses;
import io.github.attribution4j.djl.internal.instrument.Places.Text;
import io.github.attribution4j.djl.internal.program.AddedNames;
import io.github.attribution4j.djl.internal.program.CallSite;
import io.github.attribution4j.djl.internal.program.ModuleInfo;
import io.github.attribution4j.djl.internal.program.OperationInfo;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.program.RewriteException;
import io.github.attribution4j.djl.internal.program.StaticTypes;
import io.github.attribution4j.djl.internal.program.ValueInfo;
import io.github.attribution4j.djl.internal.repair.GuardSource;
import io.github.attribution4j.djl.internal.repair.NormGradients;
import io.github.attribution4j.djl.internal.rule.RuleSource;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Printer;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import io.github.attribution4j.djl.internal.state.StateMethods;
import io.github.attribution4j.djl.internal.wire.Level;
import io.github.attribution4j.djl.internal.wire.RuntimeSource;
import io.github.attribution4j.model.rule.BackwardRule;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Makes the instrumented copy of an archive. Methods that call modules are cloned ({@link MethodCloner}). In a clone,
 * every call of a module goes through a wrapper that asks the tape whether somebody taps or replaces its value. The
 * root gains the entry methods. The original methods stay, and so does the model's own {@code forward}.
 *
 * <p>A wrapper calls the wrapped method at one place only. libtorch inlines all calls, so two places would double the
 * program with every level of nesting.
 */
public final class Instrumenter {
    /** A class and one of its methods. */
    private record Key(String type, String method) {}

    private static final Pattern ODD = Pattern.compile("[#\\t\\r]|\\n +\\n");

    private final RepairedProgram program;
    private final TorchArchive archive;
    private final Level level;
    private final ProgramIndex index;
    private final RuntimeSource runtime;
    private final boolean inPlace;
    private final boolean unbatched;
    private final @Nullable RuleSource rules;
    private final @Nullable Slice slice;
    private final Map<Key, MethodClone> clones = new HashMap<>();
    private final Map<String, Stmt.Def> functions = new LinkedHashMap<>();
    private final Places places = new Places();
    private final Map<String, List<Text>> reached = new HashMap<>();
    private final Map<String, List<Stmt>> additions = new LinkedHashMap<>();

    private Instrumenter(
            RepairedProgram program,
            Level level,
            boolean unbatched,
            @Nullable RuleSource rules,
            @Nullable Slice slice) {
        this.program = program;
        this.archive = program.archive();
        this.index = program.index();
        // Without modules below the root, level MODULES offers nothing to cut at, and would only cost another copy.
        this.level = level == Level.MODULES && index.nodes().size() == 1 ? Level.VALUES : level;
        this.inPlace = program.inPlace();
        this.rules = rules;
        this.slice = slice;
        this.unbatched = unbatched;
        boolean taped = this.level != Level.FORWARD;
        boolean narrow = taped && program.narrow();
        this.runtime = new RuntimeSource(
                program.state().writtenInputs(), inPlace, taped, unbatched, narrow, program.quantized(), rules);
    }

    /**
     * Instruments a program. It may have copies of all levels and families of rules, in which places have the same
     * numbers.
     *
     * @param program the program; not changed
     * @param level how much is added; MODULES or VALUES with rules
     * @param unbatched whether the program takes one example without an axis of rows; the copy removes that axis from
     *     its inputs and adds it to its outputs
     * @param family the family of the rules that the operations follow; such a copy has no {@code a4j_forward}. Null
     *     for plain derivatives
     * @return the copy and what is known about the program
     * @throws RewriteException if the program cannot be called
     */
    public static Instrumented instrument(
            RepairedProgram program, Level level, boolean unbatched, BackwardRule.@Nullable Family family) {
        RuleSource rules = family == null ? null : RuleSource.of(family);
        // Facts about a program are found when they are first needed, in tables without locks.
        synchronized (program) {
            return new Instrumenter(program, level, unbatched, rules, null).run();
        }
    }

    /**
     * Makes a copy that computes only what a slice needs.
     *
     * @param program the program {@linkplain RepairedProgram#sliced without} the rest; not changed
     * @param unbatched whether the program takes one example without an axis of rows
     */
    public static Instrumented instrument(RepairedProgram program, boolean unbatched, Slice slice) {
        synchronized (program) {
            return new Instrumenter(program, Level.MODULES, unbatched, null, slice).run();
        }
    }

    private Instrumented run() {
        EntrySource entries = new EntrySource(program, runtime, unbatched, rules);
        String root = index.root().name();
        entries.at(level).forEach(method -> add(root, method));
        if (level != Level.FORWARD) {
            Stmt.Def run = new MethodCloner(
                            index, runtime, this::cloned, new StaticTypes(index, runtime::visited), null, slice)
                    .entry(root, entries.run());
            add(root, run);
            cloneFrom(new Key(root, "forward"));
        }
        Map<String, String> texts = new LinkedHashMap<>();
        NormGradients norms = new NormGradients();
        index.files().forEach((path, file) -> {
            Stmt.File changed = norms.apply(extended(file));
            if (!changed.equals(program.original().get(path))
                    || !serialized(archive.code().get(path))) {
                texts.put(path, Printer.print(changed));
            }
        });
        boolean called = texts.values().stream().anyMatch(text -> text.contains(AddedNames.RUNTIME));
        texts.put(RuntimeSource.PATH, called ? runtime.text(level == Level.VALUES) : "");
        if (!program.state().names().isEmpty()) {
            texts.put(StateMethods.PATH, StateMethods.TEXT);
        }
        if (program.guards().used()) {
            texts.put(GuardSource.PATH, GuardSource.TEXT);
        }
        if (norms.used()) {
            texts.put(NormGradients.PATH, NormGradients.TEXT);
        }
        List<ModuleInfo> modules = level == Level.FORWARD
                ? List.of()
                : new ModuleLister(
                                index,
                                archive.root(),
                                k -> clone(new Key(k.type(), k.method())).sites())
                        .list();
        return new Instrumented(
                archive.withCode(texts),
                entries.signature(),
                modules,
                values(),
                operations(),
                level == Level.VALUES ? GradientLosses.list(index) : List.of(),
                places.size(),
                program.repairs().done(),
                program.state().names(),
                program.repairs().takesGradients(),
                inPlace,
                entries.isPlain(),
                level);
    }

    private List<ValueInfo> values() {
        List<ValueInfo> values = new ArrayList<>();
        for (ProgramIndex.Node node : index.nodes()) {
            values.addAll(
                    places.of(node.index(), reached.getOrDefault(node.type().name(), List.of()), index));
        }
        return values;
    }

    private List<OperationInfo> operations() {
        if (level != Level.VALUES) {
            return List.of();
        }
        return new OperationLister(index, places, module -> reached.getOrDefault(module, List.of())).list();
    }

    /**
     * Returns whether a text has neither empty lines nor comments. The serializer writes none, and libtorch's lexer
     * accepts only a few in a row.
     */
    private static boolean serialized(@Nullable String text) {
        return text != null
                && !text.startsWith("\n")
                && !text.contains("\n\n")
                && !ODD.matcher(text).find();
    }

    private void add(String type, Stmt member) {
        additions.computeIfAbsent(type, k -> new ArrayList<>()).add(member);
    }

    private Stmt.Def method(Key key) {
        Stmt.ClassDef definition = index.definition(key.type());
        Stmt.Def method = definition == null ? null : definition.method(key.method());
        if (method == null) {
            throw new RewriteException(archive.name() + ": class " + key.type() + " has no method " + key.method());
        }
        return method;
    }

    /** A method with its calls redirected, and the calls of modules in it. */
    private record MethodClone(Stmt.Def definition, List<CallSite> sites, boolean changes) {}

    /** Adds the clones of all methods from which modules are called, starting with one method. */
    private void cloneFrom(Key start) {
        Deque<Key> open = new ArrayDeque<>();
        Set<Key> seen = new LinkedHashSet<>();
        open.add(start);
        seen.add(start);
        while (!open.isEmpty()) {
            Key key = open.remove();
            MethodClone clone = clone(key);
            if (needed(key)) {
                add(key.type(), clone.definition());
                reached.computeIfAbsent(key.type(), k -> new ArrayList<>()).add(new Text(key.type(), key.method()));
            }
            for (CallSite site : clone.sites()) {
                Key called = new Key(site.target().type(), site.method());
                if (seen.add(called)) {
                    open.add(called);
                }
            }
        }
    }

    private MethodClone clone(Key key) {
        MethodClone known = clones.get(key);
        if (known != null) {
            return known;
        }
        Stmt.Def method = method(key);
        // A method that calls itself reaches no new modules by it.
        clones.put(key, new MethodClone(method, List.of(), false));
        MethodCloner cloner = cloner(new Text(key.type(), key.method()), index.self(key.type()), method.body());
        MethodClone clone = new MethodClone(cloner.clone(key.type(), method), cloner.sites(), cloner.changes());
        clones.put(key, clone);
        return clone;
    }

    private MethodCloner cloner(Text text, CallSite.ModuleRef self, List<Stmt> body) {
        StaticTypes types = new StaticTypes(index, runtime::visited);
        boolean shows = level == Level.VALUES;
        RulePlaces redirects = rules == null ? null : new RulePlaces(rules, types, runtime);
        PlaceTaps taps = shows || redirects != null
                ? new PlaceTaps(index, runtime, types, places, text, self, this::functionCloned, shows, redirects, body)
                : null;
        return new MethodCloner(index, runtime, this::cloned, types, taps, slice);
    }

    /** Returns whether a function of the archive has a clone, because it shows values. */
    private boolean functionCloned(String name) {
        Stmt.Def function = index.function(name);
        if (function == null || name.startsWith(AddedNames.STATE)) {
            return false;
        }
        Text text = new Text("", name);
        if (!functions.containsKey(name)) {
            functions.put(name, function);
            CallSite.ModuleRef caller = new CallSite.ModuleRef("", AddedNames.INDEX, 0);
            functions.put(name, cloner(text, caller, function.body()).function(function));
        }
        return !places.isEmpty(text);
    }

    /** Returns whether a method has a clone, because it calls modules or shows values. */
    private boolean cloned(String type, String name) {
        Stmt.ClassDef definition = index.definition(type);
        return definition != null && definition.method(name) != null && needed(new Key(type, name));
    }

    private boolean needed(Key key) {
        return clone(key).changes() || !places.isEmpty(new Text(key.type(), key.method()));
    }

    private Stmt.File extended(Stmt.File file) {
        List<Stmt> statements = new ArrayList<>();
        for (Stmt statement : file.statements()) {
            if (statement instanceof Stmt.ClassDef definition) {
                String name = file.module() + "." + definition.name();
                List<Stmt> members = new ArrayList<>();
                definition.members().forEach(m -> members.add(concrete(name, m)));
                members.addAll(additions.getOrDefault(name, List.of()));
                members.addAll(clonesIn(name));
                statements.add(new Stmt.ClassDef(definition.name(), definition.base(), members));
            } else {
                statements.add(statement);
            }
        }
        statements.addAll(clonesIn(file.module()));
        return new Stmt.File(file.path(), statements);
    }

    /** Returns the clones of the functions of a file, or of the methods of a class that is no module. */
    private List<Stmt> clonesIn(String owner) {
        List<Stmt> found = new ArrayList<>();
        functions.forEach((name, clone) -> {
            if (name.substring(0, name.lastIndexOf('.')).equals(owner) && !places.isEmpty(new Text("", name))) {
                found.add(clone);
            }
        });
        return found;
    }

    /** Declares an attribute of an interface type with the class behind it, which has the new methods. */
    private Stmt concrete(String owner, Stmt member) {
        if (member instanceof Stmt.Declaration declaration
                && index.isInterface(declaration.type().name())) {
            String type =
                    index.concrete(owner, declaration.name(), declaration.type().name());
            return type == null ? member : new Stmt.Declaration(declaration.name(), Type.of(type));
        }
        if (member instanceof Stmt.Assign assign
                && assign.targets().get(0) instanceof Expr.Index key
                && key.indices().get(0) instanceof Expr.Text attribute
                && index.isInterface(Trees.dotted(assign.values().get(0)))) {
            String type = index.concrete(
                    owner, attribute.value(), Trees.dotted(assign.values().get(0)));
            return type == null
                    ? member
                    : new Stmt.Assign(assign.targets(), assign.unpack(), assign.type(), List.of(Trees.dotted(type)));
        }
        return member;
    }
}
