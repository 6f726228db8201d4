// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every method has a page with the same parts, and the table of settings comes from the method's description. Run with
 * {@code -Dattribution.docs=write}, this writes the tables.
 */
class MethodPagesTest {
    private static final Path PAGES = Demo.REPOSITORY.resolve("docs/methods");
    private static final List<String> PARTS =
            List.of("## When to use it", "## Settings", "## Cost", "## Reading the result", "## Captum");
    private static final String START = "<!-- settings -->\n";
    private static final String END = "<!-- end of settings -->\n";

    /** Pages that say more about a kind of value. */
    private static final Map<String, String> LINKS = Map.of(
            "baseline", "[baseline](../targets-and-baselines.md#baselines)",
            "mask", "[mask](../masks.md)",
            "address", "[address](../layers-and-neurons.md#which-layers-there-are)",
            "address, or several: a,b",
                    "[address](../layers-and-neurons.md#which-layers-there-are), or several: `a,b`");

    static Stream<Description<? extends Attribution<?>>> methods() {
        return Methods.all().stream();
    }

    private static String page(Description<?> method) {
        return switch (method.name()) {
            case "smooth-grad", "smooth-grad-squared", "var-grad" -> "noise-tunnel.md";
            default -> method.name() + ".md";
        };
    }

    @ParameterizedTest
    @MethodSource("methods")
    void thePageSaysWhatTheMethodSays(Description<?> method) throws IOException {
        Path file = PAGES.resolve(page(method));
        String page = Files.readString(file);
        assertThat(page.lines()).containsSubsequence(PARTS);
        String settings = page.substring(page.indexOf("## Settings"), page.indexOf("## Cost"));
        if (method.settings().isEmpty()) {
            assertThat(settings).contains("None.").doesNotContain(START);
            return;
        }
        assertThat(settings).contains(START, END);
        int from = page.indexOf(START) + START.length();
        int to = page.indexOf(END);
        if ("write".equals(System.getProperty("attribution.docs"))) {
            Files.writeString(file, page.substring(0, from) + table(method) + page.substring(to));
        } else {
            assertThat(page.substring(from, to))
                    .as("%s is stale; run this test with -Dattribution.docs=write, which writes it", file)
                    .isEqualTo(table(method));
        }
    }

    private static String table(Description<?> method) {
        return method.settings().stream()
                .map(MethodPagesTest::row)
                .collect(Collectors.joining("", "| setting | default | values | meaning |\n|---|---|---|---|\n", ""));
    }

    private static String row(Setting<?> setting) {
        String form = setting.kind().form();
        String values = LINKS.getOrDefault(form, form) + (setting.range().isEmpty() ? "" : ", " + setting.range());
        String byDefault = setting.defaultText().map(text -> "`" + text + "`").orElse("required");
        return "| `" + setting.name() + "` | " + byDefault + " | " + values + " | " + setting.meaning() + " |\n";
    }

    @Test
    void thereAreNoOtherPages() throws IOException {
        try (Stream<Path> files = Files.list(PAGES)) {
            assertThat(files.map(file -> String.valueOf(file.getFileName())))
                    .containsExactlyInAnyOrderElementsOf(
                            methods().map(MethodPagesTest::page).distinct().toList());
        }
    }
}
