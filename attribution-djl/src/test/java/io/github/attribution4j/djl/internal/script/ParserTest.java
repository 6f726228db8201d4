// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ParserTest {
    private static String reprinted(String statement) {
        String text = "def f(self: __torch__.C) -> Tensor:\n  " + statement + "\n";
        return Printer.print(Parser.file("a.py", text)).split("\n", 2)[1].strip();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x0 = (conv1).forward(x, )",
                "_0 = getattr(self, \"0\")",
                "m : __torch__.I = ms[k]",
                "_8, _9 = True, False",
                "q, k, v, = torch.unbind(t)",
                "self.n = torch.add(n, 1)",
                "return (x, y)",
                "return None",
                "return",
                "_0 = annotate(Dict[str, List[Optional[Tensor]]], {})",
                "_0 = uninitialized(Tuple[()])",
                "x = torch.full([3], 1.+2.j, dtype=9)",
                "x = torch.full([3], -1.5e-05-2.j)",
                "x = torch.add(-1, -inf, nan, 1.0000000000000001e-05, 2.)",
                "x = {\"a\": 1, 2: [3, ], }",
                "x = (a, )",
                "x = ()",
                "x = \"it\\'s \\\"quoted\\\" \\\\ \\n\"",
                "x = ops.prim.dtype(y)",
                "x = CONSTANTS.c12",
                "ops.prim.RaiseException(_0, \"builtins.ValueError\")",
                "_0 = __torch__.A.__new__(__torch__.A)",
                "x = annotate(List[int], (t).tolist())",
                "f : Future[Tensor] = fork(g)"
            })
    void keepsWhatTheSerializerWrites(String statement) {
        assertThat(reprinted(statement)).isEqualTo(statement);
    }

    @Test
    void readsBlocks() {
        String text = """
                class N(Module):
                  __parameters__ = ["w", ]
                  w : Tensor
                  __annotations__["0"] = __torch__.torch.nn.Linear
                  inplace : Final[bool] = True
                  def forward(self: __torch__.N,
                    x: Tensor,
                    n: int=-1) -> Tuple[Tensor, int]:
                    def __forked_function():
                      return (self).g(x, )
                    f = fork(__forked_function)
                    for i in range(3):
                      while _7:
                        if b:
                          pass
                        else:
                          y = x
                    with _0:
                      z = x
                    with _1 as c, _2:
                      z = x
                    return (z, n)
                class I(ModuleInterface):
                  def forward(self, x: Tensor) -> Tensor:
                    pass
                """;
        assertThat(Printer.print(Parser.file("a.py", text))).isEqualTo(text);
    }

    @Test
    void acceptsCommentsBlankLinesAndCarriageReturns() {
        Stmt.File file = Parser.file(
                "__torch__/a/b.py", "# made by hand\r\n\r\ndef f() -> int:\r\n    # why\r\n    return 1\r\n");
        assertThat(Printer.print(file)).isEqualTo("def f() -> int:\n  return 1\n");
        assertThat(file.module()).isEqualTo("__torch__.a.b");
    }

    @Test
    void decodesStrings() {
        assertThat(new Expr.Text("\"a\\n\\t\\\"\\'\\\\\\x41\\101\"").value()).isEqualTo("a\n\t\"'\\AA");
        assertThat(Expr.Text.of("a\n\"b\\").raw()).isEqualTo("\"a\\n\\\"b\\\\\"");
    }

    @Test
    void textThatIsNotAsciiIsWrittenAsBytes() {
        assertThat(new Expr.Text("\"gr\\303\\266\\303\\237e\"").value()).isEqualTo("größe");
        assertThat(new Expr.Text("\"größe\"").value()).isEqualTo("größe");
        assertThat(new Expr.Text("\"gr\\366\"").value()).isEqualTo("grö");
        assertThat(Expr.Text.of("größe").raw()).isEqualTo("\"gr\\303\\266\\303\\237e\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"from", "lambda", "async", "await", "try", "except", "yield", "nonlocal", "inf", "nan", "self"})
    void wordsOfPythonAreNames(String word) {
        String text = """
                class M(Module):
                  %1$s : Tensor
                  k : Final[float] = inf
                  def %1$s(self: __torch__.M, %1$s: int=1) -> Tensor:
                    return torch.f(self.%1$s, inf, -nan, %1$s=2)
                """.formatted(word);
        Stmt.File file = Parser.file("__torch__.py", text);
        assertThat(Printer.print(file).replaceAll(",\n *", ", ")).isEqualTo(text);
    }

    @Test
    void readsProgramsOfPyTorch13() {
        String text = """
                op_version_set = 1
                import __torch__.a.b
                import __torch__.c
                def f(x: Tuple[int, int, int]) -> None:
                  y = (x)[0:2]
                  z = (x)[:1]
                  u = (x)[1:]
                  return None
                """;
        assertThat(Printer.print(Parser.file("__torch__.py", text)))
                .isEqualTo(text.replaceAll("import .*\n", "").replace("-> None", "-> NoneType"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "x = a + b | unknown character '+'",
                "x = a if b else c | expected end of line, found 'if'",
                "x = not | expected an expression, found 'not'",
                "x = y.if | 'if' is a reserved word of libtorch's own language and cannot be a name; rename",
                "if : Tensor | 'if' is a reserved word of libtorch's own language",
                "del x | statement 'del' is not in the serialized language",
                "x = [1, 2 | expected ',' or ']', found end of line",
                "x = \"abc | a string is not closed",
                "x = f(a=1, 2) | expected a keyword argument, found '2'",
                "f(x) = 1 | assignment to f(x)",
                "x = -y | expected a number after '-', found 'y'",
                "x = y[1:2:3] | expected ',' or ']', found ':'",
                "x = | expected an expression, found end of line"
            })
    void namesFileLineAndConstruct(String statement, String problem) {
        String text = "def f(x: Tensor) -> Tensor:\n  " + statement + "\n";
        assertThatThrownBy(() -> Parser.file("__torch__/a.py", text))
                .isInstanceOf(ScriptException.class)
                .hasMessageStartingWith("__torch__/a.py line ")
                .hasMessageContaining(problem);
    }

    @Test
    void boundsNesting() {
        int depth = 100_000;
        String[] hostile = {
            "(".repeat(depth),
            "[".repeat(depth),
            "f(".repeat(depth),
            "x" + ".y".repeat(depth),
            "x" + "[0]".repeat(depth),
            "x" + "()".repeat(depth),
            "{1: ".repeat(depth)
        };
        for (String expression : hostile) {
            assertThatThrownBy(() -> Parser.file("a.py", "x = " + expression + "\n"))
                    .isInstanceOf(ScriptException.class)
                    .hasMessageContaining("nested more than 120 deep");
        }
        assertThatThrownBy(() -> Parser.file("a.py", "x : " + "List[".repeat(depth) + "\n"))
                .isInstanceOf(ScriptException.class)
                .hasMessageContaining("nested more than 120 deep");
        StringBuilder blocks = new StringBuilder();
        for (int i = 0; i < 1000; i++) {
            blocks.append(" ".repeat(i)).append("if x:\n");
        }
        assertThatThrownBy(() -> Parser.file("a.py", blocks.toString()))
                .isInstanceOf(ScriptException.class)
                .hasMessageContaining("deep");
    }
}
