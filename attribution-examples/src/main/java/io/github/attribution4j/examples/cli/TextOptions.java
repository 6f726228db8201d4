/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.examples.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say which text. Filled in by the parser alone. */
@SuppressWarnings("FieldMayBeFinal")
final class TextOptions {
    @Option(
            names = "--text",
            paramLabel = "TEXT",
            description = "A text to be explained, token by token, instead of --input; repeatable. Needs --tokenizer.")
    List<String> texts = new ArrayList<>();

    @Option(names = "--texts", paramLabel = "FILE", description = "More texts, one a line.")
    @Nullable
    Path file;

    @Option(
            names = "--tokenizer",
            paramLabel = "FILE",
            description = "The tokenizer of a text model: tokenizer.json, as Hugging Face's tokenizers write it.")
    @Nullable
    Path tokenizer;

    @Option(
            names = "--text-inputs",
            paramLabel = "WHAT",
            split = ",",
            description =
                    "What the model's parameters take, in order: ids, mask, types, positions. Default: by their names.")
    List<String> inputs = new ArrayList<>();

    /** Returns whether texts are what is explained. */
    boolean given() {
        return !texts.isEmpty() || file != null;
    }
}
