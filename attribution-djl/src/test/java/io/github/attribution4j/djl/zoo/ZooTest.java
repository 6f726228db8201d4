// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.djl.zoo.ZooCheck.LayerResult;
import io.github.attribution4j.djl.zoo.ZooCheck.Result;
import io.github.attribution4j.djl.zoo.ZooCheck.Status;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The committed archives of the zoo, or those of the folder {@code -Dattribution.zoo=DIRECTORY}, cut and compared with
 * eager PyTorch; {@code -Dattribution.zoo.table=FILE} writes what was found.
 */
class ZooTest {
    private static final List<Result> RESULTS = Collections.synchronizedList(new ArrayList<>());

    private static Path folder() {
        String given = System.getProperty("attribution.zoo", "");
        return given.isEmpty() ? GoldenData.zoo() : Path.of(given).toAbsolutePath();
    }

    @TestFactory
    Stream<DynamicTest> valuesAndGradientsAreThoseOfEagerHooksOrTheLayerIsRefused() {
        String only = System.getProperty("attribution.zoo.only", "");
        return ZooArchive.of(folder()).stream()
                .filter(archive -> archive.file().startsWith(only))
                .map(archive -> DynamicTest.dynamicTest(archive.file(), () -> {
                    Result result = ZooCheck.check(archive);
                    RESULTS.add(result);
                    for (LayerResult layer : result.layers()) {
                        assertThat(layer.status())
                                .as("%s %s: %s", archive.file(), layer.address(), layer.note())
                                .isNotEqualTo(Status.DIFFERENT);
                    }
                    assertThat(result.note()).isEmpty();
                    assertThat(result.outputError()).as("output").isLessThan(ZooCheck.TOLERANCE);
                    if (!Double.isNaN(result.inputError())) {
                        assertThat(result.inputError())
                                .as("gradients of the inputs")
                                .isLessThan(ZooCheck.TOLERANCE);
                    }
                    assertThat(result.points()).as("cut points").isPositive();
                    assertThat(result.values()).as("values with shapes").isPositive();
                }));
    }

    @AfterAll
    static void nearlyAllLayersAreEqual() throws IOException {
        ZooReport report = new ZooReport(RESULTS, ZooArchive.failures(folder()));
        String table = System.getProperty("attribution.zoo.table", "");
        if (!table.isEmpty()) {
            Files.writeString(Path.of(table), report.markdown());
        }
        for (ZooReport.Total total : report.totals().subList(0, 2)) {
            assertThat(total.share())
                    .as("%s layers equal, of %s", total.kind(), total.layers())
                    .isGreaterThanOrEqualTo(ZooReport.SHARE);
        }
    }
}
