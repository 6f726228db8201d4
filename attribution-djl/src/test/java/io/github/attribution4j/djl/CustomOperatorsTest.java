// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.attribution4j.testkit.internal.fuzz.ChildJvm;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Operators of a library that is not libtorch's, built here by the machine's C compiler, where it has one. */
class CustomOperatorsTest {
    @TempDir
    Path folder;

    @Test
    @DisplayName("A library named to DJL as the refusal says: scores, gradients and perturbations by the formula of its"
            + " operator")
    void aLibraryOfOnesOwn() throws Exception {
        ProcessBuilder child =
                ChildJvm.of(List.of("-Xmx512m", "-DPYTORCH_EXTRA_LIBRARY_PATH=" + library()), CustomOperators.class);
        Process process = child.start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertThat(process.waitFor()).as(String.join("\n", lines)).isZero();
        double[] gates =
                DoubleStream.of(CustomOperators.X).map(x -> x * sigmoid(x)).toArray();
        double[] slopes = DoubleStream.of(CustomOperators.X)
                .map(x -> sigmoid(x) * (1 + x * (1 - sigmoid(x))))
                .toArray();
        assertThat(printed(lines, "score"))
                .containsExactly(new double[] {Arrays.stream(gates).sum()}, within(1e-6));
        assertThat(printed(lines, "gradient")).containsExactly(slopes, within(1e-6));
        assertThat(printed(lines, "path")).containsExactly(gates, within(1e-6));
        assertThat(printed(lines, "ablation")).containsExactly(gates, within(1e-6));
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static double[] printed(List<String> lines, String what) {
        String line = lines.stream()
                .filter(each -> each.startsWith(what + " ["))
                .findFirst()
                .orElseThrow(() -> new AssertionError(String.join("\n", lines)));
        return Arrays.stream(
                        line.substring(what.length() + 2, line.length() - 1).split(", "))
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    /** Needs libtorch by its name only: whoever loads this has it already. */
    private Path library() throws IOException, InterruptedException {
        assumeTrue(System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("linux"), "Linux");
        Path source = folder.resolve("gate.c");
        try (InputStream text = CustomOperatorsTest.class.getResourceAsStream("/custom/gate.c")) {
            Files.copy(Objects.requireNonNull(text), source);
        }
        Path empty = Files.writeString(folder.resolve("empty.c"), "");
        assumeTrue(compiled("-o", "libtorch_cpu.so", "-Wl,-soname,libtorch_cpu.so", empty.toString()), "a C compiler");
        assertThat(compiled("-o", "libgate.so", source.toString(), "-L.", "-Wl,--no-as-needed", "-ltorch_cpu"))
                .isTrue();
        return folder.resolve("libgate.so");
    }

    private boolean compiled(String... arguments) throws InterruptedException {
        ProcessBuilder compiler = new ProcessBuilder("cc", "-shared", "-fPIC");
        compiler.command().addAll(List.of(arguments));
        try {
            return compiler.directory(folder.toFile()).inheritIO().start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
