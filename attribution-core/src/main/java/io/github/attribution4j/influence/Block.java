// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import java.util.List;

/**
 * What consecutive rows are compared by: one or several vectors of each. The product of two rows is the product of the
 * dot products of their vectors, so that two vectors stand for the matrix {@code first ⊗ second}.
 *
 * @param rows their number
 * @param factors for each vector the numbers of all rows, row-major; not copied
 */
record Block(int rows, List<double[]> factors) {
    int width(int factor) {
        return factors.get(factor).length / rows;
    }

    /** Returns the numbers of one row. */
    long numbers() {
        return factors.stream().mapToLong(factor -> factor.length / rows).sum();
    }

    List<Integer> widths() {
        return factors.stream().map(factor -> factor.length / rows).toList();
    }

    /** Returns the product of a row with itself. */
    double squares(int row) {
        double product = 1;
        for (int factor = 0; factor < factors.size(); factor++) {
            int width = width(factor);
            double[] numbers = factors.get(factor);
            double sum = 0;
            for (int i = row * width; i < (row + 1) * width; i++) {
                sum += numbers[i] * numbers[i];
            }
            product *= sum;
        }
        return product;
    }
}
