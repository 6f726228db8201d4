// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.Provenance;
import io.github.attribution4j.mask.MaskIds.Ids;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Arithmetic on group numbers. A mask has one row of them, or one for each example. */
final class Numbering {
    private Numbering() {}

    /** Returns how many rows the inputs' numbers have together: 1, or the number of examples. */
    static int rows(List<Ids> perInput) {
        return Math.toIntExact(
                perInput.stream().mapToLong(ids -> ids.shape().dim(0)).max().orElse(1));
    }

    /** Returns the largest number of a row, -1 if there is none. */
    static long largest(Ids ids, int row) {
        int start = ids.start(row);
        long largest = -1;
        for (int i = start; i < start + ids.rowSize(); i++) {
            largest = Math.max(largest, ids.values()[i]);
        }
        return largest;
    }

    /** Returns numbers, each counted from 0 within its input, raised so that no two inputs share one. */
    static List<Ids> apart(List<Ids> perInput) {
        long[] next = new long[rows(perInput)];
        List<Ids> raised = new ArrayList<>();
        for (Ids ids : perInput) {
            boolean alike = Arrays.stream(next).distinct().count() == 1;
            Ids tiled = alike ? ids : tiled(ids, next.length);
            long[] values = tiled.values().clone();
            for (int i = 0; i < values.length; i++) {
                values[i] += next[i / tiled.rowSize() % next.length];
            }
            for (int row = 0; row < next.length; row++) {
                next[row] += largest(ids, row) + 1;
            }
            raised.add(new Ids(tiled.shape(), values));
        }
        return raised;
    }

    private static Ids tiled(Ids ids, int rows) {
        if (ids.shape().dim(0) == rows) {
            return ids;
        }
        int rowSize = ids.rowSize();
        long[] values = new long[Math.multiplyExact(rows, rowSize)];
        for (int row = 0; row < rows; row++) {
            System.arraycopy(ids.values(), 0, values, row * rowSize, rowSize);
        }
        return new Ids(ids.shape().withRows(rows), values);
    }

    /** Returns numbers replaced, within each row, by 0, 1, 2, ... in ascending order. */
    static List<Ids> renumbered(List<Ids> perInput) {
        int rows = rows(perInput);
        List<Ids> compact = perInput.stream()
                .map(ids -> tiled(ids, rows))
                .map(ids -> new Ids(ids.shape(), ids.values().clone()))
                .toList();
        for (int row = 0; row < rows; row++) {
            long[] distinct = distinct(compact, row);
            for (Ids ids : compact) {
                int start = ids.start(row);
                for (int i = start; i < start + ids.rowSize(); i++) {
                    ids.values()[i] = Arrays.binarySearch(distinct, ids.values()[i]);
                }
            }
        }
        return compact;
    }

    /** Returns the names of groups, as {@link MaskIds#names}, in the order of the numbers that replace those given. */
    static List<List<String>> renumbered(List<List<String>> names, List<Ids> perInput) {
        if (names.isEmpty()) {
            return names;
        }
        List<List<String>> ordered = new ArrayList<>();
        for (int row = 0; row < rows(perInput); row++) {
            List<String> own = names.get(names.size() == 1 ? 0 : row);
            ordered.add(Arrays.stream(distinct(perInput, row))
                    .mapToObj(number -> number < own.size() ? own.get((int) number) : "")
                    .toList());
        }
        return ordered.stream().distinct().count() == 1 ? ordered.subList(0, 1) : ordered;
    }

    /** Returns the distinct numbers of a row of all inputs, ascending. */
    static long[] distinct(List<Ids> perInput, int row) {
        int size = 0;
        for (Ids ids : perInput) {
            size += ids.rowSize();
        }
        long[] values = new long[size];
        int at = 0;
        for (Ids ids : perInput) {
            System.arraycopy(ids.values(), ids.start(row), values, at, ids.rowSize());
            at += ids.rowSize();
        }
        Arrays.sort(values);
        int distinct = 0;
        for (int i = 0; i < size; i++) {
            if (i == 0 || values[i] != values[i - 1]) {
                values[distinct++] = values[i];
            }
        }
        return Arrays.copyOf(values, distinct);
    }

    /** Returns a short digest for provenance. */
    static String digest(Ids ids) {
        try (Tensor tensor = Tensors.ofJava().of(ids.values(), ids.shape())) {
            return Provenance.digest(tensor).substring(0, 16);
        }
    }
}
