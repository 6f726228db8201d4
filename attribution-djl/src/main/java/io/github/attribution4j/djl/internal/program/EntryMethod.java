// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Parser;
import io.github.attribution4j.djl.internal.script.Printer;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Makes another method of the root its {@code forward}, for models whose entry has another name. */
public final class EntryMethod {
    private static final String FORWARD = "forward";
    private static final String MOVED = "a4j_own_forward";

    private EntryMethod() {}

    /**
     * Returns a copy of an archive whose {@code forward} is another method. Calls of the old forward still reach it,
     * under a new name.
     *
     * @param archive not changed
     * @param name a method of the root
     * @return the copy; the archive itself for {@code forward}
     * @throws io.github.attribution4j.djl.internal.script.ScriptException if the file of the root's class is not in the
     *     serialized language
     * @throws RewriteException if there is no such method; the message names those that exist
     */
    public static TorchArchive of(TorchArchive archive, String name) {
        if (name.equals(FORWARD)) {
            return archive;
        }
        String root = archive.root().type();
        int dot = root.lastIndexOf('.');
        String path = dot < 0 ? "" : root.substring(0, dot).replace('.', '/') + ".py";
        String text = archive.code().get(path);
        if (text == null) {
            throw new RewriteException(archive.name() + ": class " + root + " is not defined; export the model again");
        }
        Stmt.File file = Parser.file(path, text);
        List<Stmt> statements = new ArrayList<>();
        for (Stmt statement : file.statements()) {
            statements.add(
                    statement instanceof Stmt.ClassDef type && type.name().equals(root.substring(dot + 1))
                            ? with(archive, type, name)
                            : statement);
        }
        return archive.withCode(Map.of(path, Printer.print(new Stmt.File(path, statements))));
    }

    private static Stmt.ClassDef with(TorchArchive archive, Stmt.ClassDef type, String name) {
        Stmt.Def chosen = type.method(name);
        String old = MOVED;
        while (type.method(old) != null) {
            old += "_";
        }
        if (chosen == null) {
            throw new RewriteException(
                    archive.name() + ": method '" + name + "' does not exist; the model has " + names(type));
        }
        List<Stmt> members = new ArrayList<>();
        for (Stmt member : type.members()) {
            members.add(member instanceof Stmt.Def method ? moved(method, method.name(), old) : member);
        }
        members.add(new Stmt.Def(
                FORWARD,
                chosen.parameters(),
                chosen.result(),
                moved(chosen, name, old).body()));
        return new Stmt.ClassDef(type.name(), type.base(), members);
    }

    /** Returns a method in which calls of the old forward use its new name. */
    private static Stmt.Def moved(Stmt.Def method, String name, String old) {
        String self =
                method.parameters().isEmpty() ? "" : method.parameters().get(0).name();
        List<Stmt> body = Trees.mapAll(
                method.body(),
                e -> e instanceof Expr.Attribute called
                                && called.name().equals(FORWARD)
                                && called.value() instanceof Expr.Parens object
                                && Trees.dotted(object.value()).equals(self)
                        ? new Expr.Attribute(called.value(), old)
                        : e);
        return new Stmt.Def(name.equals(FORWARD) ? old : name, method.parameters(), method.result(), body);
    }

    /** Returns the names of a class's methods, for messages. */
    static String names(Stmt.ClassDef type) {
        List<String> names = new ArrayList<>();
        for (Stmt member : type.members()) {
            if (member instanceof Stmt.Def method) {
                names.add(method.name());
            }
        }
        return names.isEmpty() ? "none" : String.join(", ", names);
    }
}
