// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmarks;

import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Captum in a Python process, which explains when it is told so and waits otherwise: {@code golden/captum_rates.py}.
 */
final class Captum implements AutoCloseable {
    private final Process process;
    private final BufferedReader answers;
    private final Writer commands;
    private final Path file;
    private final String greeting;

    /**
     * Starts the process.
     *
     * @param python the interpreter
     * @param script the script
     * @throws IOException if there is no such interpreter
     */
    Captum(String python, Path script) throws IOException {
        file = Files.createTempFile("attribution-benchmark", ".npy");
        process = new ProcessBuilder(python, script.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        answers = process.inputReader(StandardCharsets.UTF_8);
        commands = process.outputWriter(StandardCharsets.UTF_8);
        String line = answers.readLine();
        greeting = line == null ? "missing: the script ended" : line;
    }

    /** Returns whether it can explain. */
    boolean isReady() {
        return greeting.startsWith("ready ");
    }

    /** Returns the versions, or what is missing. */
    String greeting() {
        return greeting.substring(greeting.indexOf(' ') + 1);
    }

    /** Takes another network. */
    void open(BenchmarkModels which, Path archive) {
        try (Tensor input = Tensors.ofJava().of(which.input(), Shape.of(which.shape(1)))) {
            NumpyFiles.writeNpy(file, input);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ask("open", which.label(), archive.toString(), file.toString(), Long.toString(which.target()));
    }

    /** Explains some times, and returns the milliseconds of one by Python's clock. */
    double milliseconds(String what, int count) {
        return Double.parseDouble(ask("run", what, Integer.toString(count))) * 1e3 / count;
    }

    /** Returns attributions. */
    float[] attributions(String what) {
        ask("value", what, file.toString());
        try (Tensor values = NumpyFiles.readNpy(file, Tensors.ofJava())) {
            return values.toFloatArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String ask(String... words) {
        try {
            commands.write(String.join("\t", words) + "\n");
            commands.flush();
            String answer = answers.readLine();
            if (answer == null) {
                throw new IllegalStateException("Captum's process ended at '" + String.join(" ", words) + "'");
            }
            return answer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            commands.close();
            process.waitFor();
            answers.close();
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
