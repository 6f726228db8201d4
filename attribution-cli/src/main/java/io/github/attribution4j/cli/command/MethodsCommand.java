// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.catalog.Metrics;
import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.metric.localization.Region;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Setting;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code attribution methods}. */
@Command(
        name = "methods",
        versionProvider = AttributionCli.Version.class,
        header = "Lists every method: what it needs of a model, its settings, their types, defaults and meanings.",
        synopsisHeading = "%nUsage: ",
        optionListHeading = "%nOptions:%n",
        parameterListHeading = "%nParameters:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  attribution methods",
            "  attribution methods kernel-shap",
            "  attribution methods --json",
            "  attribution methods --metrics"
        })
final class MethodsCommand implements Callable<Integer> {
    @Mixin
    CommonOptions common = new CommonOptions();

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Option(names = "--metrics", description = "The metrics that 'judge' takes, instead of the methods.")
    private boolean metrics;

    @Parameters(
            arity = "0..1",
            paramLabel = "METHOD",
            description = "This method, or with --metrics this metric, alone.")
    private @Nullable String method;

    @Override
    public Integer call() {
        PrintWriter out = common.out();
        List<? extends Description<?>> descriptions = descriptions();
        if (json) {
            JsonArray array = new JsonArray();
            descriptions.forEach(description -> array.add(json(description)));
            out.println(new GsonBuilder()
                    .setPrettyPrinting()
                    .disableHtmlEscaping()
                    .serializeNulls()
                    .create()
                    .toJson(array));
        } else {
            descriptions.forEach(description -> print(out, description));
            out.println("A baseline is " + Baseline.TEXTS + ".");
            out.println("A mask is " + FeatureMask.TEXTS + ".");
            if (metrics) {
                out.println("A region is " + Region.TEXTS + ".");
            } else {
                out.println("Every method but the class activation maps (...cam), which are at a layer already, goes to"
                        + " a layer with --layer, and to a neuron with --layer and --unit.");
            }
        }
        out.flush();
        return Failure.DONE;
    }

    private List<? extends Description<?>> descriptions() {
        String name = method;
        if (metrics) {
            return name == null ? Metrics.all() : List.of(Metrics.find(name));
        }
        return name == null ? Methods.all() : List.of(Methods.find(name));
    }

    private static void print(PrintWriter out, Description<?> description) {
        out.println(description.name() + ": " + description.claim());
        out.println("    needs: " + description.need().label() + " ("
                + description.need().meaning() + ")");
        for (Setting<?> setting : description.settings()) {
            String byDefault =
                    setting.defaultText().map(text -> "default " + text).orElse("to be given");
            String range = setting.range().isEmpty() ? "" : ", " + setting.range();
            out.println("    --set " + setting.name() + "=  " + setting.meaning() + "; "
                    + setting.kind().form() + range + "; " + byDefault);
        }
        if (description.has(NoiseTunnel.METHOD.name())) {
            out.println("    --set method.NAME=  the settings of that method");
        }
        out.println();
    }

    private static JsonObject json(Description<?> description) {
        JsonObject object = new JsonObject();
        object.addProperty("name", description.name());
        object.addProperty("claim", description.claim());
        object.addProperty("needs", description.need().label());
        object.addProperty("wraps", description.has(NoiseTunnel.METHOD.name()));
        JsonArray settings = new JsonArray();
        for (Setting<?> setting : description.settings()) {
            JsonObject one = new JsonObject();
            one.addProperty("name", setting.name());
            one.addProperty("type", setting.kind().form());
            one.addProperty("range", setting.range());
            one.add(
                    "default",
                    setting.defaultText().<JsonElement>map(JsonPrimitive::new).orElse(JsonNull.INSTANCE));
            one.addProperty("required", setting.isRequired());
            one.addProperty("meaning", setting.meaning());
            settings.add(one);
        }
        object.add("settings", settings);
        return object;
    }
}
