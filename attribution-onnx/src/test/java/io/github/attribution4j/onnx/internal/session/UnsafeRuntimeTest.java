// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtEnvironment;
import io.github.attribution4j.Explanation;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever ONNX Runtime would end the process at, or answer with other numbers than the file says. */
class UnsafeRuntimeTest {
    @Test
    @DisplayName(
            "Graphs that an optimizer crashes at, changes the numbers of or takes outputs of run as they are meant")
    void graphs_run_as_they_are_meant() throws Exception {
        List<String> lines = run(0, "optimizers");
        assertThat(lines).hasSizeGreaterThanOrEqualTo(20).allMatch(line -> line.endsWith(": right"));
    }

    @ParameterizedTest
    @CsvSource({"exit, 0", "fail, 3", "return, 0"})
    @DisplayName("A process ends with its own exit code while a thread is inside the runtime")
    void a_process_ends_with_its_own_exit_code(String how, int code) throws Exception {
        for (int i = 0; i < 3; i++) { // without the mend, nearly every one ends by SIGSEGV
            assertThat(run(code, "exit", how)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {5_000, 100_000})
    @DisplayName("A long class path does not end the process")
    void a_long_command_line_is_none_of_the_runtimes_business(int length) throws Exception {
        assertThat(run(0, List.of("-Dlong=" + "x".repeat(length)), "exit", "return"))
                .isEmpty();
    }

    private static List<String> run(int code, String... arguments) throws IOException, InterruptedException {
        return run(code, List.of(), arguments);
    }

    private static List<String> run(int code, List<String> options, String... arguments)
            throws IOException, InterruptedException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        List<String> command = new ArrayList<>(List.of(
                java.toString(),
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED", // else newer JDKs write warnings
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=/dev/null"));
        command.addAll(options);
        command.add(UnsafeRuntime.class.getName());
        command.addAll(List.of(arguments));
        ProcessBuilder child = new ProcessBuilder(command).redirectErrorStream(true);
        child.environment().put("CLASSPATH", classPath());
        Process process = child.start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertThat(process.waitFor()).as(String.join("\n", lines)).isEqualTo(code);
        return lines;
    }

    /** What the child needs, wherever this JVM has it from. */
    private static String classPath() {
        return Stream.of(UnsafeRuntime.class, OnnxRuntime.class, Explanation.class, OrtEnvironment.class)
                .map(type -> Path.of(URI.create(type.getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toString()))
                        .toString())
                .distinct()
                .collect(Collectors.joining(System.getProperty("path.separator")));
    }
}
