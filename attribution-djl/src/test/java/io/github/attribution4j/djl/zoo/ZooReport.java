// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.zoo;

import io.github.attribution4j.djl.zoo.ZooCheck.LayerResult;
import io.github.attribution4j.djl.zoo.ZooCheck.Result;
import io.github.attribution4j.djl.zoo.ZooCheck.Status;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes what {@link ZooCheck} found as a Markdown page. */
final class ZooReport {
    /** Which share of the layers of scripted and of traced archives has to be equal. */
    static final double SHARE = 0.97;

    private static final String INTRODUCTION = """
            # The zoo

            Every archive of the zoo is cut at up to eight modules, spread evenly over its run, and compared with hooks
            on the eager model: the tapped value, the output of the tapped run, the output after the value was put back,
            and the gradient at the tap. Equal means: all of them to 2e-5 of the largest absolute value. Refused means:
            the library gives the reason shown here, and no numbers. Models have random weights and small inputs;
            `golden/README.md` says how to export them and how this page is written.

            * The sample is blind to what a module does. Traces keep no value of a module that hands its input on
              (`Identity`, stochastic depth in eval mode, an activation that was configured away). Where the caller is a
              class of a known library the value is found all the same; elsewhere the module is refused and counts as a
              miss: cut at the module before it.
            * A trace's module returns the tensors that are used, in order of use. Where these differ from what the
              eager module returns, the first pair of equal shape is compared, and the remarks name it.
            * Of dynamically quantized archives values and outputs are compared. Gradients that would pass a quantized
              operator, which has no derivative, are refused.
            * Frozen archives have no modules. What is asked for are operators whose value is that of a module of the
              eager model.
            * Models whose own float32 numbers differ from float64 by more than 1e-5 are left out: they would compare
              rounding noise.
            * Detection models are not here: they call operators of torchvision's own library, which libtorch does not
              have.

            """;

    private final List<Result> results;
    private final List<ZooArchive.Failure> failures;

    ZooReport(List<Result> results, List<ZooArchive.Failure> failures) {
        this.results = results;
        this.failures = failures;
    }

    /** Sums over the archives of a kind. */
    record Total(String kind, long archives, long layers, long equal, long refused, long different, double worst) {
        double share() {
            return layers == 0 ? 1 : (double) equal / layers;
        }
    }

    /** Returns sums for scripted and traced archives, and for those that were frozen or quantized as well. */
    List<Total> totals() {
        Map<String, List<Result>> groups = new LinkedHashMap<>();
        for (String group : List.of("scripted", "traced", "frozen", "quantized")) {
            groups.put(group, new ArrayList<>());
        }
        results.forEach(result -> groups.get(group(result.archive().kind())).add(result));
        List<Total> totals = new ArrayList<>();
        groups.forEach((group, members) -> totals.add(new Total(
                group,
                members.size(),
                members.stream().mapToLong(result -> result.layers().size()).sum(),
                members.stream().mapToLong(result -> result.count(Status.EQUAL)).sum(),
                members.stream()
                        .mapToLong(result -> result.count(Status.REFUSED))
                        .sum(),
                members.stream()
                        .mapToLong(result -> result.count(Status.DIFFERENT))
                        .sum(),
                members.stream().mapToDouble(Result::worst).max().orElse(0))));
        return totals;
    }

    private static String group(String kind) {
        for (String special : List.of("quantized", "frozen")) {
            if (kind.contains(special)) {
                return special;
            }
        }
        return kind.startsWith("scripted") ? "scripted" : "traced";
    }

    /** Returns the tables. */
    String markdown() {
        StringBuilder text = new StringBuilder(INTRODUCTION);
        text.append("| kind | archives | layers | equal | | refused | different | worst error |\n");
        text.append("|---|---:|---:|---:|---:|---:|---:|---:|\n");
        for (Total total : totals()) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %d | %d | %d | %.1f %% | %d | %d | %.1e |%n",
                    total.kind(),
                    total.archives(),
                    total.layers(),
                    total.equal(),
                    Math.floor(1000 * total.share()) / 10,
                    total.refused(),
                    total.different(),
                    total.worst()));
        }
        text.append("\n").append(verdict()).append("\n## Misses\n\n| archive | layer | | why |\n|---|---|---|---|\n");
        for (Result result : results) {
            Map<String, List<LayerResult>> reasons = result.layers().stream()
                    .filter(layer -> layer.status() != Status.EQUAL)
                    .collect(Collectors.groupingBy(
                            layer -> layer.status() + reason(layer), LinkedHashMap::new, Collectors.toList()));
            reasons.values()
                    .forEach(layers -> text.append("| ")
                            .append(result.archive().file())
                            .append(" | ")
                            .append(layers.stream()
                                    .map(layer -> "`" + layer.address() + "`")
                                    .collect(Collectors.joining(", ")))
                            .append(" | ")
                            .append(layers.get(0).status().name().toLowerCase(Locale.ROOT))
                            .append(" | ")
                            .append(cell(reason(layers.get(0))))
                            .append(" |\n"));
        }
        text.append("\n## Archives\n\n");
        text.append("| archive | kind | modules | cut points | values | output error | layers | equal | worst error |"
                + " remarks |\n");
        text.append("|---|---|---:|---:|---:|---:|---:|---:|---:|---|\n");
        for (Result result : results) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %s | %d | %d | %d | %s | %d | %d | %.1e | %s |%n",
                    result.archive().file(),
                    result.archive().kind(),
                    result.archive().modules(),
                    result.points(),
                    result.values(),
                    Double.isNaN(result.outputError()) ? "" : String.format(Locale.ROOT, "%.1e", result.outputError()),
                    result.layers().size(),
                    result.count(Status.EQUAL),
                    result.worst(),
                    cell(remarks(result))));
        }
        if (!failures.isEmpty()) {
            text.append("\n## What PyTorch itself cannot export\n\n| model | kind | PyTorch says |\n|---|---|---|\n");
            failures.forEach(failure -> text.append("| ")
                    .append(failure.model())
                    .append(" | ")
                    .append(failure.kind())
                    .append(" | ")
                    .append(cell(failure.reason()))
                    .append(" |\n"));
        }
        return text.toString().replace("\r\n", "\n");
    }

    /** One line for each of the two kinds of which a share has to be equal. */
    private String verdict() {
        StringBuilder text = new StringBuilder();
        for (Total total : totals().subList(0, 2)) {
            long needed = (long) Math.ceil(SHARE * total.layers());
            text.append(String.format(
                    Locale.ROOT,
                    "* %s: %d of %d layers have to be equal (97 %%), %s%n",
                    total.kind(),
                    needed,
                    total.layers(),
                    total.equal() >= needed
                            ? total.equal() + " are."
                            : "**" + (needed - total.equal()) + " too few are.**"));
        }
        return text.toString();
    }

    /** The explanation without the layer's name, so that equal ones can be put together. */
    private static String reason(LayerResult layer) {
        return layer.note().replace("layer '" + layer.address() + "' cannot be cut: ", "");
    }

    private static String remarks(Result result) {
        List<String> remarks = new ArrayList<>(result.repairs());
        result.layers().stream()
                .filter(layer -> layer.status() == Status.EQUAL && !layer.note().isEmpty())
                .forEach(layer -> remarks.add("`" + layer.address() + "`: " + layer.note()));
        return String.join("; ", remarks);
    }

    private static String cell(String text) {
        return text.lines().collect(Collectors.joining(" ")).replace("|", "\\|");
    }
}
