// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A page of the documentation.
 *
 * @param file where it is
 * @param lines its lines
 */
record Page(Path file, List<String> lines) {
    private static final Pattern MARKER = Pattern.compile("<!-- snippet: (\\w+)#([\\w-]+) -->");

    /**
     * A fenced block of code.
     *
     * @param start index of its first line, after the fence
     * @param end index of the closing fence
     * @param language the text after the opening fence
     * @param snippet the snippet named in the line above, or empty
     */
    record Block(int start, int end, String language, String snippet) {}

    /** Returns all pages: those under docs, and those at the root. */
    static List<Page> all() throws IOException {
        List<Page> pages = new ArrayList<>();
        try (Stream<Path> docs = Files.walk(Demo.REPOSITORY.resolve("docs"));
                Stream<Path> root = Files.list(Demo.REPOSITORY)) {
            List<Path> files = Stream.concat(root, docs)
                    .filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .toList();
            for (Path file : files) {
                pages.add(read(file));
            }
        }
        return pages;
    }

    static Page read(Path file) throws IOException {
        return new Page(file, Files.readAllLines(file));
    }

    /** Returns its path from the repository. */
    String name() {
        return Demo.REPOSITORY.relativize(file).toString().replace('\\', '/');
    }

    /** Returns its fenced blocks in order. */
    List<Block> blocks() {
        List<Block> blocks = new ArrayList<>();
        int start = -1;
        for (int i = 0; i < lines.size(); i++) {
            if (!lines.get(i).startsWith("```")) {
                continue;
            }
            if (start < 0) {
                start = i;
                continue;
            }
            Matcher marker = MARKER.matcher(start == 0 ? "" : lines.get(start - 1));
            String snippet = marker.matches() ? marker.group(1) + "#" + marker.group(2) : "";
            blocks.add(new Block(start + 1, i, lines.get(start).substring(3).strip(), snippet));
            start = -1;
        }
        if (start >= 0) {
            throw new IllegalStateException(name() + ":" + (start + 1) + ": a block of code has no end");
        }
        return blocks;
    }

    String text(Block block) {
        return String.join("\n", lines.subList(block.start(), block.end()));
    }

    /** Returns the lines that are not code. */
    List<String> prose() {
        List<String> prose = new ArrayList<>(lines);
        for (Block block : blocks()) {
            for (int i = block.start(); i < block.end(); i++) {
                prose.set(i, "");
            }
        }
        return prose;
    }

    /** Returns where a block is, for messages. */
    String at(Block block) {
        return name() + ":" + block.start();
    }

    /** Returns the page with another text in a block. */
    Page with(Block block, String text) {
        List<String> changed = new ArrayList<>(lines.subList(0, block.start()));
        changed.addAll(List.of(text.split("\n", -1)));
        changed.addAll(lines.subList(block.end(), lines.size()));
        return new Page(file, changed);
    }
}
