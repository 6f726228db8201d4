// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables as real software writes them. */
class CsvTableTest {
    @TempDir
    Path folder;

    private Path written(String text, Charset charset) throws IOException {
        return Files.write(folder.resolve("t.csv"), text.getBytes(charset));
    }

    private CsvTable read(String text) throws IOException {
        return CsvTable.read(written(text, StandardCharsets.UTF_8), List.of(), Optional.empty());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a,b~1.5,-2e3~",
                "a;b~1.5;-2000~",
                "a;b~1,5;-2000,0~",
                "a#b~1,5#-2e3",
                "sep=;~a;b~1,5;-2000",
                "\ufeffa,b~1.5,-2e3",
                "'\"a\", \"b\"~\"1.5\",\"-2e3\"'",
                "a,b,~1.5,-2e3,~",
                "',a,b~0,1.5,-2e3'",
                "'Unnamed: 0,a,b~417,1.5,-2e3'",
                "'a,b^~~1.5,-2e3^~'"
            })
    void tablesOfEveryWriterAreTheSame(String text) throws IOException {
        CsvTable table = read(text.replace('~', '\n').replace('#', '\t').replace('^', '\r'));
        assertThat(table.columns()).containsExactly("a", "b");
        assertThat(table.rows()).hasSize(1);
        assertThat(table.rows().get(0)).containsExactly(1.5, -2000);
    }

    @Test
    void quotedCellsHoldSeparatorsQuotesAndLineBreaks() throws IOException {
        CsvTable table = read("\"x, y\",\"say \"\"hi\"\"\",\"two\nlines\",5\" pipe\n1,2,3,True\n");
        assertThat(table.columns()).containsExactly("x, y", "say \"hi\"", "two\nlines", "5\" pipe");
        assertThat(table.rows().get(0)).containsExactly(1, 2, 3, 1);
        assertThatThrownBy(() -> read("\"two\nlines\",b\n1,2\n3,x\n"))
                .hasMessageContaining("line 4, column 'b': 'x' is not a number");
    }

    @Test
    void theIndexOfPandasIsLeftOut_andSaid() throws IOException {
        for (String text : List.of(",a\n0,5\n1,6\n", "Unnamed: 0,a\n7,5\n3,6\n", ";a\n0;5\n1;6\n")) {
            CsvTable table = read(text);
            assertThat(table.columns()).containsExactly("a");
            assertThat(table.notes())
                    .singleElement()
                    .asString()
                    .contains("first column has no name")
                    .contains("pandas");
        }
    }

    @Test
    void anIndexThatMayBeAFeatureIsKept_andSaid() throws IOException {
        CsvTable table = read("index,a\n0,5\n1,6\n2,7\n");
        assertThat(table.columns()).containsExactly("index", "a");
        assertThat(table.notes()).singleElement().asString().contains("--drop 'index'");
        // Values that do not count up, or are not integers, are features like others.
        for (String text :
                List.of("id,a\n5,1\n2,1\n", "Unnamed: 0,a\n0.5,1\n1.5,2\n", ",a\n3,1\n3,2\n", "a,b\n0,1\n1,2\n")) {
            CsvTable kept = read(text);
            assertThat(kept.columns()).hasSize(2);
            assertThat(kept.notes()).isEmpty();
        }
        assertThat(CsvTable.read(
                                written(",a\n3,1\n3,2\n", StandardCharsets.UTF_8),
                                List.of("Unnamed: 0"),
                                Optional.empty())
                        .columns())
                .containsExactly("a");
    }

    @Test
    void latin1IsNamedAsSuch_andReadOnRequest() throws IOException {
        String text = "gr\u00f6\u00dfe,b\n1,2\n";
        Path file = written(text, StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> CsvTable.read(file, List.of(), Optional.empty()))
                .isInstanceOf(IOException.class)
                .hasMessage(file + ": is not UTF-8 (line 1, byte 0xF6); it looks like Latin-1: give --encoding latin-1 "
                        + "(or windows-1252), or save it as UTF-8");
        assertThat(CsvTable.read(file, List.of(), Optional.of(CsvText.encoding("latin-1")))
                        .columns())
                .containsExactly("gr\u00f6\u00dfe", "b");
        assertThat(read(text).columns()).containsExactly("gr\u00f6\u00dfe", "b");
        Path late = written("a,b\n1,2\n3,\u00bd\n", StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> CsvTable.read(late, List.of(), Optional.empty()))
                .hasMessageContaining("line 3, byte 0xBD");
    }

    @Test
    void utf16IsNamedAsSuch_andReadOnRequest() throws IOException {
        Path file = written("a,b\n1,2\n", StandardCharsets.UTF_16);
        assertThatThrownBy(() -> CsvTable.read(file, List.of(), Optional.empty()))
                .hasMessageContaining("--encoding utf-16");
        assertThat(CsvTable.read(file, List.of(), Optional.of(CsvText.encoding("utf-16")))
                        .columns())
                .containsExactly("a", "b");
        assertThatThrownBy(() -> CsvText.encoding("klingon")).hasMessageContaining("--encoding klingon: is unknown");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "NaN", "NA", "null", "?", " "})
    void missingValuesAreRefusedWithTheirPlace(String cell) {
        assertThatThrownBy(() -> read("a,income\n1,2\n3," + cell + "\n"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("line 3, column 'income': ")
                .hasMessageContaining("fill missing values in");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a;b~1,5;2.5|line 2 has a decimal comma and line 2 a decimal point",
                "a;b~1.500,25;2|'1.500,25' is not a number",
                "'a,b~\"1,5\",2'|decimal commas are read where semicolons part the cells",
                "a,b~1d,2|'1d' is not a number",
                "a,b~0x10,2|'0x10' is not a number",
                "a,b~Infinity,2|'Infinity' is not a number"
            })
    void ambiguousNumbersAreRefused(String text, String message) {
        assertThatThrownBy(() -> read(text.replace('~', '\n'))).hasMessageContaining(message);
    }

    @Test
    void integersAreCheckedBeforeTheyAreRead() throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            assertThat(read("a,b\n1,2.0\n")
                            .tensor(Tensors.ofJava(), DataType.INT64)
                            .toLongArray())
                    .containsExactly(1, 2);
            assertThatThrownBy(() -> read("a,b\n1,2.5\n").tensor(Tensors.ofJava(), DataType.INT64))
                    .hasMessageContaining("column 'b' holds 2.5, which is no integer");
        }
    }

    @Test
    void furtherTablesAreReadByTheNamesOfTheirColumns() throws IOException {
        CsvTable table = read("label,b,a\n9,2,1\n");
        assertThat(table.select(List.of("a", "b")).rows().get(0)).containsExactly(1, 2);
        assertThatThrownBy(() -> table.select(List.of("a", "c")))
                .hasMessageContaining("has no column 'c', which the input has");
    }
}
