// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options for texts. Only the parser sets the fields. */
@SuppressWarnings("FieldMayBeFinal")
public final class TextOptions {
    @Option(
            names = "--text",
            paramLabel = "TEXT",
            description = "A text to be explained, token by token, instead of --input; repeatable. Needs --tokenizer.")
    List<String> texts = new ArrayList<>();

    @Option(names = "--texts", paramLabel = "FILE", description = "More texts, one a line.")
    @Nullable
    public Path file;

    @Option(
            names = "--tokenizer",
            paramLabel = "FILE",
            description = "The tokenizer of a text model: tokenizer.json, as Hugging Face's tokenizers write it.")
    @Nullable
    public Path tokenizer;

    @Option(
            names = "--text-inputs",
            paramLabel = "WHAT",
            split = ",",
            description =
                    "What the model's parameters take, in order: ids, mask, types, positions. Default: by their names.")
    List<String> inputs = new ArrayList<>();

    /** Texts that are tokenized together with those of the options, after them, so that all have one length. */
    public List<String> further = List.of();

    /** Returns the texts that are explained. */
    public List<String> explained() throws IOException {
        List<String> all = new ArrayList<>(texts);
        if (file != null) {
            all.addAll(lines(file));
        }
        return all;
    }

    /** Returns the lines of a file of texts that are not blank. */
    public static List<String> lines(Path file) throws IOException {
        return Files.readAllLines(file, StandardCharsets.UTF_8).stream()
                .filter(line -> !line.isBlank())
                .toList();
    }

    /** Returns whether texts are explained. */
    public boolean given() {
        return !texts.isEmpty() || file != null;
    }
}
