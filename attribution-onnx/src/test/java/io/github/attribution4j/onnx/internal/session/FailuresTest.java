// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What the runtime says, without the places in its own source. */
class FailuresTest {
    private static void says(String said, String words) {
        assertThat(Failures.words(said)).isEqualTo(words);
    }

    @Test
    void places_are_left_out() {
        says(
                "Error code - ORT_FAIL - message: /onnxruntime_src/core/model.cc:192 "
                        + "onnxruntime::Model::Model(onnx::P&&, const F<void(int)>&) Unsupported IR version: 99",
                "Unsupported IR version: 99");
        says(
                "Error code - ORT_FAIL - message: Name:'n' Status Message: /onnxruntime_src/common.h:31 int64_t "
                        + "onnxruntime::Axis(int64_t, int64_t) IsAxisInRange(axis, rank) was false. axis 7",
                "Name:'n' Status Message: IsAxisInRange(axis, rank) was false. axis 7");
        says(
                "Error code - ORT_FAIL - message: Deserialize tensor w failed.endian_utils.cc:66 Copy buffer mismatch",
                "Deserialize tensor w failed. buffer mismatch");
        says("matmul_helper.h:161 Compute MatMul dimension mismatch", "MatMul dimension mismatch");
        says("/src/a.cc:12 A::a() const [with T = int] wrong\nStacktrace:\n", "wrong");
    }

    @Test
    void words_are_kept() {
        says("/src/file.cc:12 x::A(int", "x::A(int");
        says("plain words\n  (with more)", "plain words (with more)");
        says(
                "Error code - ORT_INVALID_GRAPH - message: This is an invalid model. In Node, (\"a\", Conv)",
                "This is an invalid model. In Node, (\"a\", Conv)");
        says("", "");
    }
}
