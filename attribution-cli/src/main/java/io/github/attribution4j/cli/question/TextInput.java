// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.github.attribution4j.djl.HuggingFaceTokens;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.text.Tokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * Texts and their tokens.
 *
 * @param tokens one text for each example
 * @param references ids of the tokens that can replace an absent one, by their option values
 * @param tokenizer looks up all other tokens
 */
public record TextInput(Tokens tokens, Map<String, Long> references, Path tokenizer) {
    private static final Map<String, List<String>> REFERENCES = Map.of(
            "mask", List.of("[MASK]", "<mask>"),
            "pad", List.of("[PAD]", "<pad>", "<|pad|>"),
            "unk", List.of("[UNK]", "<unk>"));
    private static final List<String> PARTS = List.of("ids", "mask", "types", "positions");

    /** Reads and tokenizes. */
    static TextInput read(TextOptions options) throws IOException {
        Path file = options.tokenizer;
        if (file == null) {
            throw new IllegalArgumentException("--text needs --tokenizer: the model's tokenizer.json");
        }
        List<String> texts = options.explained();
        texts.addAll(options.further);
        try (HuggingFaceTokenizer tokenizer = open(file)) {
            Map<String, Long> references = new LinkedHashMap<>();
            for (String name : List.of("mask", "pad", "unk")) {
                REFERENCES.getOrDefault(name, List.of()).stream()
                        .map(token -> HuggingFaceTokens.id(tokenizer, token))
                        .filter(OptionalLong::isPresent)
                        .findFirst()
                        .ifPresent(id -> references.put(name, id.getAsLong()));
            }
            return new TextInput(HuggingFaceTokens.encode(tokenizer, texts.toArray(String[]::new)), references, file);
        }
    }

    private static HuggingFaceTokenizer open(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file.toString());
        }
        try {
            return HuggingFaceTokenizer.newInstance(file);
        } catch (RuntimeException e) {
            // The native library throws it for a file that it cannot read.
            throw new IllegalArgumentException(
                    file + ": is no tokenizer file (tokenizer.json of Hugging Face's tokenizers): " + e.getMessage(),
                    e);
        }
    }

    /** Makes the model's inputs: ids attributed, the rest fixed. */
    Inputs inputs(TextOptions options, RuledModel model) {
        for (String part : options.inputs) {
            if (!PARTS.contains(part)) {
                throw new IllegalArgumentException(
                        "--text-inputs " + part + ": is no part of a text; " + NearNames.hint(part, PARTS));
            }
        }
        if (!options.inputs.isEmpty()) {
            return Request.namedAsIn(model, tokens.inputs(model.tensors(), options.inputs));
        }
        TorchScriptModel archive = model instanceof TorchScriptModel script ? script : null;
        List<String> parameters = archive != null
                ? archive.parameterNames()
                : model instanceof OnnxModel onnx ? onnx.parameterNames() : List.of();
        try {
            return tokens.inputs(model.tensors(), parameters);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    String.valueOf(e.getMessage()).replaceAll("; make the inputs.*", "") + "; say what the model "
                            + (archive == null ? parameters : archive.signature())
                            + " takes, such as --text-inputs ids,mask",
                    e);
        }
    }

    /** Returns the baseline that a reference token makes: special tokens and padding stay. */
    public String baseline(String reference) throws IOException {
        long[] special = tokens.specialIds();
        String kept = LongStream.concat(Arrays.stream(special), LongStream.of(tokens.padding()))
                .distinct()
                .mapToObj(Long::toString)
                .collect(Collectors.joining(","));
        return "token:" + id(reference) + ":" + kept;
    }

    private long id(String reference) throws IOException {
        Long known = references.get(reference);
        if (known != null) {
            return known;
        }
        if (reference.matches("\\d{1,9}")) {
            return Long.parseLong(reference);
        }
        try (HuggingFaceTokenizer opened = open(tokenizer)) {
            return HuggingFaceTokens.id(opened, reference)
                    .orElseThrow(() -> new IllegalArgumentException("--reference " + reference
                            + ": the tokenizer has no such token; "
                            + NearNames.hint(reference, List.copyOf(references.keySet()))
                            + " Or give a token's name or id."));
        }
    }

    /** Returns the notices for the user. */
    public List<String> notes() {
        List<String> notes = new ArrayList<>();
        for (int text = 0; text < tokens.texts(); text++) {
            if (tokens.isTruncated(text)) {
                notes.add("text " + text + " is longer than the tokenizer lets through: cut to "
                        + tokens.of(text).size() + " tokens");
            }
        }
        return notes;
    }
}
