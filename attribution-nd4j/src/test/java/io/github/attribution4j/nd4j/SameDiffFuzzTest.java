// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.testkit.internal.fuzz.DamagedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Damaged files in a JVM that has to survive them; a fault names the seed and the number that make it again. The system
 * properties {@code attribution.fuzz} and {@code attribution.fuzz.seed} ask for more files and for others, {@code
 * attribution.fuzz.log} for a file of all that happened.
 */
class SameDiffFuzzTest {
    private static final long SEED = Long.getLong("attribution.fuzz.seed", 20_261);
    private static final int FILES = Integer.getInteger("attribution.fuzz", 300);
    private static final String LOG = System.getProperty("attribution.fuzz.log", "");

    @Test
    void damaged_files_load_or_are_refused_in_one_line() throws IOException, InterruptedException {
        DamagedFiles.Report report = DamagedFiles.run(
                DamagedGraphs.class, List.of("-Xmx256m"), SEED, Integer.getInteger("attribution.fuzz.first", 0), FILES);
        if (!LOG.isEmpty()) {
            Files.write(Path.of(LOG), report.lines());
        }
        assertThat(report.faults()).isEmpty();
        assertThat(report.loaded()).isGreaterThan(FILES / 20);
        assertThat(report.refused()).isGreaterThan(FILES / 4);
    }
}
