/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.djl.internal.rewrite;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Printer;
import io.github.attribution4j.djl.internal.script.Stmt;
import java.util.List;

/** What may stand in a class of which kind. libtorch reads on without a look and does not survive what it does not expect. */
final class ClassMembers {
    private ClassMembers() {}

    /**
     * Checks the members of a class.
     *
     * @param name of the class, for the message
     * @throws RewriteException naming the member that does not belong there
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
