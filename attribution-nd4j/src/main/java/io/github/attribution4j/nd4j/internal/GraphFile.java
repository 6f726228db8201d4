// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.internal;

import io.github.attribution4j.model.UnsupportedModelException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ops.impl.summarystats.Variance;

/**
 * A graph with the digest of the bytes that it was read from.
 *
 * @param graph the graph
 * @param digest SHA-256 in hexadecimal
 */
public record GraphFile(Graph graph, String digest) {
    /**
     * Reads a file.
     *
     * @throws UnsupportedModelException if it is no graph or is damaged
     */
    public static GraphFile read(Path path) {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (OutOfMemoryError e) {
            throw new UnsupportedModelException(
                    path.getFileName() + " has more bytes than the Java heap, or than the 2 GB that"
                            + " SameDiff's format holds; start Java with a larger heap, or save the graph smaller",
                    e);
        }
        if (bytes.length > 1 && bytes[0] == 'P' && bytes[1] == 'K') {
            throw new UnsupportedModelException(path.getFileName() + " is a zip archive (.sdz or .zip), which the ND4J"
                    + " that is used here does not read; save the graph as one file (.fb)");
        }
        return of(ByteBuffer.wrap(bytes), String.valueOf(path.getFileName()));
    }

    /** Copies a graph through its bytes, which do not say whether a variance is that of a sample. */
    public static GraphFile copy(SameDiff graph) {
        Nd4jStart.quietly();
        GraphFile copy = of(graph.asFlatBuffers(false), "the graph");
        for (Step step : copy.graph().steps()) {
            if (step.operation() instanceof Variance variance
                    && graph.getOpById(step.name()) instanceof Variance original) {
                variance.setBiasCorrected(original.isBiasCorrected());
            }
        }
        return copy;
    }

    private static GraphFile of(ByteBuffer bytes, String name) {
        String digest = digest(bytes.duplicate());
        Nd4jStart.quietly();
        try {
            StoredArrays.requireWhole(bytes.duplicate());
            return new GraphFile(new Graph(SameDiff.fromFlatBuffers(bytes, false)), digest);
        } catch (UnsupportedModelException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw new UnsupportedModelException(
                    name + " is no graph that SameDiff can read back, or is damaged" + said(e), e);
        } catch (OutOfMemoryError e) {
            // Damaged sizes ask for any number of elements.
            throw new UnsupportedModelException(
                    name + " asks for more memory than the Java heap has: it is damaged, or Java needs a larger heap",
                    e);
        }
    }

    /** What ND4J says about the file; nothing where it stumbled over it, which only its own code explains. */
    private static String said(Exception e) {
        String message = e.getMessage() == null ? "" : e.getMessage();
        boolean stumbled = e instanceof NullPointerException
                || e instanceof ClassCastException
                || e instanceof IndexOutOfBoundsException
                || e instanceof NegativeArraySizeException
                || message.contains("org.nd4j.")
                || message.contains("java.lang.");
        message = stumbled ? "" : message;
        return message.lines()
                .findFirst()
                .map(line -> ": " + line.replaceAll("\\p{Cc}", "?"))
                .orElse("");
    }

    private static String digest(ByteBuffer bytes) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(bytes);
            return HexFormat.of().formatHex(sha.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
