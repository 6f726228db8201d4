// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmarks;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Explains rows of a table against a background whenever it is told so: the part of {@code golden/table_rates.py} that
 * is in Java. That script runs SHAP in turns with it, on the same model, rows and background.
 *
 * <p>Arguments: the model ({@code .pt} or {@code .onnx}), an {@code .npz} with the arrays {@code rows} and {@code
 * background}, and the coalitions of each row. A line of standard input is the name of a method, how many rows, and a
 * file to write attributions to; the answer is a line with the seconds that it took.
 */
public final class TableRates {
    private TableRates() {}

    /** Answers until the input ends. */
    public static void main(String[] arguments) throws IOException {
        int budget = Integer.parseInt(arguments[2]);
        try (TensorScope scope = TensorScope.open();
                Model model = load(arguments[0]);
                BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            Map<String, Tensor> data = NumpyFiles.readNpz(Path.of(arguments[1]), Tensors.ofJava());
            Tensor rows = Objects.requireNonNull(data.get("rows"));
            Baseline background = Baseline.samples(Objects.requireNonNull(data.get("background")));
            Map<String, Attribution<? super Model>> methods = Map.of(
                    "kernel-shap",
                    new KernelShap().samples(budget).baseline(background),
                    "shapley-sampling",
                    new ShapleySampling().budget(Budget.ofEvaluations(budget)).baseline(background));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] words = line.split(" ", 3);
                Attribution<? super Model> method = Objects.requireNonNull(methods.get(words[0]));
                double seconds = explain(method, model, rows, Long.parseLong(words[1]), Path.of(words[2]));
                System.out.printf(Locale.ROOT, "%.4f%n", seconds);
                System.out.flush();
            }
        }
    }

    /** Explains the first rows by the first output; returns the seconds that it took. */
    private static double explain(Attribution<? super Model> method, Model model, Tensor all, long rows, Path file)
            throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(model.tensors().bring(all.rows(0, rows)));
            long start = System.nanoTime();
            try (Explanation explanation = method.attribute(model, inputs, Target.index(0))) {
                double seconds = (System.nanoTime() - start) / 1e9;
                NumpyFiles.writeNpy(file, explanation.attribution());
                return seconds;
            }
        }
    }

    private static Model load(String file) {
        return file.endsWith(".onnx") ? OnnxModel.load(Path.of(file)) : TorchScriptModel.load(Path.of(file));
    }
}
