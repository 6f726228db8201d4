// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.rule;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * How an operation y = f(x) passes back to its operands what reaches its result. A rule is data; a
 * {@link RuledModel.Copy} carries it out. The factories of the {@code propagation} package make the named rules of the
 * literature.
 *
 * <p>Notation: Jᵀ is the transposed Jacobian of the operation, so the derivative passes back Jᵀ·g for g. Relevance R of
 * the result becomes relevance of the operands. stab(z) = z + ε · sign(z), with sign(0) = +1.
 */
public sealed interface BackwardRule {
    /**
     * Which rules may be in one {@link RuleSet}: those of a family pass back the same kind of quantity.
     */
    enum Family {
        /** Belongs to each family. */
        ANY,
        /** Modified gradients of ReLUs. */
        GUIDED,
        /** Differences from a reference run. */
        COMPARISON,
        /** Relevance. */
        RELEVANCE
    }

    /** Returns the family. */
    Family family();

    /**
     * The operation's derivative. Among relevance rules it is gradient times input: x · Jᵀ(R / stab(y)), which
     * conserves relevance only for operations that are homogeneous of degree one.
     */
    record Gradient() implements BackwardRule {
        @Override
        public Family family() {
            return Family.ANY;
        }
    }

    /**
     * Guided backpropagation at a ReLU: max(0, g) where x &gt; 0, else 0 (Springenberg, Dosovitskiy, Brox and
     * Riedmiller, <i>Striving for Simplicity</i>, 2015).
     */
    record GuidedRelu() implements BackwardRule {
        @Override
        public Family family() {
            return Family.GUIDED;
        }
    }

    /** Deconvolution at a ReLU: max(0, g) for every x (Zeiler and Fergus, 2014). */
    record DeconvolutionRelu() implements BackwardRule {
        @Override
        public Family family() {
            return Family.GUIDED;
        }
    }

    /**
     * DeepLIFT's rescale rule: the multiplier of an element-wise operation is Δy / Δx, and its derivative at x where
     * |Δx| is below {@code near} (Shrikumar, Greenside and Kundaje, 2017). The multipliers of operations on several
     * elements add up too, Σ m · Δx = Δy, row by row (x′ means values of the reference run):
     *
     * <ul>
     *   <li>Product y = ab, of elements or matrices: m_a = (b + b′) / 2 and m_b = (a + a′) / 2, the Shapley values; a
     *       quotient is the product with the reciprocal.
     *   <li>Softmax, layer, group and instance normalization: rescaled step by step: exponential, sum, reciprocal,
     *       product; mean, square, inverse root, product.
     *   <li>Maximum: with g = max(y, y′), x's largest element gets (g − y′) / Δx and the reference's largest (y − g) /
     *       Δx.
     * </ul>
     *
     * @param near in the unit of x, 0 or more
     */
    record Rescale(double near) implements BackwardRule {
        /** Checks the number. */
        public Rescale {
            requireNotNegative("near", near);
        }

        @Override
        public Family family() {
            return Family.COMPARISON;
        }
    }

    /**
     * DeepLIFT's reveal-cancel rule at an element-wise operation y = f(x) whose operand is the result of a convolution
     * or linear layer: the sum Δx⁺ of that layer's positive summands and the sum Δx⁻ of the negative ones get separate
     * multipliers Δy⁺ / Δx⁺ and Δy⁻ / Δx⁻, with Δy⁺ = ½ [f(x′ + Δx⁺) − f(x′)] + ½ [f(x′ + Δx⁻ + Δx⁺) − f(x′ + Δx⁻)] and
     * Δy⁻ likewise (Shrikumar, Greenside and Kundaje, 2017, section 3.5.3). Anywhere else Δx has one part, and the rule
     * is {@link Rescale}.
     *
     * @param near in the unit of x, 0 or more: below it, the derivative
     */
    record RevealCancel(double near) implements BackwardRule {
        /** Checks the number. */
        public RevealCancel {
            requireNotNegative("near", near);
        }

        @Override
        public Family family() {
            return Family.COMPARISON;
        }
    }

    /**
     * A relevance rule for a linear map y = Wx + b with weights: the general form of which ε, γ, α-β, z⁺, zB, w² and
     * flat are cases.
     *
     * <pre>{@code
     * z_g = Σ over terms t of g: sign_t · (W_t in_t + b_t)
     * R_x = Σ over groups g: share_g · Σ over terms t of g: sign_t · in_t · W_tᵀ( R / stab(z_g) )
     * }</pre>
     *
     * where in_t, W_t and b_t are parts of x, W and b, element by element.
     *
     * <p>A batch normalization in inference that directly follows the map is explained together with it, as one map:
     * its scale s multiplies W, and b becomes s · (b − mean) + β, whose parts the terms take. Any other batch
     * normalization is a separate affine map with a separate rule.
     *
     * @param name its name in the literature, with its numbers; does not change what is computed
     * @param groups at least one; shares sum to 1 in rules that conserve relevance
     * @param epsilon ε of stab, 0 or more
     * @param gamma γ of {@link WeightPart#RAISED} and {@link BiasPart#RAISED}, 0 or more
     * @param low smallest value that x can take, for {@link InputPart#LOW}: one number, or one for each channel (axis 1
     *     of x); empty if no term uses it
     * @param high largest value, likewise
     */
    record Weighted(String name, List<Group> groups, double epsilon, double gamma, List<Double> low, List<Double> high)
            implements BackwardRule {
        /** Checks the parts. */
        public Weighted {
            Objects.requireNonNull(name, "name");
            groups = List.copyOf(groups);
            low = List.copyOf(low);
            high = List.copyOf(high);
            requireNotNegative("epsilon", epsilon);
            requireNotNegative("gamma", gamma);
            if (groups.isEmpty()) {
                throw new IllegalArgumentException("groups: none given for rule '" + name + "'; give at least one");
            }
            requireBound(name, groups, InputPart.LOW, low);
            requireBound(name, groups, InputPart.HIGH, high);
            if (low.size() > 1 && high.size() > 1 && low.size() != high.size()) {
                throw new IllegalArgumentException("low holds " + low.size() + " numbers and high " + high.size()
                        + "; give one for each channel in both, or a single one");
            }
        }

        private static void requireBound(String name, List<Group> groups, InputPart part, List<Double> numbers) {
            boolean used =
                    groups.stream().flatMap(group -> group.terms().stream()).anyMatch(t -> t.input() == part);
            if (used == numbers.isEmpty()) {
                throw new IllegalArgumentException("rule '" + name + "': " + part + " is "
                        + (used
                                ? "used by a term, so its numbers must be given"
                                : "used by no term, so leave it empty"));
            }
            for (double number : numbers) {
                if (!Double.isFinite(number)) {
                    throw new IllegalArgumentException(
                            "rule '" + name + "': " + part + " holds " + number + "; bounds of the input are finite");
                }
            }
        }

        /** Returns whether this is the ε rule: one group with all of the input, the weights and the biases. */
        public boolean isEpsilon() {
            Term whole = new Term(1, InputPart.VALUE, WeightPart.VALUE, BiasPart.VALUE);
            return groups.equals(List.of(new Group(1, whole)));
        }

        @Override
        public Family family() {
            return Family.RELEVANCE;
        }
    }

    /**
     * Terms with one common denominator.
     *
     * @param share factor of what this group passes back
     * @param terms at least one
     */
    record Group(double share, List<Term> terms) {
        /** Checks the parts. */
        public Group {
            terms = List.copyOf(terms);
            if (terms.isEmpty() || !Double.isFinite(share)) {
                throw new IllegalArgumentException("group of share " + share + " with " + terms.size()
                        + " terms: needs a finite share and a term");
            }
        }

        /** Creates a group. */
        public Group(double share, Term... terms) {
            this(share, Arrays.asList(terms));
        }
    }

    /**
     * One product of a {@link Weighted} rule.
     *
     * @param sign +1 or −1
     * @param input which part of x
     * @param weight which part of W
     * @param bias which part of b
     */
    record Term(int sign, InputPart input, WeightPart weight, BiasPart bias) {
        /** Checks the sign. */
        public Term {
            if (sign != 1 && sign != -1) {
                throw new IllegalArgumentException("sign " + sign + ": must be +1 or -1");
            }
        }
    }

    /** What takes the place of x. */
    enum InputPart {
        /** x. */
        VALUE,
        /** max(0, x). */
        POSITIVE,
        /** min(0, x). */
        NEGATIVE,
        /** 1 everywhere. */
        ONE,
        /** The smallest value that x can take. */
        LOW,
        /** The largest value that x can take. */
        HIGH
    }

    /** What takes the place of W. */
    enum WeightPart {
        /** w. */
        VALUE,
        /** max(0, w). */
        POSITIVE,
        /** min(0, w). */
        NEGATIVE,
        /** w². */
        SQUARE,
        /** 1 everywhere. */
        ONE,
        /** w + γ max(0, w). */
        RAISED
    }

    /** What takes the place of b. */
    enum BiasPart {
        /** b. */
        VALUE,
        /** max(0, b). */
        POSITIVE,
        /** min(0, b). */
        NEGATIVE,
        /** b + γ max(0, b). */
        RAISED,
        /** Nothing: the bias takes no relevance. */
        ZERO
    }

    /**
     * Relevance unchanged: R_x = R, for operations on one operand that keep its shape. At a maximum, the largest
     * element gets all relevance.
     */
    record Pass() implements BackwardRule {
        @Override
        public Family family() {
            return Family.RELEVANCE;
        }
    }

    /**
     * Relevance in proportion to what each element adds to a result: R_x = x · Jᵀ(R / stab(y)), for linear operations
     * without weights: sums, means, average pooling. A summand of an addition gets relevance in proportion to
     * its value.
     *
     * @param epsilon ε of stab, 0 or more
     */
    record Norm(double epsilon) implements BackwardRule {
        /** Checks the number. */
        public Norm {
            requireNotNegative("epsilon", epsilon);
        }

        @Override
        public Family family() {
            return Family.RELEVANCE;
        }
    }

    /**
     * A normalization whose mean, if it subtracts one, is a linear function of x and whose standard deviation is held
     * constant: R_x = x · Lᵀ(R / stab(y)) with y = Lx + b (Ali, Schnake, Eberle, Montavon, Müller and Wolf, <i>XAI for
     * Transformers</i>, 2022). For batch normalization in inference, whose mean is constant too, the ε rule of an
     * affine map.
     *
     * @param epsilon ε of stab, 0 or more
     */
    record ConstantDeviation(double epsilon) implements BackwardRule {
        /** Checks the number. */
        public ConstantDeviation {
            requireNotNegative("epsilon", epsilon);
        }

        @Override
        public Family family() {
            return Family.RELEVANCE;
        }
    }

    /**
     * The first-order Taylor rule of a softmax s: R_x = x · (R − s · ΣR), the sum over the axis of the softmax
     * (Achtibat et al., <i>AttnLRP</i>, 2024, proposition 3.1). A logarithm of the softmax is explained as x · (R /
     * stab(y)) through its derivative.
     */
    record SoftmaxTaylor() implements BackwardRule {
        @Override
        public Family family() {
            return Family.RELEVANCE;
        }
    }

    /**
     * No relevance passes, and none is absorbed: the result counts as a constant wherever it is used, so a product with
     * it is linear in its other operand (Ali et al. 2022, on attention weights).
     */
    record Stop() implements BackwardRule {
        @Override
        public Family family() {
            return Family.RELEVANCE;
        }
    }

    /**
     * A product of two operands that both depend on what is attributed: each gets half of the relevance, in proportion
     * to what its elements add: R_a = ½ a · J_aᵀ(R / stab(y)) (Achtibat et al. 2024, proposition 3.3). If only one
     * operand depends on it, that operand gets all relevance.
     *
     * @param epsilon ε of stab, 0 or more
     */
    record Uniform(double epsilon) implements BackwardRule {
        /** Checks the number. */
        public Uniform {
            requireNotNegative("epsilon", epsilon);
        }

        @Override
        public Family family() {
            return Family.RELEVANCE;
        }
    }

    private static void requireNotNegative(String name, double value) {
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException(name + " " + value + ": must be a finite number, 0 or more");
        }
    }
}
