// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.wire.Level;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlainEntriesTest {
    private static Instrumented instrumented(String forward) {
        String source = "class M(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n"
                + forward.replace("|", "\n").indent(2);
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("code/__torch__.py", source.getBytes(StandardCharsets.US_ASCII));
        String pickle = "\u0080\u0002c__torch__\nM\n)\u0081}(X\b\0\0\0training\u0089ub.";
        entries.put("data.pkl", pickle.getBytes(StandardCharsets.ISO_8859_1));
        entries.put("constants.pkl", "\u0080\u0002).".getBytes(StandardCharsets.ISO_8859_1));
        entries.put("version", "3\n".getBytes(StandardCharsets.US_ASCII));
        return Copies.of(TorchArchive.of("m", entries), Level.FORWARD);
    }

    @ParameterizedTest
    @DisplayName(
            "A program that takes and returns tensors and writes to none of them is asked without control and header")
    @CsvSource(delimiter = ';', textBlock = """
                    true; true; (self: __torch__.M, x: Tensor) -> Tensor:|  return torch.relu(x)
                    true; true; (self: __torch__.M, x: Tensor) -> Tensor:|  return torch.relu_(torch.mul(x, 2))
                    true; false; (self: __torch__.M, x: Tensor, y: Tensor) -> Tensor:|  return torch.mul(x, y)
                    false; false; (self: __torch__.M, x: Tensor) -> Tensor:|  return torch.relu_(x)
                    false; false; (self: __torch__.M, x: Tensor, y: Tensor) -> Tensor:|  return torch.mul_(y, x)
                    false; false; (self: __torch__.M, x: Tensor, n: int) -> Tensor:|  return torch.mul(x, n)
                    false; false; (self: __torch__.M, x: Tensor, n: float=2.) -> Tensor:|  return torch.mul(x, n)
                    false; false; (self: __torch__.M, x: Optional[Tensor]) -> Tensor:|  return torch.ones([1])
                    false; false; (self: __torch__.M, x: Tensor) -> Tuple[Tensor, Tensor]:|  return (x, x)
                    false; false; (self: __torch__.M) -> Tensor:|  return torch.ones([1])
                    """)
    void entries(boolean plain, boolean leaf, String signatureAndBody) {
        Instrumented program = instrumented("def forward" + signatureAndBody);
        String text = String.join("", program.archive().code().values());
        assertThat(program.plain()).isEqualTo(plain);
        assertThat(text.contains("def " + Instrumented.PLAIN)).isEqualTo(plain);
        assertThat(text.contains("def " + Instrumented.LEAF)).isEqualTo(leaf);
    }
}
