// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmark;

import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** What two outputs that differ have to do with each other: the mistakes that conversions are made with. */
final class OutputHints {
    private final double[] ofA;
    private final double[] ofB;
    private final int classes;
    private final double relative;
    private final double absolute;

    private OutputHints(Tensor ofA, Tensor ofB, double relative, double absolute) {
        this.ofA = ofA.toDoubleArray();
        this.ofB = ofB.toDoubleArray();
        this.classes =
                ofA.shape().rank() < 2 ? 1 : (int) ofA.shape().dim(ofA.shape().rank() - 1);
        this.relative = relative;
        this.absolute = absolute;
    }

    static List<String> of(Tensor ofA, Tensor ofB, double relative, double absolute) {
        if (ofA.shape().size() != ofB.shape().size() || ofA.shape().size() == 0) {
            return List.of();
        }
        OutputHints hints = new OutputHints(ofA, ofB, relative, absolute);
        if (!ofA.shape().equals(ofB.shape())) {
            return hints.near(hints.ofA, hints.ofB)
                    ? List.of("both outputs hold the same numbers in the same order, in other shapes")
                    : List.of();
        }
        return hints.found();
    }

    private List<String> found() {
        List<String> said = new ArrayList<>();
        addIf(said, "softmax", OutputHints::softmax);
        addIf(said, "logarithm of the softmax", row -> map(softmax(row), Math::log));
        addIf(said, "sigmoid", row -> map(row, x -> 1 / (1 + Math.exp(-x))));
        if (said.isEmpty()) {
            addOrder(said);
        }
        if (classes > 1) {
            long others = IntStream.range(0, ofA.length / classes)
                    .filter(row -> largest(ofA, row) != largest(ofB, row))
                    .count();
            said.add("the largest output is "
                    + (others == 0
                            ? "the same for every example"
                            : "another one for " + others + " of " + ofA.length / classes + " examples"));
        }
        return said;
    }

    private int largest(double[] numbers, int row) {
        int best = row * classes;
        for (int i = best; i < (row + 1) * classes; i++) {
            best = numbers[i] > numbers[best] ? i : best;
        }
        return best % classes;
    }

    private void addIf(List<String> said, String name, UnaryOperator<double[]> function) {
        if (near(eachRow(ofA, function), ofB)) {
            said.add("the output of B is the " + name + " of that of A: B ends with one step more");
        } else if (near(ofA, eachRow(ofB, function))) {
            said.add("the output of A is the " + name + " of that of B: B ends with one step less");
        }
    }

    private void addOrder(List<String> said) {
        if (classes < 2) {
            return;
        }
        Integer[] places = IntStream.range(0, classes).boxed().toArray(Integer[]::new);
        Integer[] placesOfB = places.clone();
        Arrays.sort(places, Comparator.comparingDouble(i -> ofA[i]));
        Arrays.sort(placesOfB, Comparator.comparingDouble(i -> ofB[i]));
        int[] from = new int[classes];
        for (int i = 0; i < classes; i++) {
            from[placesOfB[i]] = places[i];
        }
        double[] moved = new double[ofA.length];
        for (int i = 0; i < moved.length; i++) {
            moved[i] = ofA[i / classes * classes + from[i % classes]];
        }
        if (near(moved, ofB)) {
            said.add("B has the outputs of A in another order, which is that of A's " + Arrays.toString(from));
        }
    }

    private boolean near(double[] one, double[] other) {
        double largest = 0;
        for (int i = 0; i < one.length; i++) {
            largest = Math.max(largest, Math.max(Math.abs(one[i]), Math.abs(other[i])));
        }
        for (int i = 0; i < one.length; i++) {
            if (!(Math.abs(one[i] - other[i]) <= absolute + relative * largest)) {
                return false;
            }
        }
        return true;
    }

    private double[] eachRow(double[] numbers, UnaryOperator<double[]> function) {
        double[] all = new double[numbers.length];
        for (int from = 0; from < numbers.length; from += classes) {
            double[] row = function.apply(Arrays.copyOfRange(numbers, from, from + classes));
            System.arraycopy(row, 0, all, from, classes);
        }
        return all;
    }

    private static double[] map(double[] row, DoubleUnaryOperator function) {
        return Arrays.stream(row).map(function).toArray();
    }

    private static double[] softmax(double[] row) {
        double most = Arrays.stream(row).max().orElse(0);
        double[] powers = map(row, x -> Math.exp(x - most));
        double sum = Arrays.stream(powers).sum();
        return map(powers, x -> x / sum);
    }
}
