// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import io.github.attribution4j.table.TableEncoder.Attributed;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a row: its explanation, or why it has none.
 *
 * @param columns of the table, with what each contributed; none if the row failed
 * @param score NaN if the row failed
 * @param baselineScore NaN if the method compares with no baseline
 * @param gap NaN if the method claims no completeness
 * @param target which score is explained, in words
 * @param failure null if the row is explained
 */
record Answer(
        List<Attributed> columns,
        double score,
        double baselineScore,
        double gap,
        String target,
        @Nullable Failure failure) {
    /**
     * Why a row has no explanation.
     *
     * @param kind name of the exception
     * @param message that of the exception
     */
    record Failure(String kind, String message) {}

    static Answer failed(RuntimeException failure) {
        return failed(failure, String.valueOf(failure.getMessage()));
    }

    static Answer failed(RuntimeException failure, String message) {
        return new Answer(
                List.of(),
                Double.NaN,
                Double.NaN,
                Double.NaN,
                "",
                new Failure(failure.getClass().getSimpleName(), message));
    }

    boolean hasErrors() {
        return columns.stream().anyMatch(column -> !Double.isNaN(column.standardError()));
    }
}
