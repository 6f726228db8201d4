// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.table;

import io.github.attribution4j.Features;
import io.github.attribution4j.table.TableEncoder.Attributed;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Adds up what the numbers of a row contributed, by column. */
final class ColumnSums {
    private final TableEncoder encoder;
    private final List<Column> columns;
    /** For each column where its numbers start; at the end how many there are. */
    private final int[] starts;

    ColumnSums(TableEncoder encoder, int[] starts) {
        this.encoder = encoder;
        this.columns = encoder.columns();
        this.starts = starts;
    }

    /** See {@link TableEncoder#columns(io.github.attribution4j.Explanation, int)}. */
    List<Attributed> of(Features features) {
        double[] row = new double[encoder.width()];
        double[] sums = new double[columns.size()];
        double[] errors = new double[columns.size()];
        int[] parts = new int[columns.size()];
        int elements = 0;
        for (int feature = 0; feature < features.size(); feature++) {
            int[] own = features.elements(feature);
            elements += own.length;
            if (elements > encoder.width()) {
                break;
            }
            int column = column(own, features.name(feature));
            sums[column] += features.contribution(feature);
            errors[column] = parts[column]++ == 0 ? features.standardError(feature) : Double.NaN;
            List<Double> values = features.values(feature);
            for (int i = 0; i < values.size(); i++) {
                row[own[i]] = values.get(i);
            }
        }
        if (elements != encoder.width()) {
            throw new IllegalArgumentException("explanation: its rows have "
                    + (elements > encoder.width() ? "more than " + encoder.width() : "" + elements)
                    + " elements, and the encoder makes "
                    + encoder.width() + "; give an explanation of inputs that it made");
        }
        Map<String, @Nullable Object> values = features.hasValues() ? encoder.decode(row) : Map.of();
        return IntStream.range(0, columns.size())
                .mapToObj(i -> {
                    String name = columns.get(i).name();
                    return new Attributed(name, values.get(name), sums[i], errors[i]);
                })
                .toList();
    }

    /** Returns the column that has all elements of a feature. */
    private int column(int[] elements, String feature) {
        int[] in = Arrays.stream(elements)
                .map(element -> {
                    int at = Arrays.binarySearch(starts, element);
                    return at >= 0 ? at : -at - 2;
                })
                .distinct()
                .toArray();
        if (in.length != 1 || in[0] >= columns.size()) {
            throw new IllegalArgumentException("explanation: its feature '" + feature
                    + "' is not within one column; explain with the encoder's mask(), or without one");
        }
        return in[0];
    }
}
