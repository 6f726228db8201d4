// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StudentTTest {
    @ParameterizedTest
    @CsvSource({
        "0.050000000000000003, 1, 12.7062047",
        "0.050000000000000003, 2, 4.30265273",
        "0.050000000000000003, 3, 3.18244631",
        "0.050000000000000003, 5, 2.57058184",
        "0.050000000000000003, 15, 2.13144955",
        "0.050000000000000003, 19.5, 2.08939762",
        "0.050000000000000003, 100, 1.98397152",
        "0.050000000000000003, 1e+06, 1.95996636",
        "0.050000000000000003, Infinity, 1.95996398",
        "0.01, 1, 63.6567412",
        "0.01, 2, 9.9248432",
        "0.01, 3, 5.84090931",
        "0.01, 5, 4.03214298",
        "0.01, 15, 2.94671288",
        "0.01, 19.5, 2.85291835",
        "0.01, 100, 2.62589052",
        "0.01, 1e+06, 2.57583422",
        "0.01, Infinity, 2.5758293",
        "0.0041666666666666666, 1, 152.786564",
        "0.0041666666666666666, 2, 15.443479",
        "0.0041666666666666666, 3, 7.93975073",
        "0.0041666666666666666, 5, 4.98252836",
        "0.0041666666666666666, 15, 3.3749332",
        "0.0041666666666666666, 19.5, 3.24384853",
        "0.0041666666666666666, 100, 2.93266079",
        "0.0041666666666666666, 1e+06, 2.86526684",
        "0.0041666666666666666, Infinity, 2.86526024",
        "2.5000000000000001e-05, 1, 25464.7909",
        "2.5000000000000001e-05, 2, 199.99625",
        "2.5000000000000001e-05, 3, 44.4884343",
        "2.5000000000000001e-05, 5, 14.855991",
        "2.5000000000000001e-05, 15, 5.98489086",
        "2.5000000000000001e-05, 19.5, 5.48268506",
        "2.5000000000000001e-05, 100, 4.4209697",
        "2.5000000000000001e-05, 1e+06, 4.21481944",
        "2.5000000000000001e-05, Infinity, 4.21479967"
    })
    void quantiles_are_those_of_scipy(double probability, double degrees, double quantile) {
        assertThat(StudentT.quantile(probability, degrees)).isCloseTo(quantile, withinPercentage(1e-3));
    }

    /** scipy.stats.t.sf, twice. */
    @ParameterizedTest
    @CsvSource({
        "0, 4, 1",
        "0.5, 1, 0.7048327646991335",
        "-2.1, 3, 0.1265652025496846",
        "12.7, 1, 0.050024327689344165",
        "0.001, 7.5, 0.9992281986746556",
        "40, 30, 1.3726045194406417e-27",
        "3, 10000, 0.002706448189997666",
        "1.96, 100000, 0.04999856319430168",
        "Infinity, 5, 0",
        "NaN, 5, 1",
        "3, 0, 1"
    })
    void probabilities_are_those_of_scipy(double t, double degrees, double expected) {
        assertThat(StudentT.probability(t, degrees)).isCloseTo(expected, within(1e-10 * expected + 1e-300));
    }

    @ParameterizedTest
    @CsvSource({"0.05, 3", "0.01, 19", "0.5, 9", "0.001, 200"})
    void the_probability_of_a_quantile_is_its_own(double probability, double degrees) {
        assertThat(StudentT.probability(StudentT.quantile(probability, degrees), degrees))
                .isCloseTo(probability, withinPercentage(1e-3));
    }

    @Test
    void intervals_of_proportions_are_those_of_wilson() {
        assertThat(Proportion.interval(0.8, 10)).containsExactly(new double[] {0.49016, 0.94331}, within(1e-5));
        assertThat(Proportion.interval(1, 20)).containsExactly(new double[] {0.83887, 1}, within(1e-5));
        assertThat(Proportion.interval(0.5, 0)).containsOnly(Double.NaN);
    }
}
