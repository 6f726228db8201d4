// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.path.Path.Quadrature;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuadratureTest {
    private static final MathContext EXACT = new MathContext(60);

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 10, 23, 24, 25, 26, 27, 49, 50, 64, 101, 200, 1000, 2001, 4096})
    void gaussLegendre_isRightToTheLastBits(int n) {
        Quadrature.Rule rule = Quadrature.GAUSS_LEGENDRE.rule(n);

        // All of few; of many, those about each end and the centre, and where one way to compute them gives over to the
        // other.
        for (int k : picked(n)) {
            BigDecimal[] exact = exact(n, rule.nodes()[k]);
            assertThat(rule.nodes()[k])
                    .as("node %d of %d", k, n)
                    .isCloseTo(exact[0].doubleValue(), within(2 * Math.ulp(rule.nodes()[k])));
            assertThat(rule.weights()[k])
                    .as("weight %d of %d", k, n)
                    .isCloseTo(exact[1].doubleValue(), within(0x1p-51 * rule.weights()[k]));
        }
    }

    private static int[] picked(int n) {
        return n <= 101
                ? IntStream.range(0, n).toArray()
                : IntStream.of(
                                0, 1, 7, 11, 12, 13, 17, 21, 40, n / 5, n / 3, n / 2 - 1, n / 2, 2 * n / 3, n - 13,
                                n - 12, n - 1)
                        .toArray();
    }

    /** Returns node and weight in 60 digits: Newton's method from a node that is nearly right. */
    private static BigDecimal[] exact(int n, double node) {
        BigDecimal x = new BigDecimal(node).multiply(BigDecimal.valueOf(2)).subtract(BigDecimal.ONE);
        BigDecimal derivative = BigDecimal.ONE;
        for (int iteration = 0; iteration < 3; iteration++) {
            BigDecimal previous = BigDecimal.ONE;
            BigDecimal value = x;
            for (int m = 2; m <= n; m++) {
                BigDecimal next = x.multiply(value, EXACT)
                        .multiply(BigDecimal.valueOf(2L * m - 1), EXACT)
                        .subtract(previous.multiply(BigDecimal.valueOf(m - 1L), EXACT), EXACT)
                        .divide(BigDecimal.valueOf(m), EXACT);
                previous = value;
                value = next;
            }
            derivative = previous.subtract(x.multiply(value, EXACT), EXACT)
                    .multiply(BigDecimal.valueOf(n), EXACT)
                    .divide(BigDecimal.ONE.subtract(x.multiply(x, EXACT), EXACT), EXACT);
            x = x.subtract(value.divide(derivative, EXACT), EXACT);
        }
        BigDecimal weight = BigDecimal.ONE.divide(
                BigDecimal.ONE
                        .subtract(x.multiply(x, EXACT), EXACT)
                        .multiply(derivative, EXACT)
                        .multiply(derivative, EXACT),
                EXACT);
        return new BigDecimal[] {x.add(BigDecimal.ONE).divide(BigDecimal.valueOf(2), EXACT), weight};
    }

    @Test
    void gaussLegendre_ofManyNodes_isAscendingSymmetricAndSumsToOne() {
        Quadrature.Rule rule = Quadrature.GAUSS_LEGENDRE.rule(2001);

        for (int k = 0; k < 2001; k++) {
            assertThat(rule.nodes()[k]).isGreaterThan(k == 0 ? 0 : rule.nodes()[k - 1]);
            assertThat(rule.nodes()[k] + rule.nodes()[2000 - k]).isCloseTo(1, within(1e-15));
            assertThat(rule.weights()[k]).isEqualTo(rule.weights()[2000 - k]).isPositive();
        }
        assertThat(rule.nodes()[2000]).isLessThan(1);
        assertThat(Arrays.stream(rule.weights()).sum()).isCloseTo(1, within(1e-14));
        assertThat(integral(rule, 4001)).isCloseTo(1.0 / 4002, within(1e-15));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 20})
    void gaussLegendre_isExactForPolynomialsOfDegreeBelowTwiceItsNodes(int n) {
        Quadrature.Rule rule = Quadrature.GAUSS_LEGENDRE.rule(n);

        for (int degree = 0; degree < 2 * n; degree++) {
            assertThat(integral(rule, degree)).as("t^%d", degree).isCloseTo(1.0 / (degree + 1), within(1e-15));
        }
        double missed = Math.abs(integral(rule, 2 * n) - 1.0 / (2 * n + 1));
        assertThat(missed).isGreaterThan(n < 10 ? 1e-10 : 0);
    }

    @ParameterizedTest
    @EnumSource(value = Quadrature.class, names = "CAPTUM_TRAPEZOID", mode = EnumSource.Mode.EXCLUDE)
    void weightsSumToOne(Quadrature quadrature) {
        for (int n = quadrature.minimumNodes(); n < 60; n++) {
            assertThat(integral(quadrature.rule(n), 0)).isCloseTo(1, within(1e-14));
        }
    }

    @Test
    void sums_haveTheNodesAndWeightsOfTheirNames() {
        assertRule(Quadrature.RIEMANN_LEFT, new double[] {0, 0.25, 0.5, 0.75}, new double[] {0.25, 0.25, 0.25, 0.25});
        assertRule(Quadrature.RIEMANN_RIGHT, new double[] {0.25, 0.5, 0.75, 1}, new double[] {0.25, 0.25, 0.25, 0.25});
        assertRule(Quadrature.RIEMANN_MIDDLE, new double[] {0.125, 0.375, 0.625, 0.875}, new double[] {
            0.25, 0.25, 0.25, 0.25
        });
        assertRule(Quadrature.TRAPEZOID, new double[] {0, 1 / 3.0, 2 / 3.0, 1}, new double[] {
            0.5 / 3, 1 / 3.0, 1 / 3.0, 0.5 / 3
        });
        assertRule(Quadrature.CAPTUM_TRAPEZOID, new double[] {0, 1 / 3.0, 2 / 3.0, 1}, new double[] {
            0.125, 0.25, 0.25, 0.125
        });
    }

    private static void assertRule(Quadrature quadrature, double[] nodes, double[] weights) {
        assertThat(quadrature.rule(4).nodes()).as(quadrature + " nodes").containsExactly(nodes, within(1e-16));
        assertThat(quadrature.rule(4).weights()).as(quadrature + " weights").containsExactly(weights, within(1e-16));
    }

    @Test
    void captumTrapezoid_missesOneNth() {
        assertThat(integral(Quadrature.CAPTUM_TRAPEZOID.rule(50), 0)).isCloseTo(0.98, within(1e-14));
    }

    @Test
    void rules_areNotChangedThroughTheArraysTheyReturn() {
        Quadrature.Rule rule = Quadrature.GAUSS_LEGENDRE.rule(3);
        rule.nodes()[0] = 7;
        rule.weights()[0] = 7;

        assertThat(rule.nodes()[0]).isLessThan(1);
        assertThat(rule.weights()[0]).isLessThan(1);
        assertThat(rule.size()).isEqualTo(3);
    }

    /** mpmath, 40 digits: golden/quadrature.py. */
    @ParameterizedTest
    @CsvFileSource(resources = "/gauss-legendre.csv", numLinesToSkip = 1)
    void gaussLegendre_ofVeryManyNodes_isRightToTheLastBits(int n, int k, double node, double weight) {
        Quadrature.Rule rule = Quadrature.GAUSS_LEGENDRE.rule(n);

        assertThat(rule.nodes()[k]).isCloseTo(node, within(2 * Math.ulp(node)));
        assertThat(rule.weights()[k]).isCloseTo(weight, within(0x1p-51 * weight));
        assertThat(rule.nodes()[n - 1 - k]).isCloseTo(1 - node, within(2 * Math.ulp(1 - node)));
    }

    @Test
    void tooManyNodes_areRefused() {
        assertThat(Quadrature.RIEMANN_LEFT.takes(1_000_000)).isTrue();
        assertThatThrownBy(() -> Quadrature.GAUSS_LEGENDRE.rule(1_000_001))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("steps 1000001: must be at most 1000000; 50 to 300 are enough for most models");
    }

    @Test
    void tooFewNodes_areRefused() {
        assertThatThrownBy(() -> Quadrature.GAUSS_LEGENDRE.rule(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("steps 0: must be at least 1 with quadrature gauss-legendre");
        assertThatThrownBy(() -> Quadrature.TRAPEZOID.rule(1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("steps 1: must be at least 2 with quadrature trapezoid");
    }

    @Test
    void of_readsTheNamesThatToStringWrites() {
        for (Quadrature quadrature : Quadrature.values()) {
            assertThat(Quadrature.of(quadrature.toString())).isSameAs(quadrature);
        }
        assertThatThrownBy(() -> Quadrature.of("simpson"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "quadrature 'simpson' is unknown; choose one of gauss-legendre, riemann-left, riemann-right, "
                                + "riemann-middle, trapezoid, captum-trapezoid");
    }

    private static double integral(Quadrature.Rule rule, int degree) {
        double sum = 0;
        for (int k = 0; k < rule.size(); k++) {
            sum += rule.weights()[k] * Math.pow(rule.nodes()[k], degree);
        }
        return sum;
    }
}
