// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.question.InputOptions;
import io.github.attribution4j.cli.question.Models;
import io.github.attribution4j.cli.question.NameConverter;
import io.github.attribution4j.cli.question.Request;
import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.view.LayerInspector;
import io.github.attribution4j.view.LayerView;
import io.github.attribution4j.view.LayerView.Quantity;
import io.github.attribution4j.visual.Caption;
import io.github.attribution4j.visual.Histograms;
import io.github.attribution4j.visual.MapGrid;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code attribution view}. */
@Command(
        name = "view",
        versionProvider = AttributionCli.Version.class,
        header = "Shows what layers compute: activations, gradients and weights, as statistics and as pictures.",
        synopsisHeading = "%nUsage: ",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  attribution view --model resnet18.pt --input cat.png                        every layer, a line each",
            "  attribution view --model resnet18.pt --input cat.png --layer conv1 --png conv1.png",
            "  attribution view --model resnet18.pt --input cat.png --quantity gradient --histogram flow.png",
            "  attribution view --model resnet18.pt --weight conv1.weight --png filters.png"
        })
final class ViewCommand implements Callable<Integer> {
    @Mixin
    private InputOptions options = new InputOptions();

    @Option(
            names = "--layer",
            paramLabel = "ADDRESS",
            split = NameConverter.SPLIT,
            converter = NameConverter.class,
            description = "Layers to look at. Default: every call of a module.")
    private List<String> layers = new ArrayList<>();

    @Option(
            names = "--weight",
            paramLabel = "NAME",
            description = "A parameter or buffer to look at, instead of layers.")
    @Nullable
    private String weight;

    @Option(
            names = "--quantity",
            paramLabel = "WHAT",
            defaultValue = "activation",
            description = "activation, gradient (of the score), or product of both. Default: ${DEFAULT-VALUE}.")
    private String quantity = "activation";

    @Option(
            names = "--target",
            paramLabel = "CLASS",
            description = "The score whose gradients are taken. Default: the class with the largest output.")
    @Nullable
    private Long target;

    @Option(names = "--example", paramLabel = "I", defaultValue = "0", description = "The example that --png shows.")
    private int example;

    @Option(names = "--channels-last", description = "Channels are on the last axis, as in Swin transformers.")
    private boolean channelsLast;

    @Option(names = "--by-channel", description = "A line for each channel.")
    private boolean byChannel;

    @Option(names = "--own-scale", description = "In --png, a color scale for each map. Default: one for all.")
    private boolean ownScale;

    @Option(
            names = "--png",
            paramLabel = "FILE",
            description = "Maps of one layer's channels, or of a weight's filters.")
    @Nullable
    private Path png;

    @Option(names = "--histogram", paramLabel = "FILE", description = "How values are distributed, layer by layer.")
    @Nullable
    private Path histogram;

    @Mixin
    CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        PrintWriter out = common.out();
        Quantity what = what();
        try (Models models = new Models();
                TensorScope scope = TensorScope.open()) {
            RuledModel model = models.get(options);
            if (weight != null) {
                viewWeight(model, weight, out);
            } else {
                viewLayers(model, what, out);
            }
            out.flush();
        }
        return Failure.DONE;
    }

    private Quantity what() {
        List<String> names = new ArrayList<>();
        for (Quantity one : Quantity.values()) {
            String name = one.name().toLowerCase(Locale.ROOT);
            if (name.equals(quantity)) {
                return one;
            }
            names.add(name);
        }
        throw new IllegalArgumentException(
                "--quantity '" + quantity + "' is unknown; " + NearNames.hint(quantity, names));
    }

    private void viewWeight(RuledModel model, String name, PrintWriter out) {
        if (!layers.isEmpty()) {
            throw new IllegalArgumentException("--weight and --layer: each says what is looked at; give one");
        }
        Tensor tensor = model.weight(name);
        out.println("shape " + tensor.shape() + ", " + tensor.dataType());
        table(List.of(name), List.of(LayerView.Statistics.of(tensor)), out);
        if (png != null) {
            scaled(MapGrid.ofFilters(tensor))
                    .caption(Caption.of(name))
                    .picture()
                    .write(png);
        }
        if (histogram != null) {
            Histograms.empty().add(name, tensor.toDoubleArray()).picture().write(histogram);
        }
    }

    private void viewLayers(RuledModel model, Quantity what, PrintWriter out) throws IOException {
        if (png != null && layers.size() != 1) {
            throw new IllegalArgumentException("--png shows one layer's channels; name it with --layer");
        }
        Request request = Request.read(options, model);
        Inputs inputs = request.inputs();
        LayerInspector inspector = new LayerInspector(layers.toArray(String[]::new)).channelAxis(channelsLast ? -1 : 1);
        try (LayerInspector.Views views = what == Quantity.ACTIVATION
                ? inspector.inspect(model, inputs)
                : inspector.inspect(model, inputs, score(request), Run.defaults())) {
            List<String> names = new ArrayList<>();
            List<LayerView.Statistics> statistics = new ArrayList<>();
            for (LayerView view : views.all()) {
                names.add(view.point().toString());
                statistics.add(view.statistics(what));
                List<LayerView.Statistics> channels = byChannel ? view.channelStatistics(what) : List.of();
                for (int channel = 0; channel < channels.size(); channel++) {
                    names.add("  channel " + channel);
                    statistics.add(channels.get(channel));
                }
            }
            table(names, statistics, out);
            if (png != null) {
                scaled(MapGrid.of(views.all().get(0), what, example)).picture().write(png);
            }
            if (histogram != null) {
                Histograms.of(views, what).picture().write(histogram);
            }
        }
    }

    private Target score(Request request) {
        if (target != null) {
            return Target.index(target);
        }
        return request.outputShape().size() == 1 ? Target.output() : Target.argmax();
    }

    private MapGrid scaled(MapGrid grid) {
        return grid.scaling(ownScale ? MapGrid.Scaling.OWN : MapGrid.Scaling.COMMON);
    }

    private static void table(List<String> names, List<LayerView.Statistics> statistics, PrintWriter out) {
        int width = names.stream().mapToInt(String::length).reduce("layer".length(), Math::max);
        String format = "%-" + width + "s  %10s  %10s  %10s  %10s  %10s  %10s  %7s%n";
        out.printf(Locale.ROOT, format, "layer", "mean", "sd", "min", "median", "max", "norm", "zeros");
        for (int i = 0; i < names.size(); i++) {
            LayerView.Statistics one = statistics.get(i);
            out.printf(
                    Locale.ROOT,
                    format,
                    names.get(i),
                    number(one.mean()),
                    number(one.standardDeviation()),
                    number(one.min()),
                    number(one.median()),
                    number(one.max()),
                    number(one.norm()),
                    String.format(Locale.ROOT, "%.1f %%", 100 * one.zeros()));
        }
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.4g", value);
    }
}
