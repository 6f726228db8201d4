// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.answer;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.cli.Remedies;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;

/** A file of results that grows by a line for each, and from which a run that was stopped goes on. */
public final class JsonLines {
    private JsonLines() {}

    /** Returns the file beside another whose name is that of the other with something in place of its suffix. */
    public static Path beside(Path file, String end) {
        String name = String.valueOf(file.getFileName());
        int dot = name.lastIndexOf('.');
        return file.resolveSibling((dot < 0 ? name : name.substring(0, dot)) + end);
    }

    /** Adds the notices of an explanation to its line, in the words of the command line. */
    public static void notices(Explanation explanation, JsonObject line) {
        JsonArray notices = new JsonArray();
        explanation.notices().forEach(notice -> notices.add(Remedies.translate(notice)));
        if (!notices.isEmpty()) {
            line.add("notices", notices);
        }
    }

    /** Passes on each line of a file, if there is one. */
    public static void read(Path file, Consumer<JsonObject> use) throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        // A character that was cut in two when the process was killed must not hide the lines after it.
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                try {
                    if (JsonParser.parseString(line) instanceof JsonObject object) {
                        use.accept(object);
                    }
                } catch (JsonParseException | IllegalStateException | UnsupportedOperationException e) {
                    // Cut off when the process was killed: it says nothing.
                }
            }
        }
    }

    /**
     * Opens a new file, or one to go on with: after a whole line.
     *
     * @throws IOException if the file holds something else, which is not to be lost among results
     */
    public static BufferedWriter append(Path file) throws IOException {
        boolean cut = false;
        if (Files.exists(file) && Files.size(file) > 0) {
            try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "r")) {
                if (bytes.read() != '{') {
                    throw new IOException(file + ": is no file of results, which are lines of JSON; choose another"
                            + " place with --results");
                }
                bytes.seek(bytes.length() - 1);
                cut = bytes.read() != '\n';
            }
        }
        BufferedWriter writer = Files.newBufferedWriter(
                file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        if (cut) {
            writer.newLine();
        }
        return writer;
    }
}
