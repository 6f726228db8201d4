// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A table of numbers with a header.
 *
 * @param file where it was read
 * @param columns names
 * @param rows values, {@code rows.get(r)[column]}
 * @param notes how the file was read, as notices for the user
 */
record CsvTable(Path file, List<String> columns, List<double[]> rows, List<String> notes) {
    private static final Pattern NUMBER = Pattern.compile("[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?");
    private static final Set<String> MISSING = Set.of("", "na", "n/a", "nan", "null", "none", "nil", "?", "-", "#n/a");
    private static final Set<String> INDEX_NAMES = Set.of("index", "id", "row", "level_0");
    /** From here on numbers of 64 bits leave whole numbers out: another one may have been meant. */
    private static final double LARGEST_INTEGER = 1L << 53;

    /**
     * Reads a table.
     *
     * @param dropped columns that are left out
     * @param encoding of its characters, or empty for UTF-8
     */
    static CsvTable read(Path file, List<String> dropped, Optional<Charset> encoding) throws IOException {
        return of(cells(file, dropped, encoding));
    }

    /** Converts the cells of a table, which must all be numbers. */
    static CsvTable of(Cells cells) throws IOException {
        return new CsvTable(cells.file(), cells.columns(), new Reader(cells).rows(), cells.notes());
    }

    /**
     * The cells of a table, as text.
     *
     * @param header names of all columns
     * @param kept positions of the columns that are read
     * @param decimalComma whether numbers may have one
     * @param fractions how the first number with a fraction was written, in this table and others like it
     * @param notes how the file was read, as notices for the user
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Cells(
            Path file,
            List<String> header,
            int[] kept,
            List<CsvText.Line> lines,
            boolean decimalComma,
            Fractions fractions,
            List<String> notes) {
        /** Returns the names of the columns that are read. */
        List<String> columns() {
            return Arrays.stream(kept).mapToObj(header::get).toList();
        }

        /** Returns other lines of the same file, read in the same way. */
        Cells with(List<CsvText.Line> others) throws IOException {
            checkWidths(file, header, others);
            return new Cells(file, header, kept, others, decimalComma, fractions, notes);
        }

        String where(CsvText.Line line, int column) {
            return file + ": line " + line.number() + ", column '" + header.get(column) + "': ";
        }
    }

    /** Reads the cells of a table; see {@link #read}. */
    static Cells cells(Path file, List<String> dropped, Optional<Charset> encoding) throws IOException {
        CsvText text = CsvText.read(file, encoding);
        if (text.lines().isEmpty()) {
            throw new IOException(file + ": is empty; the first line names the columns");
        }
        List<CsvText.Line> lines = text.lines().subList(1, text.lines().size());
        return cells(file, text.separator(), text.lines().get(0), lines, dropped);
    }

    /**
     * Decides which columns are read, by the header and by lines: all, or the first ones of the file.
     *
     * @param dropped columns that are left out
     */
    static Cells cells(Path file, char separator, CsvText.Line first, List<CsvText.Line> lines, List<String> dropped)
            throws IOException {
        boolean decimalComma = separator != ',';
        List<String> written = first.cells();
        if (written.stream().allMatch(cell -> isNumber(cell, decimalComma))) {
            throw new IOException(
                    file + ": line 1 holds numbers only, but it has to name the columns; put a header there");
        }
        List<String> header = named(written);
        for (String name : dropped) {
            if (!header.contains(name)) {
                throw new IOException(file + ": has no column '" + name + "' to drop; " + NearNames.hint(name, header));
            }
        }
        if (new HashSet<>(header).size() < header.size()) {
            throw new IOException(file + ": two columns have the same name: " + header);
        }
        checkWidths(file, header, lines);
        if (lines.isEmpty()) {
            throw new IOException(file + ": has a header and no rows");
        }
        List<String> notes = new ArrayList<>();
        int[] kept = IntStream.range(0, header.size())
                .filter(column -> !dropped.contains(header.get(column)))
                .filter(column -> !isEmpty(written.get(column), column, lines))
                .filter(column -> !isIndex(file, header.get(column), column, lines, notes))
                .toArray();
        if (kept.length == 0) {
            throw new IOException(file + ": no column is left");
        }
        return new Cells(file, header, kept, lines, decimalComma, new Fractions(), List.copyOf(notes));
    }

    private static void checkWidths(Path file, List<String> header, List<CsvText.Line> lines) throws IOException {
        for (CsvText.Line line : lines) {
            if (line.cells().size() != header.size()) {
                throw new IOException(file + ": line " + line.number() + " has "
                        + line.cells().size() + " cells, the header " + header.size());
            }
        }
    }

    /** Names columns without a name as pandas does. */
    private static List<String> named(List<String> written) {
        return IntStream.range(0, written.size())
                .mapToObj(i -> written.get(i).isEmpty() ? "Unnamed: " + i : written.get(i))
                .toList();
    }

    /** Returns whether a separator at the end of each line makes an empty column. */
    private static boolean isEmpty(String name, int column, List<CsvText.Line> lines) {
        return name.isEmpty()
                && lines.stream().allMatch(line -> line.cells().get(column).isEmpty());
    }

    /** Returns whether a column is the index that pandas writes. One that only looks like it stays, with a notice. */
    private static boolean isIndex(Path file, String name, int column, List<CsvText.Line> lines, List<String> notes) {
        boolean unnamed = name.matches("Unnamed: \\d+");
        if (!unnamed && !(column == 0 && INDEX_NAMES.contains(name.toLowerCase(Locale.ROOT)))) {
            return false;
        }
        List<String> cells =
                lines.stream().map(line -> line.cells().get(column)).toList();
        boolean different = new HashSet<>(cells).size() == cells.size();
        boolean integers = cells.stream().allMatch(cell -> cell.matches("\\d{1,18}"));
        if (!different || !integers) {
            return false;
        }
        if (unnamed && column == 0) {
            notes.add(file
                    + ": the first column has no name and numbers the rows, as pandas writes its index; it was left"
                    + " out. Give it a name if it is a feature");
            return true;
        }
        boolean counts = IntStream.range(1, cells.size())
                .allMatch(i -> Long.parseLong(cells.get(i)) == Long.parseLong(cells.get(i - 1)) + 1);
        if (counts && cells.size() > 1) {
            notes.add(file + ": column '" + name
                    + "' numbers the rows and was taken for a feature; if it is none, leave it out " + "with --drop '"
                    + name + "'");
        }
        return false;
    }

    static boolean isNumber(String cell, boolean decimalComma) {
        return NUMBER.matcher(decimalComma ? cell.replace(',', '.') : cell).matches();
    }

    static boolean isMissing(String cell) {
        return MISSING.contains(cell.toLowerCase(Locale.ROOT));
    }

    /** Converts cells to numbers. */
    static final class Reader {
        private final Cells cells;

        Reader(Cells cells) {
            this.cells = cells;
        }

        List<double[]> rows() throws IOException {
            List<double[]> rows = new ArrayList<>();
            for (CsvText.Line line : cells.lines()) {
                double[] row = new double[cells.kept().length];
                for (int i = 0; i < row.length; i++) {
                    row[i] = number(line, cells.kept()[i]);
                }
                rows.add(row);
            }
            return rows;
        }

        double number(CsvText.Line line, int column) throws IOException {
            String cell = line.cells().get(column);
            String lower = cell.toLowerCase(Locale.ROOT);
            if (lower.equals("true") || lower.equals("false")) {
                return lower.equals("true") ? 1 : 0;
            }
            if (isMissing(cell)) {
                throw new IOException(
                        cells.where(line, column) + (cell.isEmpty() ? "is empty" : "'" + cell + "' is no value")
                                + "; fill missing values in first, or leave the line out, or the column with --drop");
            }
            if (cells.decimalComma() && isNumber(cell, true)) {
                cells.fractions().check(cells.file(), line.number(), cell);
            }
            if (!isNumber(cell, cells.decimalComma())) {
                String hint = isNumber(cell, true)
                        ? "decimal commas are read where semicolons part the cells"
                        : "leave the column out with --drop, or say with --schema how its categories are encoded";
                throw new IOException(cells.where(line, column) + "'" + cell + "' is not a number; " + hint);
            }
            double number = Double.parseDouble(cells.decimalComma() ? cell.replace(',', '.') : cell);
            if (Double.isInfinite(number)) {
                throw new IOException(cells.where(line, column) + "'" + cell + "' is larger than any number of 64 bits;"
                        + " mend it, or leave the line out");
            }
            return number;
        }
    }

    /** Whether fractions are written with a comma or a point; the first one decides. */
    static final class Fractions {
        private int line;
        private boolean comma;

        void check(Path file, int number, String cell) throws IOException {
            boolean withComma = cell.indexOf(',') >= 0;
            if (!withComma && cell.indexOf('.') < 0) {
                return;
            }
            if (line == 0) {
                line = number;
                comma = withComma;
            } else if (comma != withComma) {
                throw new IOException(file + ": line " + (comma ? line : number) + " has a decimal comma and line "
                        + (comma ? number : line)
                        + " a decimal point; write all numbers one way, without signs between thousands");
            }
        }
    }

    /** Returns whether all numbers are integers, so that they may be categories. */
    boolean holdsIntegers() {
        return rows.stream().flatMapToDouble(Arrays::stream).allMatch(CsvTable::isInteger);
    }

    private static boolean isInteger(double value) {
        return Math.rint(value) == value && Math.abs(value) < LARGEST_INTEGER;
    }

    /** Returns the table, shape {@code (rows, columns)}. */
    Tensor tensor(Tensors tensors, DataType type) throws IOException {
        if (!type.isFloating() && !holdsIntegers()) {
            for (double[] row : rows) {
                for (int i = 0; i < row.length; i++) {
                    if (!isInteger(row[i])) {
                        throw new IOException(file + ": column '" + columns.get(i) + "' holds " + row[i]
                                + ", which is no integer below 2^53; read the table as float32, or leave the column out"
                                + " with --drop");
                    }
                }
            }
        }
        double[] flat = rows.stream().flatMapToDouble(Arrays::stream).toArray();
        Shape shape = Shape.of(rows.size(), columns.size());
        return type.isFloating()
                ? tensors.of(flat, type, shape)
                : tensors.of(
                                Arrays.stream(flat)
                                        .mapToLong(value -> (long) value)
                                        .toArray(),
                                shape.dims())
                        .to(type);
    }

    /**
     * Returns the columns of another table, in its order.
     *
     * @param wanted names
     */
    CsvTable select(List<String> wanted) throws IOException {
        List<String> missing =
                wanted.stream().filter(name -> !columns.contains(name)).toList();
        if (!missing.isEmpty()) {
            throw new IOException(file + ": has no column '" + missing.get(0) + "', which the input has; "
                    + NearNames.hint(missing.get(0), columns));
        }
        int[] from = wanted.stream().mapToInt(columns::indexOf).toArray();
        return new CsvTable(
                file,
                List.copyOf(wanted),
                rows.stream()
                        .map(row -> Arrays.stream(from).mapToDouble(i -> row[i]).toArray())
                        .toList(),
                notes);
    }
}
