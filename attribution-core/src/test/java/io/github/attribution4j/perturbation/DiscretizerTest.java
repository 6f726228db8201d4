// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Setting.Sources;
import java.util.Arrays;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DiscretizerTest {
    private static String read(String text) {
        return Methods.read("lime", Map.of("discretizer", text), Sources.none())
                .settings()
                .get("discretizer")
                .toString();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "none|none",
                "quartile|quartile",
                " decile |decile",
                "values|values",
                "quantile:4|quartile",
                "quantile: 7|quantile:7",
                "quartile; age: 18,30.5 , 65|quartile; age: 18, 30.5, 65",
                "quartile;age:-1e20;job: category|quartile; age: -1.0E20; job: category",
                "values; two words : 1, 2|values; two words: 1, 2",
                "quartile; a\\:b: category|quartile; a\\\\:b: category",
                "quartile; a\\;b: 3|quartile; a\\;b: 3"
            })
    void a_text_is_read_and_written(String text, String said) {
        assertThat(read(text)).isEqualTo(said);
        assertThat(read(said)).isEqualTo(said);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"plain", "a;b", "a:b", "a\\", "a\\;b\\:c", " blank ", "a, b", "größe ≤ 3", "none", "category"})
    void any_name_survives_a_text(String name) {
        Discretizer one = Discretizer.deciles().cuts(name, 1, 2.5).categories(name + "2");
        Lime lime = (Lime) Methods.read("lime", Map.of("discretizer", one.toString()), Sources.none());
        assertThat(lime.settings().get("discretizer")).hasToString(one.toString());
        assertThat(Discretizer.deciles().cuts(name, 1, 2.5).columns()).containsOnlyKeys(name);
    }

    /** numpy.percentile: the value at place q (n − 1) of the sorted numbers, between two neighbors on a line. */
    @ParameterizedTest
    @CsvSource({"4,1", "4,2", "4,3", "4,101", "10,3", "10,57", "3,8", "1000,50"})
    void quantiles_lie_between_the_two_neighbors_of_their_place(int bins, int count) {
        RandomGenerator random = Run.defaults().seed(count).random(bins);
        double[] sorted = random.doubles(count)
                .map(value -> Math.rint(value * 40) / 4)
                .sorted()
                .toArray();
        double[] cuts = Discretizer.quantiles(bins).quantiles(sorted);
        double[] wanted = new double[bins - 1];
        for (int i = 1; i < bins; i++) {
            double place = (double) i / bins * (count - 1);
            int below = (int) Math.floor(place);
            double low = sorted[below];
            double high = sorted[(int) Math.ceil(place)];
            wanted[i - 1] = low + (place - below) * (high - low);
        }
        double[] distinct = Arrays.stream(wanted).distinct().toArray();
        for (double cut : cuts) {
            assertThat(Arrays.stream(distinct)
                            .map(one -> Math.abs(one - cut))
                            .min()
                            .orElseThrow())
                    .isLessThan(1e-12);
        }
        for (double cut : distinct) {
            assertThat(Arrays.stream(cuts).map(one -> Math.abs(one - cut)).min().orElseThrow())
                    .isLessThan(1e-12);
        }
        assertThat(cuts).isSorted();
    }

    @Test
    void quartiles_are_those_of_numpy() {
        double[] values = {1, 2, 4, 8, 16, 32, 64};
        assertThat(Discretizer.quartiles().quantiles(values)).containsExactly(3, 8, 24);
        assertThat(Discretizer.deciles().quantiles(values))
                .containsExactly(new double[] {1.6, 2.4, 3.6, 5.6, 8, 12.8, 19.2, 28.8, 44.8}, within(1e-12));
        assertThat(Discretizer.quartiles().quantiles(new double[] {1, 5, 5, 5, 5}))
                .containsExactly(5);
    }

    @Test
    void refusals_name_the_rule_and_the_remedy() {
        assertThatThrownBy(() -> Discretizer.quartiles().cuts("age", 30, 18))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("discretizer: the cut points [30, 18] of column 'age' must be finite and ascending, each"
                        + " once, and at least one");
        for (double[] wrong : new double[][] {{}, {1, 1}, {Double.NaN}, {1, Double.POSITIVE_INFINITY}}) {
            assertThatThrownBy(() -> Discretizer.values().cuts("age", wrong))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("must be finite and ascending");
        }
        assertThatThrownBy(() -> Discretizer.none().categories("job"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("discretizer none: it divides nothing, so column 'job' cannot be");
        assertThatThrownBy(() -> Discretizer.quartiles().cuts("job", 1).categories("job"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("column 'job' is given twice");
        for (int bins : new int[] {1, 0, -3, 1001}) {
            assertThatThrownBy(() -> Discretizer.quantiles(bins))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("discretizer: " + bins + " bins by quantiles; give 2 to 1000 of them");
        }
        assertThatThrownBy(() -> read("quartiles"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("setting discretizer=quartiles: 'quartiles' divides nothing: choose none, quartile, decile,"
                        + " quantile:BINS or values");
        assertThatThrownBy(() -> read("quartile; age"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'age': write COLUMN: category, or COLUMN: and cut points");
        assertThatThrownBy(() -> read("quartile; age: old"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("setting discretizer=quartile; age: old: must be none, quartile, decile");
    }
}
