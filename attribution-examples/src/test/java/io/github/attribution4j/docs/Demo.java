// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.visual.Picture;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;

/** Where the repository and the demo models are. */
final class Demo {
    /** The folder of the repository. */
    static final Path REPOSITORY = repository();
    /** The folder of the demo models and their inputs. */
    static final Path FILES = REPOSITORY.resolve("attribution-cli/src/main/resources/demo");

    private Demo() {}

    private static Path repository() {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.isRegularFile(at.resolve("mvnw")) && Files.isDirectory(at.resolve("docs"))) {
                return at;
            }
        }
        throw new IllegalStateException("no folder above " + Path.of("").toAbsolutePath() + " is the repository");
    }

    /** Returns the image of a digit, shape (1, 1, 8, 8), in no scope. */
    static Tensor digit(int digit, Tensors tensors) throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            return scope.keep(NumpyFiles.readNpz(FILES.resolve("digit-" + digit + ".npz"), tensors)
                    .get("image"));
        }
    }

    /** Returns the rows of a table of the demo, float32, in no scope. */
    static Tensor table(String file, Tensors tensors) throws IOException {
        List<String> lines = Files.readAllLines(FILES.resolve(file));
        float[] values = new float[(lines.size() - 1) * 30];
        int at = 0;
        for (String line : lines.subList(1, lines.size())) {
            for (String cell : line.split(",", -1)) {
                values[at++] = Float.parseFloat(cell);
            }
        }
        return tensors.of(values, lines.size() - 1, 30);
    }

    /** Returns the names of the columns of the tables. */
    static String[] columns() throws IOException {
        String header = Files.readAllLines(FILES.resolve("patients.csv")).get(0);
        return Arrays.stream(header.split(",", -1)).map(String::strip).toArray(String[]::new);
    }

    /**
     * Asserts that the documentation shows a picture of this size; writes it where {@code attribution.docs.update}
     * is set.
     *
     * @param name the file in docs/images
     */
    static void assertShown(Picture picture, String name) throws IOException {
        Path file = REPOSITORY.resolve("docs/images").resolve(name);
        if (Boolean.getBoolean("attribution.docs.update")) {
            Files.createDirectories(file.getParent());
            picture.write(file);
        }
        BufferedImage shown = ImageIO.read(file.toFile());
        assertThat(shown.getWidth()).isEqualTo(picture.toImage().getWidth());
        assertThat(shown.getHeight()).isEqualTo(picture.toImage().getHeight());
    }
}
