// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.table.TableEncoder;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.visual.OriginalImage;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The arrays of one file.
 *
 * @param arrays in the file's order, owned by the scope in which they were read
 * @param columns names of the columns, if it is a table
 * @param image the image to draw under a heat map, if the file is one
 * @param notes how the file was read, as notices for the user
 * @param encoder which made the numbers of a table with categories
 */
public record InputFile(
        List<NamedTensor> arrays,
        List<String> columns,
        Optional<OriginalImage> image,
        List<String> notes,
        Optional<TableEncoder> encoder) {
    /** The name of the array in a file without names. */
    static final String UNNAMED = "input";

    /** How files are read. */
    record Reading(
            ImageFile.Preparation image,
            List<String> dropped,
            Optional<DataType> dataType,
            Optional<Charset> encoding,
            Optional<EncodedTable.Schema> schema) {
        /** Returns a copy with another type. */
        Reading as(DataType type) {
            return new Reading(image, dropped, Optional.of(type), encoding, schema);
        }

        /** Returns a copy for files that are read like this one. */
        Reading like(InputFile file) {
            return new Reading(
                    image, dropped, dataType, encoding, file.encoder().map(EncodedTable.Schema::like));
        }

        /** Returns a copy that takes the cells of tables for numbers. */
        Reading ofNumbers() {
            return new Reading(image, dropped, dataType, encoding, Optional.empty());
        }
    }

    /** Returns a copy with other notes. */
    InputFile withNotes(List<String> others) {
        return new InputFile(arrays, columns, image, List.copyOf(others), encoder);
    }

    /** Returns whether a file is an image, by its name. */
    static boolean isImage(Path file) {
        return switch (extension(file)) {
            case "png", "jpg", "jpeg", "gif", "bmp" -> true;
            default -> false;
        };
    }

    /**
     * Returns the files of a folder that can be read, in the order of their names.
     *
     * @param option for messages
     * @throws IllegalArgumentException if there are none
     */
    public static List<Path> inFolder(String option, Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> found = files.filter(file -> Files.isRegularFile(file)
                            && (isImage(file) || List.of("npy", "npz", "csv").contains(extension(file))))
                    .sorted()
                    .toList();
            if (found.isEmpty()) {
                throw new IllegalArgumentException(option + ": the folder has no file that can be read; give images"
                        + " (.png, .jpg, .gif, .bmp), arrays (.npy, .npz) or tables (.csv)");
            }
            return found;
        }
    }

    private static String extension(Path file) {
        String name = String.valueOf(file.getFileName());
        return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    }

    /**
     * Reads a file.
     *
     * @param file npz, npy, csv or an image
     * @param channels of an image: 1 or 3
     */
    static InputFile read(Path file, Reading reading, int channels, Tensors tensors) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file.toString());
        }
        if (isImage(file)) {
            ImageFile image = ImageFile.read(file, reading.image(), channels);
            Tensor tensor = convert(image.tensor(tensors), reading);
            List<String> notes = new ArrayList<>();
            image.converted()
                    .ifPresent(colors -> notes.add(file + ": its pixels were converted from " + colors + " to sRGB"));
            int orientation = ExifOrientation.of(Files.readAllBytes(file));
            if (orientation != ExifOrientation.UPRIGHT) {
                notes.add(file + ": is shown turned (EXIF orientation " + orientation
                        + "); its pixels were taken as stored,"
                        + " as Pillow and torchvision do unless told otherwise. Turn them first if the model"
                        + " was given upright pictures");
            }
            return new InputFile(
                    List.of(new NamedTensor(UNNAMED, tensor)),
                    List.of(),
                    Optional.of(image.original()),
                    notes,
                    Optional.empty());
        }
        return switch (extension(file)) {
            case "npz" -> {
                List<NamedTensor> arrays = new ArrayList<>();
                NumpyFiles.readNpz(file, tensors)
                        .forEach((name, tensor) -> arrays.add(new NamedTensor(name, convert(tensor, reading))));
                yield new InputFile(arrays, List.of(), Optional.empty(), List.of(), Optional.empty());
            }
            case "npy" -> unnamed(convert(NumpyFiles.readNpy(file, tensors), reading), List.of());
            case "csv" -> of(CsvTable.cells(file, reading.dropped(), reading.encoding()), reading, tensors);
            default ->
                throw new IOException(file + ": unknown kind of file; give .npz, .npy, .csv with a header, or an image "
                        + "(.png, .jpg, .gif, .bmp)");
        };
    }

    /** Converts the cells of a table as the schema says, or to numbers if there is none. */
    static InputFile of(CsvTable.Cells cells, Reading reading, Tensors tensors) throws IOException {
        return reading.schema().isPresent()
                ? of(cells.file(), EncodedTable.of(cells, reading.schema().get()), reading, tensors)
                : of(CsvTable.of(cells), reading, tensors);
    }

    private static InputFile of(CsvTable table, Reading reading, Tensors tensors) throws IOException {
        Tensor tensor = table.tensor(tensors, reading.dataType().orElse(DataType.FLOAT32));
        return new InputFile(
                List.of(new NamedTensor(UNNAMED, tensor)),
                table.columns(),
                Optional.empty(),
                table.notes(),
                Optional.empty());
    }

    private static InputFile of(Path file, EncodedTable table, Reading reading, Tensors tensors) throws IOException {
        Tensor tensor = table.tensor(file, tensors, reading.dataType().orElse(DataType.FLOAT32));
        return new InputFile(
                List.of(new NamedTensor(UNNAMED, tensor)),
                table.encoder().encodedNames(),
                Optional.empty(),
                table.notes(),
                Optional.of(table.encoder()));
    }

    /**
     * Reads a further file, such as a baseline. Of a table, the columns of the input are read, by name.
     *
     * @param columns of the input; empty if it is not a table
     */
    static InputFile beside(Path file, Reading reading, int channels, Tensors tensors, List<String> columns)
            throws IOException {
        if (columns.isEmpty() || !extension(file).equals("csv") || !Files.isRegularFile(file)) {
            return read(file, reading, channels, tensors);
        }
        if (reading.schema().isPresent()) {
            CsvTable.Cells cells = CsvTable.cells(file, List.of(), reading.encoding());
            return of(file, EncodedTable.of(cells, reading.schema().get()), reading, tensors);
        }
        return of(CsvTable.read(file, List.of(), reading.encoding()).select(columns), reading, tensors);
    }

    private static InputFile unnamed(Tensor tensor, List<String> columns) {
        return new InputFile(
                List.of(new NamedTensor(UNNAMED, tensor)), columns, Optional.empty(), List.of(), Optional.empty());
    }

    private static Tensor convert(Tensor tensor, Reading reading) {
        boolean floating = tensor.dataType().isFloating();
        return reading.dataType()
                .filter(type -> floating && type.isFloating() && type != tensor.dataType())
                .map(tensor::to)
                .orElse(tensor);
    }
}
