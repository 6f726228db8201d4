// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How texts become baselines and masks. */
class KindsTest {
    private static final Setting<Baseline> BASELINE = Setting.required("baseline", Baseline.KIND, "");
    private static final Setting<FeatureMask> MASK = Setting.required("mask", FeatureMask.KIND, "");

    private static Baseline baseline(String text, Sources sources) {
        return BASELINE.read(text, sources);
    }

    private static FeatureMask mask(String text, Sources sources) {
        return MASK.read(text, sources);
    }

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
                "head:0.5|0.5 through head",
                "token:103|token 103",
                "token:103:101,102|token 103 keeping [101, 102]",
                "[0.0, 0.5]|[0.0, 0.5]",
                "blurred(2.0)|blurred(2.0)",
                "uniform(-1.0, 1.0)|uniform(-1.0, 1.0)",
                "normal(0.0, 2.0)|normal(0.0, 2.0)",
                "token 103 keeping [101, 102]|token 103 keeping [101, 102]",
                "blurred(2.0) through head|blurred(2.0) through head"
            })
    void baselinesWithoutFiles(String text, String described) {
        assertThat(baseline(text, Sources.none()).describe()).isEqualTo(described);
    }

    @Test
    void baselinesFromFiles() {
        try (TensorScope scope = TensorScope.open()) {
            assertThat(baseline("b.npz", FILES).describe()).startsWith("tensor ");
            assertThat(baseline("mean:b.npz", FILES).describe()).startsWith("mean of samples ");
            assertThat(baseline("samples:b.npz", FILES).isDistribution()).isTrue();
            assertThat(baseline("head:b.npz", FILES).describe()).endsWith(" through head");
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
    void masksWithoutFiles(String text, String described) {
        assertThat(mask(text, Sources.none())).hasToString(described);
    }

    @Test
    void masksFromFiles() {
        try (TensorScope scope = TensorScope.open()) {
            assertThat(mask("m.npy", FILES).toString()).doesNotContain("renumbered");
            assertThat(mask("renumbered:m.npy", FILES).toString()).endsWith(" renumbered");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"normal:1|needs two numbers", "blur:x|x", "missing.npz|missing.npz"})
    void refusesBadBaselines(String text, String message) {
        assertThatThrownBy(() -> baseline(text, Sources.none())).hasMessageContaining(message);
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
        assertThatThrownBy(() -> mask(text, Sources.none())).hasMessageContaining(message);
    }
}
