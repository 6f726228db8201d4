// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.cli.command.AttributionCli;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The table of methods and engines. The demo's network of digits, as an archive and as an ONNX file, runs every method
 * for it; the columns of other engines follow from what a method needs, and {@code EveryMethodTest} of the module of
 * ND4J runs those of SameDiff.
 */
class EnginesPageTest {
    private static final Pattern METHOD = Pattern.compile("(?m)^(yes|no) +([a-z0-9-]+)(?: +(.*))?$");

    @Test
    void thePageSaysWhatRuns() throws IOException {
        Map<String, String> archive = tried("digits.pt");
        Map<String, String> onnx = tried("digits.onnx");
        StringBuilder table = new StringBuilder("""
                | method | needs | TorchScript | ONNX | SameDiff | any function of Java, DL4J, XGBoost, remote scorers |
                |---|---|---|---|---|---|
                """);
        for (Description<?> method : Methods.all()) {
            String name = method.name();
            table.append("| `" + name + "` | " + method.need().label() + " | " + archive.get(name) + " | "
                    + onnx.get(name) + " | " + sameDiff(method) + " | " + function(method.need()) + " |\n");
        }
        SettingsTable.compare(Demo.REPOSITORY.resolve("docs/engines.md"), table.toString());
    }

    /** Returns for each method {@code yes}, or why not. */
    private static Map<String, String> tried(String model) {
        StringWriter out = new StringWriter();
        int code = AttributionCli.run(
                new PrintWriter(out),
                new PrintWriter(new StringWriter()),
                "doctor",
                "--model",
                Demo.FILES.resolve(model).toString(),
                "--input",
                Demo.FILES.resolve("digits.npz").toString());
        assertThat(code).as(out.toString()).isZero();
        Map<String, String> tried = new LinkedHashMap<>();
        Matcher line = METHOD.matcher(out.toString());
        while (line.find()) {
            boolean works = line.group(1).equals("yes");
            tried.put(line.group(2), works ? "yes" : "no: " + line.group(3));
        }
        assertThat(tried).hasSize(Methods.all().size());
        return tried;
    }

    /** Guided Grad-CAM looks at a layer and follows a rule. */
    private static String sameDiff(Description<?> method) {
        boolean rules = method.need() == Need.RULES || method.name().equals("guided-grad-cam");
        return rules ? "no: this engine has no backward rules" : "yes";
    }

    private static String function(Need need) {
        return switch (need) {
            case FORWARD -> "yes";
            case METHOD -> "with a method that runs forward";
            case GRADIENTS -> "no: no gradients";
            case LAYERS, RULES -> "no: nothing inside is known";
        };
    }
}
