// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.doctor;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.question.InputOptions;
import io.github.attribution4j.cli.question.Models;
import io.github.attribution4j.cli.question.Request;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine;

/**
 * Examines every archive of a folder as {@code doctor} does, and compares results with numbers in files next to it.
 *
 * <p>{@code NAME.pt} (or {@code .ptl}, {@code .pth}, {@code .ts}, {@code .onnx}) has its input in {@code NAME.npz},
 * more inputs in {@code NAME.fixed.npz} and {@code NAME.constant.npz}, options of {@code doctor} that it needs in
 * {@code NAME.options}, and what PyTorch computes in {@code NAME.expected.npz}: {@code scores} (the sum of each
 * example's output), {@code gradient_0}, ... (their derivatives with respect to the attributed inputs),
 * {@code ablation_0}, ... (the score minus the score with the input at zero). If a refusal advises an option, the
 * option is used.
 */
public final class Survey {
    private static final List<String> ENDINGS = List.of(".pt", ".ptl", ".pth", ".ts", ".onnx");
    /** Options that a refusal may advise and that need no further knowledge. */
    private static final Pattern ADVICE = Pattern.compile("--(output \\S+|unbatched)");

    /** The findings, other than methods, that the page of an archive repeats. */
    static final List<String> SAID =
            List.of("repaired", "signature", "finite output", "same answer twice", "rows", "state", "gradients");

    /** Smaller numbers are compared absolutely: the gradients of a saturated softmax are rounding errors. */
    private static final double SMALLEST = 1e-3;

    private static final Target SUM = Target.slice();

    /** The findings about one archive, each a column of the table. */
    static final class Entry {
        final String name;
        String options = "";
        String loads = "yes";
        String compared = "";
        final List<String> notes = new ArrayList<>();
        final List<String> works = new ArrayList<>();
        final Map<String, List<String>> refused = new LinkedHashMap<>();
        final Map<String, String> findings = new LinkedHashMap<>();

        Entry(String name) {
            this.name = name;
        }

        private void found(String verdict, String what, String detail) {
            switch (verdict) {
                case "yes" -> works.add(what);
                case "no" -> {
                    if (Methods.all().stream().anyMatch(method -> method.name().equals(what))) {
                        refused.computeIfAbsent(detail, key -> new ArrayList<>())
                                .add(what);
                    } else {
                        findings.put(what, "no: " + detail);
                    }
                }
                default -> findings.merge(what, detail, (a, b) -> a + "; " + b);
            }
        }
    }

    private final String device;

    public Survey(String device) {
        this.device = device;
    }

    /** Returns the archives of a folder, by name. */
    public static List<Path> archives(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> ENDINGS.contains(ending(file))).sorted().toList();
        }
    }

    private static String ending(Path file) {
        String name = String.valueOf(file.getFileName());
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(dot);
    }

    private static Path beside(Path archive, String ending) {
        String name = String.valueOf(archive.getFileName());
        return archive.resolveSibling(name.substring(0, name.lastIndexOf('.')) + ending);
    }

    /** Examines one archive. */
    public Entry look(Path archive) throws IOException {
        Entry entry = new Entry(String.valueOf(archive.getFileName()));
        Path given = beside(archive, ".options");
        List<String> way = new ArrayList<>(
                Files.exists(given) ? List.of(Files.readString(given).strip().split("\\s+")) : List.of());
        way.removeIf(String::isEmpty);
        Optional<Failure> failure = look(archive, way, entry);
        while (failure.isPresent() && follow(failure.get().line(), way)) {
            failure = look(archive, way, entry);
        }
        entry.options = String.join(" ", way);
        entry.loads = failure.isPresent() && entry.findings.isEmpty() ? "no" : "yes";
        // The table must not name the folder: readers do not have it.
        String folder =
                archive.resolveSibling("").toString() + archive.getFileSystem().getSeparator();
        failure.ifPresent(last -> entry.notes.add(last.line().replace(folder, "")));
        return entry;
    }

    /** Uses the option that a refusal advises. Returns whether it is a new one. */
    private static boolean follow(String refusal, List<String> way) {
        Matcher advice = ADVICE.matcher(refusal);
        if (!advice.find() || way.contains(advice.group().split(" ", -1)[0])) {
            return false;
        }
        return way.addAll(List.of(advice.group().replaceAll("[.,;)]+$", "").split(" ", -1)));
    }

    private Optional<Failure> look(Path archive, List<String> way, Entry entry) throws IOException {
        entry.findings.clear();
        InputOptions options = new InputOptions();
        new CommandLine(options).parseArgs(arguments(archive, way));
        try (Models models = new Models();
                TensorScope scope = TensorScope.open()) {
            RuledModel model = models.get(options);
            Diagnosis diagnosis = new Diagnosis(entry::found, model);
            diagnosis.model(archive);
            if (!options.hasInput()) {
                return Optional.empty();
            }
            Request request = Request.read(options, model);
            diagnosis.input(request);
            diagnosis.methods(request);
            Path expected = beside(archive, ".expected.npz");
            if (Files.exists(expected)) {
                entry.compared = compare(model, request, NumpyFiles.readNpz(expected, Tensors.ofJava()));
            }
            return Optional.empty();
        } catch (RuntimeException e) {
            return Optional.of(Failure.of(e));
        }
    }

    private String[] arguments(Path archive, List<String> way) {
        List<String> arguments = new ArrayList<>(List.of("--model", archive.toString(), "--device", device));
        Map<String, String> files = Map.of("--input", ".npz", "--fixed", ".fixed.npz", "--constant", ".constant.npz");
        files.forEach((option, ending) -> {
            Path file = beside(archive, ending);
            if (Files.exists(file)) {
                arguments.addAll(List.of(option, file.toString()));
            }
        });
        arguments.addAll(way);
        return arguments.toArray(String[]::new);
    }

    /** Returns the largest errors, each relative to the largest expected number. */
    private static String compare(RuledModel model, Request request, Map<String, Tensor> expected) {
        List<String> errors = new ArrayList<>();
        compare(
                "ablation",
                expected,
                errors,
                () -> new FeatureAblation()
                        .mask(wholeInputs(request.inputs()))
                        .attribute(model, request.inputs(), SUM));
        compare("gradient", expected, errors, () -> Saliency.signed().attribute(model, request.inputs(), SUM));
        return String.join(", ", errors);
    }

    private static void compare(
            String what, Map<String, Tensor> expected, List<String> errors, Supplier<Explanation> method) {
        if (!expected.containsKey(what + "_0")) {
            return;
        }
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = method.get()) {
            if (errors.stream().noneMatch(known -> known.startsWith("scores"))) {
                errors.add(error("scores", expected, explanation.scores()));
            }
            compare(what, expected, explanation, errors);
        } catch (ModelException | IllegalArgumentException e) {
            errors.add(what + " refused");
        }
    }

    /** Returns a mask in which each attributed input is one group. */
    private static FeatureMask wholeInputs(Inputs inputs) {
        List<Tensor> masks = new ArrayList<>();
        for (Tensor tensor : inputs.attributed()) {
            long[] ones = new long[tensor.shape().rank()];
            Arrays.fill(ones, 1);
            masks.add(Tensors.ofJava().of(new long[] {masks.size()}, Shape.of(ones)));
        }
        return FeatureMask.of(masks.toArray(Tensor[]::new));
    }

    private static void compare(
            String what, Map<String, Tensor> expected, Explanation explanation, List<String> errors) {
        for (int i = 0; i < explanation.attributions().size(); i++) {
            String name = what + "_" + i;
            Tensor reference = expected.get(name);
            if (reference != null) {
                double[] all = explanation.attributions().get(i).toDoubleArray();
                double[] values = new double[Math.toIntExact(reference.shape().size())];
                // Each element has the attribution of its group.
                int every = all.length / values.length;
                Arrays.setAll(values, k -> all[k * every]);
                errors.add(error(name, expected, values));
            }
        }
    }

    private static String error(String name, Map<String, Tensor> expected, double[] actual) {
        Tensor reference = expected.get(name);
        if (reference == null) {
            return name + " not given";
        }
        double[] wanted = reference.toDoubleArray();
        if (wanted.length != actual.length) {
            return name + " has " + actual.length + " numbers, not " + wanted.length;
        }
        double largest = 0;
        double error = 0;
        for (int i = 0; i < wanted.length; i++) {
            largest = Math.max(largest, Math.abs(wanted[i]));
            error = Math.max(error, Math.abs(wanted[i] - actual[i]));
        }
        return String.format(Locale.ROOT, "%s %.0e", name, error / Math.max(largest, SMALLEST));
    }
}
