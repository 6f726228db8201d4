// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import io.github.attribution4j.model.Model;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.jspecify.annotations.Nullable;

/**
 * How an executor gets its model. Each executor opens it once, at its first rows, and closes it when its JVM ends; all
 * tasks of the executor share it, so it has to be thread-safe, as the models of the library are.
 *
 * <pre>{@code
 * ModelSource.file("risk.pt", TorchScriptModel::load)             // the driver's file, sent to every executor
 * ModelSource.shared("/mnt/models/risk.onnx", OnnxModel::load)    // a path that every executor can read
 * ModelSource.of("risk", () -> Model.of("risk", "3.2", rows -> Risk.scores(rows)))
 * }</pre>
 *
 * <p>Openers travel to the executors: write them as a method reference or as a lambda that captures nothing but
 * serializable values. Two sources that are equal in all they hold share a model. Immutable.
 */
public final class ModelSource implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Where the file of a model lies. */
    private enum Place {
        /** With the driver, from where it is broadcast. */
        SENT,
        /** At the same path on each executor. */
        SHARED,
        /** There is none. */
        NONE
    }

    /** Makes a model on an executor. */
    @FunctionalInterface
    public interface Opener extends Serializable {
        /**
         * Makes the model.
         *
         * @throws Exception if it cannot; the job fails with this as its cause
         */
        Model open() throws Exception;
    }

    /** Makes a model of a file on an executor. */
    @FunctionalInterface
    public interface FileOpener extends Serializable {
        /**
         * Makes the model.
         *
         * @param file on the executor's disk
         * @throws Exception if it cannot; the job fails with this as its cause
         */
        Model open(Path file) throws Exception;
    }

    /** The most bytes of an array. */
    private static final int MOST_BYTES = Integer.MAX_VALUE - 8;

    private final String name;
    private final Place place;
    private final FileOpener opener;

    private ModelSource(String name, Place place, FileOpener opener) {
        if (name.isBlank()) {
            throw new IllegalArgumentException(
                    place == Place.NONE ? "model: its name is blank; give it one" : "model: no file is given");
        }
        this.name = name;
        this.place = place;
        this.opener = opener;
    }

    /**
     * Returns the model of a file of the driver, which is broadcast to every executor. It has at most 2 GB.
     *
     * @param file a path on the driver
     * @param opener such as {@code TorchScriptModel::load}, {@code OnnxModel::load}
     */
    public static ModelSource file(String file, FileOpener opener) {
        return new ModelSource(file, Place.SENT, opener);
    }

    /**
     * Returns the model of a file that lies at the same path for every executor, as on a network drive or in the image
     * of a container. A file that changes is loaded again.
     *
     * @param file a path that executors can read
     * @param opener such as {@code TorchScriptModel::load}, {@code OnnxModel::load}
     */
    public static ModelSource shared(String file, FileOpener opener) {
        return new ModelSource(file, Place.SHARED, opener);
    }

    /**
     * Returns a model that is made on each executor: a function of rows, a client of a service.
     *
     * @param name for messages
     * @param opener makes it
     */
    public static ModelSource of(String name, Opener opener) {
        return new ModelSource(name, Place.NONE, file -> opener.open());
    }

    /** Returns the name or the file. */
    @Override
    public String toString() {
        return name;
    }

    /** Makes the file available to executors. */
    Sent send(SparkContext spark) {
        String digest = digest();
        if (place != Place.SENT) {
            return new Sent(this, digest, null);
        }
        byte[] bytes = bytes();
        return new Sent(
                this,
                digest + hexadecimal(Sha256.of(bytes)),
                JavaSparkContext.fromSparkContext(spark).broadcast(bytes));
    }

    /** Returns this source for the JVM of the driver. */
    Sent here() {
        return new Sent(this, digest(), null);
    }

    private byte[] bytes() {
        Path file = Path.of(name);
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException("model '" + name + "': the driver has no such file; give its path, or"
                    + " use ModelSource.shared for a path that only executors can read");
        }
        try {
            if (Files.size(file) > MOST_BYTES) {
                throw new IllegalArgumentException("model '" + name + "': has " + Files.size(file)
                        + " bytes, and Spark broadcasts up to " + MOST_BYTES
                        + "; put it where all executors can read it,"
                        + " and use ModelSource.shared");
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException("model '" + name + "': cannot be read by the driver: " + e, e);
        }
    }

    /** Returns what tells sources apart: the digest of what is sent to executors. */
    private String digest() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(this);
        } catch (NotSerializableException e) {
            throw new IllegalArgumentException(
                    "model '" + name + "': its opener holds a " + e.getMessage() + ", which cannot be sent to"
                            + " executors; make that inside the opener, or use a static method",
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return hexadecimal(Sha256.of(bytes.toByteArray()));
    }

    private static String hexadecimal(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    /**
     * A source as executors get it.
     *
     * @param digest tells sources apart
     * @param bytes those of the file; null if it is not sent
     */
    record Sent(ModelSource source, String digest, @Nullable Broadcast<byte[]> bytes) implements Serializable {
        private static final long serialVersionUID = 1L;

        /** Returns the file, if the model is of one that was not sent. */
        @Nullable
        Path file() {
            return source.place == Place.NONE || bytes != null ? null : Path.of(source.name);
        }

        /** Opens the model; a file that was sent is written to this machine, and remains until the JVM ends. */
        Model open() throws Exception {
            return source.opener.open(
                    bytes == null ? Path.of(source.place == Place.NONE ? "" : source.name) : written(bytes));
        }

        private Path written(Broadcast<byte[]> sent) throws IOException {
            Path folder = Files.createTempDirectory("attribution4j-model");
            Path file = folder.resolve(Path.of(source.name).getFileName());
            folder.toFile().deleteOnExit();
            file.toFile().deleteOnExit();
            return Files.write(file, sent.value());
        }

        /** Returns the name or the file. */
        @Override
        public String toString() {
            return source.name;
        }
    }
}
