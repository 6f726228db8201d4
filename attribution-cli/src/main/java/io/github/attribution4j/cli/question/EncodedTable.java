// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.table.Column;
import io.github.attribution4j.table.TableEncoder;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A table with categories.
 *
 * @param encoder turns its rows into numbers
 * @param rows values by column
 * @param notes how the file was read, as notices for the user
 */
record EncodedTable(TableEncoder encoder, List<Map<String, @Nullable Object>> rows, List<String> notes) {
    private static final Set<String> TRUE = Set.of("true", "1");
    private static final Set<String> FALSE = Set.of("false", "0");

    /**
     * What {@code --schema} says.
     *
     * @param encoder of the columns; null if it is inferred from the cells
     * @param oneHot whether categories that are inferred are encoded one-hot, else by position
     * @param strict whether a table with other columns is refused
     */
    record Schema(@Nullable TableEncoder encoder, boolean oneHot, boolean strict) {
        static Schema of(String text) throws IOException {
            if (text.equals("index") || text.equals("one-hot")) {
                return new Schema(null, text.equals("one-hot"), true);
            }
            Path file = Path.of(text);
            if (!Files.isRegularFile(file)) {
                throw new NoSuchFileException(file + " (--schema is a file, or index or one-hot)");
            }
            try {
                String schema = Files.readString(file);
                boolean marked = !schema.isEmpty() && schema.charAt(0) == CsvText.BYTE_ORDER_MARK;
                return new Schema(TableEncoder.parse(marked ? schema.substring(1) : schema), false, true);
            } catch (CharacterCodingException e) {
                throw new IOException(file + ": is not UTF-8; save the schema as such", e);
            } catch (IllegalArgumentException e) {
                throw new IOException(file + ": " + e.getMessage(), e);
            }
        }

        /** Returns the schema of further tables, which may have other columns besides. */
        static Schema like(TableEncoder encoder) {
            return new Schema(encoder, false, false);
        }
    }

    static EncodedTable of(CsvTable.Cells cells, Schema schema) throws IOException {
        TableEncoder given = schema.encoder();
        if (given != null) {
            List<String> known = given.columns().stream().map(Column::name).toList();
            for (String column : cells.columns()) {
                if (schema.strict() && !known.contains(column)) {
                    throw new IOException(cells.file() + ": column '" + column
                            + "' is not in the schema; add it there, or leave it out with --drop");
                }
            }
            for (String column : known) {
                if (!cells.columns().contains(column)) {
                    throw new IOException(cells.file() + ": has no column '" + column + "', which is in the schema; "
                            + NearNames.hint(column, cells.columns()));
                }
            }
            return new EncodedTable(given, rows(cells, kinds(cells, given)), cells.notes());
        }
        List<Map<String, @Nullable Object>> rows = rows(cells, kinds(cells));
        try {
            TableEncoder inferred = TableEncoder.infer(rows);
            TableEncoder encoder = schema.oneHot() ? inferred.allOneHot() : inferred;
            List<String> notes = new ArrayList<>(cells.notes());
            notes.add(cells.file() + ": inferred "
                    + encoder.columns().stream().map(Column::toString).collect(Collectors.joining("; "))
                    + ". Categories are in alphabetical order; if the model was trained on others or in another order,"
                    + " write these lines to a file, change them and give --schema FILE");
            return new EncodedTable(encoder, rows, notes);
        } catch (IllegalArgumentException e) {
            throw new IOException(cells.file() + ": " + e.getMessage(), e);
        }
    }

    /**
     * What a column holds.
     *
     * @param categories those of the column, to look up cells
     */
    private record Kind(Column column, Set<String> categories) {
        Kind(Column column) {
            this(column, Set.copyOf(column.categories()));
        }
    }

    /** Returns the kinds of the columns by their names in a schema; none of those that are not in it. */
    private static Map<Integer, Kind> kinds(CsvTable.Cells cells, TableEncoder encoder) {
        Map<Integer, Kind> kinds = new LinkedHashMap<>();
        for (int position : cells.kept()) {
            encoder.columns().stream()
                    .filter(column -> column.name().equals(cells.header().get(position)))
                    .forEach(column -> kinds.put(position, new Kind(column)));
        }
        return kinds;
    }

    /** Returns the kinds of the columns by their cells; categories are in no order yet. */
    private static Map<Integer, Kind> kinds(CsvTable.Cells cells) {
        Map<Integer, Kind> kinds = new LinkedHashMap<>();
        for (int position : cells.kept()) {
            List<String> values = cells.lines().stream()
                    .map(line -> line.cells().get(position))
                    .filter(cell -> !CsvTable.isMissing(cell))
                    .toList();
            boolean numbers = values.stream().allMatch(cell -> CsvTable.isNumber(cell, cells.decimalComma()));
            boolean words = values.stream()
                    .map(cell -> cell.toLowerCase(Locale.ROOT))
                    .allMatch(cell -> cell.equals("true") || cell.equals("false"));
            String name = cells.header().get(position);
            Column.Kind kind = numbers ? Column.Kind.NUMBER : words ? Column.Kind.BOOLEAN : Column.Kind.INDEX;
            List<String> categories = kind == Column.Kind.INDEX ? List.copyOf(Set.copyOf(values)) : List.of();
            kinds.put(position, new Kind(new Column(name, kind, categories, true)));
        }
        return kinds;
    }

    private static List<Map<String, @Nullable Object>> rows(CsvTable.Cells cells, Map<Integer, Kind> columns)
            throws IOException {
        CsvTable.Reader reader = new CsvTable.Reader(cells);
        List<Map<String, @Nullable Object>> rows = new ArrayList<>();
        for (CsvText.Line line : cells.lines()) {
            Map<String, @Nullable Object> row = new LinkedHashMap<>();
            for (Map.Entry<Integer, Kind> column : columns.entrySet()) {
                row.put(
                        column.getValue().column().name(),
                        value(cells, reader, line, column.getKey(), column.getValue()));
            }
            rows.add(row);
        }
        return rows;
    }

    private static @Nullable Object value(
            CsvTable.Cells cells, CsvTable.Reader reader, CsvText.Line line, int position, Kind kind)
            throws IOException {
        String cell = line.cells().get(position);
        Column column = kind.column();
        if (kind.categories().contains(cell)) {
            return cell;
        }
        if (CsvTable.isMissing(cell)) {
            if (!column.missing()) {
                throw new IOException(cells.where(line, position)
                        + (cell.isEmpty() ? "is empty" : "'" + cell + "' is no value")
                        + "; fill missing values in, or write 'missing' after the column's kind in the schema if the"
                        + " model takes them");
            }
            return null;
        }
        return switch (column.kind()) {
            case NUMBER -> reader.number(line, position);
            case BOOLEAN -> {
                String word = cell.toLowerCase(Locale.ROOT);
                if (!TRUE.contains(word) && !FALSE.contains(word)) {
                    throw new IOException(cells.where(line, position) + "'" + cell
                            + "' is neither true nor false; write true, false, 1 or 0");
                }
                yield TRUE.contains(word);
            }
            default -> cell;
        };
    }

    /** Returns the table, shape {@code (rows, numbers of a row)}. */
    Tensor tensor(Path file, Tensors tensors, DataType type) throws IOException {
        try {
            return encoder.encode(rows, tensors, type);
        } catch (InvalidRequestException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }
}
