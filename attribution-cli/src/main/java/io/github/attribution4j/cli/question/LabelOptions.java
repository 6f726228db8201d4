// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.target.Loss;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options for labels, and for the loss that compares outputs with them. Only the parser sets the fields. */
@SuppressWarnings("FieldMayBeFinal")
public final class LabelOptions {
    private static final List<Loss> LOSSES = List.of(Loss.crossEntropy(), Loss.logLoss(), Loss.squaredError());

    @Option(
            names = "--labels",
            paramLabel = "COLUMN|ARRAY|FILE",
            required = true,
            description =
                    "What is right for each example: a column of the .csv or an array of the .npz, which is then no"
                            + " input, or a file (.npy, .npz, .csv) with one number for each example. Numbers of"
                            + " classes from 0,"
                            + " or the names of --classes, or values.")
    private String labels = "";

    @Option(
            names = "--loss",
            paramLabel = "NAME",
            required = true,
            description =
                    "How wrong an output is: cross-entropy of logits, log-loss of probabilities, or squared-error of"
                            + " a number.")
    private String loss = "";

    @Option(
            names = "--classes",
            paramLabel = "NAME,NAME,...|FILE",
            description = "The classes that labels name, in the order of the model's outputs: red,green,blue, or a file"
                    + " with one on each line.")
    private @Nullable String classes;

    private boolean ofInput;

    /** Returns the loss. */
    public Loss loss() {
        List<String> names = LOSSES.stream().map(Loss::toString).toList();
        return LOSSES.stream()
                .filter(one -> one.toString().equals(loss))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "--loss " + loss + ": is unknown; " + NearNames.hint(loss, names)));
    }

    /**
     * Takes the labels out of what is read as the inputs of the model, if they are there.
     *
     * @throws IllegalArgumentException if they are neither there nor a file
     */
    public void leaveOut(InputOptions data) throws IOException {
        Path input = data.requiredInput();
        List<String> known = known(input, data);
        ofInput = known.contains(labels);
        if (!ofInput && !Files.isRegularFile(Path.of(labels))) {
            throw new IllegalArgumentException("--labels " + labels + ": is neither a file nor one of " + input
                    + (known.isEmpty() ? "" : "; " + NearNames.hint(labels, known)));
        }
        if (ofInput && isTable(input) && !data.drop.contains(labels)) {
            data.drop = new ArrayList<>(data.drop);
            data.drop.add(labels);
        } else if (ofInput && !isTable(input) && data.inputs.isEmpty()) {
            data.inputs = known.stream().filter(name -> !name.equals(labels)).toList();
        }
    }

    /** Returns the columns of a table, or the names of the arrays in a file. */
    private static List<String> known(Path input, InputOptions data) throws IOException {
        if (isTable(input)) {
            return cells(input, data).header();
        }
        boolean named = input.toString().toLowerCase(Locale.ROOT).endsWith(".npz");
        return named ? arrays(input, data).stream().map(NamedTensor::name).toList() : List.of();
    }

    /**
     * Returns the loss of labels as a target.
     *
     * @param examples how many are explained
     */
    public Target target(InputOptions data, int examples) throws IOException {
        double[] all = labels(data);
        long[] rows = data.rows == null ? LongStream.range(0, examples).toArray() : Texts.integers("--rows", data.rows);
        boolean fits =
                data.rows == null ? all.length == examples : Arrays.stream(rows).allMatch(row -> row < all.length);
        if (!fits) {
            throw new IllegalArgumentException("--labels " + labels + ": has " + Texts.count(all.length, "label")
                    + " for " + Texts.count(examples, "example") + "; give one for each row of the input");
        }
        return Target.loss(
                loss(), Arrays.stream(rows).mapToDouble(row -> all[(int) row]).toArray());
    }

    private double[] labels(InputOptions data) throws IOException {
        Path file = ofInput ? data.requiredInput() : Path.of(labels);
        if (!isTable(file)) {
            return numbers(file, data);
        }
        CsvTable.Cells cells = cells(file, data);
        if (!ofInput && cells.kept().length != 1) {
            throw new IllegalArgumentException(
                    "--labels " + file + ": has the columns " + cells.columns() + "; give a file of the labels alone");
        }
        return column(cells, ofInput ? labels : cells.columns().get(0));
    }

    private double[] column(CsvTable.Cells cells, String column) throws IOException {
        List<String> named = classes == null ? List.of() : TargetOptions.names(classes);
        CsvTable.Reader reader = new CsvTable.Reader(cells);
        int position = cells.header().indexOf(column);
        double[] all = new double[cells.lines().size()];
        for (int row = 0; row < all.length; row++) {
            CsvText.Line line = cells.lines().get(row);
            String cell = line.cells().get(position);
            if (named.contains(cell)) {
                all[row] = named.indexOf(cell);
            } else if (named.isEmpty() && !CsvTable.isMissing(cell) && isWord(cell, cells)) {
                throw new IOException(cells.where(line, position) + "'" + cell
                        + "' is the name of a class; list all of them in the order of the model's outputs with"
                        + " --classes");
            } else if (!named.isEmpty() && isWord(cell, cells)) {
                throw new IOException(cells.where(line, position) + "'" + cell + "' is none of --classes; "
                        + NearNames.hint(cell, named));
            } else {
                all[row] = reader.number(line, position);
            }
        }
        return all;
    }

    private static boolean isWord(String cell, CsvTable.Cells cells) {
        String lower = cell.toLowerCase(Locale.ROOT);
        return !CsvTable.isNumber(cell, cells.decimalComma()) && !lower.equals("true") && !lower.equals("false");
    }

    /** Returns the elements of the array that the labels are. */
    private double[] numbers(Path file, InputOptions data) throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            List<NamedTensor> arrays = arrays(file, data);
            if (!ofInput && arrays.size() != 1) {
                throw new IllegalArgumentException(
                        "--labels " + file + ": has " + arrays.size() + " arrays; give a file of the labels alone");
            }
            return arrays.stream()
                    .filter(one -> !ofInput || one.name().equals(labels))
                    .findFirst()
                    .orElseThrow()
                    .tensor()
                    .toDoubleArray();
        }
    }

    private static CsvTable.Cells cells(Path file, InputOptions data) throws IOException {
        return CsvTable.cells(file, List.of(), data.reading().encoding());
    }

    private static List<NamedTensor> arrays(Path file, InputOptions data) throws IOException {
        return InputFile.read(file, data.reading(), 3, Tensors.ofJava()).arrays();
    }

    private static boolean isTable(Path file) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(".csv");
    }
}
