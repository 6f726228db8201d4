// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmarks;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * Counts how many evaluations integrated gradients need until the completeness gap is at most 1 % of the change of the
 * score: with Captum's default rule (Gauss-Legendre), with non-uniform steps, and with a tolerance.
 *
 * <p>Arguments: the folder of the repository, and a file for the picture (SVG). Prints a table in Markdown. Each
 * network explains the class that it finds for 200 inputs, against zeros: standard normal ones from a fixed seed, and
 * the 200 digits of {@code golden/digits} for the demo. The rule of n steps is run for every n up to a limit. It
 * <i>happens</i> to be good enough at the least n whose gap is small, which nobody knows beforehand: gaps of the next n
 * are often larger again. It <i>stays</i> so from the n after the last whose gap is too large. Counts are of rows that
 * run forward and backward; the two forward rows that the rules of fixed steps need for the gap are left out.
 */
public final class StepsNeeded {
    private static final double SHARE = 0.01;
    private static final int MOST = 64;
    private static final int INPUTS = 200;
    private static final int INTERVALS = 4;
    private static final int REFERENCE_STEPS = 400;

    private static final List<Network> NETWORKS = List.of(
            new Network("digits, the demo's CNN", "attribution-cli/src/main/resources/demo/digits.pt", 1, 8, 8),
            new Network("golden CNN", "golden/data/models/cnn.traced.pt", 3, 16, 16),
            new Network("golden MLP with softmax", "golden/data/models/mlp_softmax.traced.pt", 12),
            new Network("golden residual CNN", "golden/data/models/residual.traced.pt", 1, 8, 8),
            new Network("zoo, small ResNet", "golden/zoo/small_resnet.trace.pt", 2, 8, 8),
            new Network("zoo, small ConvNeXt", "golden/zoo/convnext_shaped.trace.pt", 2, 8, 8));

    private StepsNeeded() {}

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Network(String name, String file, long... row) {}

    /** What a rule of n steps needs for each input, or the steps that were taken, and how far attributions are off. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Needed(double[] happens, double[] stays, double[] off) {}

    /** Prints the table and draws the picture. */
    public static void main(String[] arguments) throws IOException {
        Path root = Path.of(arguments[0]);
        System.out.println("| network | Gauss-Legendre happens / stays | non-uniform happens / stays | tolerance 0.01 |"
                + " stays / tolerance: median (quartiles; tenths) | happens / tolerance | off: Gauss-Legendre,"
                + " tolerance |");
        System.out.println("|---|---|---|---|---|---|---|");
        List<String> panels = new ArrayList<>();
        for (Network network : NETWORKS) {
            try (TensorScope scope = TensorScope.open();
                    TorchScriptModel model = TorchScriptModel.load(root.resolve(network.file()))) {
                Inputs inputs = Inputs.of(model.tensors().bring(inputs(root, network)));
                Target target = Target.argmax();
                double[][] reference =
                        attributions(model, inputs, target, new IntegratedGradients().steps(REFERENCE_STEPS));
                Needed rule = needed(model, inputs, target, new IntegratedGradients(), 1, reference);
                Needed spread = needed(
                        model,
                        inputs,
                        target,
                        new IntegratedGradients().steps(INTERVALS).nonUniform(INTERVALS),
                        INTERVALS,
                        reference);
                Needed tolerance = tolerance(model, inputs, target, reference);
                System.out.println(line(network, rule, spread, tolerance));
                panels.add(panel(panels.size(), network, rule, spread, tolerance));
            }
        }
        Files.writeString(Path.of(arguments[1]), picture(panels), StandardCharsets.UTF_8);
    }

    private static Tensor inputs(Path root, Network network) throws IOException {
        if (network.file().endsWith("digits.pt")) {
            return Objects.requireNonNull(NumpyFiles.readNpz(root.resolve("golden/digits/digits.npz"), Tensors.ofJava())
                    .get("pixels"));
        }
        Shape shape = Shape.of(network.row()).prepend(INPUTS);
        RandomGenerator random = Run.defaults().seed(16).random(shape.size());
        double[] values = new double[Math.toIntExact(shape.size())];
        Arrays.setAll(values, i -> random.nextGaussian());
        return Tensors.ofJava().of(values, DataType.FLOAT32, shape);
    }

    private static double[][] attributions(
            TorchScriptModel model, Inputs inputs, Target target, IntegratedGradients method) {
        try (Explanation why = method.attribute(model, inputs, target)) {
            return rows(why);
        }
    }

    private static double[][] rows(Explanation why) {
        double[] flat = why.attribution().toDoubleArray();
        int rows = why.scores().length;
        int each = flat.length / rows;
        double[][] perExample = new double[rows][];
        Arrays.setAll(perExample, row -> Arrays.copyOfRange(flat, row * each, (row + 1) * each));
        return perExample;
    }

    private static Needed needed(
            TorchScriptModel model,
            Inputs inputs,
            Target target,
            IntegratedGradients method,
            int least,
            double[][] reference) {
        double[] happens = new double[INPUTS];
        double[] stays = new double[INPUTS];
        double[] off = new double[INPUTS];
        Arrays.fill(happens, MOST + 1.0);
        Arrays.fill(off, Double.NaN);
        Arrays.fill(stays, least);
        for (int n = least; n <= MOST; n++) {
            try (Explanation why = method.steps(n).attribute(model, inputs, target)) {
                double[][] attributions = rows(why);
                for (int i = 0; i < INPUTS; i++) {
                    boolean small = Math.abs(why.completenessGap()[i]) <= SHARE * Math.abs(change(why, i));
                    if (!small) {
                        stays[i] = n + 1.0;
                    } else if (happens[i] > MOST) {
                        happens[i] = n;
                        off[i] = distance(attributions[i], reference[i]);
                    }
                }
            }
        }
        return new Needed(happens, stays, off);
    }

    private static Needed tolerance(TorchScriptModel model, Inputs inputs, Target target, double[][] reference) {
        IntegratedGradients method = new IntegratedGradients().tolerance(SHARE).steps(REFERENCE_STEPS);
        try (Explanation why = method.attribute(model, inputs, target)) {
            double[] steps = Objects.requireNonNull(why.measures().get("steps"));
            double[][] attributions = rows(why);
            double[] off = new double[INPUTS];
            Arrays.setAll(off, i -> distance(attributions[i], reference[i]));
            return new Needed(steps, steps, off);
        }
    }

    private static double change(Explanation why, int example) {
        return why.scores()[example] - why.baselineScores().orElseThrow()[example];
    }

    /** Σ |a − b| / Σ |b|. */
    private static double distance(double[] a, double[] b) {
        double away = 0;
        double size = 0;
        for (int i = 0; i < a.length; i++) {
            away += Math.abs(a[i] - b[i]);
            size += Math.abs(b[i]);
        }
        return size == 0 ? 0 : away / size;
    }

    private static String line(Network network, Needed rule, Needed spread, Needed tolerance) {
        return String.format(
                Locale.ROOT,
                "| %s | %s / %s | %s / %s | %s | %s | %s | %.1f %%, %.1f %% |",
                network.name(),
                steps(rule.happens()),
                steps(rule.stays()),
                steps(spread.happens()),
                steps(spread.stays()),
                steps(tolerance.stays()),
                ratios(rule.stays(), tolerance.stays()),
                ratios(rule.happens(), tolerance.stays()),
                100 * quantile(rule.off(), 0.5),
                100 * quantile(tolerance.off(), 0.5));
    }

    private static String steps(double[] counts) {
        double median = quantile(counts, 0.5);
        return median > MOST && counts.length == INPUTS ? "> " + MOST : String.format(Locale.ROOT, "%.0f", median);
    }

    private static String ratios(double[] others, double[] own) {
        double[] ratios = new double[own.length];
        Arrays.setAll(ratios, i -> others[i] / own[i]);
        return String.format(
                Locale.ROOT,
                "%.1f (%.1f to %.1f; %.1f to %.1f)",
                quantile(ratios, 0.5),
                quantile(ratios, 0.25),
                quantile(ratios, 0.75),
                quantile(ratios, 0.1),
                quantile(ratios, 0.9));
    }

    private static double quantile(double[] values, double share) {
        double[] sorted =
                Arrays.stream(values).filter(Double::isFinite).sorted().toArray();
        double place = share * (sorted.length - 1);
        int below = (int) place;
        int above = Math.min(sorted.length - 1, below + 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }

    /** The share of inputs whose gap is small with at most so many steps, for each number of steps. */
    private static String panel(int number, Network network, Needed rule, Needed spread, Needed tolerance) {
        int left = 50 + number % 3 * 300;
        int top = 60 + number / 3 * 240;
        StringBuilder svg = new StringBuilder();
        svg.append(String.format(
                Locale.ROOT,
                "<g transform=\"translate(%d,%d)\"><rect width=\"250\" height=\"160\" fill=\"none\" stroke=\"#999\"/>"
                        + "<text x=\"0\" y=\"-8\">%s</text>",
                left,
                top,
                network.name()));
        for (int n : new int[] {1, 4, 16, 64}) {
            svg.append(
                    String.format(Locale.ROOT, "<text x=\"%.0f\" y=\"176\" text-anchor=\"middle\">%d</text>", x(n), n));
        }
        svg.append("<text x=\"-6\" y=\"164\" text-anchor=\"end\">0</text>"
                + "<text x=\"-6\" y=\"8\" text-anchor=\"end\">100 %</text>");
        svg.append(curve(rule.happens(), "#0072b2", "5,3"));
        svg.append(curve(rule.stays(), "#0072b2", "none"));
        svg.append(curve(spread.stays(), "#e69f00", "none"));
        svg.append(curve(tolerance.stays(), "#d55e00", "none"));
        return svg.append("</g>\n").toString();
    }

    private static String curve(double[] counts, String color, String dashes) {
        StringBuilder points = new StringBuilder();
        for (int n = 1; n <= MOST; n++) {
            int most = n;
            double share = Arrays.stream(counts).filter(count -> count <= most).count() / (double) counts.length;
            points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x(n), 160 - 160 * share));
        }
        return String.format(
                Locale.ROOT,
                "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"/>",
                points.toString().strip(),
                color,
                dashes);
    }

    private static double x(int steps) {
        return 250 * Math.log(steps) / Math.log(MOST);
    }

    private static String picture(List<String> panels) {
        int rows = (panels.size() + 2) / 3;
        int height = 60 + rows * 240 + 40;
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 920 " + height
                + "\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"920\" height=\"" + height
                + "\" fill=\"#fff\"/>\n<text x=\"50\" y=\"24\">Share of 200 inputs with a gap of at most 1 %, by"
                + " forward and backward rows (logarithmic)</text>\n"
                + String.join("", panels)
                + legend(height - 60)
                + "</svg>\n";
    }

    private static String legend(int top) {
        String[][] lines = {
            {"#0072b2", "5,3", "Gauss-Legendre, happens"},
            {"#0072b2", "none", "Gauss-Legendre, stays"},
            {"#e69f00", "none", "non-uniform, stays"},
            {"#d55e00", "none", "tolerance"}
        };
        StringBuilder svg = new StringBuilder();
        for (int i = 0; i < lines.length; i++) {
            int x = 50 + i * 215;
            svg.append(String.format(
                    Locale.ROOT,
                    "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"2\""
                            + " stroke-dasharray=\"%s\"/><text x=\"%d\" y=\"%d\">%s</text>%n",
                    x,
                    top,
                    x + 30,
                    top,
                    lines[i][0],
                    lines[i][1],
                    x + 38,
                    top + 4,
                    lines[i][2]));
        }
        return svg.toString();
    }
}
