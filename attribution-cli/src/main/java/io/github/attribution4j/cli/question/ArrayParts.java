// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Arrays whose axis 0 counts rows, in parts. */
final class ArrayParts implements RowParts {
    private final TensorScope scope = TensorScope.open();
    private final InputFile file;
    private final int size;
    private final long rows;
    private long next;

    ArrayParts(InputOptions options, int size) throws IOException {
        this.size = size;
        try {
            file = InputFile.read(options.requiredInput(), options.reading(), 1, Tensors.ofJava());
            List<Shape> shapes =
                    file.arrays().stream().map(array -> array.tensor().shape()).toList();
            boolean counted = !shapes.isEmpty()
                    && shapes.stream().allMatch(shape -> shape.rank() > 0 && shape.dim(0) == rows(shapes));
            if (!counted) {
                throw new IOException(options.requiredInput() + ": holds "
                        + file.arrays().stream()
                                .map(array -> array.name() + " of shape "
                                        + array.tensor().shape())
                                .collect(Collectors.joining(", "))
                        + "; axis 0 of each array must count the same rows");
            }
            rows = rows(shapes);
            if (rows == 0) {
                throw new IOException(options.requiredInput() + ": has no rows");
            }
        } catch (IOException | RuntimeException e) {
            scope.close();
            throw e;
        }
    }

    private static long rows(List<Shape> shapes) {
        return shapes.get(0).dim(0);
    }

    @Override
    public @Nullable Part next() {
        if (next >= rows) {
            return null;
        }
        Part part = new Rows(next, (int) Math.min(size, rows - next));
        next += part.size();
        return part;
    }

    /** Consecutive rows. */
    private final class Rows implements Part {
        private final long first;
        private final int size;

        Rows(long first, int size) {
            this.first = first;
            this.size = size;
        }

        @Override
        public long first() {
            return first;
        }

        @Override
        public int size() {
            return size;
        }

        @Override
        public void identify(int row, MessageDigest digest) {
            for (NamedTensor array : file.arrays()) {
                digest.update((array.name()
                                + array.tensor().shape().row()
                                + array.tensor().dataType())
                        .getBytes(StandardCharsets.UTF_8));
                try (Tensor one = array.tensor().rows(first + row, first + row + 1)) {
                    digest.update(one.toByteBuffer());
                }
            }
        }

        @Override
        public void use(List<Integer> chosen, InputOptions options) {
            options.chosen = Chosen.of(this, chosen, (reading, tensors) -> read(tensors, chosen));
        }

        private InputFile read(Tensors tensors, List<Integer> chosen) {
            long[] numbers = chosen.stream().mapToLong(row -> first + row).toArray();
            return new InputFile(
                    file.arrays().stream()
                            .map(array -> new NamedTensor(
                                    array.name(), tensors.bring(array.tensor().select(0, numbers))))
                            .toList(),
                    file.columns(),
                    file.image(),
                    file.notes(),
                    Optional.empty());
        }
    }

    @Override
    public double fraction() {
        return (double) next / rows;
    }

    @Override
    public void close() {
        scope.close();
    }
}
