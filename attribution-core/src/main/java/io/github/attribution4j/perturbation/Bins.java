// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The bins of every element, fitted on the samples of a baseline. The bin of a value is a number: the value itself
 * where each is a bin, else the number of cut points below it; NaN for a missing value.
 */
final class Bins {
    /** The most distinct values of a column that count as categories, whatever the discretizer. */
    private static final int FEW = 2;

    private final Coalitions coalitions;
    private final List<Inputs.Input> inputs;
    /** For each input where its elements start among all; at the end how many there are. */
    private final int[] starts;
    /** For each element its cut points; none where each value is a bin. */
    private final double[][] cuts;
    /** For each sample the bin of each element. */
    private final double[][] bins;

    /**
     * Fits.
     *
     * @throws InvalidRequestException naming columns that there are not
     */
    Bins(Discretizer discretizer, Coalitions coalitions) {
        this.coalitions = coalitions;
        inputs = coalitions.evaluator().inputs().attributedInputs();
        starts = new int[inputs.size() + 1];
        for (int i = 0; i < inputs.size(); i++) {
            starts[i + 1] = Math.toIntExact(
                    starts[i] + inputs.get(i).tensor().shape().row().size());
        }
        double[][] given = given(discretizer);
        bins = rows(coalitions.background());
        cuts = new double[starts[inputs.size()]][];
        for (int element = 0; element < cuts.length; element++) {
            cuts[element] = given[element] == null ? fitted(discretizer, element) : given[element];
        }
        for (double[] sample : bins) {
            divide(sample);
        }
    }

    /** Returns for each element the cut points that are given by name; null where there are none. */
    private double[][] given(Discretizer discretizer) {
        double[][] given = new double[starts[inputs.size()]][];
        if (discretizer.columns().isEmpty()) {
            return given;
        }
        Map<String, List<Integer>> places = places();
        Problems problems = new Problems();
        discretizer.columns().forEach((name, points) -> {
            List<Integer> elements = places.getOrDefault(name, List.of());
            problems.require(
                    !elements.isEmpty(),
                    "discretizer " + discretizer + ": there is no column '" + name + "'; "
                            + NearNames.hint(name, List.copyOf(places.keySet())));
            problems.require(
                    elements.size() < 2 || points.length == 0,
                    "discretizer " + discretizer + ": '" + name + "' is of " + elements.size()
                            + " elements, and cut points are those of one; name a column, or call it a category");
            elements.forEach(element -> given[element] = points);
        });
        problems.throwIfAny();
        return given;
    }

    /** Returns for the name of each element, and of each group, which elements are meant. */
    private Map<String, List<Integer>> places() {
        Map<String, List<Integer>> places = new LinkedHashMap<>();
        List<String> labels = coalitions.labels(0);
        for (int input = 0; input < inputs.size(); input++) {
            long[] groups = coalitions.groupNumbers(input, 0);
            for (int i = 0; i < groups.length; i++) {
                int element = starts[input] + i;
                String name = name(element, 0);
                String label = labels.get((int) groups[i]);
                places.computeIfAbsent(name, absent -> new ArrayList<>()).add(element);
                if (!label.isEmpty() && !label.equals(name)) {
                    places.computeIfAbsent(label, absent -> new ArrayList<>()).add(element);
                }
            }
        }
        return places;
    }

    private int input(int element) {
        int input = 0;
        while (element >= starts[input + 1]) {
            input++;
        }
        return input;
    }

    private String name(int element, int example) {
        int at = input(element);
        Inputs.Input input = inputs.get(at);
        return input.features().element(input.name(), input.tensor().shape(), example, element - starts[at]);
    }

    private double[] fitted(Discretizer discretizer, int element) {
        Inputs.Input input = inputs.get(input(element));
        double[] values = Arrays.stream(bins)
                .mapToDouble(sample -> sample[element])
                .filter(value -> !Double.isNaN(value))
                .sorted()
                .toArray();
        boolean category = discretizer.bins() == 1
                || input.tensor().dataType() == DataType.BOOL
                || input.features().categories().containsKey(name(element, 0))
                || Arrays.stream(values).distinct().limit(FEW + 1L).count() <= FEW;
        return category ? new double[0] : discretizer.quantiles(values);
    }

    /** Returns the elements of the rows of tensors, those of all inputs in one. */
    private double[][] rows(List<Tensor> tensors) {
        double[][] rows = new double[Math.toIntExact(tensors.get(0).shape().dim(0))][starts[inputs.size()]];
        for (int input = 0; input < inputs.size(); input++) {
            int size = starts[input + 1] - starts[input];
            double[] all = tensors.get(input).toDoubleArray();
            for (int row = 0; row < rows.length; row++) {
                System.arraycopy(all, row * size, rows[row], starts[input], size);
            }
        }
        return rows;
    }

    /** Returns the elements of an example. */
    private double[] own(int example) {
        try (TensorScope scope = TensorScope.open()) {
            return rows(coalitions.evaluator().inputs().attributed().stream()
                    .map(tensor -> tensor.rows(example, example + 1L))
                    .toList())[0];
        }
    }

    /** Puts in place of each value its bin. */
    private void divide(double[] values) {
        for (int element = 0; element < values.length; element++) {
            double value = values[element];
            if (cuts[element].length > 0 && !Double.isNaN(value)) {
                values[element] = below(cuts[element], value);
            }
        }
    }

    /** Returns how many cut points are below a value. */
    private static int below(double[] cuts, double value) {
        int at = Arrays.binarySearch(cuts, value);
        return at >= 0 ? at : -at - 1;
    }

    /** Returns for each sample, for each group of an example, whether all elements are in the bins of the example. */
    boolean[][] shared(int example) {
        double[] own = own(example);
        divide(own);
        long[] groups = groups(example);
        boolean[][] shared = new boolean[bins.length][coalitions.groups(example)];
        for (int sample = 0; sample < bins.length; sample++) {
            Arrays.fill(shared[sample], true);
            for (int element = 0; element < own.length; element++) {
                double other = bins[sample][element];
                boolean same = own[element] == other || (Double.isNaN(own[element]) && Double.isNaN(other));
                shared[sample][(int) groups[element]] &= same;
            }
        }
        return shared;
    }

    private long[] groups(int example) {
        long[] groups = new long[cuts.length];
        for (int input = 0; input < inputs.size(); input++) {
            long[] own = coalitions.groupNumbers(input, example);
            System.arraycopy(own, 0, groups, starts[input], own.length);
        }
        return groups;
    }

    /** Returns for each group of an example the interval that is its bin; blank for one of categories or elements. */
    List<String> conditions(int example) {
        long[] groups = groups(example);
        double[] own = own(example);
        String[] conditions = new String[coalitions.groups(example)];
        for (int element = 0; element < own.length; element++) {
            int group = (int) groups[element];
            conditions[group] = conditions[group] == null ? interval(element, own[element], example) : "";
        }
        return List.of(conditions);
    }

    private String interval(int element, double value, int example) {
        double[] points = cuts[element];
        if (points.length == 0 || Double.isNaN(value)) {
            return "";
        }
        int bin = below(points, value);
        String name = name(element, example);
        if (bin == points.length) {
            return name + " > " + Numbers.brief(points[bin - 1]);
        }
        return (bin == 0 ? "" : Numbers.brief(points[bin - 1]) + " < ") + name + " ≤ " + Numbers.brief(points[bin]);
    }
}
