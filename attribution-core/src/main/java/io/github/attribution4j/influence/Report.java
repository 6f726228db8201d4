// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import io.github.attribution4j.Provenance;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.status.Experimental;
import java.time.Duration;
import java.util.List;

/**
 * Where influences come from and what they cost.
 *
 * @param provenances one for each checkpoint: its model, its rate as setting {@code learning-rate}, and training rows
 *     and explained rows among the inputs
 * @param counts rows of the model; none for what was read from a directory
 * @param elapsed the wall time
 * @param notices what a reader must know
 */
@Experimental
public record Report(List<Provenance> provenances, Counts counts, Duration elapsed, List<String> notices) {
    /** Copies the lists. */
    public Report {
        provenances = List.copyOf(provenances);
        notices = List.copyOf(notices);
    }
}
