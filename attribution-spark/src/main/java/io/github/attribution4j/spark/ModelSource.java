// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import io.github.attribution4j.model.Model;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.apache.spark.SparkContext;
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
        /** With the driver, or in a file system that Spark reads; Spark brings it to each executor. */
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
     * Returns the model of a file that Spark sends to every executor, through {@link SparkContext#addFile}.
     *
     * @param file a path on the driver, or a URI of a file system that Spark reads, such as {@code hdfs://...}
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
        if (isRemote()) {
            spark.addFile(name);
            return new Sent(this, digest, name.substring(name.lastIndexOf('/') + 1));
        }
        Path file = SentFile.of(localFile());
        spark.addFile(file.toString());
        return new Sent(this, digest, file.getFileName().toString());
    }

    /** Returns this source for the JVM of the driver. */
    Sent here() {
        if (place == Place.SENT && isRemote()) {
            throw new IllegalArgumentException("model '" + name
                    + "': is not a file of the driver, which explains a single row; explain a data set of it");
        }
        return new Sent(this, digest(), null);
    }

    private boolean isRemote() {
        return name.matches("[A-Za-z][A-Za-z0-9+.-]+://.*") && !name.startsWith("file:");
    }

    private Path localFile() {
        Path file = name.startsWith("file:") ? Path.of(URI.create(name)) : Path.of(name);
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException("model '" + name + "': the driver has no such file; give its path, or"
                    + " use ModelSource.shared for a path that only executors can read");
        }
        return file;
    }

    /** Returns the file to open on this machine; a file that was sent is given. */
    private Path file(@Nullable Path sent) {
        return switch (place) {
            case SENT -> sent == null ? localFile() : sent;
            case SHARED, NONE -> Path.of(place == Place.SHARED ? name : "");
        };
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
        return HexFormat.of().formatHex(SentFile.sha256().digest(bytes.toByteArray()));
    }

    /**
     * A source as executors get it.
     *
     * @param digest tells sources apart
     * @param sentFile the name under which Spark brings the file; null if it does not
     */
    record Sent(ModelSource source, String digest, @Nullable String sentFile) implements Serializable {
        private static final long serialVersionUID = 1L;

        String name() {
            return source.name;
        }

        /** Returns the file, if the model is of one. */
        @Nullable
        Path file(@Nullable Path received) {
            return source.place == Place.NONE ? null : source.file(received);
        }

        Model open(@Nullable Path file) throws Exception {
            return source.opener.open(file == null ? Path.of("") : file);
        }
    }
}
