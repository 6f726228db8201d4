// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Compares training rows with explained ones. Each sum is taken over the elements in order, whatever the block, so that
 * results depend on no batch.
 */
final class Products {
    /** The most explained rows that are compared at once; their numbers for one element are adjacent. */
    private static final int TILE = 64;

    private final Similarity similarity;
    private final Block explained;
    /** For each factor and tile: element-major numbers, {@code size} for each element, zeros after the last row. */
    private final List<List<double[]>> tiles = new ArrayList<>();

    private final double[] squares;
    private final int size;

    Products(Similarity similarity, Block explained) {
        this.similarity = similarity;
        this.explained = explained;
        size = Math.min(TILE, explained.rows());
        squares = new double[explained.rows()];
        Arrays.setAll(squares, explained::squares);
        for (int factor = 0; factor < explained.factors().size(); factor++) {
            tiles.add(tiles(explained.factors().get(factor), explained.width(factor)));
        }
    }

    private List<double[]> tiles(double[] numbers, int width) {
        List<double[]> all = new ArrayList<>();
        for (int from = 0; from < explained.rows(); from += size) {
            double[] tile = new double[width * size];
            for (int row = from; row < Math.min(from + size, explained.rows()); row++) {
                for (int i = 0; i < width; i++) {
                    tile[i * size + row - from] = numbers[row * width + i];
                }
            }
            all.add(tile);
        }
        return all;
    }

    List<Integer> widths() {
        return explained.widths();
    }

    /**
     * Adds the weighted similarities of training rows.
     *
     * @param sums {@code [row * explained + example]}
     */
    void add(Block block, double weight, double[] sums) {
        int count = explained.rows();
        double[] products = new double[size];
        double[] dots = new double[size];
        for (int tile = 0; tile * size < count; tile++) {
            int from = tile * size;
            int to = Math.min(count, from + size);
            for (int row = 0; row < block.rows(); row++) {
                Arrays.fill(products, 1);
                for (int factor = 0; factor < tiles.size(); factor++) {
                    int width = block.width(factor);
                    double[] numbers = block.factors().get(factor);
                    double[] others = tiles.get(factor).get(tile);
                    Arrays.fill(dots, 0);
                    if (similarity == Similarity.EUCLID) {
                        addDistances(numbers, row * width, width, others, dots);
                    } else {
                        addDots(numbers, row * width, width, others, dots);
                    }
                    for (int i = 0; i < size; i++) {
                        products[i] *= dots[i];
                    }
                }
                double norm = similarity == Similarity.COSINE ? block.squares(row) : 0;
                for (int example = from; example < to; example++) {
                    sums[row * count + example] += weight * similar(products[example - from], norm, squares[example]);
                }
            }
        }
    }

    private void addDots(double[] numbers, int start, int width, double[] others, double[] dots) {
        for (int i = 0; i < width; i++) {
            double number = numbers[start + i];
            int at = i * size;
            for (int t = 0; t < size; t++) {
                dots[t] += number * others[at + t];
            }
        }
    }

    private void addDistances(double[] numbers, int start, int width, double[] others, double[] distances) {
        for (int i = 0; i < width; i++) {
            double number = numbers[start + i];
            int at = i * size;
            for (int t = 0; t < size; t++) {
                double difference = number - others[at + t];
                distances[t] += difference * difference;
            }
        }
    }

    private double similar(double product, double squaresOfRow, double squaresOfExample) {
        return switch (similarity) {
            case DOT -> product;
            case EUCLID -> -Math.sqrt(product);
            case COSINE -> {
                double norms = Math.sqrt(squaresOfRow) * Math.sqrt(squaresOfExample);
                yield norms == 0 ? 0 : product / norms;
            }
        };
    }
}
