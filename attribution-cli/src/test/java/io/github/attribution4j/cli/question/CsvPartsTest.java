// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
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

    /** Returns the rows of all parts, and checks that parts are as large as wanted and rows numbered throughout. */
    private static List<List<Double>> rows(InputOptions options, int size) throws IOException {
        List<List<Double>> all = new ArrayList<>();
        try (RowParts parts = RowParts.open(options, size)) {
            for (RowParts.Part part = parts.next(); part != null; part = parts.next()) {
                assertThat(part.first()).isEqualTo(all.size());
                assertThat(part.size()).isBetween(1, size);
                part.use(IntStream.range(0, part.size()).boxed().toList(), options);
                assertThat(options.rowNumbers().orElseThrow())
                        .isEqualTo(LongStream.range(all.size(), all.size() + part.size())
                                .toArray());
                all.addAll(chosen(options));
            }
            assertThat(parts.fraction()).isEqualTo(1);
        }
        return all;
    }

    private static List<List<Double>> chosen(InputOptions options) throws IOException {
        options.dtype = "float64";
        try (TensorScope scope = TensorScope.open()) {
            Tensor table = read(options).arrays().get(0).tensor();
            double[] flat = table.toDoubleArray();
            int width = (int) table.shape().dim(1);
            return IntStream.range(0, flat.length / width)
                    .mapToObj(row -> Arrays.stream(flat, row * width, (row + 1) * width)
                            .boxed()
                            .toList())
                    .toList();
        }
    }

    private static InputFile read(InputOptions options) throws IOException {
        return Objects.requireNonNull(options.chosen).source().read(options.reading(), Tensors.ofJava());
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
                "a 5\" pipe,b\n1,2\n3,4\n5,6\n",
                "a 5\" pipe;b, in mm;c\n1;2;7\n3;4;8\n5;6;9\n",
                "\"a\nname, wide\";b\n1;2\n3;4\n",
                "\"\"\"a\nb\"\",\";b;\"c,d,e\"\n1;2;3\n3;4;5\n"
            })
    void partsTogetherAreTheTable(String text) throws IOException {
        InputOptions options = options(text);
        CsvTable whole = CsvTable.read(options.requiredInput(), List.of(), Optional.empty());
        List<List<Double>> expected = whole.rows().stream()
                .map(row -> Arrays.stream(row).boxed().toList())
                .toList();
        for (int size : new int[] {2, 3, 100}) {
            assertThat(rows(options, size)).as("parts of " + size).isEqualTo(expected);
            try (TensorScope scope = TensorScope.open()) {
                assertThat(read(options).columns()).isEqualTo(whole.columns());
            }
        }
    }

    @Test
    void lineBreaksWithinQuotesDoNotPartARow() throws IOException {
        InputOptions options = options("a,note\n1,\"two\nlines\"\n2,\"one \"\"quoted\"\"\"\n3,\"x\n\ny\"\n");
        options.drop = List.of("note");
        assertThat(rows(options, 1)).containsExactly(List.of(1.0), List.of(2.0), List.of(3.0));
    }

    @Test
    void aRowOfOneEmptyCellIsARowAndABlankLineIsNone() throws IOException {
        InputOptions options = options("a\n1\n\"\"\n\n   \n3\n");
        options.schema = schema("a: number missing");
        for (int size : new int[] {1, 2, 100}) {
            assertThat(rows(options, size)).containsExactly(List.of(1.0), List.of(Double.NaN), List.of(3.0));
        }
        InputOptions tabs = options("a\tb\n1\t2\n\t\n3\t4\n");
        tabs.schema = schema("a: number missing\nb: number missing");
        for (int size : new int[] {1, 2, 100}) {
            assertThat(rows(tabs, size))
                    .containsExactly(List.of(1.0, 2.0), List.of(Double.NaN, Double.NaN), List.of(3.0, 4.0));
        }
    }

    private String schema(String text) throws IOException {
        Path file = folder.resolve("schema.txt");
        // As an editor of Windows writes it.
        Files.writeString(file, "\ufeff" + text, StandardCharsets.UTF_8);
        return file.toString();
    }

    @Test
    void aRowOfAnotherWidthFailsAloneInTheFirstPartToo() throws IOException {
        InputOptions options = options("a,b\n1,2\n3\n5,6\n");
        try (RowParts parts = RowParts.open(options, 10)) {
            RowParts.Part part = Objects.requireNonNull(parts.next());
            assertThat(part.size()).isEqualTo(3);
            part.use(List.of(0, 2), options);
            assertThat(chosen(options)).containsExactly(List.of(1.0, 2.0), List.of(5.0, 6.0));
            assertThatThrownBy(() -> part.use(List.of(1), options))
                    .hasMessageContaining("line 3 has 1 cells, the header 2");
        }
    }

    @Test
    void decimalCommasAndPointsAreToldApartOverAllParts() throws IOException {
        InputOptions options = options("a;b\n1,5;2\n3;4\n1.234;6\n2,5;7\n");
        assertThatThrownBy(() -> rows(options, 1))
                .hasMessageContaining("line 2 has a decimal comma and line 4 a decimal point");
    }

    @Test
    void aQuoteThatNobodyClosesIsNamedWithItsLine() throws IOException {
        InputOptions options = options("a,b\n1,2\n\"3,4\n" + "5,6\n".repeat(10));
        assertThatThrownBy(() -> rows(options, 2)).hasMessageContaining("line 3 ends inside of quotes");
        InputOptions large = options("a,b\n1,2\n\"3,4\n" + "5,6\n".repeat(5_000_000));
        assertThatThrownBy(() -> rows(large, 2)).hasMessageContaining("a quote opens in line 3 and is not closed in");
    }

    @Test
    void rowsOfArraysAreReadInParts() throws IOException {
        InputOptions options = new InputOptions();
        options.input = folder.resolve("x.npz");
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = new LinkedHashMap<>();
            arrays.put("x", Tensors.ofJava().of(new double[] {1, 2, 3, 4, 5, 6}, 3, 2));
            arrays.put("age", Tensors.ofJava().of(new double[] {7, 8, 9}, 3, 1));
            NumpyFiles.writeNpz(options.input, arrays);
        }
        for (int size : new int[] {1, 2, 5}) {
            assertThat(rows(options, size)).containsExactly(List.of(1.0, 2.0), List.of(3.0, 4.0), List.of(5.0, 6.0));
        }
        try (RowParts parts = RowParts.open(options, 2);
                TensorScope scope = TensorScope.open()) {
            RowParts.Part second = Objects.requireNonNull(parts.next() == null ? null : parts.next());
            second.use(List.of(0), options);
            assertThat(read(options).arrays().get(1).tensor().toDoubleArray()).containsExactly(9);
        }
        try (TensorScope scope = TensorScope.open()) {
            NumpyFiles.writeNpz(
                    options.input,
                    Map.of(
                            "x", Tensors.ofJava().of(new double[] {1, 2}, 2, 1),
                            "y", Tensors.ofJava().of(new double[] {1, 2, 3}, 3, 1)));
        }
        assertThatThrownBy(() -> RowParts.open(options, 2)).hasMessageContaining("must count the same rows");
    }

    @ParameterizedTest
    @ValueSource(strings = {"x.png", "x.jsonl", "x.parquet"})
    void otherFilesAreRefusedByName(String name) throws IOException {
        InputOptions options = new InputOptions();
        options.input = folder.resolve(name);
        Files.writeString(options.input, "x");
        assertThatThrownBy(() -> RowParts.open(options, 2))
                .hasMessageContaining(name + ": summary compares the same features of many rows; give a .csv");
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
        assertThatThrownBy(() -> RowParts.open(options, 2))
                .hasMessageContaining("--schema one-hot: categories are inferred from all rows");
    }
}
