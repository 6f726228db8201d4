// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.TensorScope;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Influence functions: how the loss of an explained example would change if a training row counted a little more, with
 * the inverse Hessian restricted to the directions of largest curvature.
 *
 * <pre>
 * influence(i, e) = ∇loss(e)ᵀ (H + reg)⁻¹ ∇loss(i),    H the Hessian of Σ loss over all training rows
 * </pre>
 *
 * <p>Gradients and Hessian are with respect to the parameters that are named, or to all that were learned. A positive
 * influence lowers the explained loss (a proponent), a negative one raises it (an opponent). Where {@link TracIn} takes
 * gradients as they are, the inverse Hessian weighs down the directions in which many rows pull: so rows with a large
 * loss do not come first for all examples.
 *
 * <p><b>Arnoldi.</b> From a random vector, drawn from the seed of the run, products with H span a Krylov space of at
 * most {@code arnoldi-dim} dimensions; it ends earlier where a new basis vector is shorter than {@code arnoldi-tol}. Of
 * H restricted to it, {@code hessian-reg} is added to the eigenvalues, those above {@code hessian-inverse-tol} count,
 * and the largest {@code projection-dim} of them are kept. What a gradient has outside of their space counts for
 * nothing.
 *
 * <p><b>Products.</b> H v is the difference of the gradients at the parameters moved along v, forth and back, which any
 * engine with gradients by parameters can compute. In float64 it is right to some 1e-9, in float32 to three or four
 * digits. A notice says if the restricted Hessian, which has to be symmetric, is not. Load the model in float64.
 *
 * <p><b>Cost.</b> For each product, of which there are at most {@code arnoldi-dim}, two forward and two backward rows
 * for each training row, in batches of 64 or as the run says, and two copies of the model; then two forward rows and a
 * backward row for each training row and explained example. Another size of batches changes the last bits of products.
 * <b>Memory:</b> {@code arnoldi-dim} vectors of as many numbers as there are
 * parameters. Where {@linkplain Examples#keptIn the rows are kept}, each product is kept with them: a run that was
 * stopped goes on with the next product, and other dimensions or tolerances compute none twice.
 *
 * <p><b>Papers.</b> Koh and Liang, <i>Understanding Black-box Predictions via Influence Functions</i>, 2017; Schioppa,
 * Zablotskaia, Vilar and Sokolov, <i>Scaling Up Influence Functions</i>, 2022.
 *
 * <p><b>Compared with Captum.</b> {@code ArnoldiInfluenceFunction}, with its names and defaults. Where the space is the
 * whole one, the numbers are those of its {@code NaiveInfluenceFunction}; else they depend on the random start, which
 * differs. Captum differentiates twice. It orthogonalizes once, which loses orthogonality in large spaces; here twice.
 * It drops the last dimension that it finds, also where that completes the space: its numbers are then up to 1.2 % of
 * the largest away from those of {@code NaiveInfluenceFunction} on the networks of the tests. Here all of them count.
 */
public final class ArnoldiInfluence extends Influence<ArnoldiInfluence> {
    private static final Setting<List<String>> PARAMETERS =
            Setting.of("parameters", Kind.ADDRESSES, List.of(), "names of parameters; none for all that were learned");
    private static final Setting<Integer> PROJECTION =
            Setting.count("projection-dim", 50, 1, "eigenvectors of the Hessian that are kept");
    private static final Setting<Integer> DIMENSION =
            Setting.count("arnoldi-dim", 200, 1, "dimensions of the space that products with the Hessian span");
    private static final Setting<Double> SHORTEST = Setting.of(
                    "arnoldi-tol", Kind.NUMBER, 1e-1, "the space ends where a new vector is shorter than this")
            .where("0 or more", value -> value >= 0 && Double.isFinite(value));
    private static final Setting<Double> RIDGE = Setting.of(
                    "hessian-reg", Kind.NUMBER, 1e-3, "added to the eigenvalues of the Hessian")
            .where("0 or more", value -> value >= 0 && Double.isFinite(value));
    private static final Setting<Double> SMALLEST = Setting.of(
                    "hessian-inverse-tol", Kind.NUMBER, 1e-4, "eigenvalues that are not above it are left out")
            .where("0 or more", value -> value >= 0 && Double.isFinite(value));

    private static final double GIBIBYTE = 1L << 30;

    /** What it says of itself. */
    public static final Description<ArnoldiInfluence> DESCRIPTION = Description.of(
            "arnoldi-influence",
            Need.LAYERS,
            "training rows that lower or raise the loss, by influence functions with the inverse Hessian",
            ArnoldiInfluence::new,
            PARAMETERS,
            PROJECTION,
            DIMENSION,
            SHORTEST,
            RIDGE,
            SMALLEST);

    private ArnoldiInfluence(Settings<ArnoldiInfluence> settings) {
        super(settings);
    }

    /**
     * Asks about parameters.
     *
     * @param parameters names, such as {@code fc.weight}; none for all that were learned
     */
    public ArnoldiInfluence(String... parameters) {
        this(DESCRIPTION.defaults().with(PARAMETERS, List.of(parameters)));
    }

    /** Returns a copy that keeps this many eigenvectors; 50 unless set. */
    public ArnoldiInfluence projectionDim(int eigenvectors) {
        return with(PROJECTION, eigenvectors);
    }

    /** Returns a copy whose Krylov space has this many dimensions at most; 200 unless set. */
    public ArnoldiInfluence arnoldiDim(int dimensions) {
        return with(DIMENSION, dimensions);
    }

    /** Returns a copy whose Krylov space ends where a new vector is shorter than this; 0.1 unless set. */
    public ArnoldiInfluence arnoldiTol(double length) {
        return with(SHORTEST, length);
    }

    /** Returns a copy that adds this to the eigenvalues of the Hessian; 0.001 unless set. */
    public ArnoldiInfluence hessianReg(double ridge) {
        return with(RIDGE, ridge);
    }

    /** Returns a copy that leaves out eigenvalues that are not above this; 0.0001 unless set. */
    public ArnoldiInfluence hessianInverseTol(double smallest) {
        return with(SMALLEST, smallest);
    }

    /**
     * Returns the influence of each training row on itself: ∇loss(i)ᵀ (H + reg)⁻¹ ∇loss(i).
     *
     * @param checkpoint the trained model
     * @param training rows that the model learned from
     * @throws io.github.attribution4j.run.InvalidRequestException and others as for {@link #rank}
     */
    public SelfInfluence self(Checkpoint checkpoint, Examples training, Run run) {
        return ofRowsOnThemselves(List.of(checkpoint), training, run);
    }

    @Override
    boolean isRandom() {
        return true;
    }

    @Override
    boolean needsTraining() {
        return true;
    }

    @Override
    long rowsBefore(Examples training) {
        return 2L * value(DIMENSION) * training.count();
    }

    @Override
    void checkOnce(Evaluator evaluator) {
        ParameterGradients gradients = ParameterGradients.of(evaluator, value(PARAMETERS));
        ParameterizedModel model = gradients.model();
        long size = gradients.names().stream()
                .mapToLong(name -> model.parameter(name).shape().size())
                .sum();
        long dimension = Math.min(size, value(DIMENSION));
        double bytes = (double) size * (dimension + value(PROJECTION)) * Double.BYTES;
        Problems problems = new Problems();
        problems.require(
                bytes < 0.5 * Runtime.getRuntime().maxMemory(),
                name() + ": " + dimension + " + " + value(PROJECTION) + " vectors of " + size
                        + " parameters take " + String.format(Locale.ROOT, "%.1f", bytes / GIBIBYTE)
                        + " GiB; name fewer parameters, such as those of the last layer, or make arnoldi-dim smaller");
        problems.throwIfAny();
    }

    @Override
    Vectors vectors(Checkpoint checkpoint, Examples training, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Examples.Part first = training.part(0, 1);
            Evaluator evaluator = Evaluator.start(
                    this,
                    checkpoint.model(),
                    first.inputs(),
                    first.target(),
                    run.quiet().nested());
            ParameterGradients gradients = ParameterGradients.of(evaluator, value(PARAMETERS));
            // Products depend on no other setting, so that other dimensions and tolerances read the same files.
            Optional<FeatureFiles> files = training.directory()
                    .map(directory -> new FeatureFiles(
                            directory,
                            "products with the Hessian of " + gradients.names() + ", seed " + run.seed(),
                            checkpoint.model().identity(),
                            training));
            HessianDirections hessian = new HessianDirections(this, gradients, training, run, files);
            Block block = found(hessian);
            return new Vectors(
                    part -> gradients.block(part, gradient -> projected(block, gradient)),
                    hessian.counts(),
                    hessian.notices());
        }
    }

    /** Returns directions as rows, and rows of zeros after the last. */
    private Block found(HessianDirections hessian) {
        int rows = value(PROJECTION);
        List<double[]> directions =
                hessian.find(rows, value(DIMENSION), value(SHORTEST), value(RIDGE), value(SMALLEST));
        double[] all = new double[Math.multiplyExact(rows, hessian.size())];
        for (int row = 0; row < directions.size(); row++) {
            System.arraycopy(directions.get(row), 0, all, row * hessian.size(), hessian.size());
        }
        return new Block(rows, List.of(all));
    }

    private static double[] projected(Block directions, double[] gradient) {
        double[] numbers = new double[directions.rows()];
        double[] all = directions.factors().get(0);
        for (int row = 0; row < numbers.length; row++) {
            int at = row * gradient.length;
            double sum = 0;
            for (int i = 0; i < gradient.length; i++) {
                sum += all[at + i] * gradient[i];
            }
            numbers[row] = sum;
        }
        return numbers;
    }
}
