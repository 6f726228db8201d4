// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextsTest {
    /** A file of every name: two rows of two. */
    @ParameterizedTest
    @CsvSource({"1000,1000", "512MiB,536870912", "2GiB,2147483648", "1kB,1000", "1k,1024", "3 mb,3000000", "7b,7"})
    void sizes(String text, long bytes) {
        assertThat(RunOptions.MemorySize.parse(text).bytes()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({"lots", "1.5GiB", "99999999999999GiB", "-1"})
    void refusesBadSizes(String text) {
        assertThatThrownBy(() -> RunOptions.MemorySize.parse(text)).hasMessageContaining(text);
    }

    @ParameterizedTest
    @CsvSource({"500ms,500", "2s,2000", "1.5s,1500", "1m,60000", "2min,120000", "1h,3600000"})
    void times(String text, long milliseconds) {
        assertThat(new Texts.DurationConverter().convert(text)).isEqualTo(Duration.ofMillis(milliseconds));
    }

    @ParameterizedTest
    @CsvSource({"5", "soon", "-1s"})
    void refusesBadTimes(String text) {
        assertThatThrownBy(() -> new Texts.DurationConverter().convert(text)).hasMessageContaining("is not a time");
    }
}
