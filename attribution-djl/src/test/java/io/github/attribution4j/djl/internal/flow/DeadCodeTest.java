// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.operator.InPlace;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.script.Printer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes from a program whose modules {@code first}, {@code second}, {@code third} are called in a row. */
class DeadCodeTest {
    private static final String WHOLE = "whole";

    private static final String CLASSES = """
            class Pure(Module):
              __parameters__ = []
              __buffers__ = []
              def forward(self: __torch__.Pure, x: Tensor) -> Tensor:
                return torch.conv2d(x, x)
            class Same(Module):
              __parameters__ = []
              __buffers__ = []
              def forward(self: __torch__.Same, x: Tensor) -> Tensor:
                return x
            class Writing(Module):
              __parameters__ = []
              __buffers__ = []
              def forward(self: __torch__.Writing, x: Tensor) -> Tensor:
                return torch.relu_(x)
            class Block(Module):
              __parameters__ = []
              __buffers__ = []
              inner : __torch__.Pure
              def forward(self: __torch__.Block, x: Tensor) -> Tensor:
                inner = self.inner
                return torch.relu((inner).forward(torch.neg(x), ))
            class Shortcut(Module):
              __parameters__ = []
              __buffers__ = []
              inner : __torch__.Pure
              def forward(self: __torch__.Shortcut, x: Tensor) -> Tensor:
                return torch.add((self.inner).forward(x, ), x)
            class M(Module):
              __parameters__ = []
              __buffers__ = []
              first : __torch__.Pure
              second : __torch__.Pure
              third : __torch__.Pure
              same : __torch__.Same
              writing : __torch__.Writing
              block : __torch__.Block
              shortcut : __torch__.Shortcut
              count : Tensor
              def helper(self: __torch__.M, x: Tensor, y: Tensor) -> Tensor:
                return (self.third).forward((self.second).forward(x, ), )
              def forward(self: __torch__.M, x: Tensor, other: Tensor) -> Tensor:
            """;

    /** Returns what is left of the body of {@code forward}, or that it is the whole one. */
    private static String left(String body, Set<String> given, Set<String> kept, boolean output) {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        String text = CLASSES + body.strip().indent(4);
        entries.put("code/__torch__.py", text.getBytes(StandardCharsets.US_ASCII));
        String pickle = "\u0080\u0002c__torch__\nM\n)\u0081}(X\b\u0000\u0000\u0000training\u0089ub.";
        entries.put("data.pkl", pickle.getBytes(StandardCharsets.ISO_8859_1));
        entries.put("constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
        entries.put("version", "3\n".getBytes(StandardCharsets.US_ASCII));
        TorchArchive archive = TorchArchive.of("m", entries);
        ProgramIndex index = ProgramIndex.of(archive);
        Writes writes =
                Writes.of(index, archive.root(), InPlace.occursIn(index.files().values()));
        return DeadCode.without(index, writes, modules(index, given), modules(index, kept), output)
                .map(files -> Printer.print(files.get("__torch__.py")))
                .map(all -> all.substring(all.lastIndexOf("-> Tensor:\n") + "-> Tensor:\n".length())
                        .stripTrailing()
                        .stripIndent())
                .orElse(WHOLE);
    }

    private static Set<Integer> modules(ProgramIndex index, Set<String> paths) {
        return index.nodes().stream()
                .filter(node -> paths.contains(node.path()))
                .map(ProgramIndex.Node::index)
                .collect(Collectors.toSet());
    }

    private static String tail(String given, String body) {
        return left(body, Set.of(given), Set.of(), true);
    }

    private static String text(String... lines) {
        return Stream.of(lines).collect(Collectors.joining("\n"));
    }

    private static final String A = "a = (self.first).forward(x, )\n";
    private static final String B = "b = (self.second).forward(a, )\n";
    private static final String GIVEN = "b = (self.second).forward(torch.zeros([0]), )";

    @ParameterizedTest
    @DisplayName("What computes a given value only is left out, whatever it writes to its own values")
    @ValueSource(
            strings = {
                A + B,
                A + "_0 = torch.relu_(a)\n" + B,
                A + "v = torch.view(a, [-1])\n_0 = torch.mul_(v, 2)\n" + B,
                "if torch.gt(torch.size(x, 0), 1):\n  a = (self.first).forward(x, )\nelse:\n  a = x\n" + B,
                "a = torch.relu(x)\nfor i in range(3):\n  a = torch.add_(a, i)\n" + B,
                "l = annotate(List[Tensor], [])\n_0 = torch.append(l, x)\na = torch.cat(l)\n" + B,
                "first = self.first\nd = (first).forward(x, )\na = (self.writing).forward(d, )\n" + B,
                "a = (getattr(self, \"first\")).forward(torch.relu_(x), )\n" + B,
                "a = (self.block).forward(other, )\n" + B
            })
    void leftOut(String before) {
        assertThat(tail("second", before + "return (self.third).forward(b, )"))
                .isEqualTo(text(GIVEN, "return (self.third).forward(b, )"));
    }

    @ParameterizedTest
    @DisplayName("The whole program stays where what is given, or something read later, needs everything before it")
    @ValueSource(
            strings = {
                A + B + "return torch.add(b, a)",
                A + "v = torch.view(a, [-1])\n" + B + "return torch.add(b, v)",
                "l = annotate(List[Tensor], [])\n" + A + "_0 = torch.append(l, a)\n" + B
                        + "_1 = torch.append(l, b)\nreturn torch.cat(l)",
                A + "n = torch.size(a, 0)\n" + B + "return torch.view(b, [n])",
                A + "_0 = torch.add_(self.count, a)\n" + B + "return b",
                "self.count = torch.add(self.count, 1)\nb = (self.second).forward(x, )\nreturn b"
            })
    void whole(String body) {
        assertThat(tail("second", body)).isEqualTo(WHOLE);
    }

    @Test
    @DisplayName("A statement stays that writes to what is read later, through a view, a list or a module")
    void writes() {
        String rest = B + "return torch.add(b, c)";
        String left = text(GIVEN, "return torch.add(b, c)");
        for (String write : Set.of(
                "c = torch.neg(x)\n_0 = torch.mul_(c, 2)",
                "c = torch.neg(x)\nv = torch.view(c, [-1])\n_0 = torch.mul_(v, 2)",
                "c = torch.neg(x)\n_0 = torch.mul_((self.same).forward(c, ), 2)",
                "c = torch.neg(x)\n_0 = (self.writing).forward(c, )")) {
            assertThat(tail("second", A + write + "\n" + rest)).isEqualTo(write + "\n" + left);
        }
    }

    @Test
    @DisplayName("A given module that would write to its argument is not called only where nobody reads what it writes")
    void givenWriter() {
        String call = "b = (self.writing).forward(a, )\n";
        assertThat(tail("writing", A + call + "return torch.add(b, a)")).isEqualTo(WHOLE);
        assertThat(tail("writing", A + "return torch.add((self.writing).forward(a, ), a)"))
                .isEqualTo(WHOLE);
        assertThat(tail("second", A + "return torch.add((self.second).forward(torch.relu_(a), ), a)"))
                .isEqualTo(WHOLE);
        assertThat(tail("writing", A + call + "return b"))
                .isEqualTo(text("b = (self.writing).forward(torch.zeros([0]), )", "return b"));
        assertThat(tail("writing", "a = torch.neg(x)\nv = torch.t(a)\n" + call + "return torch.add(b, v)"))
                .isEqualTo(WHOLE);
    }

    @Test
    @DisplayName("Prints and checks of the text around stay")
    void effects() {
        String check = "if torch.eq(torch.size(x, 0), 0):\n  ops.prim.RaiseException(\"empty\")\nelse:\n  pass";
        for (String effect : Set.of(check, "print(\"here\")")) {
            assertThat(tail("second", A + effect + "\n" + B + "return b")).isEqualTo(text(effect, GIVEN, "return b"));
        }
    }

    @ParameterizedTest
    @DisplayName("A module around a given one needs less, unless a value goes past the given one")
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "block.inner, block, true",
                "shortcut.inner, shortcut, false",
            })
    void around(String given, String module, boolean less) {
        String body = A + "b = (self." + module + ").forward(a, )\nreturn (self.third).forward(b, )";
        assertThat(tail(given, body))
                .isEqualTo(
                        less
                                ? text(
                                        "b = (self.block).forward(torch.zeros([0]), )",
                                        "return (self.third).forward(b, )")
                                : WHOLE);
    }

    @Test
    @DisplayName("Another method of the model itself needs less too")
    void method() {
        assertThat(tail("second", A + "return (self).helper(a, x, )"))
                .isEqualTo("return (self).helper(torch.zeros([0]), torch.zeros([0]), )");
    }

    @Test
    @DisplayName("A head needs nothing behind the modules that it ends at")
    void head() {
        assertThat(left(A + B + "return (self.third).forward(b, )", Set.of(), Set.of("first"), false))
                .isEqualTo(text("a = (self.first).forward(x, )", "return torch.zeros([0])"));
        assertThat(left(A + B + "return (self.third).forward(b, )", Set.of(), Set.of("third"), false))
                .isEqualTo(WHOLE);
    }

    @Test
    @DisplayName("A module that is looked at runs, and one inside what is given is asked of the whole program")
    void lookedAt() {
        String body = A + B + "return (self.third).forward(b, )";
        assertThat(left(body, Set.of("second"), Set.of("first"), true)).isEqualTo(WHOLE);
        assertThat(left(body, Set.of("first", "second"), Set.of(), true)).isEqualTo(WHOLE);
        assertThat(left(body, Set.of("second"), Set.of("third"), true))
                .isEqualTo(text(GIVEN, "return (self.third).forward(b, )"));
    }
}
