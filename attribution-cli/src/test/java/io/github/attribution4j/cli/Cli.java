// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli;

import io.github.attribution4j.cli.command.AttributionCli;
import io.github.attribution4j.tensor.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Runs the command line in this process. */
public final class Cli {
    public static final String DEVICE = System.getProperty("attribution.device", "cpu");

    /** Settings that a method cannot do without, or that keep it short, on the demo digit. */
    public static final Map<String, List<String>> FOR_DIGIT = Map.ofEntries(
            Map.entry("integrated-gradients", List.of("--set", "steps=5")),
            Map.entry("guided-grad-cam", List.of("--layer", "relu2")),
            Map.entry("grad-cam", List.of("--layer", "relu2")),
            Map.entry("grad-cam-plus-plus", List.of("--layer", "relu2")),
            Map.entry("x-grad-cam", List.of("--layer", "relu2")),
            Map.entry("hi-res-cam", List.of("--layer", "relu2")),
            Map.entry("layer-cam", List.of("--layer", "relu1,relu2", "--set", "merge=scaled-mean")),
            Map.entry("grad-cam-elementwise", List.of("--layer", "relu2")),
            Map.entry("eigen-cam", List.of("--layer", "relu2")),
            Map.entry("eigen-grad-cam", List.of("--layer", "relu2")),
            Map.entry("score-cam", List.of("--layer", "relu2")),
            Map.entry("ablation-cam", List.of("--layer", "relu2")),
            Map.entry("layer-activation", List.of("--layer", "relu3")),
            Map.entry("gradient-x-activation", List.of("--layer", "relu3")),
            Map.entry("internal-influence", List.of("--layer", "relu3", "--set", "steps=5")),
            Map.entry("conductance", List.of("--layer", "relu3", "--set", "steps=5")),
            Map.entry("neuron-conductance", List.of("--layer", "relu3", "--unit", "0:32", "--set", "steps=5")),
            Map.entry("layer-gradient-shap", List.of("--layer", "relu3")),
            Map.entry("occlusion", List.of("--set", "window=1,4,4", "--set", "stride=1,4,4")),
            Map.entry("shapley-values", List.of("--mask", "grid:2x2")),
            Map.entry("shapley-sampling", List.of("--mask", "grid:2x2", "--set", "samples=4")),
            Map.entry("kernel-shap", List.of("--mask", "grid:2x2", "--set", "samples=8")),
            Map.entry("smooth-grad", List.of("--set", "method=saliency")),
            Map.entry("smooth-grad-squared", List.of("--set", "method=saliency")),
            Map.entry("var-grad", List.of("--set", "method=saliency")));

    private static final Set<String> OF_LAYERS = Set.of(
            "layer-activation", "gradient-x-activation", "internal-influence", "conductance", "layer-gradient-shap");

    private Cli() {}

    /** Returns the shape of a method's attributions on the demo digit. */
    public static Shape shapeForDigit(String method) {
        return OF_LAYERS.contains(method) ? Shape.of(1, 32, 4, 4) : Shape.of(1, 1, 8, 8);
    }

    /** What a run said. */
    public record Said(int code, String out, String err) {
        /** Returns the one line that a refusal is. */
        public String refusal() {
            List<String> lines = err.lines().toList();
            if (lines.size() != 1) {
                throw new AssertionError("one line expected on stderr, not:\n" + err);
            }
            return lines.get(0);
        }
    }

    public static Said run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = AttributionCli.run(new PrintWriter(out), new PrintWriter(err), arguments);
        return new Said(code, out.toString(), err.toString());
    }

    /** Runs explain on the test's device. */
    public static Said explain(List<String> arguments) {
        List<String> all = new ArrayList<>(List.of("explain"));
        all.addAll(arguments);
        if (!arguments.contains("--device")) {
            all.addAll(List.of("--device", DEVICE));
        }
        return run(all.toArray(String[]::new));
    }

    public static Said explain(String... arguments) {
        return explain(List.of(arguments));
    }

    /** Returns a copy of a file of the demo. */
    public static Path demo(Path folder, String name) {
        Path file = folder.resolve(name);
        if (!Files.exists(file)) {
            try (InputStream in = DemoFiles.open(name)) {
                Files.copy(in, file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return file;
    }

    /** Returns a file of the golden data. */
    public static Path golden(String name) {
        return repository("golden/" + name);
    }

    /** Returns a file of the repository. */
    public static Path repository(String name) {
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            Path file = folder.resolve(name);
            if (Files.exists(file)) {
                return file;
            }
        }
        throw new AssertionError(name + " is not found above " + Path.of("").toAbsolutePath());
    }
}
