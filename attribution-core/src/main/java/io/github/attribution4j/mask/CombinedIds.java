// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/** A mask for each input, each with groups of its own. */
record CombinedIds(List<FeatureMask> masks) implements MaskIds {
    @Override
    public List<Ids> numbers(List<Inputs.Input> attributed, Inputs inputs, Problems problems) {
        if (masks.size() != attributed.size()) {
            problems.add("mask " + describe() + ": " + masks.size() + " masks for " + attributed.size()
                    + " attributed inputs; give one for each");
            return List.of();
        }
        List<Ids> numbers = new ArrayList<>();
        for (int i = 0; i < masks.size(); i++) {
            List<Ids> own = masks.get(i).numbers(List.of(attributed.get(i)), inputs, problems);
            long least = own.stream()
                    .flatMapToLong(ids -> Arrays.stream(ids.values()))
                    .min()
                    .orElse(0);
            if (least < 0) {
                problems.add("mask " + masks.get(i) + " for input '"
                        + attributed.get(i).name()
                        + "' holds the group number " + least
                        + "; groups are numbered 0, 1, 2, ...: renumber them, or use renumbered()");
                return List.of();
            }
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
    public List<List<String>> names(List<Inputs.Input> attributed, Inputs inputs, int groups) {
        List<Ids> numbers = new ArrayList<>();
        List<List<List<String>>> own = new ArrayList<>();
        for (int i = 0; i < masks.size(); i++) {
            List<Inputs.Input> one = List.of(attributed.get(i));
            Ids ids = masks.get(i).numbers(one, inputs, new Problems()).get(0);
            numbers.add(ids);
            own.add(masks.get(i).names(one, inputs, Math.toIntExact(count(ids))));
        }
        if (own.stream().allMatch(List::isEmpty)) {
            return List.of();
        }
        List<List<String>> names = new ArrayList<>();
        for (int row = 0; row < Numbering.rows(numbers); row++) {
            List<String> all = new ArrayList<>();
            for (int i = 0; i < masks.size(); i++) {
                int count = Math.toIntExact(Numbering.largest(numbers.get(i), row) + 1);
                List<List<String>> some = own.get(i);
                all.addAll(
                        some.isEmpty()
                                ? Collections.nCopies(count, "")
                                : some.get(some.size() == 1 ? 0 : row).subList(0, count));
            }
            names.add(all);
        }
        return names.stream().distinct().count() == 1 ? names.subList(0, 1) : names;
    }

    /** Returns how many groups numbers make, the largest over the examples. */
    private static long count(Ids ids) {
        long largest = -1;
        for (int row = 0; row < ids.shape().dim(0); row++) {
            largest = Math.max(largest, Numbering.largest(ids, row));
        }
        return largest + 1;
    }

    @Override
    public String describe() {
        return masks.stream().map(FeatureMask::toString).collect(Collectors.joining(" | "));
    }
}
