// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows.Collected;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * TracIn of one linear layer, usually the last: how far a step of gradient descent on a training row lowers the loss of
 * an explained example, as far as the weight and the bias of that layer go.
 *
 * <p>The gradient of a row's loss by the weight of a layer z = W a + b is g ⊗ a, where g is the gradient by z; by the
 * bias it is g. So no gradient by a parameter is needed, and any engine serves that can cut a model:
 *
 * <pre>
 * influence(i, e) = Σ over checkpoints of rate · (gᵢ · gₑ) (aᵢ · aₑ + 1)
 * </pre>
 *
 * <p>A positive influence lowers the loss (a proponent), a negative one raises it (an opponent). The loss of a row is
 * its own, not divided by the rows of a batch. Where a layer is applied at several positions, such as the tokens of a
 * text, the gradient is the sum of g ⊗ a over them, and a row has as many numbers as the layer has parameters.
 *
 * <p><b>Projection.</b> {@link #projected} shortens each vector that is longer than d to d numbers, by random signs and
 * places drawn from the seed of the run. A dot product x · y is then an estimate without bias, of standard error at
 * most ‖x‖ ‖y‖ √(2 / d).
 *
 * <p><b>Cost.</b> Two forward rows, and a backward row that ends at the layer, for each training row and explained
 * example in each checkpoint, and one more. Then, for each pair of them, as many multiplications as a row has numbers.
 *
 * <p><b>Paper.</b> Pruthi, Liu, Kale and Sundararajan, <i>Estimating Training Data Influence by Tracing Gradient
 * Descent</i>, 2020.
 *
 * <p><b>Compared with Captum.</b> {@code TracInCPFast} leaves the bias out: {@link #bias bias(false)} gives the same
 * numbers, for a loss that it reduces by sum. With the bias they are those of {@code TracInCP} for this layer. It
 * refuses layers at several positions. Settings: {@code layer}, {@code input}, {@code bias}, {@code projected}.
 */
public final class TracInFast extends Influence<TracInFast> {
    private static final Setting<String> LAYER =
            Setting.required("layer", Kind.ADDRESS, "the linear layer, by its output");
    private static final Setting<String> INPUT =
            Setting.of("input", Kind.ADDRESS, "", "the address of what the layer is given; empty for LAYER:in");
    private static final Setting<Boolean> BIAS =
            Setting.of("bias", Kind.FLAG, true, "whether the layer's bias counts, in addition to its weight");
    private static final double CLOSE = 1e-2;
    /** What the kinds of linear layers are called, in lower case, where no weight can be looked at. */
    private static final List<String> LINEAR = List.of("linear", "gemm", "matmul", "addmm", "dense");

    /** What it says of itself. */
    public static final Description<TracInFast> DESCRIPTION = Description.of(
            "tracin-fast",
            Need.LAYERS,
            "training rows whose gradients at one linear layer lower or raise the loss",
            TracInFast::new,
            LAYER,
            INPUT,
            BIAS,
            Sketches.SETTING);

    private TracInFast(Settings<TracInFast> settings) {
        super(settings);
    }

    /**
     * Traces a layer with its bias.
     *
     * @param layer address of the output of a linear layer, as {@link Cut.Point} describes
     */
    public TracInFast(String layer) {
        this(DESCRIPTION.defaults().with(LAYER, layer));
    }

    /** Returns a copy with the address of the layer's input, for models that do not know it as {@code LAYER:in}. */
    public TracInFast input(String address) {
        return with(INPUT, address);
    }

    /** Returns a copy in which the bias counts or not; for a layer that has none, it must not. */
    public TracInFast bias(boolean counts) {
        return with(BIAS, counts);
    }

    /** Returns a copy that projects vectors longer than this to this many numbers; 0 for no projection. */
    public TracInFast projected(int numbers) {
        return with(Sketches.SETTING, numbers);
    }

    /**
     * Returns the influence of each training row on itself: Σ over checkpoints of rate · ‖gradient‖². It is high for
     * rows that the model has to learn by heart, such as those with a wrong label.
     *
     * @param checkpoints at least one
     * @param training rows that the model learned from
     * @throws io.github.attribution4j.run.InvalidRequestException and others as for {@link #rank}
     */
    public SelfInfluence self(List<Checkpoint> checkpoints, Examples training, Run run) {
        return ofRowsOnThemselves(checkpoints, training, run);
    }

    private String input() {
        return value(INPUT).isEmpty() ? value(LAYER) + ":in" : value(INPUT);
    }

    @Override
    boolean isRandom() {
        return value(Sketches.SETTING) > 0;
    }

    /** Compares what the layer returns with what its weight and bias give, if the model shows them. */
    @Override
    void checkOnce(Evaluator evaluator) {
        LayeredModel model = (LayeredModel) evaluator.model();
        Cut output = model.cut(value(LAYER));
        List<String> names;
        try {
            names = model.weightNames();
        } catch (UnsupportedModelException e) {
            names = List.of();
        }
        String weightName = output.point().path() + ".weight";
        String biasName = output.point().path() + ".bias";
        if (!names.contains(weightName)) {
            requireLinear(output.point());
            evaluator.notice("the model shows no weight '" + weightName + "', so that '" + value(LAYER)
                    + "' was taken for a linear layer because it is a "
                    + output.point().kind());
            return;
        }
        try (TensorScope scope = TensorScope.open()) {
            Tensor weight = model.weight(weightName);
            double[] given =
                    evaluator.activationsAtInputs(model.cut(input())).get(0).toDoubleArray();
            double[] made = evaluator.activationsAtInputs(output).get(0).toDoubleArray();
            boolean hasBias = names.contains(biasName);
            if (value(BIAS) && !hasBias) {
                throw new UnsupportedModelException(
                        "layer '" + value(LAYER) + "' has no bias; leave it out with" + " bias(false)");
            }
            double[] bias = hasBias ? model.weight(biasName).toDoubleArray() : new double[made.length];
            if (!isLinear(weight, bias, given, made)) {
                throw new UnsupportedModelException("layer '" + value(LAYER) + "' does not compute W a + b of '"
                        + input() + "' with its weight of shape " + weight.shape() + "; name a linear layer and what it"
                        + " is given, or take the gradients of all its parameters with TracIn");
            }
        }
    }

    private void requireLinear(Cut.Point point) {
        String kind = point.kind().toLowerCase(Locale.ROOT);
        if (LINEAR.stream().noneMatch(kind::contains)) {
            throw new UnsupportedModelException("layer '" + value(LAYER) + "' is a " + point.kind() + " and shows no"
                    + " weight; name a linear layer: " + String.join(", ", LINEAR));
        }
    }

    /**
     * Looks at the first position of the first row. PyTorch stores a weight as (outputs, inputs), and the product of
     * matrices in an ONNX file reads one of (inputs, outputs).
     */
    private static boolean isLinear(Tensor weight, double[] bias, double[] given, double[] made) {
        if (weight.shape().rank() != 2) {
            return false;
        }
        double[] matrix = weight.toDoubleArray();
        int rows = Math.toIntExact(weight.shape().dim(0));
        int columns = Math.toIntExact(weight.shape().dim(1));
        return isLinear(matrix, rows, columns, columns, 1, bias, given, made)
                || isLinear(matrix, columns, rows, 1, columns, bias, given, made);
    }

    /**
     * Returns whether a matrix gives what was made.
     *
     * @param perOutput how far the numbers of two outputs are apart in the matrix
     * @param perInput how far those of two inputs are
     */
    private static boolean isLinear(
            double[] matrix,
            int outputs,
            int inputs,
            int perOutput,
            int perInput,
            double[] bias,
            double[] given,
            double[] made) {
        boolean fits = given.length % inputs == 0 && made.length % outputs == 0 && bias.length >= outputs;
        for (int out = 0; fits && out < outputs; out++) {
            double sum = bias[out];
            double size = Math.abs(bias[out]);
            for (int in = 0; in < inputs; in++) {
                double part = matrix[out * perOutput + in * perInput] * given[in];
                sum += part;
                size += Math.abs(part);
            }
            fits = Math.abs(sum - made[out]) <= CLOSE * size;
        }
        return fits;
    }

    @Override
    Optional<String> remark(Block block) {
        return Sketches.remark(value(Sketches.SETTING));
    }

    @Override
    Vectors vectors(Checkpoint checkpoint, Examples training, Run run) {
        return Vectors.of(this::block);
    }

    private Block block(Evaluator evaluator) {
        LayeredModel model = (LayeredModel) evaluator.model();
        Collected gradients = new Collected();
        evaluator.layerGradientsAtInputs(
                model.cut(value(LAYER)),
                part -> gradients.add(part, part.gradients().get(0)));
        Tensor gradient = gradients.joined().get(0);
        Tensor given = evaluator.activationsAtInputs(model.cut(input())).get(0);
        int rows = evaluator.examples();
        int outputs = last(gradient);
        int inputs = last(given);
        int positions = positions(gradient);
        if (positions != positions(given)) {
            throw new ModelException("layer '" + value(LAYER) + "': its output has shape " + gradient.shape() + " and '"
                    + input() + "' has shape " + given.shape() + "; a linear layer changes the last axis only");
        }
        double[] back = gradient.toDoubleArray();
        double[] forth = withBias(given.toDoubleArray(), inputs);
        int width = value(BIAS) ? inputs + 1 : inputs;
        Sketches sketches = new Sketches(evaluator.run().seed(), value(Sketches.SETTING));
        int all = rows * positions;
        double[] projectedBack = sketches.project(0, back, all, outputs);
        double[] projectedForth = sketches.project(1, forth, all, width);
        return gradient.shape().rank() == 2
                ? new Block(rows, List.of(projectedBack, projectedForth))
                : new Block(rows, List.of(products(projectedBack, projectedForth, rows, positions)));
    }

    private int last(Tensor tensor) {
        int rank = tensor.shape().rank();
        if (rank < 2) {
            throw new ModelException("layer '" + value(LAYER) + "': a value of shape " + tensor.shape()
                    + " has no axis of a linear layer in addition to its rows");
        }
        return Math.toIntExact(tensor.shape().dim(rank - 1));
    }

    private static int positions(Tensor tensor) {
        Shape row = tensor.shape().row();
        return Math.toIntExact(row.size() / row.dim(row.rank() - 1));
    }

    /** Appends a 1 to each vector, if the bias counts. */
    private double[] withBias(double[] vectors, int width) {
        if (!value(BIAS)) {
            return vectors;
        }
        int count = vectors.length / width;
        double[] longer = new double[count * (width + 1)];
        Arrays.fill(longer, 1);
        for (int i = 0; i < count; i++) {
            System.arraycopy(vectors, i * width, longer, i * (width + 1), width);
        }
        return longer;
    }

    /** Returns for each row the sum over positions of back ⊗ forth. */
    private static double[] products(double[] back, double[] forth, int rows, int positions) {
        int outputs = back.length / (rows * positions);
        int inputs = forth.length / (rows * positions);
        double[] products = new double[Math.multiplyExact(rows, Math.multiplyExact(outputs, inputs))];
        for (int row = 0; row < rows; row++) {
            for (int position = row * positions; position < (row + 1) * positions; position++) {
                for (int out = 0; out < outputs; out++) {
                    double factor = back[position * outputs + out];
                    int to = (row * outputs + out) * inputs;
                    int from = position * inputs;
                    for (int in = 0; in < inputs; in++) {
                        products[to + in] += factor * forth[from + in];
                    }
                }
            }
        }
        return products;
    }
}
