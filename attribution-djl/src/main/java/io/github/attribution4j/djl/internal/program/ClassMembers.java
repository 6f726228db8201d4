// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Printer;
import io.github.attribution4j.djl.internal.script.Stmt;
import java.util.List;

/**
 * Checks which members a class of each kind has. libtorch does not check this, and crashes on a member that it does not
 * expect.
 */
final class ClassMembers {
    private ClassMembers() {}

    /**
     * Checks the members of a class.
     *
     * @param name the class, for the message
     * @throws RewriteException if a member does not belong there
     */
    static void check(String name, Stmt.ClassDef definition) {
        for (Stmt member : definition.members()) {
            if (!belongs(String.valueOf(definition.base()), member)) {
                String text = Printer.print(new Stmt.File("", List.of(member)));
                throw new RewriteException(name + ": a class of kind " + definition.base() + " cannot hold '"
                        + text.lines().findFirst().orElse("") + "'; export the model again");
            }
        }
    }

    private static boolean belongs(String base, Stmt member) {
        if (member instanceof Stmt.Def || member instanceof Stmt.Pass) {
            return !base.equals("Enum");
        }
        if (member instanceof Stmt.Declaration) {
            return !base.equals("Enum");
        }
        if (!(member instanceof Stmt.Assign assign)
                || assign.unpack()
                || assign.targets().size() != 1
                || assign.values().size() != 1) {
            return false;
        }
        if (base.equals("Enum")) {
            return assign.type() == null && assign.targets().get(0) instanceof Expr.Name;
        }
        if (assign.targets().get(0) instanceof Expr.Name target) {
            return assign.type() != null || target.id().startsWith("__");
        }
        return true;
    }
}
