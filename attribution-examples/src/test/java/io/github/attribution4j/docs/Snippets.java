// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The regions of the classes here, and of the tests of modules that are not on the class path here, by
 * {@code Class#name}: the lines between {@code // tag::name} and {@code // end::name}, without their common
 * indentation, without lines that end in {@code // hidden}.
 */
final class Snippets {
    private static final Path SOURCES =
            Demo.REPOSITORY.resolve("attribution-examples/src/test/java/io/github/attribution4j/docs");
    private static final List<Path> ELSEWHERE = List.of(
            Demo.REPOSITORY.resolve("attribution-spark/src/test/java/io/github/attribution4j/spark"),
            Demo.REPOSITORY.resolve("attribution-nd4j/src/test/java/io/github/attribution4j/nd4j"));

    private Snippets() {}

    static Map<String, String> all() throws IOException {
        Map<String, String> snippets = new TreeMap<>();
        readAll(SOURCES, snippets);
        for (Path folder : ELSEWHERE) {
            readAll(folder, snippets);
        }
        return snippets;
    }

    private static void readAll(Path folder, Map<String, String> snippets) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                read(file, snippets);
            }
        }
    }

    /** Returns the text of a class here. */
    static String source(String type) throws IOException {
        return Files.readString(SOURCES.resolve(type + ".java"));
    }

    private static void read(Path file, Map<String, String> snippets) throws IOException {
        String type = String.valueOf(file.getFileName()).replace(".java", "");
        Set<String> ended = new HashSet<>();
        List<String> lines = Files.readAllLines(file);
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.startsWith("// tag::")) {
                continue;
            }
            String name = line.substring("// tag::".length());
            List<String> region = new ArrayList<>();
            for (int j = i + 1; j < lines.size(); j++) {
                String next = lines.get(j).strip();
                if (next.equals("// end::" + name)) {
                    ended.add(name);
                    break;
                }
                if (!next.startsWith("// tag::") && !next.startsWith("// end::") && !next.endsWith("// hidden")) {
                    region.add(lines.get(j));
                }
            }
            if (!ended.contains(name) || snippets.put(type + "#" + name, outdented(region)) != null) {
                throw new IllegalStateException(
                        file + ": region '" + name + "' has no end, or there are two of that name");
            }
        }
    }

    private static String outdented(List<String> region) {
        int indentation = region.stream()
                .filter(line -> !line.isBlank())
                .mapToInt(line -> line.length() - line.stripLeading().length())
                .min()
                .orElse(0);
        return String.join(
                        "\n",
                        region.stream()
                                .map(line -> line.isBlank() ? "" : line.substring(indentation))
                                .toList())
                .strip();
    }
}
