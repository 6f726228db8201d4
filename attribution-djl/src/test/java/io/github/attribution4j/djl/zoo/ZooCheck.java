// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.zoo;

import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.djl.golden.TorchGolden;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Cuts archives of the zoo and compares with eager PyTorch: the output of a run that is tapped, the tapped value, the
 * gradient at the tap, and the output of a run into which the value is put back.
 *
 * <p>Where a trace's module returns other tensors than the eager module (a trace keeps those that are used, in order of
 * use), the first of the eager value's shape is compared.
 */
final class ZooCheck {
    /** Errors are relative to the largest absolute value of the expected tensor. */
    static final double TOLERANCE = 2e-5;

    /** How a comparison ended. */
    enum Status {
        EQUAL,
        /** The library said why not. */
        REFUSED,
        /** The library gave other numbers. */
        DIFFERENT
    }

    /**
     * One layer.
     *
     * @param address in the archive
     * @param type class of the module
     * @param error the largest of all relative errors
     * @param note the refusal, what differs, or what is worth knowing
     */
    record LayerResult(String address, String type, Status status, double error, String note) {}

    /**
     * One archive.
     *
     * @param outputError relative error of the plain output; NaN if there is none
     * @param inputError relative error of the inputs' gradients; NaN if none was asked for
     * @param points how many cut points the model lists
     * @param values how many values with shapes it lists for the inputs
     * @param note why nothing could be compared; mostly empty
     */
    record Result(
            ZooArchive archive,
            double outputError,
            double inputError,
            int points,
            int values,
            List<String> repairs,
            List<LayerResult> layers,
            String note) {
        long count(Status status) {
            return layers.stream().filter(layer -> layer.status() == status).count();
        }

        double worst() {
            return layers.stream()
                    .filter(layer -> layer.status() == Status.EQUAL)
                    .mapToDouble(LayerResult::error)
                    .max()
                    .orElse(0);
        }
    }

    private final ZooArchive archive;
    private final Map<String, Tensor> arrays;

    private ZooCheck(ZooArchive archive) {
        this.archive = archive;
        this.arrays = archive.arrays();
    }

    static Result check(ZooArchive archive) {
        return new ZooCheck(archive).run();
    }

    private Result run() {
        List<LayerResult> layers = new ArrayList<>();
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(
                        archive.path(), TorchGolden.options().output(archive.output()))) {
            Inputs inputs = archive.inputs(arrays, model.tensors());
            double outputError = error(model.forward(inputs), arrays.get("output"));
            double inputError = inputError(model, inputs);
            List<Cut.Value> values = model.values(inputs);
            for (ZooArchive.Layer layer : archive.layers()) {
                try (TensorScope each = TensorScope.open()) {
                    layers.add(check(model, inputs, values, layer));
                }
            }
            return new Result(
                    archive,
                    outputError,
                    inputError,
                    model.cutPoints().size(),
                    values.size(),
                    model.repairs(),
                    layers,
                    "");
        } catch (UnsupportedModelException e) {
            for (ZooArchive.Layer layer : archive.layers()) {
                layers.add(new LayerResult(layer.address(), layer.type(), Status.REFUSED, 0, e.getMessage()));
            }
            return new Result(archive, Double.NaN, Double.NaN, 0, 0, List.of(), layers, e.getMessage());
        }
    }

    /** Compares the gradients of the inputs. Where PyTorch has none, the library must have zeros or refuse. */
    private double inputError(TorchScriptModel model, Inputs inputs) {
        if (inputs.attributed().isEmpty()) {
            return Double.NaN;
        }
        List<String> expected = archive.inputGradients();
        try (Pullback pullback = model.pullback(inputs)) {
            List<Tensor> gradients = pullback.vjpLast(cotangent(pullback.output()));
            double worst = 0;
            for (int i = 0; i < gradients.size(); i++) {
                double error = expected.get(i).isEmpty()
                        ? Arrays.stream(gradients.get(i).toDoubleArray())
                                .map(Math::abs)
                                .max()
                                .orElse(0)
                        : error(gradients.get(i), arrays.get(expected.get(i)));
                worst = Math.max(worst, error);
            }
            return worst;
        } catch (ModelException e) {
            if (expected.stream().allMatch(String::isEmpty)) {
                return 0;
            }
            throw e;
        }
    }

    private LayerResult check(TorchScriptModel model, Inputs inputs, List<Cut.Value> values, ZooArchive.Layer layer) {
        try {
            Cut.Point point = model.cutPoint(layer.address());
            Match match = match(values, point, layer);
            return compare(model.cut(match.point()), inputs, layer, match.value(), match.note());
        } catch (UnknownLayerException | ModelException e) {
            return new LayerResult(layer.address(), layer.type(), Status.REFUSED, 0, e.getMessage());
        }
    }

    /** A value of the archive and the one of the eager model that it is compared with. */
    private record Match(Cut.Point point, ZooArchive.Value value, String note) {}

    /** The same element of what the module returns, or else the first that both have with one shape. */
    private Match match(List<Cut.Value> values, Cut.Point point, ZooArchive.Layer layer) {
        List<Cut.Value> own = values.stream()
                .filter(value -> value.point().path().equals(point.path())
                        && value.point().call() == point.call()
                        && value.point().side() == point.side()
                        && value.dataType().isFloating())
                .toList();
        for (ZooArchive.Value value : layer.values()) {
            Tensor expected = arrays.get(value.activation());
            for (Cut.Value candidate : own) {
                if (candidate.point().element() == value.element()
                        && candidate.shape().equals(expected.shape())) {
                    return new Match(candidate.point(), value, "");
                }
            }
            for (Cut.Value candidate : own) {
                if (candidate.shape().equals(expected.shape())) {
                    return new Match(
                            candidate.point(),
                            value,
                            "compared is `" + candidate.point() + "` with tensor " + value.element()
                                    + " of what the eager module returns");
                }
            }
        }
        return new Match(point, layer.values().get(0), "");
    }

    private LayerResult compare(Cut cut, Inputs inputs, ZooArchive.Layer layer, ZooArchive.Value value, String note) {
        Tensor expected = arrays.get(value.activation());
        Tensor activation = cut.activations(inputs).get(0);
        double[] errors = new double[5];
        errors[0] = error(activation, expected);
        errors[1] = error(cut.tail().forward(behind(cut, inputs, activation)), arrays.get("output"));
        String remark = note;
        try (Pullback pullback = cut.pullback(inputs)) {
            errors[2] = error(pullback.output(), arrays.get("output"));
            errors[3] = error(pullback.activations().get(0), expected);
            Tensor gradient = pullback.vjpLast(cotangent(pullback.output())).get(0);
            if (!value.gradient().isEmpty()) {
                errors[4] = error(gradient, arrays.get(value.gradient()));
            } else if (pullback.unused().isEmpty()
                    && Arrays.stream(gradient.toDoubleArray()).anyMatch(v -> v != 0)) {
                return new LayerResult(
                        layer.address(), layer.type(), Status.DIFFERENT, 0, "a gradient where PyTorch has none");
            }
        } catch (ModelException e) {
            if (!value.gradient().isEmpty()) {
                throw e;
            }
            remark = e.getMessage();
        }
        double worst = Arrays.stream(errors).max().orElse(0);
        boolean equal = Arrays.stream(errors).allMatch(error -> error <= TOLERANCE);
        if (!equal) {
            String[] names = {
                "activation", "output after putting it back", "tapped output", "activation with gradient", "gradient"
            };
            StringBuilder wrong = new StringBuilder();
            for (int i = 0; i < errors.length; i++) {
                if (!(errors[i] <= TOLERANCE)) {
                    wrong.append(wrong.isEmpty() ? "" : ", ")
                            .append(names[i])
                            .append(" off by ")
                            .append(String.format("%.1e", errors[i]));
                }
            }
            remark = wrong + (remark.isEmpty() ? "" : "; " + remark);
        }
        return new LayerResult(layer.address(), layer.type(), equal ? Status.EQUAL : Status.DIFFERENT, worst, remark);
    }

    /**
     * The tail's inputs. The value's axis 0 need not count examples here (windows of an image, a table of positions).
     */
    static Inputs behind(Cut cut, Inputs inputs, Tensor activation) {
        if (activation.shape().rank() == 0) {
            return cut.tailInputs(inputs, activation);
        }
        Inputs tail = Inputs.none().attribute("the value", activation);
        for (Inputs.Input input : inputs.all()) {
            tail = tail.constant(input.name(), input.tensor());
        }
        return tail;
    }

    static Tensor cotangent(Tensor output) {
        double[] values = new double[Math.toIntExact(output.shape().size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.cos(i);
        }
        return output.tensors().of(values, output.dataType(), output.shape());
    }

    /** The largest error; what a hook saw with another axis counting rows is compared with that axis in front. */
    static double error(Tensor actual, Tensor expected) {
        if (!actual.shape().equals(expected.shape())) {
            return rowsFirst(actual, expected).map(seen -> error(actual, seen)).orElse(Double.POSITIVE_INFINITY);
        }
        double[] a = actual.toDoubleArray();
        double[] e = expected.toDoubleArray();
        double scale = 0;
        double worst = 0;
        for (int i = 0; i < e.length; i++) {
            scale = Math.max(scale, Math.abs(e[i]));
            double difference = Math.abs(a[i] - e[i]);
            if (Double.isNaN(difference)) {
                return Double.POSITIVE_INFINITY;
            }
            worst = Math.max(worst, difference);
        }
        return worst == 0 ? 0 : worst / scale;
    }

    private static Optional<Tensor> rowsFirst(Tensor actual, Tensor expected) {
        Shape shape = expected.shape();
        for (int axis = 1; axis < shape.rank() && shape.rank() == actual.shape().rank(); axis++) {
            List<Tensor> rows = new ArrayList<>();
            for (long row = 0; row < shape.dim(axis); row++) {
                List<Long> left = new ArrayList<>(List.of(1L));
                for (int other = 0; other < shape.rank(); other++) {
                    if (other != axis) {
                        left.add(shape.dim(other));
                    }
                }
                rows.add(expected.slice(axis, row, row + 1)
                        .reshape(Shape.of(
                                left.stream().mapToLong(Long::longValue).toArray())));
            }
            Tensor moved = expected.tensors().concat(rows, 0);
            if (moved.shape().equals(actual.shape())) {
                return Optional.of(moved);
            }
        }
        return Optional.empty();
    }
}
