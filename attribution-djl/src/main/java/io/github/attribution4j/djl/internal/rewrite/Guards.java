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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Keeps a program from what libtorch would do without a question: writing files, and reading memory outside a tensor.
 *
 * <p>On a CPU {@code torch.lstm} takes its input to be as wide as its weights are. Eager PyTorch and scripted modules check that before; a trace holds no such check,
 * and computes with whatever lies behind the input.
 */
final class Guards {
    /** The file with the functions that check, below {@code code/}. */
    static final String PATH = "__torch__/a4j_guards.py";

    static final String TEXT = """
            def lstm_input(x: Tensor, h: List[Tensor], w: List[Tensor]) -> Tensor:
              wide = torch.size(w[0], -1)
              if torch.ne(torch.size(x, -1), wide):
                ops.prim.RaiseException(torch.format("the LSTM takes {} features, and its input has {}", wide, torch.size(x, -1)), "builtins.ValueError")
              else:
                pass
              hidden = torch.size(w[1], -1)
              if torch.ne(torch.size(h[0], -1), hidden):
                ops.prim.RaiseException(torch.format("the LSTM has {} hidden units, and its state {}", hidden, torch.size(h[0], -1)), "builtins.ValueError")
              else:
                pass
              return x
            """;

    /** Gives its first argument. */
    static final String LSTM_INPUT = "__torch__.a4j_guards.lstm_input";

    private static final Set<String> WRITERS =
            Set.of("torch.save", "ops.aten.save", "torch.from_file", "ops.aten.from_file");

    private final String archive;
    private boolean used;

    Guards(String archive) {
        this.archive = archive;
    }

    /** Whether {@link #TEXT} is needed. */
    boolean used() {
        return used;
    }

    Map<String, Stmt.File> guard(Map<String, Stmt.File> files) {
        Map<String, Stmt.File> guarded = new LinkedHashMap<>();
        files.forEach((path, file) ->
                guarded.put(path, new Stmt.File(path, Trees.mapAll(file.statements(), e -> call(path, e)))));
        return guarded;
    }

    private Expr call(String path, Expr expression) {
        if (!(expression instanceof Expr.Call call)) {
            return expression;
        }
        String name = Trees.dotted(call.callee());
        if (WRITERS.contains(name)) {
            throw new RewriteException(
                    archive + ": code/" + path + " calls " + name + ", which opens a file; a model here only computes");
        }
        List<Expr> arguments = call.arguments();
        if (!name.equals("torch.lstm")
                || arguments.size() < 4
                || !(arguments.get(3) instanceof Expr.Literal)
                || !plain(arguments.get(1))
                || !plain(arguments.get(2))) {
            return expression;
        }
        used = true;
        Expr check = new Expr.Call(Trees.dotted(LSTM_INPUT), List.copyOf(arguments.subList(0, 3)), List.of(), true);
        List<Expr> checked = new ArrayList<>(arguments);
        checked.set(0, check);
        return new Expr.Call(call.callee(), checked, call.keywords(), call.trailingComma());
    }

    /** Whether an expression may be written twice: variables and lists of them. */
    private static boolean plain(Expr expression) {
        return !Printer.print(expression).contains("(");
    }
}
