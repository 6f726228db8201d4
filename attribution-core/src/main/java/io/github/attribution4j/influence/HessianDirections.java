// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.internal.numeric.SymmetricEigen;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.ParameterizedModel.Parameter;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Finds the directions in which the loss of all training rows is curved most, by Arnoldi's iteration on products with
 * its Hessian. A product H v is the difference of two gradients: at the parameters moved along v, forth and back.
 */
final class HessianDirections {
    private static final long PURPOSE = 0x61726e6f6c6469L;
    /** Rows that go through the model at once, unless the run says so. */
    private static final int ROWS = 64;

    /** With more than this, relative to its size, the restricted Hessian is not symmetric for a reason. */
    private static final double ASYMMETRY = 1e-2;

    /**
     * Parameters may be this far from where they were moved to, in steps. In float32 they are 1e-5 away, in float16
     * 5e-2.
     */
    private static final double COARSE = 1e-3;

    private final Influence<?> influence;
    private final ParameterGradients gradients;
    private final Examples training;
    private final Run run;
    private final double[] parameters;
    private final List<Parameter> shapes;
    private final double step;
    private final Optional<FeatureFiles> files;
    private Counts counts = Counts.NONE;
    private double asymmetry;

    /**
     * Looks at the parameters.
     *
     * @param files where products are kept, each as a row; empty if nowhere
     */
    HessianDirections(
            Influence<?> influence,
            ParameterGradients gradients,
            Examples training,
            Run run,
            Optional<FeatureFiles> files) {
        this.influence = influence;
        this.gradients = gradients;
        this.training = training;
        this.run = run;
        this.files = files;
        ParameterizedModel model = gradients.model();
        this.shapes = gradients.names().stream().map(model::parameter).toList();
        try (TensorScope scope = TensorScope.open()) {
            this.parameters = ParameterGradients.joined(
                    gradients.names().stream().map(model::weight).toList());
        }
        // The step at which what rounding and what the third derivative leave of a difference are alike.
        this.step = Math.cbrt(rounding()) * (1 + norm(parameters));
    }

    /** Returns the distance of two neighboring numbers at 1, in the coarsest type of the parameters. */
    private double rounding() {
        return shapes.stream().allMatch(parameter -> parameter.dataType() == DataType.FLOAT64)
                ? Math.ulp(1.0)
                : Math.ulp(1f);
    }

    /** Checks that a copy moved as it should: its file may hold fewer digits than the type in which it is seen. */
    private void requireMoved(ParameterizedModel moved, Map<String, Tensor> values) {
        for (Parameter parameter : shapes) {
            double[] wanted =
                    Objects.requireNonNull(values.get(parameter.name())).toDoubleArray();
            double[] found = moved.weight(parameter.name()).toDoubleArray();
            double apart = 0;
            for (int i = 0; i < wanted.length; i++) {
                apart += Math.pow(found[i] - wanted[i], 2);
            }
            if (Math.sqrt(apart) > COARSE * step) {
                throw new UnsupportedModelException("parameter '" + parameter.name() + "' is stored with so few digits"
                        + " that differences of gradients are mostly rounding: moved by " + step + ", it is "
                        + Math.sqrt(apart) + " away from where it should be; give a file of the model in float32 or"
                        + " float64");
            }
        }
    }

    /** Returns the number of parameters. */
    int size() {
        return parameters.length;
    }

    Counts counts() {
        return counts;
    }

    /** Returns what a reader must know of the products. */
    List<String> notices() {
        return asymmetry <= ASYMMETRY
                ? List.of()
                : List.of(String.format(
                        Locale.ROOT,
                        "products with the Hessian are uncertain: it should be symmetric, and is not by %.2g of its"
                                + " size; load the model in float64, or name parameters behind which the model is"
                                + " smooth",
                        asymmetry));
    }

    /**
     * Returns eigenvectors of the largest eigenvalues of the Hessian plus {@code ridge} times the identity, each
     * divided by the root of its eigenvalue: rows of a matrix R with RᵀR ≈ (H + ridge)⁻¹.
     *
     * @param count of the directions at most
     * @param dimension of the Krylov space at most
     * @param least a new basis vector must be at least this long before it is normalized
     * @param ridge added to all eigenvalues
     * @param smallest eigenvalues below it are left out
     */
    List<double[]> find(int count, int dimension, double least, double ridge, double smallest) {
        List<double[]> basis = new ArrayList<>();
        int most = Math.min(dimension, size());
        double[][] restricted = new double[most][most];
        basis.add(start());
        int steps = 0;
        while (steps < most) {
            double[] next = product(steps, basis.get(steps));
            for (int i = 0; i <= steps; i++) {
                restricted[i][steps] = dot(basis.get(i), next);
            }
            // Twice: what is left after one pass is mostly rounding where the product lies in the space (Kahan,
            // Parlett).
            for (int pass = 0; pass < 2; pass++) {
                for (int i = 0; i <= steps; i++) {
                    add(next, -dot(basis.get(i), next), basis.get(i));
                }
            }
            double rest = norm(next);
            steps++;
            if (steps == most || rest < least) {
                break;
            }
            restricted[steps][steps - 1] = rest;
            Arrays.setAll(next, i -> next[i] / rest);
            basis.add(next);
        }
        return directions(basis, symmetric(restricted, steps), steps, count, ridge, smallest);
    }

    private double[] start() {
        RandomGenerator random = run.random(PURPOSE);
        double[] vector = new double[size()];
        Arrays.setAll(vector, i -> random.nextGaussian());
        double length = norm(vector);
        Arrays.setAll(vector, i -> vector[i] / length);
        return vector;
    }

    private double[][] symmetric(double[][] restricted, int size) {
        double[][] mean = new double[size][size];
        double apart = 0;
        double all = 0;
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < size; j++) {
                mean[i][j] = (restricted[i][j] + restricted[j][i]) / 2;
                apart += Math.pow(restricted[i][j] - restricted[j][i], 2);
                all += Math.pow(mean[i][j], 2);
            }
        }
        asymmetry = all == 0 ? 0 : Math.sqrt(apart / all);
        return mean;
    }

    private List<double[]> directions(
            List<double[]> basis, double[][] restricted, int size, int count, double ridge, double smallest) {
        SymmetricEigen eigen = SymmetricEigen.of(restricted, size);
        List<double[]> directions = new ArrayList<>();
        int[] order = IntStream.range(0, size)
                .boxed()
                .sorted((a, b) -> Double.compare(eigen.values()[b], eigen.values()[a]))
                .mapToInt(Integer::intValue)
                .toArray();
        for (int number : order) {
            double value = eigen.values()[number] + ridge;
            if (directions.size() == count || !(value > smallest)) {
                break;
            }
            double[] direction = new double[size()];
            for (int i = 0; i < size; i++) {
                add(direction, eigen.vectors()[i][number] / Math.sqrt(value), basis.get(i));
            }
            directions.add(direction);
        }
        if (directions.isEmpty()) {
            throw new UnsupportedModelException(influence.name() + ": the Hessian of the loss has no eigenvalue above "
                    + smallest + " in the space that was looked at; raise hessian-reg, or lower hessian-inverse-tol");
        }
        return directions;
    }

    /** Returns H v for the basis vector of a step, from the directory if it is there. */
    private double[] product(int step, double[] vector) {
        Optional<Block> kept = files.flatMap(stored -> stored.read(step, step + 1, List.of(size())));
        if (kept.isPresent()) {
            return kept.get().factors().get(0);
        }
        double[] product = times(vector);
        for (double number : product) {
            if (!Double.isFinite(number)) {
                throw new ModelException(influence.name() + ": a product with the Hessian has the element " + number
                        + "; look for an overflow or a division by zero in the model or its loss, at parameters that"
                        + " are moved by " + this.step);
            }
        }
        files.ifPresent(stored -> stored.write(step, step + 1, new Block(1, List.of(product))));
        return product;
    }

    /** Returns H v. */
    private double[] times(double[] vector) {
        double[] above = gradient(vector, step);
        double[] below = gradient(vector, -step);
        Arrays.setAll(above, i -> (above[i] - below[i]) / (2 * step));
        return above;
    }

    /** Returns the gradient of the loss of all training rows, with parameters moved. */
    private double[] gradient(double[] direction, double distance) {
        double[] sum = new double[size()];
        long rows =
                run.batching().rule() == Run.Batching.Rule.ROWS ? run.batching().amount() : ROWS;
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> values = moved(direction, distance);
            try (ParameterizedModel moved = gradients.model().withParameters(values)) {
                requireMoved(moved, values);
                ParameterGradients there = new ParameterGradients(moved, gradients.names());
                for (long from = 0; from < training.count(); from += rows) {
                    run.check(influence.name(), from, training.count());
                    long to = Math.min(training.count(), from + rows);
                    try (TensorScope batch = TensorScope.open()) {
                        Examples.Part part = training.part(from, to);
                        Evaluator evaluator = Evaluator.start(
                                influence,
                                moved,
                                part.inputs(),
                                part.target(),
                                run.quiet().nested());
                        double[] ofPart = there.sum(evaluator);
                        Arrays.setAll(sum, i -> sum[i] + ofPart[i]);
                    }
                    counts = counts.plus(new Counts(to - from, to - from, 1, to - from));
                    run.report(influence.name(), to - from);
                }
            }
        }
        return sum;
    }

    private Map<String, Tensor> moved(double[] direction, double distance) {
        Map<String, Tensor> values = new LinkedHashMap<>();
        int at = 0;
        for (Parameter parameter : shapes) {
            double[] elements = new double[Math.toIntExact(parameter.shape().size())];
            for (int i = 0; i < elements.length; i++) {
                elements[i] = parameters[at + i] + distance * direction[at + i];
            }
            at += elements.length;
            values.put(parameter.name(), Tensors.ofJava().of(elements, parameter.shape()));
        }
        return values;
    }

    static double dot(double[] one, double[] other) {
        double sum = 0;
        for (int i = 0; i < one.length; i++) {
            sum += one[i] * other[i];
        }
        return sum;
    }

    private static double norm(double[] vector) {
        return Math.sqrt(dot(vector, vector));
    }

    private static void add(double[] sum, double factor, double[] vector) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += factor * vector[i];
        }
    }
}
