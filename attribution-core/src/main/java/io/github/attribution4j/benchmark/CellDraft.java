// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmark;

import io.github.attribution4j.Provenance;
import io.github.attribution4j.benchmark.BenchmarkTable.Cell;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.metric.Judgement.Curve;
import io.github.attribution4j.run.Run.Counts;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/** The cell of a method and a metric while judgements of parts come in. */
final class CellDraft {
    private final String method;
    private final String metric;
    private final boolean higherIsBetter;
    private final List<double[]> scores = new ArrayList<>();
    private final List<Curve> curves = new ArrayList<>();
    private final Set<String> notices = new LinkedHashSet<>();
    private Counts counts = Counts.NONE;
    private @Nullable Judgement first;
    private @Nullable String failure;

    CellDraft(String method, String metric, boolean higherIsBetter) {
        this.method = method;
        this.metric = metric;
        this.higherIsBetter = higherIsBetter;
    }

    boolean isFailed() {
        return failure != null;
    }

    void fail(RuntimeException e) {
        failure = e.getMessage() == null ? e.toString() : e.getMessage();
    }

    void add(Judgement judgement) {
        first = first == null ? judgement : first;
        scores.add(judgement.scores());
        curves.addAll(judgement.curves());
        notices.addAll(judgement.notices());
        counts = counts.plus(judgement.counts());
    }

    Cell cell() {
        boolean failed = isFailed();
        return new Cell(
                method,
                metric,
                higherIsBetter,
                failed
                        ? new double[0]
                        : scores.stream().flatMapToDouble(DoubleStream::of).toArray(),
                failed ? List.of() : curves,
                counts,
                List.copyOf(notices),
                Optional.ofNullable(first).map(CellDraft::words),
                Optional.ofNullable(first).map(judgement -> words(judgement.explained())),
                Optional.ofNullable(failure));
    }

    private static String words(Judgement judgement) {
        return words(judgement.provenance());
    }

    private static String words(Provenance provenance) {
        return provenance.settings().isEmpty()
                ? provenance.method()
                : provenance.method() + " " + provenance.settings();
    }
}
