// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;

/**
 * Attacks that follow the gradient of the goal's score within a ball around each example.
 *
 * <p>With g the gradient of the score, positive where the goal raises it and negative where it lowers it, B the set of
 * all x' with ‖x' − x‖ ≤ r within the bounds, and Π the nearest point of it:
 *
 * <ul>
 *   <li>{@link #fgsm}, the fast gradient sign method: x' = Π(x + r · d(g)), one step;
 *   <li>{@link #pgd}, projected gradient descent: x ← Π(x + s · d(g)), 40 steps of s = 2.5 r / steps unless set, from
 *       x or from a point drawn in the ball.
 * </ul>
 *
 * <p>The direction d is the one in which the score rises most for a step of length 1 in the {@linkplain #norm norm}:
 * sign(g) for L∞, the default, and g / ‖g‖₂ for L2. Elements whose gradient is 0 stay, and so does an example whose
 * gradients are all 0. Each attributed input has a ball of its own, with its own radius where several are given. A
 * change never leaves ball or bounds, up to rounding of the input's type.
 *
 * <p>Of the points on its way {@code pgd} keeps the one with the best score, the example itself among them; with {@link
 * #keepBest keepBest(false)} the last. Of {@link #restarts} it keeps one that reaches the goal, and among these the
 * best score.
 *
 * <p><b>When it misleads.</b> An attack that finds nothing does not prove that there is nothing: gradients may vanish
 * where the model is sure. Try {@link io.github.attribution4j.target.Loss#margin}, more steps and restarts, and {@link
 * RandomChange}, which needs no gradients.
 *
 * <p><b>Cost.</b> For each example a forward and a backward row for each step of each restart, a forward row for each
 * restart; one more forward row where the start is drawn, and one where a point on the way was best.
 *
 * <p><b>Papers.</b> Goodfellow, Shlens and Szegedy, <i>Explaining and Harnessing Adversarial Examples</i>, 2015 (FGSM);
 * Madry, Makelov, Schmidt, Tsipras and Vladu, <i>Towards Deep Learning Models Resistant to Adversarial Attacks</i>,
 * 2018 (PGD).
 *
 * <p><b>Compared with Captum.</b> {@code FGSM}, whose epsilon is the radius, and {@code PGD}; its default loss is
 * {@code Goal.away(labels).by(Loss.logLoss())}. Captum's PGD returns the last point ({@code keepBest(false)}), and
 * steps along the sign of the gradient for L2, too ({@link #signSteps}), which does not lead to the nearest boundary.
 * Captum takes a gradient below 10⁻⁶ for 0, so that its attacks stand still where a model is sure; draws one start for
 * L2 with the radii of all examples mixed up; and moves inputs that lie outside the bounds, also where the mask holds
 * them.
 */
public final class GradientAttack extends DescribedRecipe<GradientAttack> implements Attack<DifferentiableModel> {
    private static final Setting<Sizes> RADIUS =
            Setting.required("radius", Sizes.KIND, "largest size of the change of an input");
    private static final Setting<Norm> NORM =
            Setting.of("norm", Norm.KIND, Norm.LINF, "how the size of a change is measured");
    private static final Setting<Integer> STEPS =
            Setting.count("steps", 40, 1, "steps along gradients").trial(2);
    private static final Setting<Sizes> STEP = Setting.of(
            "step", Sizes.AUTO_KIND, new Sizes(List.of()), "length of a step; auto is 2.5 times the radius / steps");
    private static final Setting<Boolean> SIGN_STEPS =
            Setting.of("sign-steps", Kind.FLAG, false, "whether steps go along the sign of the gradient in L2, too");
    private static final Setting<Boolean> RANDOM_START =
            Setting.of("random-start", Kind.FLAG, false, "whether the first point is drawn in the ball");
    private static final Setting<Integer> RESTARTS =
            Setting.count("restarts", 1, 1, "walks from other random starts, the best of which counts");
    private static final Setting<Boolean> KEEP_BEST =
            Setting.of("keep-best", Kind.FLAG, true, "whether the point with the best score counts; else the last");
    private static final Setting<Bounds> BOUNDS =
            Setting.of("bounds", Bounds.KIND, Bounds.none(), "least and largest value of an element");
    private static final Setting<Free> MASK =
            Setting.of("mask", Free.KIND, new Free(List.of()), "the elements that may change");

    @SuppressWarnings("ImmutableEnumChecker") // A description is immutable.
    private enum Variation {
        FGSM("fgsm", "one step along the sign of the gradient", RADIUS, NORM, BOUNDS, MASK),
        PGD(
                "pgd",
                "steps along gradients, back into the ball after each",
                RADIUS,
                NORM,
                STEPS,
                STEP,
                SIGN_STEPS,
                RANDOM_START,
                RESTARTS,
                KEEP_BEST,
                BOUNDS,
                MASK);

        private final Description<GradientAttack> description;

        Variation(String name, String claim, Setting<?>... settings) {
            description =
                    Description.of(name, Need.GRADIENTS, claim, given -> new GradientAttack(this, given), settings);
        }
    }

    private final Variation variation;

    private GradientAttack(Variation variation, Settings<GradientAttack> settings) {
        super(settings);
        this.variation = variation;
    }

    private static GradientAttack of(Variation variation, double... radius) {
        return variation.description.defaults().with(RADIUS, Sizes.of(radius)).method();
    }

    /** Returns the descriptions of both. */
    public static List<Description<GradientAttack>> descriptions() {
        return Arrays.stream(Variation.values())
                .map(variation -> variation.description)
                .toList();
    }

    /**
     * Returns the attack in one step.
     *
     * @param radius above 0, in the unit of the inputs: one for all attributed inputs, or one for each
     */
    public static GradientAttack fgsm(double... radius) {
        return of(Variation.FGSM, radius);
    }

    /**
     * Returns the attack in many steps.
     *
     * @param radius above 0, in the unit of the inputs: one for all attributed inputs, or one for each
     */
    public static GradientAttack pgd(double... radius) {
        return of(Variation.PGD, radius);
    }

    /** Returns a copy with another radius; see {@link #pgd}. */
    public GradientAttack radius(double... radius) {
        return with(RADIUS, Sizes.of(radius));
    }

    /** Returns a copy whose radius is measured in this norm; L∞ unless set. */
    public GradientAttack norm(Norm norm) {
        return with(NORM, norm);
    }

    /** Returns a copy that makes this many steps, 40 unless set; {@code pgd} only. */
    public GradientAttack steps(int steps) {
        return with(STEPS, steps);
    }

    /**
     * Returns a copy with steps of this length, in the norm of the radius; {@code pgd} only.
     *
     * @param length above 0: one for all attributed inputs, or one for each
     */
    public GradientAttack step(double... length) {
        return with(STEP, Sizes.of(length));
    }

    /** Returns a copy that steps along the sign of the gradient in L2, too, or not; {@code pgd} only. */
    public GradientAttack signSteps(boolean sign) {
        return with(SIGN_STEPS, sign);
    }

    /**
     * Returns a copy that starts at a point drawn from the ball, all points equally likely, or not; {@code pgd} only.
     */
    public GradientAttack randomStart(boolean random) {
        return with(RANDOM_START, random);
    }

    /** Returns a copy that walks this often, from a random start each, and keeps the best; {@code pgd} only. */
    public GradientAttack restarts(int count) {
        return with(RESTARTS, count).with(RANDOM_START, count > 1 || value(RANDOM_START));
    }

    /** Returns a copy that keeps the point with the best score, or the last one; {@code pgd} only. */
    public GradientAttack keepBest(boolean best) {
        return with(KEEP_BEST, best);
    }

    /** Returns a copy that leaves elements within bounds; none unless set. */
    public GradientAttack bounds(Bounds bounds) {
        return with(BOUNDS, bounds);
    }

    /**
     * Returns a copy that changes some elements only.
     *
     * @param masks for each attributed input 1 where an element may change and 0 where not, shape of the input where
     *     axes may be 1; not owned
     */
    public GradientAttack mask(Tensor... masks) {
        return with(MASK, new Free(List.of(masks)));
    }

    @Override
    public Attacked attack(DifferentiableModel model, Inputs inputs, Goal goal, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Problems problems = new Problems();
            value(RADIUS).check("radius", inputs, problems);
            boolean walks = variation == Variation.PGD;
            boolean auto = !walks || value(STEP).values().isEmpty();
            if (!auto) {
                value(STEP).check("step", inputs, problems);
            }
            problems.collect(() -> value(BOUNDS).check(inputs, problems));
            problems.collect(() -> value(MASK).check(inputs, problems));
            problems.require(
                    !walks || value(RESTARTS) == 1 || value(RANDOM_START),
                    "restarts " + (walks ? value(RESTARTS) : 1)
                            + ": are alike without a random start; set randomStart(true)");
            Target target = goal.target(inputs.rows(), problems);
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, run, problems);
            Sizes radius = value(RADIUS);
            Ball ball = new Ball(evaluator, value(NORM), radius, value(BOUNDS), value(MASK));
            int steps = walks ? value(STEPS) : 1;
            double part = walks ? 2.5 / steps : 1;
            Sizes step =
                    auto ? new Sizes(radius.values().stream().map(r -> part * r).toList()) : value(STEP);
            boolean sign = value(NORM) == Norm.LINF || (walks && value(SIGN_STEPS));
            Ascent ascent = new Ascent(evaluator, goal, ball, step, sign, steps, walks && value(KEEP_BEST));
            Ascent.Found found =
                    walks && value(RANDOM_START) ? ascent.fromRandomStarts(value(RESTARTS)) : ascent.fromInputs();
            return Attacked.of(evaluator, inputs, goal, found.inputs(), found.output(), new double[0]);
        }
    }
}
