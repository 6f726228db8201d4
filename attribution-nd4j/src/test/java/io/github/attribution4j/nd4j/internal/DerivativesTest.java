// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Derivatives of single operations beside central differences in float64; all others are refused by name. */
class DerivativesTest {
    private static final double GRADIENT = 1e-6;
    private static final double FORWARD = 1e-12;

    /** Refused when they run, or without a derivative: the deviation of a single number is at its kink. */
    private static final Set<String> FAILING = Set.of(
            "matmul of a vector",
            "matmul of a batch and a matrix",
            "std of axis 0 of a row",
            "std of axis 1 of a column",
            "std of axis 1 of a column, kept");

    private static boolean hasDerivative(OperationCase given) {
        return Trusted.kinds().contains(given.kind()) || OwnRules.kinds().contains(given.kind());
    }

    static Stream<OperationCase> right() {
        return OperationCases.all().stream()
                .filter(DerivativesTest::hasDerivative)
                .filter(given -> given.refusal() == null && !FAILING.contains(given.name()));
    }

    static Stream<OperationCase> refused() {
        return OperationCases.all().stream().filter(given -> !hasDerivative(given));
    }

    @ParameterizedTest
    @MethodSource("right")
    void derivative_agrees_with_differences_and_the_run_with_samediff(OperationCase given) {
        OperationCase.Found found = given.compare(true);
        assertThat(found.kinds()).contains(given.kind());
        assertThat(found.gradient()).isLessThan(GRADIENT);
        assertThat(found.forward()).isLessThan(FORWARD);
    }

    @ParameterizedTest
    @MethodSource("refused")
    void no_gradient_passes_what_was_not_found_right(OperationCase given) {
        if (!List.of("identity", "dropout", "dropout_inverted").contains(given.kind())) {
            assertThat(given.refusal()).isNotBlank();
        }
    }

    @Test
    void every_operation_with_a_derivative_has_a_case() {
        Set<String> compared = new HashSet<>();
        right().forEach(given -> compared.add(given.kind()));
        assertThat(compared).containsAll(Trusted.kinds()).containsAll(OwnRules.kinds());
    }
}
