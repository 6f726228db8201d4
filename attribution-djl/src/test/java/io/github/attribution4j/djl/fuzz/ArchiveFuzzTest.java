// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.testkit.internal.fuzz.DamagedFiles;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * A part of {@link DamagedFiles} with every build; a fault names the seed and the number that make it again. The system
 * properties {@code attribution.fuzz} and {@code attribution.fuzz.seed} ask for more archives and for others.
 */
class ArchiveFuzzTest {
    private static final long SEED = Long.getLong("attribution.fuzz.seed", 20_261);
    private static final int ARCHIVES = Integer.getInteger("attribution.fuzz", 200);

    @Test
    @DisplayName("Damaged archives load or are refused in one line, in a JVM that survives with less than 1 GiB")
    void damagedArchives() throws Exception {
        DamagedFiles.Report report = DamagedFiles.run(
                FuzzProcess.class,
                List.of("-Xmx256m", "-D" + Mutations.DATA + "=" + Mutations.data(), "-Dai.djl.pytorch.num_threads=1"),
                SEED,
                0,
                ARCHIVES);
        assertThat(report.faults()).isEmpty();
        assertThat(report.loaded() + report.refused()).isEqualTo(ARCHIVES);
        assertThat(report.loaded()).isGreaterThan(ARCHIVES / 20);
        assertThat(report.refused()).isGreaterThan(ARCHIVES / 2);
    }

    @Test
    @DisplayName("A seed and a number always make the same archive")
    void reproducible() {
        for (int number = 0; number < 40; number++) {
            Mutations.Mutation first = Mutations.of(SEED, number);
            Mutations.Mutation second = Mutations.of(SEED, number);
            assertThat(second.bytes()).isEqualTo(first.bytes());
            assertThat(second.what()).isEqualTo(first.what());
        }
    }
}
