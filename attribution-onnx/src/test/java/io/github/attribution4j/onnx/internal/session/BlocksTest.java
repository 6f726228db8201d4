// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.onnx.internal.gradient.Woven;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.session.GraphSession.Optimization;
import io.github.attribution4j.onnx.internal.unfuse.Unfused;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Files of any processor, whichever this one is: what their images in blocks are in the words of the standard. */
class BlocksTest {
    private static final Golden GOLDEN = Golden.read("fused.npz");

    private static final double NEAR = 1e-5;

    @TestFactory
    Stream<DynamicTest> words_of_blocks() {
        return GOLDEN.cases().stream()
                .filter(name -> GOLDEN.has(name + "/block"))
                .map(name -> DynamicTest.dynamicTest(name, () -> check(name)));
    }

    private static void check(String name) {
        int block = (int) GOLDEN.tensor(name + "/block").toDoubleArray()[0];
        try (OnnxFile file = OnnxFile.of(GOLDEN.bytes(name + "/model"))) {
            Graph runnable = Unfused.runnable(file.declared(), () -> block);
            TypeOracle oracle = new TypeOracle(file.said(runnable, runnable));
            Graph words = Unfused.of(runnable, oracle.described()::get, () -> block);
            OnnxFile said = file.said(words, words);
            assertThat(Unfused.needs(words)).isFalse();
            try (Runs runs = new Runs(said, GOLDEN.below(name + "/in/"))) {
                Woven woven = runs.weave(List.of("x0"), "y");
                float[] found = runs.fused(woven, GOLDEN.tensor(name + "/g"), Optimization.BASIC)
                        .get("x0");
                float[] right = GOLDEN.tensor(name + "/d/x0").toFloatArray();
                double worst = 0;
                double most = 0;
                for (int i = 0; i < right.length; i++) {
                    worst = Math.max(worst, Math.abs(found[i] - right[i]));
                    most = Math.max(most, Math.abs(right[i]));
                }
                assertThat(worst / most).isLessThan(NEAR);
            }
        }
    }

    @Test
    void all_or_nothing_is_said_in_other_words() {
        try (OnnxFile file = OnnxFile.of(GOLDEN.bytes("saved.blocked.all/model"))) {
            Graph words = Unfused.of(file.declared(), new TypeOracle(file).described()::get, () -> 48);
            assertThat(words.nodes())
                    .filteredOn(node -> node.domain().equals("com.microsoft.nchwc"))
                    .hasSizeGreaterThan(5)
                    .allMatch(node -> Unfused.reason(node).contains("are no blocks of 48"));
        }
    }
}
