// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.onnx.internal.gradient.Rules;
import io.github.attribution4j.onnx.internal.quantized.Dequantized;
import io.github.attribution4j.onnx.internal.unfuse.Unfused;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The page of operators says what the table of rules says. */
class OperatorPageTest {
    private static final Pattern NAME = Pattern.compile("`([A-Z]\\w+)`");

    @Test
    void lists_are_those_of_the_table() throws IOException {
        Path page = Golden.folder().resolve("../../docs/onnx-operators.md");
        Map<String, Set<String>> listed = new LinkedHashMap<>();
        String heading = "";
        for (String line : Files.readAllLines(page)) {
            heading = line.startsWith("## ") ? line.substring(3) : heading;
            Matcher names = NAME.matcher(line);
            while (!heading.isEmpty() && names.find()) {
                listed.computeIfAbsent(heading, key -> new TreeSet<>()).add(names.group(1));
            }
        }
        assertThat(listed)
                .containsOnlyKeys(
                        "Gradients pass",
                        "Gradients pass approximately",
                        "No gradient by nature",
                        "Of old opsets",
                        "Joined by ONNX Runtime",
                        "Refused");
        assertThat(listed.get("Joined by ONNX Runtime"))
                .isEqualTo(Unfused.operators().stream()
                        .filter(operator -> !operator.startsWith("com.microsoft.nchwc"))
                        .map(operator -> operator.substring(operator.indexOf(' ') + 1))
                        .collect(Collectors.toCollection(TreeSet::new)));
        Set<String> exact = new TreeSet<>(Rules.operators());
        exact.removeAll(Dequantized.operators());
        assertThat(listed.get("Gradients pass")).isEqualTo(exact);
        assertThat(listed.get("Gradients pass approximately")).isEqualTo(Dequantized.operators());
        assertThat(listed.get("No gradient by nature")).isEqualTo(new TreeSet<>(Rules.cutting()));
        assertThat(listed.get("Refused"))
                .doesNotContainAnyElementsOf(Rules.operators())
                .doesNotContainAnyElementsOf(Rules.cutting());
    }
}
