// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.testkit.internal.fuzz.ChildJvm;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** In JVMs of their own, since the number of threads of an operation belongs to the process. */
class FreshThreadsTest {
    @ParameterizedTest
    @EnumSource
    @DisplayName("A thread's first result has the bits of all others, for any settings and every golden model")
    void firstResults(FreshThreads.Setting setting) throws Exception {
        ProcessBuilder child = ChildJvm.of(
                List.of("-Xmx512m", "-Dbasedir=" + System.getProperty("basedir", ".")),
                FreshThreads.class,
                setting.name());
        // More than one on every machine, so that a thread that missed the setting differs.
        child.environment().put("OMP_NUM_THREADS", "2");
        Process process = child.start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertThat(process.waitFor()).as(String.join("\n", lines)).isZero();
        assertThat(lines).noneMatch(line -> line.startsWith(FreshThreads.DIFFERS));
        assertThat(lines).filteredOn(line -> line.startsWith(FreshThreads.SAME)).hasSizeGreaterThan(20);
    }
}
