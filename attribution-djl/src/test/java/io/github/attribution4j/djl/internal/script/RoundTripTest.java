// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.script;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.djl.internal.Zoo;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RoundTripTest {
    static List<String> archives() {
        return Zoo.names();
    }

    @Test
    void thereAreArchives() {
        assertThat(archives()).hasSizeGreaterThan(25);
    }

    @ParameterizedTest
    @MethodSource("archives")
    void printingAParsedFileGivesItsTextBack(String archive) {
        TorchArchive.read(Zoo.file(archive)).code().forEach((path, text) -> {
            String printed = Printer.print(Parser.file(path, text));
            assertThat(words(printed)).as(path).isEqualTo(words(text));
            assertThat(Printer.print(Parser.file(path, printed))).as(path).isEqualTo(printed);
        });
    }

    /** Only a tuple of one literal and indentation inside brackets may differ in spaces. */
    private static String words(String text) {
        return text.replaceAll(",\\s*\\)", ",)").replaceAll(",\\n\\s*", ", ");
    }
}
