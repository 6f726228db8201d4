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
import io.github.attribution4j.djl.internal.script.Stmt;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Replaces operators that libtorch 2.7.1 does not know by known ones of the same signature, so that the archive loads. Exporters name such operators in branches
 * that do not run; if one does run, it raises an error and never computes something else.
 */
final class Repairs {
    private static final Map<String, String> SUBSTITUTES =
            Map.of("torch._upsample_lanczos2d_aa", "torch._upsample_bicubic2d_aa");

    private final List<String> done = new ArrayList<>();

    /** What was repaired, one line each. */
    List<String> done() {
        return List.copyOf(done);
    }

    Map<String, Stmt.File> repair(Map<String, Stmt.File> files) {
        Map<String, Stmt.File> repaired = new LinkedHashMap<>();
        files.forEach((path, file) ->
                repaired.put(path, new Stmt.File(path, Trees.mapAll(file.statements(), e -> call(path, e)))));
        return repaired;
    }

    private Expr call(String path, Expr expression) {
        if (!(expression instanceof Expr.Call call) || call.arguments().isEmpty()) {
            return expression;
        }
        String name = Trees.dotted(call.callee());
        String substitute = SUBSTITUTES.get(name);
        if (substitute == null) {
            return expression;
        }
        String operator = name.substring(name.indexOf('.') + 1);
        String line = path + ": operator " + operator
                + " is not in libtorch 2.7.1; the model loads and fails only where it is used";
        if (!done.contains(line)) {
            done.add(line);
        }
        List<Expr> arguments = new ArrayList<>(call.arguments());
        List<Expr> refusal = List.of(arguments.get(0), Expr.Text.of(operator));
        arguments.set(0, new Expr.Call(Trees.dotted(RuntimeSource.MODULE + ".missing"), refusal, List.of(), true));
        return new Expr.Call(Trees.dotted(substitute), arguments, call.keywords(), call.trailingComma());
    }
}
