// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli;

import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.cli.command.AttributionCli;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Setting;
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
import java.util.Set;

/** Runs the command line in this process. */
public final class Cli {
    public static final String DEVICE = System.getProperty("attribution.device", "cpu");

    /** Returns options with which a method explains a digit quickly. */
    public static List<String> forDigit(String method) {
        List<String> options = new ArrayList<>();
        Description<?> description = Methods.find(method);
        for (Setting<?> setting : description.settings()) {
            switch (setting.name()) {
                case "layer" -> options.addAll(List.of("--layer", description.has("layout") ? "relu2" : "relu3"));
                case "unit" -> options.addAll(List.of("--unit", "0:32"));
                case "steps" -> options.addAll(List.of("--set", "steps=5"));
                case "window" -> options.addAll(List.of("--set", "window=1,4,4", "--set", "stride=1,4,4"));
                case "method" -> options.addAll(List.of("--set", "method=saliency"));
                default -> {}
            }
        }
        if (method.equals("layer-cam")) {
            return List.of("--layer", "relu1,relu2", "--set", "merge=scaled-mean");
        }
        if (description.has("mask") && (description.has("samples") || method.equals("shapley-values"))) {
            options.addAll(List.of("--mask", "grid:2x2"));
        }
        if (description.has("mask") && description.has("samples")) {
            options.addAll(List.of("--set", "samples=8"));
        }
        return options;
    }

    private static final Set<String> OF_LAYERS = Set.of(
            "layer-activation", "gradient-x-activation", "internal-influence", "conductance", "layer-gradient-shap");

    private Cli() {}

    /** Returns the shape of a method's attributions on the demo digit. */
    public static Shape shapeForDigit(String method) {
        if (method.equals("shapley-interactions")) {
            return Shape.of(1, 4, 4);
        }
        return OF_LAYERS.contains(method) ? Shape.of(1, 32, 4, 4) : Shape.of(1, 1, 8, 8);
    }

    /** The output of one call. */
    public record Said(int code, String out, String err) {
        /** Returns the single line of a refusal. */
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
