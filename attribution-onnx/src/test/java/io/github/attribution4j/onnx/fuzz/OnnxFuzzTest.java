// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.testkit.internal.fuzz.DamagedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Damaged files in a JVM that has to survive them, with less than 1 GiB; a fault names the seed and the number that
 * make it again. The system properties {@code attribution.fuzz} and {@code attribution.fuzz.seed} ask for more files
 * and for others, {@code attribution.fuzz.log} for a file of all that happened.
 */
class OnnxFuzzTest {
    private static final long SEED = Long.getLong("attribution.fuzz.seed", 20_261);
    private static final int FILES = Integer.getInteger("attribution.fuzz", 200);
    private static final String LOG = System.getProperty("attribution.fuzz.log", "");

    @Test
    void damaged_files_load_or_are_refused_in_one_line() throws IOException, InterruptedException {
        Path data = Damage.of(SEED, 0).base().getParent();
        DamagedFiles.Report report = DamagedFiles.run(
                OnnxFuzz.class,
                List.of("-Xmx256m", "-D" + Damage.DATA + "=" + data),
                SEED,
                Integer.getInteger("attribution.fuzz.first", 0),
                FILES);
        if (!LOG.isEmpty()) {
            Files.write(Path.of(LOG), report.lines());
        }
        assertThat(report.faults()).isEmpty();
        assertThat(report.loaded()).isGreaterThan(FILES / 20);
        assertThat(report.refused()).isGreaterThan(FILES / 4);
    }

    @Test
    void a_seed_and_a_number_make_the_same_file() {
        for (int number = 0; number < 40; number++) {
            assertThat(Damage.of(SEED, number).bytes())
                    .isEqualTo(Damage.of(SEED, number).bytes());
        }
    }
}
