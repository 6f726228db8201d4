// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.path;

import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * For each example a curve γ(t), 0 ≤ t ≤ 1, from a reference to the explained inputs, in the space of the attributed
 * inputs. Immutable: it holds its ends and computes points on demand.
 *
 * <p>Path methods integrate ∇F(γ(t)) · γ'(t) along it. The tensors of a path must remain open while it is used.
 */
public interface Path {
    /**
     * How inputs that bypass a layer behave while the layer's activations follow a path of the inputs. Examples are a
     * residual connection, a mask, or a second input.
     */
    enum Bypass {
        /**
         * They follow the path: at position t the whole model runs at γ(t). Attributions of the layer account for the
         * change of the score through the layer; the change through the bypass is missing from their sum.
         */
        FOLLOW,
        /**
         * They remain at the explained inputs x: at position t the tail takes the activation of γ(t) and, for the
         * bypass, x. Attributions of the layer account for the whole change of the tail's score.
         */
        STAY;

        /**
         * Returns the constant with a name, {@code follow} or {@code stay}.
         *
         * @throws IllegalArgumentException listing the names, if there is no such name
         */
        public static Bypass of(String name) {
            return Arrays.stream(values())
                    .filter(bypass -> bypass.toString().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("bypass '" + name + "' is unknown; choose one of "
                            + Arrays.stream(values()).map(Bypass::toString).collect(Collectors.joining(", "))));
        }

        /** Returns the name in lower case. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Returns the straight path γ(t) = start + t (end − start).
     *
     * @param start for each attributed input a tensor with a row for each example, or with one row for all
     * @param end for each attributed input a tensor with a row for each example, typed like {@code start}
     */
    static Path straight(List<Tensor> start, List<Tensor> end) {
        return StraightPath.between(start, end);
    }

    /** Returns γ(0) for each attributed input: a row for each example, or one row for all. */
    List<Tensor> start();

    /** Returns γ(1) for each attributed input: a row for each example. */
    List<Tensor> end();

    /**
     * Returns points of the paths of a range of examples, example by example.
     *
     * @param fromExample first example, inclusive
     * @param toExample last example, exclusive
     * @param positions values of t, each in [0, 1]
     * @return for each attributed input a tensor of {@code (toExample - fromExample) * positions.length} rows: all
     *     positions of the first example, then of the next; owned by the current scope
     */
    List<Tensor> at(long fromExample, long toExample, double[] positions);

    /**
     * Returns the derivative γ'(t) with respect to t, laid out as by {@link #at}.
     *
     * @param fromExample first example, inclusive
     * @param toExample last example, exclusive
     * @param positions values of t, each in [0, 1]
     */
    List<Tensor> derivative(long fromExample, long toExample, double[] positions);

    /**
     * Returns rows at points of the paths, example by example, for an {@link
     * io.github.attribution4j.evaluation.Evaluator}.
     *
     * @param examples their number
     * @param positions values of t, each in [0, 1], at least one; the rows of one example are a
     *     {@linkplain Rows#group() group}
     */
    default Rows rows(long examples, double... positions) {
        return new PathRows(this, examples, positions);
    }
}
