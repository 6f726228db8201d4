// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import io.github.attribution4j.cli.question.Texts;
import io.github.attribution4j.visual.Picture;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options for the files of a result: its numbers as JSON, and one picture. Only the parser sets the fields. */
@SuppressWarnings("FieldMayBeFinal")
final class ResultFiles {
    @Option(names = "--json", paramLabel = "FILE", description = "Write all of it as JSON.")
    private @Nullable Path json;

    @Option(names = "--png", paramLabel = "FILE", description = "Draw it as bars.")
    private @Nullable Path png;

    @Option(names = "--svg", paramLabel = "FILE", description = "The same as SVG.")
    private @Nullable Path svg;

    @Option(names = "--html", paramLabel = "FILE", description = "The same as HTML.")
    private @Nullable Path html;

    /** Checks that files can be written, before anything is computed. */
    void check() throws IOException {
        Texts.foldersOf(json, png, svg, html);
    }

    /** Writes the files that are wished, and returns them. What no file needs is not made. */
    List<Path> write(Supplier<? extends JsonElement> numbers, Supplier<Picture> drawing) throws IOException {
        List<Path> written = new ArrayList<>();
        if (png != null || svg != null || html != null) {
            Picture picture = drawing.get();
            if (png != null) {
                picture.writePng(png);
                written.add(png);
            }
            write(svg, picture::toSvg, written);
            write(html, picture::toHtml, written);
        }
        write(
                json,
                () -> new GsonBuilder()
                        .setPrettyPrinting()
                        .disableHtmlEscaping()
                        .create()
                        .toJson(numbers.get()),
                written);
        return written;
    }

    private static void write(@Nullable Path file, Supplier<String> text, List<Path> written) throws IOException {
        if (file != null) {
            Files.writeString(file, text.get(), StandardCharsets.UTF_8);
            written.add(file);
        }
    }
}
