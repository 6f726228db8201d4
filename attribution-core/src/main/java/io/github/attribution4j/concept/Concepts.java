// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.concept;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Concepts, and what each is told from: random concepts, and other concepts. Immutable.
 *
 * <pre>{@code
 * Concepts.of(striped, dotted).against(anyImages.split(20, 0)).comparing("striped", "dotted").keptIn(folder)
 * }</pre>
 */
public final class Concepts {
    /** Two concepts, the first of which is told from the second. */
    record Pair(Concept concept, Concept against, Cav.Role role) {}

    private final List<Concept> concepts;
    private final List<Concept> randoms;
    private final List<List<String>> compared;
    private final @Nullable Path folder;

    private Concepts(
            List<Concept> concepts, List<Concept> randoms, List<List<String>> compared, @Nullable Path folder) {
        this.concepts = List.copyOf(concepts);
        this.randoms = List.copyOf(randoms);
        this.compared = List.copyOf(compared);
        this.folder = folder;
        Set<String> names = new HashSet<>();
        for (Concept concept : all()) {
            if (!names.add(concept.name())) {
                throw new IllegalArgumentException(
                        "concepts: '" + concept.name() + "' is the name of two; give each its own");
            }
        }
    }

    /** Returns concepts that are not told from anything yet. */
    public static Concepts of(Concept... concepts) {
        if (concepts.length == 0) {
            throw new IllegalArgumentException("concepts: none given; give at least one");
        }
        return new Concepts(List.of(concepts), List.of(), List.of(), null);
    }

    /**
     * Returns a copy in which each concept is told from each of these random concepts, and these from each other, which
     * shows what scores random examples get: {@link Concept#split} makes them from a pool of examples.
     */
    public Concepts against(List<Concept> randomConcepts) {
        return new Concepts(concepts, randomConcepts, compared, folder);
    }

    /**
     * Returns a copy in which a concept is also told from another, such as {@code striped} from {@code dotted}: their
     * difference counts, and what both have does not.
     *
     * @param concept name of one of the concepts
     * @param other name of another
     */
    public Concepts comparing(String concept, String other) {
        for (String name : List.of(concept, other)) {
            if (concepts.stream().noneMatch(one -> one.name().equals(name))) {
                throw new IllegalArgumentException("concept '" + name + "' is none of "
                        + concepts.stream().map(Concept::name).toList());
            }
        }
        if (concept.equals(other)) {
            throw new IllegalArgumentException("concept '" + concept + "' is compared with itself; name another");
        }
        List<List<String>> more = new ArrayList<>(compared);
        more.add(List.of(concept, other));
        return new Concepts(concepts, randoms, more, folder);
    }

    /**
     * Returns a copy that keeps activations in a folder, one {@code .npz} file for each concept and layer. Where the
     * file is there, the model does not run again. A file of another model or of other examples is refused.
     *
     * @param newFolder made if it does not exist
     */
    public Concepts keptIn(Path newFolder) {
        return new Concepts(concepts, randoms, compared, newFolder);
    }

    /** Returns concepts and random concepts. */
    List<Concept> all() {
        List<Concept> all = new ArrayList<>(concepts);
        all.addAll(randoms);
        return all;
    }

    Optional<Path> folder() {
        return Optional.ofNullable(folder);
    }

    /** Returns what is told from what. */
    List<Pair> pairs() {
        Map<String, Concept> byName = new LinkedHashMap<>();
        concepts.forEach(concept -> byName.put(concept.name(), concept));
        List<Pair> pairs = new ArrayList<>();
        for (Concept concept : concepts) {
            for (Concept random : randoms) {
                pairs.add(new Pair(concept, random, Cav.Role.CONCEPT));
            }
        }
        for (List<String> names : compared) {
            pairs.add(new Pair(named(byName, names.get(0)), named(byName, names.get(1)), Cav.Role.RELATIVE));
        }
        for (int i = 0; i < randoms.size(); i++) {
            for (int j = i + 1; j < randoms.size(); j++) {
                pairs.add(new Pair(randoms.get(i), randoms.get(j), Cav.Role.RANDOM));
            }
        }
        return pairs;
    }

    private static Concept named(Map<String, Concept> byName, String name) {
        return Objects.requireNonNull(byName.get(name));
    }

    /** Returns the concepts, and how many random ones there are. */
    @Override
    public String toString() {
        return concepts + " against " + randoms.size() + " random concepts";
    }
}
