// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.djl.internal.script.Resources;
import io.github.attribution4j.model.rule.Operation;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OperatorTableTest {
    private static final List<String[]> ROWS = Resources.text(Operator.class, "operators.tsv")
            .lines()
            .filter(line -> !line.startsWith("#"))
            .map(line -> Arrays.copyOf(line.split("\t", -1), 6))
            .toList();

    private static final Set<String> FORMS = Set.of(
            "@addmm",
            "@instance_norm",
            "@half",
            "@amax",
            "@max",
            "@norm",
            "@deviation",
            "@sort",
            "@median",
            "@clamped",
            "@lerp",
            "@layer",
            "@convolution",
            "@pooling");

    private static Stream<String> column(int number) {
        return ROWS.stream().map(row -> row[number]).filter(value -> value != null && !value.equals("-"));
    }

    @Test
    void anOperatorHasOneLine() {
        assertThat(column(0).distinct().count()).isEqualTo(ROWS.size()).isGreaterThan(700);
    }

    @Test
    void wordsAreThoseOfTheHead() {
        Set<String> kinds = Arrays.stream(Operation.Kind.values())
                .map(kind -> kind.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.toSet());
        kinds.add("none");
        assertThat(column(1)).allMatch(kinds::contains);
        assertThat(column(2))
                .allMatch(
                        Set.of("2", "3", "4", "list", "tensor", "mixed", "reduced", "2?", "list?", "other")::contains);
        assertThat(column(3).flatMap(traits -> Stream.of(traits.split(" "))))
                .allMatch(Set.of(
                        "view",
                        "fresh",
                        "fills",
                        "empties",
                        "statistics",
                        "noise",
                        "observed",
                        "target",
                        "factor",
                        "multilinear",
                        "quotient")::contains);
    }

    @Test
    void aFormIsMadeOfParameters() {
        for (String[] row : ROWS) {
            if (row[4] == null) {
                continue;
            }
            List<String> parameters = Stream.of(row[5].split(", "))
                    .map(parameter -> parameter.replaceFirst("=.*", ""))
                    .toList();
            assertThat(parameters).as(row[0]).doesNotHaveDuplicates();
            if (row[4].startsWith("@")) {
                assertThat(FORMS).contains(row[4]);
                continue;
            }
            assertThat(row[4].substring(row[4].indexOf('(') + 1, row[4].length() - 1)
                            .split(", "))
                    .as(row[0])
                    .allMatch(item -> parameters.contains(item.replaceFirst("^(float|Tensor) ", ""))
                            || item.matches("stack|\\[-1]|False|None|[123]|2\\."));
        }
    }

    @Test
    void attentionIsKnownByItsLine() {
        Operator attention = Operator.of("scaled_dot_product_attention");
        assertThat(attention.kind()).isEqualTo(Operation.Kind.PRODUCT);
        assertThat(attention.is(" fresh ")).isTrue();
        assertThat(attention.form()).startsWith("sdpa(");
        assertThat(Operator.of("zork").kind()).isNull();
        assertThat(Operator.of("argmax").differentiable()).isFalse();
    }
}
