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
package io.github.attribution4j.examples.cli;

import io.github.attribution4j.model.NearNames;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * A table of numbers with a header. Cells may be quoted as RFC 4180 says.
 *
 * @param columns names
 * @param rows values, {@code rows.get(r)[column]}
 */
record CsvTable(List<String> columns, List<double[]> rows) {
    /**
     * Reads a table.
     *
     * @param dropped columns that are left out
     */
    static CsvTable read(Path file, List<String> dropped) throws IOException {
        List<String> lines = Files.readString(file, StandardCharsets.UTF_8)
                .replace("\ufeff", "")
                .lines()
                .toList();
        if (lines.isEmpty()) {
            throw new IOException(file + ": is empty; the first line names the columns");
        }
        List<String> header = cells(file, 1, lines.get(0));
        if (header.stream().allMatch(CsvTable::isNumber)) {
            throw new IOException(
                    file + ": line 1 holds numbers only, but it has to name the columns; put a header there");
        }
        for (String name : dropped) {
            if (!header.contains(name)) {
                throw new IOException(file + ": has no column '" + name + "' to drop; " + NearNames.hint(name, header));
            }
        }
        if (new HashSet<>(header).size() < header.size()) {
            throw new IOException(file + ": two columns have the same name: " + header);
        }
        List<String> columns =
                header.stream().filter(name -> !dropped.contains(name)).toList();
        if (columns.isEmpty()) {
            throw new IOException(file + ": no column is left");
        }
        List<double[]> rows = new ArrayList<>();
        for (int number = 2; number <= lines.size(); number++) {
            String line = lines.get(number - 1);
            if (!line.isBlank()) {
                rows.add(row(file, number, header, cells(file, number, line), dropped));
            }
        }
        if (rows.isEmpty()) {
            throw new IOException(file + ": has a header and no rows");
        }
        return new CsvTable(columns, rows);
    }

    private static double[] row(Path file, int number, List<String> header, List<String> cells, List<String> dropped)
            throws IOException {
        if (cells.size() != header.size()) {
            throw new IOException(
                    file + ": line " + number + " has " + cells.size() + " cells, the header " + header.size());
        }
        List<Double> values = new ArrayList<>();
        for (int column = 0; column < cells.size(); column++) {
            if (dropped.contains(header.get(column))) {
                continue;
            }
            if (!isNumber(cells.get(column))) {
                throw new IOException(file + ": line " + number + ", column '" + header.get(column) + "': '"
                        + cells.get(column) + "' is not a number; leave the column out with --drop, or encode it");
            }
            values.add(Double.valueOf(cells.get(column).strip()));
        }
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static boolean isNumber(String text) {
        try {
            Double.parseDouble(text.strip());
            return true;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    /** Splits a line; a quoted cell may hold commas and, doubled, quotes, but no line break. */
    private static List<String> cells(Path file, int number, String line) throws IOException {
        List<String> cells = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (quoted && c == '"' && i + 1 < line.length() && line.charAt(i + 1) == '"') {
                cell.append('"');
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                cells.add(cell.toString().strip());
                cell.setLength(0);
            } else {
                cell.append(c);
            }
        }
        if (quoted) {
            throw new IOException(file + ": line " + number + " ends inside of quotes");
        }
        cells.add(cell.toString().strip());
        return cells;
    }

    /** Returns the table, shape {@code (rows, columns)}. */
    Tensor tensor(Tensors tensors, DataType type) {
        double[] flat = rows.stream().flatMapToDouble(java.util.Arrays::stream).toArray();
        return tensors.of(flat, type, Shape.of(rows.size(), columns.size()));
    }
}
