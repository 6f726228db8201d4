// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The rows of an input in parts, so that they need not be explained all at once. */
public interface RowParts extends AutoCloseable {
    /**
     * Opens the input of options: a table, which is read in parts, or arrays, which are read at once.
     *
     * @param size rows of a part, at least 1
     * @throws IllegalArgumentException if it is another kind of file
     */
    static RowParts open(InputOptions options, int size) throws IOException {
        Path file = options.requiredInput();
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file.toString());
        }
        String name = file.toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".csv")) {
            return CsvParts.open(options, size);
        }
        if (name.endsWith(".npy") || name.endsWith(".npz")) {
            return new ArrayParts(options, size);
        }
        throw new IllegalArgumentException("--input " + file + ": summary compares the same features of many rows; give"
                + " a .csv whose first line names the columns, or a .npy or .npz whose axis 0 counts rows"
                + (InputFile.isImage(file) ? "; of an image, 'explain' draws a heat map" : ""));
    }

    /** Returns the next rows, or null at the end. */
    @Nullable
    Part next() throws IOException;

    /** Returns which part of the file has been read, 0 to 1. */
    double fraction();

    @Override
    void close() throws IOException;

    /** Some rows of the file. */
    interface Part {
        /** Returns the number of the first row, from 0. */
        long first();

        /** Returns how many rows there are. */
        int size();

        /** Passes to a digest what a row holds. */
        void identify(int row, MessageDigest digest);

        /** Makes the given rows of this part the input of the options. */
        void use(List<Integer> rows, InputOptions options) throws IOException;
    }

    /**
     * Rows chosen from a part.
     *
     * @param numbers their numbers in the whole input
     * @param source reads them
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Chosen(long[] numbers, Source source) {
        static Chosen of(Part part, List<Integer> rows, Source source) {
            return new Chosen(rows.stream().mapToLong(row -> part.first() + row).toArray(), source);
        }
    }

    /** Makes inputs of rows. */
    @FunctionalInterface
    interface Source {
        /** Returns the rows on a backend. */
        InputFile read(InputFile.Reading reading, Tensors tensors) throws IOException;
    }
}
