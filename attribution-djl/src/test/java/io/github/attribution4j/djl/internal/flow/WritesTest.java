// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.operator.InPlace;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which inputs a program may write to; every body gets {@code x} and {@code other}. */
class WritesTest {
    private static final String CHILDREN = """
            def pure(x: Tensor) -> Tensor:
              return torch.relu(x)
            def writing(n: int, x: Tensor) -> Tensor:
              return torch.relu_(x)
            def handing(x: Tensor) -> Tensor:
              return torch.dropout(x, 0.5, False)
            class Step(ModuleInterface):
              def forward(self: __torch__.Step, x: Tensor) -> Tensor:
                pass
            class Pure(Module):
              __parameters__ = []
              __buffers__ = []
              def forward(self: __torch__.Pure, x: Tensor) -> Tensor:
                return torch.conv2d(x, x)
            class Writing(Module):
              __parameters__ = []
              __buffers__ = []
              def forward(self: __torch__.Writing, x: Tensor) -> Tensor:
                return __torch__.writing(3, x, )
            class M(Module):
              __parameters__ = []
              __buffers__ = []
              pure : __torch__.Pure
              writing : __torch__.Writing
              step : __torch__.Step
              last : Tensor
              kept : List[Tensor]
              def forward(self: __torch__.M, x: Tensor, other: Tensor) -> Tensor:
            """;

    private static String written(String body) {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        String text = CHILDREN + body.strip().indent(4);
        entries.put("code/__torch__.py", text.getBytes(StandardCharsets.US_ASCII));
        String pickle = "\u0080\u0002c__torch__\nM\n)\u0081}(X\b\u0000\u0000\u0000training\u0089ub.";
        entries.put("data.pkl", pickle.getBytes(StandardCharsets.ISO_8859_1));
        entries.put("constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
        entries.put("version", "3\n".getBytes(StandardCharsets.US_ASCII));
        TorchArchive archive = TorchArchive.of("m", entries);
        ProgramIndex index = ProgramIndex.of(archive);
        boolean inPlace = InPlace.occursIn(index.files().values());
        return Writes.of(index, archive.root(), inPlace).inputs().toString();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "return torch.add_(x, 1)",
                "y = torch.view(x, [-1])\nreturn torch.mul_(y, 2)",
                "y = torch.foo(x)\nreturn torch.mul_(y, 2)",
                "return __torch__.writing(1, x, )",
                "f = __torch__.writing\nreturn f(1, x, )",
                "y = __torch__.handing(x, )\nreturn torch.relu_(y)",
                "writing = self.writing\nreturn (writing).forward(x, )",
                "writing = getattr(self, \"writing\")\nreturn (writing).forward(torch.t(x), )",
                "step = self.step\nreturn (step).forward(x, )",
                "l = [torch.relu(x), x]\nreturn torch.relu_(l[1])",
                "l = annotate(List[Tensor], [])\n_0 = torch.append(l, x)\nfor y in l:\n  _1 = torch.relu_(y)\nreturn y",
                "y = torch.relu(x)\nfor i in range(3):\n  _0 = torch.add_(y, 1)\n  y = x\nreturn y",
                "if torch.eq(1, 1):\n  y = x\nelse:\n  y = torch.relu(x)\nreturn torch.relu_(y)",
                "a, b, = torch.split(x, 1)\nreturn torch.relu_(b)",
                "_0 = torch.append((self).kept, x)\nreturn torch.relu(x)",
                "kept = self.kept\n_0 = torch.append(kept, x)\nreturn torch.relu(x)",
                "self.last = x\nreturn torch.relu_(torch.relu(x))",
                "return torch.add(x, x, out=x)",
                "return ops.mine.change(x)",
                "def __forked_function() -> Tensor:\n  return torch.relu_(x)\nf = fork(__forked_function)\nreturn"
                        + " torch.wait(f)",
                "def __forked_function() -> Tensor:\n  return x\nf = fork(__forked_function)\nreturn"
                        + " torch.relu_(torch.wait(f))"
            })
    void writtenTo(String body) {
        assertThat(written(body)).isEqualTo("{0}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "return torch.relu_(torch.conv2d(x, x))",
                "y = torch.mul(x, 2)\nreturn torch.add_(y, x)",
                "pure = self.pure\nreturn torch.relu_((pure).forward(x, ))",
                "return torch.relu_(__torch__.pure(x, ))",
                "y = torch.view(x, [-1])\nreturn torch.relu_(torch.add(y, 1))",
                "n = torch.size(x, 0)\ny = torch.zeros([n])\nreturn torch.add_(y, 1)"
            })
    void leftAsTheyAre(String body) {
        assertThat(written(body)).isEqualTo("{}");
    }

    @Test
    void inputsAreToldApart() {
        assertThat(written("y = torch.add_(other, x)\nreturn torch.relu(x)")).isEqualTo("{1}");
        // An operator in place hands back what it wrote to, not what it read.
        assertThat(written("y = torch.add_(other, x)\nreturn torch.mul_(y, 2)")).isEqualTo("{1}");
        assertThat(written("writing = self.writing\ny = (writing).forward(other, )\nreturn __torch__.writing(1, x, )"))
                .isEqualTo("{0, 1}");
    }
}
