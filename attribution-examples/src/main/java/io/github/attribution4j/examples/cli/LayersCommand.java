/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.examples.cli;

import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.CutPoint;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.TensorScope;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code attribution layers}. */
@Command(
        name = "layers",
        versionProvider = AttributionCli.Version.class,
        header = "Lists every point at which a model can be cut: its path, its kind and, given an input, its shape.",
        synopsisHeading = "%nUsage: ",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  attribution layers --model resnet18.pt",
            "  attribution layers --model resnet18.pt --input cat.png --size 224"
        })
final class LayersCommand implements Callable<Integer> {
    @Mixin
    private InputOptions options = new InputOptions();

    @Mixin
    CommonOptions common = new CommonOptions();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        try (Models models = new Models();
                TensorScope scope = TensorScope.open()) {
            TorchScriptModel model = models.get(options);
            @Nullable
            Inputs inputs = !options.hasInput()
                    ? null
                    : Request.read(options, model).inputs().select(0);
            List<CutPoint> points = model.cutPoints();
            int paths = width("path", points.stream().map(CutPoint::toString).toList());
            int kinds = width("kind", points.stream().map(CutPoint::kind).toList());
            String format = "%-" + paths + "s  %-" + kinds + "s  %s";
            out.println(String.format(format, "path", "kind", inputs == null ? "" : "shape")
                    .stripTrailing());
            for (CutPoint point : points) {
                String shape = inputs == null ? "" : shape(model, point, inputs);
                out.println(String.format(format, point, point.kind(), shape).stripTrailing());
            }
            if (points.isEmpty()) {
                out.println("none: the archive has no modules left (torch.jit.freeze removes them); save it unfrozen");
            }
            out.flush();
        }
        return Failure.DONE;
    }

    private static int width(String title, List<String> texts) {
        return texts.stream().mapToInt(String::length).reduce(title.length(), Math::max);
    }

    private static String shape(TorchScriptModel model, CutPoint point, Inputs inputs) {
        try (TensorScope scope = TensorScope.open()) {
            Shape shape = model.cut(point).head().forward(inputs).shape();
            return shape.toString();
        } catch (ModelException e) {
            return "cannot be cut: " + Failure.of(e).line();
        }
    }
}
