// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.flow;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.djl.internal.archive.TorchArchive;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What draws random numbers in every call of a program; every body gets {@code x}. */
class RandomDrawsTest {
    private static final String CODE = """
            def dropped(x: Tensor, p: float, training: bool) -> Tensor:
              if training:
                y = torch.dropout(x, p, training)
              else:
                y = x
              return y
            class Noise(Module):
              __parameters__ = []
              __buffers__ = []
              training : bool
              on : bool
              off : bool
              switched : bool
              def forward(self: __torch__.Noise, x: Tensor) -> Tensor:
                return torch.add(x, torch.rand_like(x))
              def kept(self: __torch__.Noise, x: Tensor) -> Tensor:
                on = self.on
                return torch.dropout(x, 0.5, on)
              def left(self: __torch__.Noise, x: Tensor) -> Tensor:
                off = self.off
                return torch.dropout(x, 0.5, off)
              def eval(self: __torch__.Noise, x: Tensor) -> Tensor:
                training = self.training
                return torch.dropout(x, 0.5, training)
              def switch(self: __torch__.Noise, x: Tensor) -> Tensor:
                self.switched = True
                return x
              def unknown(self: __torch__.Noise, x: Tensor) -> Tensor:
                switched = self.switched
                return torch.dropout(x, 0.5, switched)
            class M(Module):
              __parameters__ = []
              __buffers__ = []
              training : bool
              noise : __torch__.Noise
              def forward(self: __torch__.M, x: Tensor) -> Tensor:
            """;

    private static List<String> draws(String body) {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        String text = CODE + body.strip().indent(4);
        entries.put("code/__torch__.py", text.getBytes(StandardCharsets.US_ASCII));
        String pickle = "\u0080\u0002c__torch__\nM\n)\u0081}(" + key("training") + "\u0089" + key("noise")
                + "c__torch__\nNoise\n)\u0081}(" + key("training") + "\u0088" + key("on") + "\u0088" + key("off")
                + "\u0089"
                + key("switched") + "\u0089ubub.";
        entries.put("data.pkl", pickle.getBytes(StandardCharsets.ISO_8859_1));
        entries.put("constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
        entries.put("version", "3\n".getBytes(StandardCharsets.US_ASCII));
        return RandomDraws.list(TorchArchive.of("m", entries));
    }

    private static String key(String name) {
        return "X" + (char) name.length() + "\0\0\0" + name;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "return torch.bernoulli(x) | bernoulli at \"/bernoulli\"",
                "return torch.normal_(torch.relu(x), 0., 1.) | normal at \"/normal_\"",
                "return torch.dropout(x, 0.5, True) | dropout in training mode at \"/dropout\"",
                "return torch.feature_dropout(x, 0.5, True) | feature_dropout in training mode at \"/feature_dropout\"",
                "return __torch__.dropped(x, 0.5, True, ) | dropout in training mode at \"/dropout\"",
                "noise = self.noise\\nreturn (noise).forward(x, ) | rand_like at \"noise/rand_like\"",
                "noise = self.noise\\nreturn (noise).kept(x, ) | dropout in training mode at \"noise/dropout\"",
            })
    void drawn(String body, String expected) {
        assertThat(draws(body.replace("\\n", "\n"))).containsExactly(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "return torch.relu(x)",
                "return torch.dropout(x, 0.5, False)",
                "return torch.dropout(x, 0., True)",
                "return __torch__.dropped(x, 0.5, False, )",
                "noise = self.noise\nreturn (noise).left(x, )",
                "noise = self.noise\nreturn (noise).eval(x, )",
                "noise = self.noise\nreturn (noise).unknown(x, )",
                "if torch.gt(torch.dim(x), 2):\n  y = torch.rand_like(x)\nelse:\n  y = x\nreturn y",
                "training = self.training\nif training:\n  y = torch.rand_like(x)\nelse:\n  y = x\nreturn y"
            })
    void notDrawn(String body) {
        assertThat(draws(body)).isEmpty();
    }

    @Test
    void eachOnce() {
        String body =
                "noise = self.noise\ny = (noise).forward(x, )\nz = torch.rand_like(y)\nreturn (noise).forward(z, )";
        assertThat(draws(body)).containsExactly("rand_like at \"noise/rand_like\"", "rand_like at \"/rand_like\"");
    }
}
