// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.concept;

import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Concept activation vectors of one model, as {@link Tcav#train} made them or as they were given. Immutable. */
public final class Cavs {
    private static final String MODEL = "model";
    private static final List<String> COLUMNS = List.of("concept", "against", "role", "layer");

    private final List<Cav> all;
    private final String model;
    private final List<String> notices;
    private final Counts counts;

    Cavs(List<Cav> all, String model, List<String> notices, Counts counts) {
        this.all = List.copyOf(all);
        this.model = model;
        this.notices = List.copyOf(notices);
        this.counts = counts;
    }

    /** Returns given vectors, of which it is not known by which model they were made. */
    public static Cavs of(List<Cav> vectors) {
        if (vectors.isEmpty()) {
            throw new IllegalArgumentException("vectors: none given; give at least one");
        }
        return new Cavs(vectors, "", List.of(), Counts.NONE);
    }

    /** Returns all vectors. */
    public List<Cav> all() {
        return all;
    }

    /**
     * Returns the vectors of a concept at a layer, whatever it is told from.
     *
     * @throws IllegalArgumentException if there are none
     */
    public List<Cav> of(String concept, String layer) {
        List<Cav> found = all.stream()
                .filter(cav -> cav.concept().equals(concept) && cav.layer().equals(layer))
                .toList();
        if (found.isEmpty()) {
            throw new IllegalArgumentException("concept '" + concept + "' at layer '" + layer
                    + "' has no vector; there are "
                    + all.stream()
                            .filter(cav -> cav.role() != Cav.Role.RANDOM)
                            .map(cav -> cav.concept() + " at " + cav.layer())
                            .distinct()
                            .toList());
        }
        return found;
    }

    /** Returns what was noticed when they were made. */
    public List<String> notices() {
        return notices;
    }

    /** Returns the cost of the activations; none where they were read from files. */
    public Counts counts() {
        return counts;
    }

    /** Returns the digest of the model's file, or other words that tell it from others; empty if not known. */
    public String model() {
        return model;
    }

    /** Writes them to a {@code .npz} file, from which {@link #load} reads equal ones. */
    public void save(Path file) throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = new LinkedHashMap<>();
            for (int i = 0; i < all.size(); i++) {
                arrays.put(
                        "vector_" + i,
                        Tensors.ofJava().of(all.get(i).vector(), all.get(i).direction().length));
            }
            double[] accuracies = all.stream().mapToDouble(Cav::accuracy).toArray();
            long[] tested = all.stream().mapToLong(Cav::tested).toArray();
            arrays.put("accuracy", Tensors.ofJava().of(accuracies, accuracies.length));
            arrays.put("tested", Tensors.ofJava().of(tested, tested.length));
            Map<String, List<String>> texts = new LinkedHashMap<>();
            texts.put("concept", all.stream().map(Cav::concept).toList());
            texts.put("against", all.stream().map(Cav::against).toList());
            texts.put("role", all.stream().map(cav -> cav.role().name()).toList());
            texts.put("layer", all.stream().map(Cav::layer).toList());
            texts.put(MODEL, List.of(model));
            NumpyFiles.writeNpz(file, arrays, texts);
        }
    }

    /**
     * Reads a file that {@link #save} wrote.
     *
     * @throws IOException if it cannot be read, or holds something else
     */
    public static Cavs load(Path file) throws IOException {
        Map<String, List<String>> texts = NumpyFiles.readTexts(file);
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = NumpyFiles.readNpz(file, Tensors.ofJava());
            int count = texts.getOrDefault("concept", List.of()).size();
            List<List<String>> columns = new ArrayList<>();
            for (String name : COLUMNS) {
                columns.add(texts(file, texts, name, count));
            }
            double[] accuracies = array(file, arrays, "accuracy", count).toDoubleArray();
            long[] tested = array(file, arrays, "tested", count).toLongArray();
            List<Cav> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                all.add(new Cav(
                        columns.get(0).get(i),
                        columns.get(1).get(i),
                        Cav.Role.valueOf(columns.get(2).get(i)),
                        columns.get(3).get(i),
                        array(file, arrays, "vector_" + i, 0).toDoubleArray(),
                        accuracies[i],
                        Math.toIntExact(tested[i])));
            }
            return new Cavs(all, texts(file, texts, MODEL, 1).get(0), List.of(), Counts.NONE);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private static List<String> texts(Path file, Map<String, List<String>> texts, String name, int count)
            throws IOException {
        List<String> found = texts.getOrDefault(name, List.of());
        if (count == 0 || found.size() != count) {
            throw strange(file);
        }
        return found;
    }

    /** Returns an array; of this many elements, unless 0. */
    private static Tensor array(Path file, Map<String, Tensor> arrays, String name, int count) throws IOException {
        Tensor found = arrays.get(name);
        if (found == null || (count > 0 && found.shape().size() != count)) {
            throw strange(file);
        }
        return found;
    }

    private static IOException strange(Path file) {
        return new IOException(file + ": holds no concept activation vectors; Cavs.save writes such files");
    }

    /** Returns how many there are. */
    @Override
    public String toString() {
        return "Cavs[" + all.size() + (all.size() == 1 ? " vector]" : " vectors]");
    }
}
