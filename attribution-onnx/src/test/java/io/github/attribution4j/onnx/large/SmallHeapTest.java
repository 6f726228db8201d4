// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.large;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtEnvironment;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.onnx.OnnxModel;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models whose weights have twice the size of the heap, in JVMs of their own. */
class SmallHeapTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"gemm, beside", "conv, inside"})
    @DisplayName("Weights of 64 MB are never copied through a heap of 32 MB, and the file stays as it is")
    void explains(String kind, String storage) throws Exception {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        ProcessBuilder child = new ProcessBuilder(
                        java.toString(),
                        "-Xmx32m",
                        "-XX:-CreateCoredumpOnCrash",
                        SmallHeap.class.getName(),
                        folder.toString(),
                        kind,
                        storage,
                        "64")
                .redirectErrorStream(true);
        child.environment().put("CLASSPATH", classPath());
        Process process = child.start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertThat(process.waitFor()).as(String.join("\n", lines)).isZero();
        assertThat(lines.get(lines.size() - 1)).endsWith(SmallHeap.DONE);
        try (var files = Files.list(folder)) {
            assertThat(files).hasSize(storage.equals("inside") ? 1 : 2);
        }
    }

    /** What the child needs, wherever this JVM has it from. */
    private static String classPath() {
        return Stream.of(SmallHeap.class, OnnxModel.class, Explanation.class, OrtEnvironment.class)
                .map(type -> Path.of(URI.create(type.getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toString()))
                        .toString())
                .collect(Collectors.joining(System.getProperty("path.separator")));
    }
}
