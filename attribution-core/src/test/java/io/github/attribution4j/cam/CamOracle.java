// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import java.util.function.ToDoubleFunction;

/**
 * The formulas once more, from the papers, for one example, in loops and double precision: {@code a[k][p]} is the
 * activation of channel k at position p, {@code g[k][p]} the gradient of the score.
 */
final class CamOracle {
    private CamOracle() {}

    static double[] gradCam(double[][] a, double[][] g) {
        double[] weights = new double[a.length];
        for (int k = 0; k < a.length; k++) {
            for (int p = 0; p < a[k].length; p++) {
                weights[k] += g[k][p];
            }
            weights[k] /= a[k].length;
        }
        return combine(a, weights);
    }

    /**
     * Equations 10, 11 and 19 with Y = exp(S), all derivatives written out; the factor exp(S) divided off at the end.
     */
    static double[] gradCamPlusPlus(double[][] a, double[][] g, double score) {
        double y = Math.exp(score);
        double[] weights = new double[a.length];
        for (int k = 0; k < a.length; k++) {
            double sum = 0;
            for (double value : a[k]) {
                sum += value;
            }
            for (int p = 0; p < a[k].length; p++) {
                double first = y * g[k][p];
                double second = y * g[k][p] * g[k][p];
                double third = y * g[k][p] * g[k][p] * g[k][p];
                double alpha = second == 0 ? 0 : second / (2 * second + sum * third);
                weights[k] += alpha * Math.max(first, 0);
            }
            weights[k] /= y;
        }
        return combine(a, weights);
    }

    static double[] xGradCam(double[][] a, double[][] g) {
        double[] weights = new double[a.length];
        for (int k = 0; k < a.length; k++) {
            double sum = 0;
            for (int p = 0; p < a[k].length; p++) {
                sum += a[k][p];
            }
            for (int p = 0; p < a[k].length; p++) {
                weights[k] += sum == 0 ? 0 : a[k][p] / sum * g[k][p];
            }
        }
        return combine(a, weights);
    }

    static double[] hiResCam(double[][] a, double[][] g) {
        double[] map = new double[a[0].length];
        for (int p = 0; p < map.length; p++) {
            for (int k = 0; k < a.length; k++) {
                map[p] += g[k][p] * a[k][p];
            }
        }
        return map;
    }

    static double[] layerCam(double[][] a, double[][] g) {
        double[] map = new double[a[0].length];
        for (int p = 0; p < map.length; p++) {
            for (int k = 0; k < a.length; k++) {
                map[p] += g[k][p] > 0 ? g[k][p] * a[k][p] : 0;
            }
        }
        return map;
    }

    static double[] elementwise(double[][] a, double[][] g) {
        double[] map = new double[a[0].length];
        for (int p = 0; p < map.length; p++) {
            for (int k = 0; k < a.length; k++) {
                double product = g[k][p] * a[k][p];
                map[p] += product > 0 ? product : 0;
            }
        }
        return map;
    }

    /** Fuad and others, section 3: channels made binary by the rule of so many sigmas, weighted by their means. */
    static double[] fem(double[][] a, double sigmas) {
        double[] map = new double[a[0].length];
        for (int p = 0; p < map.length; p++) {
            for (double[] channel : a) {
                double first = 0;
                double second = 0;
                for (double value : channel) {
                    first += value / channel.length;
                    second += value * value / channel.length;
                }
                double sigma = Math.sqrt(Math.max(0, second - first * first));
                map[p] += sigma > 1e-9 && channel[p] - first >= sigmas * sigma ? first : 0;
            }
        }
        return map;
    }

    static double[] eigenGradCam(double[][] a, double[][] g, boolean centered) {
        double[][] products = new double[a.length][a[0].length];
        for (int k = 0; k < a.length; k++) {
            for (int p = 0; p < a[k].length; p++) {
                products[k][p] = a[k][p] * g[k][p];
            }
        }
        return eigenCam(products, centered);
    }

    /** By powers of the matrix of all channel products, squared until one direction is left. */
    static double[] eigenCam(double[][] a, boolean centered) {
        int channels = a.length;
        double[][] values = new double[channels][];
        for (int k = 0; k < channels; k++) {
            double mean = 0;
            for (double value : a[k]) {
                mean += value / a[k].length;
            }
            values[k] = a[k].clone();
            for (int p = 0; centered && p < values[k].length; p++) {
                values[k][p] -= mean;
            }
        }
        double[][] power = new double[channels][channels];
        for (int i = 0; i < channels; i++) {
            for (int j = 0; j < channels; j++) {
                for (int p = 0; p < values[i].length; p++) {
                    power[i][j] += values[i][p] * values[j][p];
                }
            }
        }
        for (int squaring = 0; squaring < 60; squaring++) {
            power = normalisedSquare(power);
        }
        // Every column of the limit is a multiple of the singular vector: take the longest.
        double[] direction = new double[channels];
        double longest = -1;
        for (int j = 0; j < channels; j++) {
            if (power[j][j] > longest) {
                longest = power[j][j];
                for (int i = 0; i < channels; i++) {
                    direction[i] = power[i][j];
                }
            }
        }
        double norm = 0;
        double sum = 0;
        for (double entry : direction) {
            norm += entry * entry;
            sum += entry;
        }
        for (int i = 0; i < channels; i++) {
            direction[i] /= norm == 0 ? 1 : Math.sqrt(norm) * (sum < 0 ? -1 : 1);
        }
        return combine(values, direction);
    }

    private static double[][] normalisedSquare(double[][] matrix) {
        int n = matrix.length;
        double[][] square = new double[n][n];
        double trace = 0;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                for (int k = 0; k < n; k++) {
                    square[i][j] += matrix[i][k] * matrix[k][j];
                }
            }
            trace += square[i][i];
        }
        for (double[] row : square) {
            for (int j = 0; j < n; j++) {
                row[j] /= trace == 0 ? 1 : trace;
            }
        }
        return square;
    }

    /**
     * By brute force.
     *
     * @param scoreOf takes an activation with one channel zero and gives the score
     */
    static double[] ablationCam(double[][] a, double score, ToDoubleFunction<double[][]> scoreOf, boolean relative) {
        double[] weights = new double[a.length];
        for (int k = 0; k < a.length; k++) {
            double[][] ablated = new double[a.length][];
            for (int i = 0; i < a.length; i++) {
                ablated[i] = i == k ? new double[a[i].length] : a[i];
            }
            weights[k] = score - scoreOf.applyAsDouble(ablated);
            weights[k] /= relative ? Math.abs(score) : 1;
        }
        return combine(a, weights);
    }

    /**
     * By brute force, for images.
     *
     * @param height of the activation
     * @param image x, [channel][row * columns + column], of rows × columns
     * @param baseline the value of a masked pixel
     * @param scoreOf takes an image and gives the score
     */
    static double[] scoreCam(
            double[][] a,
            int height,
            double[][] image,
            int rows,
            double baseline,
            ToDoubleFunction<double[][]> scoreOf,
            boolean softmax) {
        int columns = image[0].length / rows;
        double[] increases = new double[a.length];
        boolean[] constant = new boolean[a.length];
        for (int k = 0; k < a.length; k++) {
            double[] mask = bilinear(a[k], height, rows, columns);
            double low = Double.POSITIVE_INFINITY;
            double high = Double.NEGATIVE_INFINITY;
            for (double value : mask) {
                low = Math.min(low, value);
                high = Math.max(high, value);
            }
            constant[k] = high == low;
            double[][] seen = new double[image.length][rows * columns];
            double[][] nothing = new double[image.length][rows * columns];
            for (int c = 0; c < image.length && !constant[k]; c++) {
                for (int p = 0; p < mask.length; p++) {
                    double h = (mask[p] - low) / (high - low);
                    seen[c][p] = image[c][p] * h + baseline * (1 - h);
                    nothing[c][p] = baseline;
                }
            }
            increases[k] = constant[k] ? 0 : scoreOf.applyAsDouble(seen) - scoreOf.applyAsDouble(nothing);
        }
        double[] weights = increases.clone();
        if (softmax) {
            double sum = 0;
            for (int k = 0; k < a.length; k++) {
                weights[k] = constant[k] ? 0 : Math.exp(increases[k]);
                sum += weights[k];
            }
            for (int k = 0; k < a.length; k++) {
                weights[k] /= sum == 0 ? 1 : sum;
            }
        }
        return combine(a, weights);
    }

    /** Half-pixel centres, clamped at the border. */
    static double[] bilinear(double[] map, int height, int rows, int columns) {
        int width = map.length / height;
        double[] result = new double[rows * columns];
        for (int r = 0; r < rows; r++) {
            double y = Math.min(Math.max((r + 0.5) * height / rows - 0.5, 0), height - 1);
            int top = (int) Math.floor(y);
            int bottom = Math.min(top + 1, height - 1);
            for (int c = 0; c < columns; c++) {
                double x = Math.min(Math.max((c + 0.5) * width / columns - 0.5, 0), width - 1);
                int left = (int) Math.floor(x);
                int right = Math.min(left + 1, width - 1);
                double upper = map[top * width + left] * (1 - x + left) + map[top * width + right] * (x - left);
                double lower = map[bottom * width + left] * (1 - x + left) + map[bottom * width + right] * (x - left);
                result[r * columns + c] = upper * (1 - y + top) + lower * (y - top);
            }
        }
        return result;
    }

    private static double[] combine(double[][] a, double[] weights) {
        double[] map = new double[a[0].length];
        for (int p = 0; p < map.length; p++) {
            for (int k = 0; k < a.length; k++) {
                map[p] += weights[k] * a[k][p];
            }
        }
        return map;
    }
}
