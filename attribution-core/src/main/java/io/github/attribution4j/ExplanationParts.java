// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.internal.Fields;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.tensor.Tensor;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The fields of an {@link Explanation}, whose accessors say what each is. */
final class ExplanationParts extends Fields<ExplanationParts> {
    List<String> names = List.of();
    List<Tensor> attributions = List.of();
    List<Tensor> standardErrors = List.of();
    double[] scores = {};
    double @Nullable [] baselineScores;
    double @Nullable [] completenessGap;
    Map<String, double[]> measures = Map.of();
    Counts counts = Counts.NONE;
    Duration elapsed = Duration.ZERO;
    List<String> notices = List.of();
    Provenance provenance;
    Map<String, Tensor> inputData = Map.of();
    Labels labels;

    ExplanationParts(Provenance provenance, Labels labels) {
        this.provenance = provenance;
        this.labels = labels;
    }

    /** Returns a copy whose lists and maps nobody else can change. */
    ExplanationParts unmodifiable() {
        return with(copy -> {
            copy.names = List.copyOf(names);
            copy.attributions = List.copyOf(attributions);
            copy.standardErrors = List.copyOf(standardErrors);
            copy.measures = Collections.unmodifiableMap(new LinkedHashMap<>(measures));
            copy.notices = List.copyOf(notices);
            copy.inputData = Collections.unmodifiableMap(new LinkedHashMap<>(inputData));
        });
    }
}
