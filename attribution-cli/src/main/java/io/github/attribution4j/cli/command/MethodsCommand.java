// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.method.MethodCatalog;
import io.github.attribution4j.cli.method.MethodEntry;
import io.github.attribution4j.cli.method.Setting;
import io.github.attribution4j.cli.method.SettingTypes;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code attribution methods}. */
@Command(
        name = "methods",
        versionProvider = AttributionCli.Version.class,
        header = "Lists every method: what it needs of a model, its settings, their types, defaults and meanings.",
        synopsisHeading = "%nUsage: ",
        optionListHeading = "%nOptions:%n",
        parameterListHeading = "%nParameters:%n",
        footerHeading = "%nExamples:%n",
        footer = {"  attribution methods", "  attribution methods kernel-shap", "  attribution methods --json"})
final class MethodsCommand implements Callable<Integer> {
    @Mixin
    CommonOptions common = new CommonOptions();

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Parameters(arity = "0..1", paramLabel = "METHOD", description = "This method alone.")
    private @Nullable String method;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        List<MethodEntry> entries = method == null ? MethodCatalog.all() : List.of(MethodCatalog.find(method));
        if (json) {
            JsonArray array = new JsonArray();
            entries.forEach(entry -> array.add(json(entry)));
            out.println(new GsonBuilder()
                    .setPrettyPrinting()
                    .disableHtmlEscaping()
                    .serializeNulls()
                    .create()
                    .toJson(array));
        } else {
            entries.forEach(entry -> print(out, entry));
            out.println("A baseline is " + SettingTypes.BASELINES + ".");
            out.println("A mask is " + SettingTypes.MASKS + ".");
            out.println(
                    "Every method but the class activation maps (...cam), which are at a layer already, goes to a layer with "
                            + "--layer, and to a neuron with --layer and --unit.");
        }
        out.flush();
        return Failure.DONE;
    }

    private static void print(PrintWriter out, MethodEntry entry) {
        out.println(entry.name() + ": " + entry.claim());
        out.println("    needs: " + entry.need().label() + " (" + entry.need().meaning() + ")");
        for (Setting<?> setting : entry.settings()) {
            String byDefault = setting.isRequired() ? "to be given" : "default " + setting.defaultText();
            out.println("    --set " + setting.name() + "=  " + setting.meaning() + "; " + setting.type() + "; "
                    + byDefault);
        }
        if (entry.wraps()) {
            out.println("    --set method.NAME=  the settings of that method");
        }
        out.println();
    }

    private static JsonObject json(MethodEntry entry) {
        JsonObject object = new JsonObject();
        object.addProperty("name", entry.name());
        object.addProperty("claim", entry.claim());
        object.addProperty("needs", entry.need().label());
        object.addProperty("wraps", entry.wraps());
        JsonArray settings = new JsonArray();
        for (Setting<?> setting : entry.settings()) {
            JsonObject one = new JsonObject();
            one.addProperty("name", setting.name());
            one.addProperty("type", setting.type());
            one.add(
                    "default",
                    setting.defaultText() == null ? JsonNull.INSTANCE : new JsonPrimitive(setting.defaultText()));
            one.addProperty("required", setting.isRequired());
            one.addProperty("meaning", setting.meaning());
            settings.add(one);
        }
        object.add("settings", settings);
        return object;
    }
}
