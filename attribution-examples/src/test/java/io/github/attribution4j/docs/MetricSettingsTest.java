// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import io.github.attribution4j.catalog.Metrics;
import io.github.attribution4j.setting.Description;
import java.io.IOException;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The page of the metrics' settings comes from their descriptions. */
class MetricSettingsTest {
    @Test
    void thePageSaysWhatTheMetricsSay() throws IOException {
        SettingsTable.compare(
                Demo.REPOSITORY.resolve("docs/metric-settings.md"),
                Metrics.all().stream().map(MetricSettingsTest::section).collect(Collectors.joining("\n")));
    }

    private static String section(Description<?> metric) {
        String claim = metric.claim().substring(0, 1).toUpperCase(Locale.ROOT)
                + metric.claim().substring(1);
        return "## " + metric.name() + "\n\n" + claim + ".\n"
                + (metric.settings().isEmpty() ? "" : "\n" + SettingsTable.of(metric, ""));
    }
}
