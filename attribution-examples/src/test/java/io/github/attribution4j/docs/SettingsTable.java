// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Tables of settings that pages show, made from descriptions. With {@code -Dattribution.docs=write} the tests that
 * compare them write them.
 */
final class SettingsTable {
    static final String START = "<!-- settings -->\n";
    static final String END = "<!-- end of settings -->\n";

    /** Pages that say more about a kind of value, as seen from {@code docs}. */
    private static final Map<String, String> LINKS = Map.of(
            "baseline", "[baseline](targets-and-baselines.md#baselines)",
            "mask", "[mask](masks.md)",
            "region", "[region](metrics.md#does-it-point-where-it-should)",
            "address", "[address](layers-and-neurons.md#which-layers-there-are)",
            "address, or several: a,b", "[address](layers-and-neurons.md#which-layers-there-are), or several: `a,b`");

    private SettingsTable() {}

    /**
     * Returns the table of a description.
     *
     * @param root what leads from the page to {@code docs}, such as {@code ../}
     */
    static String of(Description<?> description, String root) {
        return description.settings().stream()
                .map(setting -> row(setting, root))
                .collect(Collectors.joining("", "| setting | default | values | meaning |\n|---|---|---|---|\n", ""));
    }

    private static String row(Setting<?> setting, String root) {
        String form = setting.kind().form();
        String values = LINKS.getOrDefault(form, form).replace("](", "](" + root)
                + (setting.range().isEmpty() ? "" : ", " + setting.range());
        String byDefault = setting.defaultText().map(text -> "`" + text + "`").orElse("required");
        return "| `" + setting.name() + "` | " + byDefault + " | " + values + " | " + setting.meaning() + " |\n";
    }

    /** Compares what a page has between the marks with what belongs there, or writes it. */
    static void compare(Path file, String wanted) throws IOException {
        String page = Files.readString(file);
        assertThat(page).contains(START, END);
        int from = page.indexOf(START) + START.length();
        int to = page.indexOf(END);
        if ("write".equals(System.getProperty("attribution.docs"))) {
            Files.writeString(file, page.substring(0, from) + wanted + page.substring(to));
        } else {
            assertThat(page.substring(from, to))
                    .as("%s is stale; run this test with -Dattribution.docs=write, which writes it", file)
                    .isEqualTo(wanted);
        }
    }
}
