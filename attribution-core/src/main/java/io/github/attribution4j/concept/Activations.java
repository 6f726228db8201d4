// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.concept;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Evaluator.Recipe;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.internal.numeric.Digests;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.SoftReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The values of layers at the examples of concepts, in an order that depends on the examples alone. In memory, or in
 * the files of a folder; from these, what was read last stays in memory for as long as there is room.
 */
final class Activations {
    /** Items of a concept that are read together. */
    private static final int CHUNK = 64;

    private final Recipe recipe;
    private final LayeredModel model;
    private final List<Cut> cuts;
    private final Optional<Path> folder;
    private final Run run;
    private final String identity;
    private final Map<String, double[][]> held = new HashMap<>();
    private final Map<String, SoftReference<double[][]>> read = new HashMap<>();
    private final Set<String> notices = new LinkedHashSet<>();
    private Counts counts = Counts.NONE;

    Activations(Recipe recipe, LayeredModel model, List<Cut> cuts, Optional<Path> folder, Run run) {
        this.recipe = recipe;
        this.model = model;
        this.cuts = cuts;
        this.folder = folder;
        this.run = run;
        this.identity = identity(model.identity());
        if (folder.isPresent() && model.identity().isVague()) {
            throw new InvalidRequestException(List.of("folder " + folder.get() + ": model '"
                    + model.identity().name() + "' has neither a digest nor a version, so that its files could not be"
                    + " told from those of another; give it a version, or keep no files"));
        }
    }

    /** Returns the words that tell models apart: the digest, or else name and version, and what loading changed. */
    static String identity(Model.Identity identity) {
        String which = identity.digest().isEmpty() ? identity.name() + " " + identity.version() : identity.digest();
        return identity.loaded().isEmpty() ? which : which + " " + identity.loaded();
    }

    Counts counts() {
        return counts;
    }

    Set<String> notices() {
        return notices;
    }

    /** Runs the model for all examples of a concept, at each layer of which there is no file. */
    void compute(Concept concept) {
        List<Cut> missing = cuts.stream()
                .filter(cut -> folder.isEmpty() || !Files.exists(file(concept, cut)))
                .toList();
        List<String> digests = new ArrayList<>();
        List<List<double[]>> rows = missing.stream()
                .map(cut -> (List<double[]>) new ArrayList<double[]>())
                .toList();
        List<DataType> types = new ArrayList<>();
        for (int from = 0; from < concept.size(); from += CHUNK) {
            try (TensorScope scope = TensorScope.open()) {
                Inputs inputs = concept.read(from, Math.min(concept.size(), from + CHUNK));
                for (long row = 0; row < inputs.rows(); row++) {
                    digests.add(digest(inputs, row));
                }
                if (!missing.isEmpty()) {
                    evaluate(concept, inputs, missing, rows, types);
                }
            }
            run.report(
                    recipe.name(),
                    (long) (cuts.size() - missing.size()) * (Math.min(concept.size(), from + CHUNK) - from));
        }
        if (digests.size() < Concept.FEWEST) {
            throw new InvalidRequestException(List.of("concept '" + concept.name() + "': has " + digests.size()
                    + " examples, and needs at least " + Concept.FEWEST + " to learn from some and test with others"));
        }
        Integer[] order = IntStream.range(0, digests.size()).boxed().toArray(Integer[]::new);
        Arrays.sort(order, Comparator.comparing(digests::get));
        String examples = digest(Arrays.stream(order).map(digests::get).toList());
        for (int i = 0; i < missing.size(); i++) {
            double[][] sorted = Arrays.stream(order).map(rows.get(i)::get).toArray(double[][]::new);
            if (folder.isPresent()) {
                write(concept, missing.get(i), sorted, types.get(i), examples);
            } else {
                held.put(key(concept, missing.get(i)), sorted);
            }
        }
        for (Cut cut : cuts) {
            if (!missing.contains(cut)) {
                check(concept, cut, examples);
            }
        }
    }

    private void evaluate(
            Concept concept, Inputs inputs, List<Cut> missing, List<List<double[]>> rows, List<DataType> types) {
        Evaluator evaluator = Evaluator.start(recipe, model, inputs, Target.slice(), run.nested());
        for (int i = 0; i < missing.size(); i++) {
            Cut cut = missing.get(i);
            try (TensorScope scope = TensorScope.open()) {
                Tensor values = evaluator.activationsAtInputs(cut).get(0);
                if (!values.dataType().isFloating() || !values.isFinite()) {
                    throw new ModelException("layer '" + cut.point() + "' has values of type " + values.dataType()
                            + (values.dataType().isFloating() ? " that are not all finite" : "") + " for concept '"
                            + concept.name() + "'; choose a layer of finite floating values");
                }
                if (types.size() == i) {
                    types.add(values.dataType());
                }
                List<double[]> into = rows.get(i);
                double[] all = values.toDoubleArray();
                int size = Math.toIntExact(values.shape().row().size());
                if (!into.isEmpty() && into.get(0).length != size) {
                    throw new InvalidRequestException(List.of("layer '" + cut.point() + "': has " + size
                            + " values for some examples of concept '" + concept.name() + "', and "
                            + into.get(0).length + " for others; bring examples to one size"));
                }
                for (int from = 0; from < all.length; from += size) {
                    into.add(Arrays.copyOfRange(all, from, from + size));
                }
            }
        }
        counts = counts.plus(evaluator.counts());
        notices.addAll(evaluator.notices());
    }

    /** Returns the values of a layer at the examples of a concept that was computed. Nobody changes them. */
    double[][] rows(Concept concept, Cut cut) {
        String key = key(concept, cut);
        double[][] rows = held.get(key);
        if (rows == null && read.containsKey(key)) {
            rows = read.get(key).get();
        }
        if (rows == null) {
            rows = readRows(file(concept, cut));
            read.put(key, new SoftReference<>(rows));
        }
        return rows;
    }

    private static String key(Concept concept, Cut cut) {
        return concept.name() + "\n" + cut.point();
    }

    private Path file(Concept concept, Cut cut) {
        String name = concept.name() + " at " + cut.point();
        String safe = name.replaceAll("[^A-Za-z0-9._ -]", "_");
        String end = safe.equals(name) ? "" : " " + Long.toHexString(RandomStream.hash(name.hashCode()));
        return folder.orElseThrow().resolve(safe + end + ".npz");
    }

    private void write(Concept concept, Cut cut, double[][] rows, DataType type, String examples) {
        Path file = file(concept, cut);
        try (TensorScope scope = TensorScope.open()) {
            Files.createDirectories(folder.orElseThrow());
            double[] all = new double[Math.multiplyExact(rows.length, rows[0].length)];
            for (int row = 0; row < rows.length; row++) {
                System.arraycopy(rows[row], 0, all, row * rows[row].length, rows[row].length);
            }
            Tensor values =
                    Tensors.ofJava().of(all, rows.length, rows[0].length).to(type);
            Map<String, List<String>> texts = new LinkedHashMap<>();
            described(concept, cut, examples).forEach((what, text) -> texts.put(what, List.of(text)));
            Path half = Files.createTempFile(folder.orElseThrow(), "activations", ".part");
            try {
                NumpyFiles.writeNpz(half, Map.of("activations", values), texts);
                Files.move(half, file, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(half);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("activations of concept '" + concept.name() + "': " + e.getMessage(), e);
        }
    }

    private static double[][] readRows(Path file) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor values = NumpyFiles.readNpz(file, Tensors.ofJava()).get("activations");
            if (values == null || values.shape().rank() != 2) {
                throw new IOException(file + ": has no activations of rows; delete it");
            }
            double[] all = values.toDoubleArray();
            int size = Math.toIntExact(values.shape().dim(1));
            return IntStream.range(0, Math.toIntExact(values.shape().dim(0)))
                    .mapToObj(row -> Arrays.copyOfRange(all, row * size, (row + 1) * size))
                    .toArray(double[][]::new);
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    private Map<String, String> described(Concept concept, Cut cut, String examples) {
        Map<String, String> described = new LinkedHashMap<>();
        described.put("model", identity);
        described.put("layer", cut.point().toString());
        described.put("concept", concept.name());
        described.put("examples", examples);
        return described;
    }

    /** Refuses a file that holds something else. */
    private void check(Concept concept, Cut cut, String examples) {
        Path file = file(concept, cut);
        try {
            Map<String, List<String>> texts = NumpyFiles.readTexts(file);
            described(concept, cut, examples).forEach((what, text) -> {
                List<String> found = texts.getOrDefault(what, List.of());
                if (!found.equals(List.of(text))) {
                    throw new InvalidRequestException(List.of("file " + file + ": holds activations of " + what + " "
                            + (found.isEmpty() ? "unknown" : found.get(0)) + ", and the request is for " + text
                            + "; delete it, or give each model and each set of examples its own folder"));
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    private static String digest(Inputs inputs, long row) {
        try (TensorScope scope = TensorScope.open()) {
            return digest(
                    inputs.select(row).tensors().stream().map(Digests::ofTensor).toList());
        }
    }

    private static String digest(List<String> parts) {
        return parts.size() == 1 ? parts.get(0) : Digests.ofTexts(parts);
    }
}
