// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.cli.question.MemorySize;
import io.github.attribution4j.setting.Sources;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingTypesTest {
    /** A file of every name: two rows of two. */
    private static final Sources FILES = new Sources() {
        @Override
        public List<Tensor> arrays(String file) {
            return List.of(Tensors.ofJava().of(new float[] {1, 2, 3, 4}, 2, 2));
        }

        @Override
        public List<Tensor> groupNumbers(String file) {
            return List.of(Tensors.ofJava().of(new long[] {0, 2}, 1, 2));
        }
    };

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0.5|0.5",
                "0,0.5|[0.0, 0.5]",
                "-1e-3|-0.001",
                "blur:2|blurred(2.0)",
                "uniform:-1,1|uniform(-1.0, 1.0)",
                "normal:0,2|normal(0.0, 2.0)",
                "head:0.5|0.5 through head"
            })
    void baselinesWithoutFiles(String text, String described) throws IOException {
        assertThat(SettingTypes.baseline(text, Sources.none()).describe()).isEqualTo(described);
    }

    @Test
    void baselinesFromFiles() throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            assertThat(SettingTypes.baseline("b.npz", FILES).describe()).startsWith("tensor ");
            assertThat(SettingTypes.baseline("mean:b.npz", FILES).describe()).startsWith("mean of samples ");
            assertThat(SettingTypes.baseline("samples:b.npz", FILES).isDistribution())
                    .isTrue();
            assertThat(SettingTypes.baseline("head:b.npz", FILES).describe()).endsWith(" through head");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "per-element|per-element",
                "grid:4x2|grid(4, 2)",
                "patches:8x8|patches(8, 8)",
                "ranges:1:1,1,3|ranges(axis 1: 1, 1, 3)",
                "grid(4, 2)|grid(4, 2)"
            })
    void masksWithoutFiles(String text, String described) throws IOException {
        assertThat(SettingTypes.mask(text, Sources.none())).hasToString(described);
    }

    @Test
    void masksFromFiles() throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            assertThat(SettingTypes.mask("m.npy", FILES).toString()).doesNotContain("renumbered");
            assertThat(SettingTypes.mask("renumbered:m.npy", FILES).toString()).endsWith(" renumbered");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"normal:1|needs two numbers", "blur:x|x", "missing.npz|missing.npz"})
    void refusesBadBaselines(String text, String message) {
        assertThatThrownBy(() -> SettingTypes.baseline(text, Sources.none())).hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "grid:4|needs two numbers, such as grid:4x4",
                "grid:0x4|must be at least 1",
                "ranges:1,2|ranges need an axis",
                "missing.npz|missing.npz"
            })
    void refusesBadMasks(String text, String message) {
        assertThatThrownBy(() -> SettingTypes.mask(text, Sources.none())).hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource({"1000,1000", "512MiB,536870912", "2GiB,2147483648", "1kB,1000", "1k,1024", "3 mb,3000000", "7b,7"})
    void sizes(String text, long bytes) {
        assertThat(MemorySize.parse(text).bytes()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({"lots", "1.5GiB", "99999999999999GiB", "-1"})
    void refusesBadSizes(String text) {
        assertThatThrownBy(() -> MemorySize.parse(text)).hasMessageContaining(text);
    }

    @ParameterizedTest
    @CsvSource({"500ms,500", "2s,2000", "1.5s,1500", "1m,60000", "2min,120000", "1h,3600000"})
    void times(String text, long milliseconds) {
        assertThat(new Texts.DurationConverter().convert(text)).isEqualTo(Duration.ofMillis(milliseconds));
    }

    @ParameterizedTest
    @CsvSource({"5", "soon", "-1s"})
    void refusesBadTimes(String text) {
        assertThatThrownBy(() -> new Texts.DurationConverter().convert(text)).hasMessageContaining("is not a time");
    }
}
