// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CsvPartsTest {
    @TempDir
    Path folder;

    private InputOptions options(String text) throws IOException {
        Path file = folder.resolve("t.csv");
        Files.writeString(file, text, StandardCharsets.UTF_8);
        InputOptions options = new InputOptions();
        options.input = file;
        return options;
    }

    /** Returns the rows of all parts, and checks that parts are as large as wanted. */
    private static List<List<Double>> rows(InputOptions options, int size) throws IOException {
        List<List<Double>> all = new ArrayList<>();
        try (CsvParts parts = CsvParts.open(options, size)) {
            for (CsvParts.Part part = parts.next(); part != null; part = parts.next()) {
                assertThat(part.first()).isEqualTo(all.size());
                assertThat(part.size()).isBetween(1, size);
                part.use(IntStream.range(0, part.size()).boxed().toList(), options);
                for (double[] row :
                        CsvTable.of(Objects.requireNonNull(options.part)).rows()) {
                    all.add(Arrays.stream(row).boxed().toList());
                }
            }
            assertThat(parts.fraction()).isEqualTo(1);
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a,b\n1,2\n3,4\n5,6",
                "a,b\r\n1,2\r\n\r\n3,4\r\n5,6\r\n",
                "\ufeffa;b\n1,5;2\n3;4\n",
                "sep=;\na;b\n1,5;2\n3;4\n7;8\n9;10\n",
                "\"a\nname\",b\n\"1\",2\n3,\"4\"\n",
                "\"say \"\"a\"\"\",b\n1,2\n3,4\n",
                ",a,b\n0,1,2\n1,3,4\n2,5,6\n",
                "a,b,\n1,2,\n3,4,\n",
                "a\tb\n1\t2\n\n\n3\t4\n",
                "a 5\" pipe,b\n1,2\n3,4\n5,6\n"
            })
    void partsTogetherAreTheTable(String text) throws IOException {
        InputOptions options = options(text);
        CsvTable whole = CsvTable.read(options.requiredInput(), List.of(), Optional.empty());
        List<List<Double>> expected = whole.rows().stream()
                .map(row -> Arrays.stream(row).boxed().toList())
                .toList();
        for (int size : new int[] {2, 3, 100}) {
            assertThat(rows(options, size)).as("parts of " + size).isEqualTo(expected);
            assertThat(Objects.requireNonNull(options.part).columns()).isEqualTo(whole.columns());
        }
    }

    @Test
    void lineBreaksWithinQuotesDoNotPartARow() throws IOException {
        InputOptions options = options("a,note\n1,\"two\nlines\"\n2,\"one \"\"quoted\"\"\"\n3,\"x\n\ny\"\n");
        options.drop = List.of("note");
        assertThat(rows(options, 1)).containsExactly(List.of(1.0), List.of(2.0), List.of(3.0));
    }

    @Test
    void messagesNameTheLineOfTheFile() throws IOException {
        InputOptions options = options("a,b\n1,2\n3,4\n5,six\n");
        assertThatThrownBy(() -> rows(options, 2)).hasMessageContaining("t.csv: line 4, column 'b': 'six'");
        InputOptions short4 = options("a,b\n1,2\n3,4\n5\n");
        assertThatThrownBy(() -> rows(short4, 2)).hasMessageContaining("line 4 has 1 cells, the header 2");
        InputOptions empty = options("");
        assertThatThrownBy(() -> rows(empty, 2)).hasMessageContaining("is empty; the first line names the columns");
        Files.write(folder.resolve("t.csv"), new byte[] {'a', '\n', (byte) 0xe9, '\n'});
        assertThatThrownBy(() -> rows(empty, 2)).hasMessageContaining("give --encoding latin-1");
        empty.encoding = "latin-1";
        assertThatThrownBy(() -> rows(empty, 2)).hasMessageContaining("'\u00e9' is not a number");
    }

    @Test
    void categoriesThatNeedAllRowsAreRefused() throws IOException {
        InputOptions options = options("a\nx\ny\n");
        options.schema = "one-hot";
        assertThatThrownBy(() -> CsvParts.open(options, 2))
                .hasMessageContaining("--schema one-hot: categories are inferred from all rows");
    }
}
