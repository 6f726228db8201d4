// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Compares the numbers of two explanations to the bit. */
final class BitDifference {
    private final List<String> found = new ArrayList<>();

    private BitDifference() {}

    static List<String> of(Explanation one, Explanation other) {
        BitDifference difference = new BitDifference();
        if (!one.names().equals(other.names())) {
            difference.found.add("attributions are of " + one.names() + ", and of " + other.names());
            return difference.found;
        }
        difference.compare("attributions", one.names(), one.attributions(), other.attributions());
        difference.compare("standard errors", one.names(), one.standardErrors(), other.standardErrors());
        difference.compare("scores", one.scores(), other.scores());
        difference.compare(
                "baseline scores",
                one.baselineScores().orElse(null),
                other.baselineScores().orElse(null));
        difference.compare(
                "completeness gaps",
                one.hasCompletenessGap() ? one.completenessGap() : null,
                other.hasCompletenessGap() ? other.completenessGap() : null);
        Map<String, double[]> ones = one.measures();
        Map<String, double[]> others = other.measures();
        Set<String> names = new LinkedHashSet<>(ones.keySet());
        names.addAll(others.keySet());
        names.forEach(name -> difference.compare("measure " + name, ones.get(name), others.get(name)));
        return difference.found;
    }

    private void compare(String what, List<String> names, List<Tensor> ones, List<Tensor> others) {
        if (ones.size() != others.size()) {
            found.add(what + ": " + ones.size() + " tensors, and " + others.size());
            return;
        }
        for (int i = 0; i < ones.size(); i++) {
            Tensor one = ones.get(i);
            Tensor other = others.get(i);
            String of = what + " of " + names.get(i);
            if (!one.shape().equals(other.shape()) || one.dataType() != other.dataType()) {
                found.add(of + ": " + one.dataType() + " " + one.shape() + ", and " + other.dataType() + " "
                        + other.shape());
            } else {
                compare(of, one.toDoubleArray(), other.toDoubleArray());
            }
        }
    }

    private void compare(String what, double @Nullable [] ones, double @Nullable [] others) {
        if (ones == null || others == null) {
            if (ones != others) {
                found.add(what + ": there are none " + (ones == null ? "here" : "there"));
            }
            return;
        }
        int different = 0;
        double largest = 0;
        for (int i = 0; i < ones.length; i++) {
            if (Double.doubleToLongBits(ones[i]) != Double.doubleToLongBits(others[i])) {
                different++;
                largest = Math.max(largest, Math.abs(ones[i] - others[i]));
            }
        }
        if (different > 0) {
            found.add(what + ": " + different + " of " + ones.length + " differ, by at most " + largest);
        }
    }
}
