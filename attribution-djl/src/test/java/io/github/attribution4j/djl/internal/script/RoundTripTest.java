/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
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
