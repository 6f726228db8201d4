// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Parser;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Which products are activations. */
class WrittenActivationsTest {
    /** Returns the names of the activations that a text ends, in its order. */
    private static List<String> names(Set<String> written, String... lines) {
        String text = "def f(x: Tensor, z: Tensor) -> Tensor:\n  " + String.join("\n  ", lines) + "\n";
        List<Stmt> body = ((Stmt.Def) Parser.file("f.py", text).statements().get(0)).body();
        Map<String, Integer> assignments = new HashMap<>();
        Map<String, Integer> reads = new HashMap<>();
        List<Stmt.Assign> all = new ArrayList<>();
        Trees.assignments(body, all);
        all.forEach(assign -> assign.targets().forEach(target -> {
            assignments.merge(Trees.dotted(target), 1, Integer::sum);
            reads.merge(Trees.dotted(target), -1, Integer::sum);
        }));
        List<Expr.Call> calls = new ArrayList<>();
        Trees.forEach(body, part -> {
            if (part instanceof Expr.Name name) {
                reads.merge(name.id(), 1, Integer::sum);
            }
            if (part instanceof Expr.Call call) {
                calls.add(call);
            }
        });
        WrittenActivations found = new WrittenActivations(body, assignments, reads, written);
        List<String> names = new ArrayList<>();
        for (Expr.Call call : calls) {
            WrittenActivations.Part part = found.of(call);
            if (part != null && part.ends()) {
                names.add(part.name() + " of " + part.source());
            }
        }
        return names;
    }

    private static List<String> names(String... lines) {
        return names(Set.of(), lines);
    }

    @Test
    @DisplayName("A value times a function of it is one, in one statement or in several")
    void found() {
        assertThat(names("return torch.mul(x, torch.sigmoid(x))")).containsExactly("silu of x");
        assertThat(names("y = torch.sigmoid(torch.mul(x, 1.702))", "return torch.mul(x, y)"))
                .containsExactly("silu of x");
        assertThat(names(
                        "a = torch.mul(x, CONSTANTS.c0)",
                        "b = torch.add(torch.erf(torch.div(x, CONSTANTS.c1)), CONSTANTS.c2, alpha=1)",
                        "return torch.mul(a, b)"))
                .containsExactly("gelu of x");
        assertThat(names("beta = self.beta", "return torch.mul(torch.sigmoid(torch.mul(beta, x)), x)"))
                .containsExactly("silu of x");
        assertThat(names(
                        "y = torch.linear(x, z)",
                        "u = torch.mul(y, torch.tanh(torch.softplus(y)))",
                        "return torch.mul(u, torch.sigmoid(u))"))
                .containsExactly("mish of y", "silu of u");
    }

    @Test
    @DisplayName("A gate of another value, or what others read or write, is none")
    void others() {
        assertThat(names("return torch.mul(x, torch.sigmoid(z))")).isEmpty();
        assertThat(names("return torch.mul(x, 0.5)")).isEmpty();
        assertThat(names("return torch.mul(x, torch.add(x, 1.))")).isEmpty();
        assertThat(names("return torch.mul(x, torch.softmax(x, -1))")).isEmpty();
        assertThat(names("return torch.mul(x, torch.sigmoid(torch.sum(x)))")).isEmpty();
        assertThat(names("y = torch.sigmoid(x)", "return torch.add(torch.mul(x, y), y)"))
                .isEmpty();
        assertThat(names("y = torch.sigmoid(x)", "x = torch.relu(z)", "x = torch.mul(x, 2)", "return torch.mul(x, y)"))
                .isEmpty();
        assertThat(names("if True:", "  y = torch.sigmoid(x)", "else:", "  y = x", "return torch.mul(x, y)"))
                .isEmpty();
        assertThat(names(Set.of("x"), "y = torch.sigmoid(x)", "return torch.mul(x, y)"))
                .isEmpty();
        assertThat(names(Set.of("y"), "y = torch.sigmoid(x)", "return torch.mul(x, y)"))
                .isEmpty();
        assertThat(names("return torch.mul(x, torch.sigmoid_(x))")).isEmpty();
    }
}
