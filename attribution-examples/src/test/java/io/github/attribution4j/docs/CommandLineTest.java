// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.cli.command.AttributionCli;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs every command of the pages, in their order, in a folder with the files of the demo. */
class CommandLineTest {
    private static final Pattern FILE_NAME =
            Pattern.compile("(^|[:=\"])([\\w-]+\\.(?:pt|onnx|png|svg|html|npz|npy|csv|jsonl|json|txt))(?=$|\")");
    /** A word, or several in quotation marks. */
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|\\S+");

    private static final Pattern FILE_MARKER = Pattern.compile("<!-- file: ([\\w.-]+) -->");

    @TempDir
    private Path folder = Path.of("");

    @Test
    void everyCommandOfThePagesWorks() throws IOException {
        try (Stream<Path> files = Files.list(Demo.FILES)) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(String.valueOf(file.getFileName())));
            }
        }
        int commands = 0;
        for (Page page : Page.all()) {
            for (Page.Block block : page.blocks()) {
                Matcher marker = FILE_MARKER.matcher(page.lines().get(Math.max(0, block.start() - 2)));
                if (marker.matches()) {
                    Files.writeString(folder.resolve(marker.group(1)), inFolder(page.text(block)) + "\n");
                }
                if (block.language().equals("shell")) {
                    for (String command : commands(page.text(block))) {
                        run(command, page.at(block));
                        commands++;
                    }
                }
            }
        }
        assertThat(commands).isGreaterThan(8);
    }

    /** Returns the commands of a block; a line that ends in a backslash continues in the next. */
    private static List<String> commands(String text) {
        List<String> commands = new ArrayList<>();
        for (String line : text.replaceAll("\\\\\n\\s*", "").split("\n", -1)) {
            if (line.startsWith("attribution ")) {
                commands.add(line);
            }
        }
        return commands;
    }

    private void run(String command, String at) {
        String[] arguments = WORD.matcher(command)
                .results()
                .map(word -> word.group(1) == null ? inFolder(word.group()) : word.group(1))
                .skip(1)
                .toArray(String[]::new);
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = AttributionCli.run(new PrintWriter(out), new PrintWriter(err), arguments);
        assertThat(code).as("%s: %s%n%s", at, command, err).isZero();
        assertThat(out.toString()).as("%s: %s", at, command).isNotBlank();
        for (int i = 0; i + 1 < arguments.length; i++) {
            if (List.of("--png", "--svg", "--html", "--out", "--json").contains(arguments[i])
                    && !arguments[i + 1].startsWith("-")) {
                assertThat(Path.of(arguments[i + 1])).as(command).isNotEmptyFile();
            }
        }
    }

    /** Returns a text with names of files put into the folder. */
    private String inFolder(String text) {
        String prefix = folder.toString().replace("\\", "/") + "/";
        return FILE_NAME
                .matcher(text)
                .replaceAll(found -> Matcher.quoteReplacement(found.group(1) + prefix + found.group(2)));
    }
}
