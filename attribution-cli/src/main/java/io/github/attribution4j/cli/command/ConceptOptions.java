// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import io.github.attribution4j.cli.question.InputFile;
import io.github.attribution4j.cli.question.Request;
import io.github.attribution4j.cli.question.TextOptions;
import io.github.attribution4j.cli.question.Texts;
import io.github.attribution4j.concept.Concept;
import io.github.attribution4j.concept.Concepts;
import io.github.attribution4j.model.Inputs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options for concepts and their examples. Only the parser sets the fields. */
@SuppressWarnings("FieldMayBeFinal")
final class ConceptOptions {
    private static final int SETS = 20;

    @Option(
            names = "--concept",
            paramLabel = "NAME=FOLDER|FILE",
            required = true,
            description =
                    "A concept and its examples, some tens: a folder of images, arrays or tables, read a few at a time;"
                            + " a file whose rows are examples (.npz, .npy, .csv); with --tokenizer a file of texts,"
                            + " one a line. They are prepared like --input. Repeatable.")
    private List<String> concepts = new ArrayList<>();

    @Option(
            names = "--random",
            paramLabel = "FOLDER|FILE",
            description = "Examples of nothing in particular, which a concept is told from. One source is divided at"
                    + " random into --random-sets; of several each is a set, named like concepts. Repeatable.")
    private List<String> randoms = new ArrayList<>();

    @Option(
            names = "--random-sets",
            paramLabel = "N",
            description = "How many sets one --random is divided into. Default: " + SETS + ".")
    private @Nullable Integer sets;

    @Option(
            names = "--compare",
            paramLabel = "NAME,NAME",
            description = "Tell a concept from another one, too: what both have does not count. Repeatable.")
    private List<String> compared = new ArrayList<>();

    @Option(
            names = "--activations",
            paramLabel = "FOLDER",
            description = "Keep activations in this folder, a file for each concept and layer, and read those that are"
                    + " there: a run that was stopped goes on, and memory holds two concepts only.")
    private @Nullable Path kept;

    /** The sources, once they are read from the options. */
    private List<Source> sources = List.of();

    /**
     * Where the examples of one concept are.
     *
     * @param option for messages
     * @param texts none if the examples are no texts
     */
    private record Source(String name, String option, Path path, boolean random, List<String> texts) {}

    /**
     * Reads the options, and the texts if the examples are texts.
     *
     * @return all texts, in order
     */
    List<String> read(boolean ofTexts) throws IOException {
        if (sets != null) {
            Texts.atLeast("--random-sets", sets, 2);
        }
        if (sets != null && randoms.size() != 1) {
            throw new IllegalArgumentException("--random-sets " + sets + ": divides the examples of one --random, and "
                    + randoms.size() + " are given; leave it out");
        }
        if (randoms.isEmpty() && compared.isEmpty()) {
            throw new IllegalArgumentException("--random is needed: examples of nothing in particular, which concepts"
                    + " are told from; or --compare, which tells one concept from another");
        }
        List<Source> all = new ArrayList<>();
        for (String text : concepts) {
            all.add(source("--concept", text, ofTexts));
        }
        for (String text : randoms) {
            all.add(source("--random", text, ofTexts));
        }
        sources = List.copyOf(all);
        return all.stream().flatMap(source -> source.texts().stream()).toList();
    }

    /** Returns what NAME=FOLDER says; without a name that of the folder. */
    private static Source source(String option, String text, boolean ofTexts) throws IOException {
        int equals = text.indexOf('=');
        Path path = Path.of(text.substring(equals + 1).strip());
        if (!Files.exists(path)) {
            throw new NoSuchFileException(path.toString());
        }
        String name = equals < 1 ? String.valueOf(path.getFileName()) : text.substring(0, equals);
        String said = option + " " + text;
        return new Source(name.strip(), said, path, option.equals("--random"), ofTexts ? texts(said, path) : List.of());
    }

    private static List<String> texts(String option, Path path) throws IOException {
        List<String> texts = new ArrayList<>();
        if (Files.isDirectory(path)) {
            try (Stream<Path> files = Files.list(path)) {
                for (Path file : files.filter(one -> one.toString().endsWith(".txt"))
                        .sorted()
                        .toList()) {
                    texts.addAll(TextOptions.lines(file));
                }
            }
        } else {
            texts.addAll(TextOptions.lines(path));
        }
        if (texts.isEmpty()) {
            throw new IllegalArgumentException(
                    option + ": holds no texts; give a file with one a line, or a folder of" + " such files (.txt)");
        }
        return texts;
    }

    /**
     * Returns the concepts. Examples are read when they are needed.
     *
     * @param request prepares files
     * @param rows of all texts
     * @param first the row of the first text of the first concept
     * @param seed divides random examples into sets
     */
    Concepts concepts(Request request, Inputs rows, int first, long seed) throws IOException {
        List<Concept> named = new ArrayList<>();
        List<Concept> random = new ArrayList<>();
        int row = first;
        for (Source source : sources) {
            int texts = source.texts().size();
            (source.random() ? random : named)
                    .add(
                            texts == 0
                                    ? concept(source, request)
                                    : Concept.of(
                                            source.name(),
                                            Request.rowsOf(
                                                    rows,
                                                    LongStream.range(row, row + texts)
                                                            .toArray())));
            row += texts;
        }
        if (random.size() == 1) {
            random = split(random.get(0), seed);
        }
        Concepts all = Concepts.of(named.toArray(Concept[]::new)).against(random);
        for (String pair : compared) {
            String[] names = pair.split(",", -1);
            if (names.length != 2) {
                throw new IllegalArgumentException(
                        "--compare " + pair + ": name two concepts, such as --compare striped,dotted");
            }
            all = all.comparing(names[0].strip(), names[1].strip());
        }
        return kept == null ? all : all.keptIn(kept);
    }

    private static Concept concept(Source source, Request request) throws IOException {
        if (!Files.isDirectory(source.path())) {
            return Concept.of(source.name(), request.like(source.path()));
        }
        return Concept.of(source.name(), InputFile.inFolder(source.option(), source.path()), file -> {
            try {
                return request.like(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private List<Concept> split(Concept pool, long seed) {
        try {
            return pool.split(sets == null ? SETS : sets, seed);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--random-sets: " + e.getMessage(), e);
        }
    }
}
