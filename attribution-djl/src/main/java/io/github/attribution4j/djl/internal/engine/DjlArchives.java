// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import ai.djl.pytorch.engine.PtSymbolBlock;
import io.github.attribution4j.model.UnsupportedModelException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Finds the archive file that a model of DJL was loaded from. A model that was loaded without gradients is loaded again
 * from there.
 */
public final class DjlArchives {
    private static final String REMEDY =
            "; load the archive itself with TorchScriptModel.load(path), or explain the model "
                    + "without gradients: a perturbation method on DjlModel.of(model)";

    private DjlArchives() {}

    public static Path find(ai.djl.Model model) {
        String engine = model.getNDManager().getEngine().getEngineName();
        if (!(model.getBlock() instanceof PtSymbolBlock)) {
            throw new UnsupportedModelException("model '" + model.getName() + "' is run by engine " + engine
                    + " and is no TorchScript archive, so it has no gradients here" + REMEDY);
        }
        Path place = model.getModelPath();
        if (place == null) {
            throw new UnsupportedModelException("model '" + model.getName()
                    + "' was loaded without gradients, and DJL does not know from which file" + REMEDY);
        }
        return file(model)
                .orElseThrow(() -> new UnsupportedModelException("model '" + model.getName()
                        + "' was loaded without gradients, and its archive is not at "
                        + place.resolve(model.getName() + ".pt") + REMEDY));
    }

    /** Looks for the file where DJL looks: in the directory of the model, under the names that it tries. */
    private static Optional<Path> file(ai.djl.Model model) {
        Path place = model.getModelPath();
        if (place == null) {
            return Optional.empty();
        }
        for (String name : List.of(model.getName(), String.valueOf(place.getFileName()), "model")) {
            for (String ending : List.of("", ".pt", ".onnx", ".json", ".xgb")) {
                Path file = place.resolve(name + ending);
                if (Files.isRegularFile(file)) {
                    return Optional.of(file);
                }
            }
        }
        return Optional.of(place).filter(Files::isRegularFile);
    }

    /** Returns the SHA-256 of the model's file; empty if it is not a single file. */
    public static Optional<String> digest(ai.djl.Model model) {
        return file(model).map(DjlArchives::sha256);
    }

    /** Returns the SHA-256 of a file. */
    public static String sha256(Path file) {
        try (InputStream stream = Files.newInputStream(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] chunk = new byte[1 << 16];
            for (int read = stream.read(chunk); read >= 0; read = stream.read(chunk)) {
                digest.update(chunk, 0, read);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be read: " + e.getMessage(), e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
