// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.setting.Description;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
            assertThat(settings).contains("None.").doesNotContain(SettingsTable.START);
            return;
        }
        SettingsTable.compare(file, SettingsTable.of(method, "../"));
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
