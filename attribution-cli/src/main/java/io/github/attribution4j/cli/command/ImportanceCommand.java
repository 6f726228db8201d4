// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.question.InputOptions;
import io.github.attribution4j.cli.question.LabelOptions;
import io.github.attribution4j.cli.question.Models;
import io.github.attribution4j.cli.question.Request;
import io.github.attribution4j.cli.question.RunOptions;
import io.github.attribution4j.cli.question.Texts;
import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.mask.CoalitionMethod;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.perturbation.FeaturePermutation;
import io.github.attribution4j.perturbation.PermutationImportance;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.visual.BarChart;
import io.github.attribution4j.visual.Caption;
import io.github.attribution4j.visual.Picture;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code attribution importance}. */
@Command(
        name = "importance",
        versionProvider = AttributionCli.Version.class,
        header = "Says how much of a model's accuracy each column is worth, over examples with labels.",
        synopsisHeading = "%nUsage: ",
        descriptionHeading = "%n",
        description = {
            "The importance of a column is how much larger the mean loss becomes when the column is shuffled between"
                    + " the"
                    + " examples. It is the mean over shuffles, with the interval that holds it with a confidence of"
                    + " 95 % if shuffles were drawn on and on."
        },
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  attribution importance --model risk.pt --input applicants.csv --labels defaulted --loss cross-entropy",
            "  attribution importance --model price.onnx --input homes.csv --schema homes.schema --labels price \\",
            "      --loss squared-error --shuffles 30 --png importance.png --json importance.json"
        })
final class ImportanceCommand implements Callable<Integer> {
    private static final double CONFIDENCE = 0.95;

    @Mixin
    private InputOptions data = new InputOptions();

    @Mixin
    private LabelOptions labels = new LabelOptions();

    @Option(
            names = "--shuffles",
            paramLabel = "N",
            defaultValue = "10",
            description = "How often each column is shuffled; at least 2 for intervals. Default: ${DEFAULT-VALUE}.")
    private int shuffles = 10;

    @Option(
            names = "--mask",
            paramLabel = "MASK",
            description = "Which elements are shuffled together: " + FeatureMask.TEXTS + ". Default: each its own; the"
                    + " numbers of a one-hot column together.")
    private @Nullable String mask;

    @Mixin
    private RunOptions run = new RunOptions();

    @Mixin
    private ResultFiles files = new ResultFiles();

    @Option(
            names = "--top",
            paramLabel = "K",
            defaultValue = "12",
            description = "Columns listed. Default: ${DEFAULT-VALUE}.")
    private int top = 12;

    @Mixin
    private ProgressDisplay.Wish progress = new ProgressDisplay.Wish();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        run.check();
        labels.loss();
        Texts.atLeast("--shuffles", shuffles, 1);
        Texts.atLeast("--top", top, 1);
        files.check();
        PrintWriter out = common.out();
        try (Models models = new Models();
                TensorScope scope = TensorScope.open()) {
            labels.leaveOut(data);
            RuledModel model = models.get(data);
            Request request = Request.read(data, model);
            int examples = Math.toIntExact(request.inputs().rows());
            PermutationImportance importance;
            try (ProgressDisplay display = progress.display(common)) {
                importance = method(request)
                        .importance(model, request.inputs(), labels.target(data, examples), run.run(display));
            }
            Result result = new Result(importance, labels.loss().toString(), examples, shuffles);
            List<Path> written = files.write(() -> result.json(run.seed()), () -> picture(result));
            if (!common.quiet) {
                print(out, result);
                request.file().notes().forEach(note -> out.println("note: " + note));
            }
            common.wrote(written);
            out.flush();
        }
        return Failure.DONE;
    }

    private FeaturePermutation method(Request request) {
        FeaturePermutation method = new FeaturePermutation().shuffles(shuffles);
        if (mask != null) {
            return method.mask(CoalitionMethod.MASK.read(mask, request.sources()));
        }
        return request.file()
                .encoder()
                .map(encoder -> method.mask(encoder.mask()))
                .orElse(method);
    }

    /**
     * What is shown.
     *
     * @param loss its name
     */
    private record Result(PermutationImportance importance, String loss, int examples, int shuffles) {
        String[] names() {
            List<String> names = importance.names();
            return IntStream.range(0, names.size())
                    .mapToObj(i -> names.get(i).isEmpty() ? "group " + i : names.get(i))
                    .toArray(String[]::new);
        }

        /** Returns for each column its interval, in words; blank where there is none. */
        String[] intervals() {
            return Arrays.stream(importance.intervals(CONFIDENCE))
                    .map(ends -> Double.isNaN(ends[0]) ? "" : Numbers.brief(ends[0]) + " to " + Numbers.brief(ends[1]))
                    .toArray(String[]::new);
        }

        /** Returns the most important columns. */
        int[] shown(int top) {
            return Arrays.stream(importance.order()).limit(top).toArray();
        }

        String title() {
            return "increase of the mean " + loss + " (" + Numbers.brief(importance.loss()) + " over "
                    + Texts.count(examples, "example") + ") when a column is shuffled";
        }

        String note() {
            return shuffles < 2
                    ? "one shuffle, so no intervals"
                    : "means over " + shuffles + " shuffles, with 95 % intervals";
        }

        JsonObject json(long seed) {
            JsonObject all = new JsonObject();
            all.addProperty("loss", loss);
            all.addProperty("meanLoss", importance.loss());
            all.addProperty("examples", examples);
            all.addProperty("shuffles", shuffles);
            all.addProperty("seed", seed);
            all.addProperty("confidence", CONFIDENCE);
            JsonArray features = new JsonArray();
            String[] names = names();
            double[] means = importance.means();
            double[][] intervals = importance.intervals(CONFIDENCE);
            double[][] increases = importance.increases();
            for (int i : importance.order()) {
                JsonObject one = new JsonObject();
                one.addProperty("name", names[i]);
                one.addProperty("mean", means[i]);
                if (shuffles > 1) {
                    one.addProperty("low", intervals[i][0]);
                    one.addProperty("high", intervals[i][1]);
                }
                JsonArray each = new JsonArray();
                Arrays.stream(increases[i]).forEach(each::add);
                one.add("increases", each);
                features.add(one);
            }
            all.add("features", features);
            return all;
        }
    }

    private void print(PrintWriter out, Result result) {
        String[] names = result.names();
        String[] intervals = result.intervals();
        double[] means = result.importance().means();
        int[] shown = result.shown(top);
        int widest = Arrays.stream(shown).map(i -> names[i].length()).max().orElse(1);
        out.println(result.title());
        for (int i : shown) {
            String line =
                    String.format(Locale.ROOT, "  %-" + widest + "s  %+10.4g  %s", names[i], means[i], intervals[i]);
            out.println(line.stripTrailing());
        }
        if (shown.length < names.length) {
            out.println("  and " + Texts.count(names.length - shown.length, "other") + "; see --top");
        }
        out.println(result.note());
    }

    private Picture picture(Result result) {
        int[] shown = result.shown(top);
        String[] names = result.names();
        double[] means = result.importance().means();
        double[][] intervals = result.importance().intervals(CONFIDENCE);
        return BarChart.of(
                        Arrays.stream(shown).mapToObj(i -> names[i]).toArray(String[]::new),
                        Arrays.stream(shown).mapToDouble(i -> means[i]).toArray())
                .values(Arrays.stream(shown)
                        .mapToObj(i -> shuffles < 2 ? "" : "± " + Numbers.brief(intervals[i][1] - means[i]))
                        .toArray(String[]::new))
                .top(shown.length)
                .unit("increase of the mean " + result.loss())
                .caption(Caption.of(result.title()).note(result.note()))
                .picture();
    }
}
