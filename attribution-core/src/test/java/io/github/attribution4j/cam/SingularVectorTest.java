// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SingularVectorTest {
    private static double[][] random(int channels, int places, long seed) {
        Random random = new Random(seed);
        double[][] matrix = new double[channels][places];
        for (double[] row : matrix) {
            for (int p = 0; p < places; p++) {
                row[p] = random.nextGaussian();
            }
        }
        return matrix;
    }

    private static double[] gramTimes(double[][] matrix, double[] v) {
        double[] result = new double[v.length];
        for (int p = 0; p < matrix[0].length; p++) {
            double projection = 0;
            for (int k = 0; k < v.length; k++) {
                projection += matrix[k][p] * v[k];
            }
            for (int k = 0; k < v.length; k++) {
                result[k] += projection * matrix[k][p];
            }
        }
        return result;
    }

    @ParameterizedTest
    @CsvSource({"1,1", "1,9", "9,1", "2,3", "40,60", "60,40", "300,49", "49,300", "200,200"})
    void isAnEigenvectorOfTheGramMatrix_withTheLargestEigenvalue(int channels, int places) {
        double[][] matrix = random(channels, places, 31L * channels + places);
        double[] v = SingularVector.ofChannels(matrix);
        double[] image = gramTimes(matrix, v);
        double value = 0;
        double norm = 0;
        for (int k = 0; k < channels; k++) {
            value += image[k] * v[k];
            norm += v[k] * v[k];
        }
        assertThat(norm).isCloseTo(1, within(1e-12));
        for (int k = 0; k < channels; k++) {
            assertThat(image[k]).isCloseTo(value * v[k], within(1e-7 * value));
        }
        // No direction gains more: tried on many.
        double[][] directions = random(200, channels, 5);
        for (double[] direction : directions) {
            double length = 0;
            double quotient = 0;
            double[] there = gramTimes(matrix, direction);
            for (int k = 0; k < channels; k++) {
                length += direction[k] * direction[k];
                quotient += there[k] * direction[k];
            }
            assertThat(quotient / length).isLessThanOrEqualTo(value * (1 + 1e-12));
        }
    }

    @Test
    void closeSingularValues_areToldApart() {
        double[][] matrix = new double[50][50];
        for (int i = 0; i < 50; i++) {
            matrix[i][i] = i == 17 ? 1 + 1e-6 : 1 - i * 1e-8;
        }
        double[] v = SingularVector.ofChannels(matrix);
        assertThat(Math.abs(v[17])).isCloseTo(1, within(1e-6));
    }

    @Test
    void aZeroMatrix_hasNoDirection() {
        assertThat(SingularVector.ofChannels(new double[3][4])).containsOnly(0);
        assertThat(SingularVector.ofChannels(new double[4][3])).containsOnly(0);
    }

    @Test
    void theSameMatrix_givesTheSameBits() {
        assertThat(SingularVector.ofChannels(random(30, 20, 1)))
                .isEqualTo(SingularVector.ofChannels(random(30, 20, 1)));
    }

    @Test
    void signs_makeTheSumPositive_orElseTheLargestEntry() {
        assertThat(PrincipalMap.sign(new double[] {-0.9, 0.3, 0.3})).isEqualTo(-1);
        assertThat(PrincipalMap.sign(new double[] {0.9, -0.3, -0.3})).isEqualTo(1);
        assertThat(PrincipalMap.sign(new double[] {0.5, -0.25, -0.25})).isEqualTo(1);
        assertThat(PrincipalMap.sign(new double[] {-0.5, 0.25, 0.25})).isEqualTo(-1);
        assertThat(PrincipalMap.sign(new double[] {-0.5, 0.5})).isEqualTo(-1);
        assertThat(PrincipalMap.sign(new double[2])).isEqualTo(1);
    }
}
