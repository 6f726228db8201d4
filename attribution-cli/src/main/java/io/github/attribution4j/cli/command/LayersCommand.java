// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.question.InputOptions;
import io.github.attribution4j.cli.question.Models;
import io.github.attribution4j.cli.question.Request;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.internal.NameList;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.TensorScope;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code attribution layers}. */
@Command(
        name = "layers",
        versionProvider = AttributionCli.Version.class,
        header = "Lists the points at which a model can be cut: path, kind and, given an input, shape.",
        synopsisHeading = "%nUsage: ",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  attribution layers --model resnet18.pt",
            "  attribution layers --model resnet18.pt --input cat.png --size 224",
            "  attribution layers --model resnet18.pt --input cat.png --size 224 --all",
            "  attribution layers --model resnet18.onnx --input cat.png --size 224"
        })
final class LayersCommand implements Callable<Integer> {
    private static final DataType FLOAT = DataType.FLOAT32;
    private static final Shape NO_SHAPE = Shape.of();

    @Mixin
    private InputOptions options = new InputOptions();

    @Option(
            names = "--all",
            description = "Also what modules are given (layer4:in) and what is computed inside their methods "
                    + "(layer4.0/relu_#1, or a variable's name).")
    private boolean all;

    @Mixin
    CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        PrintWriter out = common.out();
        try (Models models = new Models();
                TensorScope scope = TensorScope.open()) {
            RuledModel model = models.get(options);
            @Nullable
            Inputs inputs = !options.hasInput()
                    ? null
                    : Request.fewest(model, Request.read(options, model).inputs());
            Map<String, Cut.Value> values = new LinkedHashMap<>();
            if (inputs == null) {
                model.cutPoints().forEach(point -> values.put(point.toString(), new Cut.Value(point, FLOAT, NO_SHAPE)));
                if (all && model instanceof TorchScriptModel archive) {
                    archive.innerPoints()
                            .forEach(point ->
                                    values.putIfAbsent(point.toString(), new Cut.Value(point, FLOAT, NO_SHAPE)));
                }
            } else {
                for (Cut.Value value : model.values(inputs)) {
                    if (all || value.point().side() == Cut.Side.OUTPUT) {
                        values.put(value.point().toString(), value);
                    }
                }
                if (all && model instanceof TorchScriptModel archive) {
                    archive.innerValues(inputs)
                            .forEach(value -> values.putIfAbsent(value.point().toString(), value));
                }
            }
            print(out, model, values, inputs != null);
            out.flush();
        }
        return Failure.DONE;
    }

    private static void print(PrintWriter out, RuledModel model, Map<String, Cut.Value> values, boolean withShapes) {
        List<String> shapes = values.values().stream()
                .map(value -> !withShapes
                        ? ""
                        : value.shape()
                                + (value.dataType() == FLOAT
                                        ? ""
                                        : " " + value.dataType().label()))
                .toList();
        List<String> notes = values.values().stream()
                .map(value -> value.point().side() == Cut.Side.OUTPUT ? model.note(value.point()) : "")
                .toList();
        int paths = width("path", values.keySet().stream().map(NameList::write).toList());
        int kinds = width(
                "kind",
                values.values().stream().map(value -> value.point().kind()).toList());
        String last = withShapes ? "shape" : "";
        String note = notes.stream().allMatch(String::isEmpty) ? "" : "note";
        String format = "%-" + paths + "s  %-" + kinds + "s  "
                + (note.isEmpty() || !withShapes ? "%s%s" : "%-" + width(last, shapes) + "s  %s");
        out.println(String.format(format, "path", "kind", last, note).stripTrailing());
        int line = 0;
        for (Map.Entry<String, Cut.Value> entry : values.entrySet()) {
            String kind = entry.getValue().point().kind();
            out.println(String.format(format, NameList.write(entry.getKey()), kind, shapes.get(line), notes.get(line))
                    .stripTrailing());
            line++;
        }
        if (values.isEmpty()) {
            out.println("none: the program computes no tensor that can be addressed");
        }
    }

    private static int width(String title, List<String> texts) {
        return texts.stream().mapToInt(String::length).reduce(title.length(), Math::max);
    }
}
