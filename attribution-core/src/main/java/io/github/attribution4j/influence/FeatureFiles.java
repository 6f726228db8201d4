// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import io.github.attribution4j.Provenance.InputRecord;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What rows are compared by, kept in files of some hundreds of rows. A file is written under another name and then
 * moved, so that it is whole wherever it exists.
 */
final class FeatureFiles {
    private static final int FORMAT = 1;
    private static final int NAME_LENGTH = 32;

    private final Path directory;
    private final Map<String, List<String>> origin;
    private final String name;

    /**
     * Names files by all that their numbers depend on.
     *
     * @param recipe name and settings
     * @param model has a digest or a version
     */
    FeatureFiles(Path directory, String recipe, Model.Identity model, Examples examples) {
        this.directory = directory;
        this.origin = new LinkedHashMap<>();
        origin.put("recipe", List.of(recipe));
        origin.put("model", List.of(model.digest().isEmpty() ? model.name() : "", model.version(), model.digest()));
        origin.put("loaded", List.of(model.engine(), model.loaded().toString()));
        List<String> records =
                examples.records("").stream().map(InputRecord::toString).toList();
        origin.put("examples", records);
        origin.put("target", List.of(examples.description()));
        this.name = digest(FORMAT + " " + origin).substring(0, NAME_LENGTH);
    }

    private static String digest(String text) {
        try {
            byte[] bytes = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform must support SHA-256", e);
        }
    }

    private Path file(long from, long to) {
        return directory.resolve(name + "-" + from + "-" + to + ".npz");
    }

    /**
     * Reads a range of rows.
     *
     * @param widths of the vectors of a row
     * @return empty if it is not there, or the file is damaged
     */
    Optional<Block> read(long from, long to, List<Integer> widths) {
        Path file = file(from, to);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        int rows = Math.toIntExact(to - from);
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = NumpyFiles.readNpz(file, Tensors.ofJava());
            List<double[]> factors = new ArrayList<>();
            for (int factor = 0; factor < widths.size(); factor++) {
                Tensor array = arrays.get(arrayName(factor));
                if (array == null || !array.shape().equals(Shape.of(rows, widths.get(factor)))) {
                    return Optional.empty();
                }
                factors.add(array.toDoubleArray());
            }
            return Optional.of(new Block(rows, factors));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static String arrayName(int factor) {
        return "vector" + factor;
    }

    /** Writes a range of rows, in single precision if that changes nothing. */
    void write(long from, long to, Block block) {
        Map<String, Tensor> arrays = new LinkedHashMap<>();
        try (TensorScope scope = TensorScope.open()) {
            for (int factor = 0; factor < block.factors().size(); factor++) {
                arrays.put(arrayName(factor), array(block, factor));
            }
            Files.createDirectories(directory);
            Path written = Files.createTempFile(directory, "rows", ".part");
            try {
                NumpyFiles.writeNpz(written, arrays, origin);
                Files.move(
                        written, file(from, to), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(written);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("examples: cannot be kept in " + directory + ": " + e.getMessage(), e);
        }
    }

    private static Tensor array(Block block, int factor) {
        double[] numbers = block.factors().get(factor);
        Shape shape = Shape.of(block.rows(), block.width(factor));
        float[] singles = new float[numbers.length];
        boolean equal = true;
        for (int i = 0; i < numbers.length && equal; i++) {
            singles[i] = (float) numbers[i];
            equal = singles[i] == numbers[i];
        }
        return equal ? Tensors.ofJava().of(singles, shape) : Tensors.ofJava().of(numbers, shape);
    }
}
