// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/** A mask for each input, each with groups of its own. */
record CombinedIds(List<FeatureMask> masks) implements MaskIds {
    @Override
    public List<Ids> numbers(List<Inputs.Input> attributed, long examples, Problems problems) {
        if (masks.size() != attributed.size()) {
            problems.add("mask " + describe() + ": " + masks.size() + " masks for " + attributed.size()
                    + " attributed inputs; give one for each");
            return List.of();
        }
        List<Ids> numbers = new ArrayList<>();
        for (int i = 0; i < masks.size(); i++) {
            List<Ids> own = masks.get(i).numbers(List.of(attributed.get(i)), examples, problems);
            int names = masks.get(i).names().size();
            if (names > 0 && !own.isEmpty() && names != count(own.get(0))) {
                problems.add("mask " + masks.get(i) + ": " + names + " names for " + count(own.get(0))
                        + " groups of input '" + attributed.get(i).name() + "'; give one for each");
                return List.of();
            }
            numbers.addAll(own);
        }
        return numbers.size() == masks.size() ? Numbering.apart(numbers) : List.of();
    }

    @Override
    public List<String> names(List<Inputs.Input> attributed, long examples, int groups) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < masks.size(); i++) {
            List<Inputs.Input> own = List.of(attributed.get(i));
            Ids ids = masks.get(i).numbers(own, examples, new Problems()).get(0);
            int count = count(ids);
            List<String> some = masks.get(i).names(own, examples, count);
            names.addAll(some.isEmpty() ? Collections.nCopies(count, "") : some);
        }
        boolean told = names.stream().anyMatch(name -> !name.isEmpty());
        // Where inputs have other numbers of groups in each example, a number is another group in each.
        return told && names.size() == groups ? names : List.of();
    }

    /** Returns how many groups numbers make, the largest over the examples. */
    private static int count(Ids ids) {
        long largest = -1;
        for (int row = 0; row < ids.shape().dim(0); row++) {
            largest = Math.max(largest, Numbering.largest(ids, row));
        }
        return Math.toIntExact(largest + 1);
    }

    @Override
    public String describe() {
        return masks.stream().map(FeatureMask::toString).collect(Collectors.joining(" | "));
    }
}
