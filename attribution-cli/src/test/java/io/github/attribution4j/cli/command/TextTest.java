// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.cli.Cli.Said;
import io.github.attribution4j.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Texts on the command line. */
class TextTest {
    private static final String SENTENCE = "Draw a red line on the axes and save the figure.";

    @TempDir
    static Path folder;

    @BeforeAll
    static void files() throws IOException {
        for (String name : List.of("topics.pt", "tokenizer.json", "sentences.txt")) {
            Cli.demo(folder, name);
        }
        Files.writeString(folder.resolve("no.json"), "{}");
    }

    private static List<String> topics(String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "--model",
                folder.resolve("topics.pt").toString(),
                "--tokenizer",
                folder.resolve("tokenizer.json").toString()));
        arguments.addAll(List.of(more));
        return arguments;
    }

    private static Explanation json(List<String> arguments) throws IOException {
        Path file = folder.resolve("why.json");
        List<String> all = new ArrayList<>(arguments);
        all.addAll(List.of("--json", file.toString()));
        Said said = Cli.explain(all);
        assertThat(said.err()).isEmpty();
        return Explanation.fromJson(Files.readString(file));
    }

    @Test
    void explainsTokensByRules() throws IOException {
        try (Explanation why = json(topics("--text", SENTENCE, "--method", "lrp", "--set", "rules=attn-lrp"))) {
            assertThat(why.names()).containsExactly("input_ids");
            assertThat(why.attribution().shape()).isEqualTo(Shape.of(1, 15));
            assertThat(why.provenance().method()).isEqualTo("lrp by token");
        }
        try (Explanation why = json(topics("--text", SENTENCE, "--method", "deep-lift", "--reference", "mask"))) {
            assertThat(why.provenance().method()).isEqualTo("deep-lift by token");
            assertThat(why.provenance().settings()).containsEntry("baseline", "token 4 keeping [0, 2, 3]");
        }
    }

    @Test
    void explainsASentenceByToken() throws IOException {
        Said said = Cli.explain(topics("--text", SENTENCE, "--tokens", "--reference", "mask"));
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        assertThat(said.out())
                .startsWith("[CLS](0) Draw(+")
                .contains("##ed(")
                .contains("axes(+")
                .contains("[SEP](0)")
                .contains("integrated-gradients by token, target index 0")
                .doesNotContain("\u001b");
        try (Explanation why = json(topics("--text", SENTENCE))) {
            assertThat(why.names()).containsExactly("input_ids");
            assertThat(why.attribution().shape()).isEqualTo(Shape.of(1, 15));
            assertThat(why.completenessGap()[0]).isCloseTo(0, within(1e-4));
            // Without --reference: the mask token, except in place of special tokens and padding.
            assertThat(why.provenance().settings()).containsEntry("baseline", "token 4 keeping [0, 2, 3] through head");
            assertThat(why.provenance().inputs()).extracting("name").containsExactly("input_ids", "attention_mask");
        }
    }

    @Test
    void colorsTokensWithTheirScale() {
        Said said = Cli.explain(topics("--text", SENTENCE, "--color", "always"));
        List<String> lines = said.out().lines().toList();
        assertThat(lines.get(0)).contains("\u001b[48;2;").contains("axes\u001b[0m");
        assertThat(lines.get(1))
                .startsWith("attribution: ")
                .contains("\u001b[48;2;")
                .contains(" 0 ");
        assertThat(Cli.explain(topics("--text", SENTENCE, "--color", "never")).out())
                .doesNotContain("\u001b");
    }

    @Test
    void everyKindOfFile() throws IOException {
        List<String> files = new ArrayList<>();
        for (String kind : List.of("out=why.npz", "html=why.html", "png=why.png", "svg=why.svg")) {
            String[] parts = kind.split("=", -1);
            files.addAll(List.of("--" + parts[0], folder.resolve(parts[1]).toString()));
        }
        List<String> arguments = topics("--text", SENTENCE);
        arguments.addAll(files);
        assertThat(Cli.explain(arguments).err()).isEmpty();
        assertThat(Files.readString(folder.resolve("why.html")))
                .contains("##ed")
                .contains("axes</span>");
        assertThat(Files.readString(folder.resolve("why.svg"))).contains("figure");
        assertThat(folder.resolve("why.png")).isNotEmptyFile();
        assertThat(folder.resolve("why.npz")).isNotEmptyFile();
    }

    @Test
    void severalTextsArePadded() throws IOException {
        try (Explanation why = json(topics(
                "--texts",
                folder.resolve("sentences.txt").toString(),
                "--text",
                "Line.",
                "--method",
                "feature-ablation"))) {
            Shape shape = why.attribution().shape();
            assertThat(shape.dim(0)).isEqualTo(9);
            double[] values = why.attribution().toDoubleArray();
            int width = Math.toIntExact(shape.dim(1));
            // "[CLS] line . [SEP]" and padding, which are never replaced.
            assertThat(Math.abs(values[1])).isGreaterThan(1e-3);
            for (int i = 4; i < width; i++) {
                assertThat(values[i]).isCloseTo(0, within(1e-6));
            }
            assertThat(why.provenance().settings()).containsEntry("baseline", "token 4 keeping [0, 2, 3]");
        }
    }

    @Test
    void cutTextsAreNoted() {
        Said said = Cli.explain(topics("--text", "line ".repeat(60), "--method", "saliency"));
        assertThat(said.out()).contains("note: text 0 is longer than the tokenizer lets through: cut to 48 tokens");
    }

    @ParameterizedTest
    @CsvSource({"pad,token 0", "unk,token 1", "[SEP],token 3", "graph,token 92", "92,token 92"})
    void referenceTokensByName(String reference, String described) throws IOException {
        try (Explanation why = json(topics("--text", SENTENCE, "--reference", reference, "--set", "steps=2"))) {
            assertThat(why.provenance().settings().get("baseline")).startsWith(described + " keeping");
        }
    }

    @Test
    void wrappedMethodsAndLayers() throws IOException {
        try (Explanation tunnel = json(topics(
                "--text", SENTENCE, "--method", "smooth-grad", "--set", "method=saliency", "--set", "samples=2"))) {
            assertThat(tunnel.attribution().shape()).isEqualTo(Shape.of(1, 15));
        }
        try (Explanation layer = json(topics("--text", SENTENCE, "--layer", "norm", "--set", "steps=2"))) {
            assertThat(layer.attribution().shape()).isEqualTo(Shape.of(1, 15, 24));
        }
    }

    @Test
    void idsFromAFileByToken() throws IOException {
        List<String> arguments = List.of(
                "--model",
                Cli.golden("data/models/text_lstm.scripted.pt").toString(),
                "--input",
                Cli.golden("data/text_lstm/inputs.npz").toString(),
                "--tokens=it was a very good film and not long",
                "--reference",
                "3");
        try (Explanation why = json(arguments)) {
            assertThat(why.attribution().shape()).isEqualTo(Shape.of(3, 9));
            assertThat(why.provenance().settings()).containsEntry("baseline", "token 3 through head");
        }
        assertThat(Cli.explain(arguments).out()).startsWith("it(").contains("film(");
    }

    @Test
    void doctorAndLayersTakeATextToo() {
        List<String> doctor = new ArrayList<>(List.of("doctor"));
        doctor.addAll(topics("--text", SENTENCE, "--device", Cli.DEVICE));
        Said said = Cli.run(doctor.toArray(String[]::new));
        assertThat(said.code()).isZero();
        assertThat(said.out()).contains("input_ids int64 (1, 15)").contains("yes   shapley-sampling");
        List<String> layers = new ArrayList<>(List.of("layers"));
        layers.addAll(topics("--text", SENTENCE, "--device", Cli.DEVICE));
        assertThat(Cli.run(layers.toArray(String[]::new)).out())
                .containsPattern("word_embeddings +Embedding +.*15, 24");
    }

    @Test
    void batchOfTexts() throws IOException {
        Path jobs = folder.resolve("jobs.jsonl");
        JsonObject job = new JsonObject();
        job.addProperty("model", folder.resolve("topics.pt").toString());
        job.addProperty("tokenizer", folder.resolve("tokenizer.json").toString());
        job.addProperty("text", SENTENCE);
        job.addProperty("tokens", true);
        job.addProperty("reference", "mask");
        job.addProperty("device", Cli.DEVICE);
        JsonObject wrong = job.deepCopy();
        wrong.addProperty("reference", "msk");
        Files.write(jobs, List.of(job.toString(), wrong.toString()));
        Said said = Cli.run("batch", "--jobs", jobs.toString());
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.out()).contains("1 done").contains("1 failed");
        assertThat(said.refusal()).contains("line 2").contains("did you mean 'mask'");
        List<String> results = Files.readAllLines(folder.resolve("jobs-results.jsonl"));
        JsonObject first = JsonParser.parseString(results.get(0)).getAsJsonObject();
        assertThat(first.get("method").getAsString()).isEqualTo("integrated-gradients by token");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--reference msk|2|--reference msk: the tokenizer has no such token; did you mean 'mask', 'unk'? Or"
                        + " give",
                "--reference pad --method saliency|2|--reference pad: method saliency has no baseline",
                "--reference pad --baseline 0|2|--reference and --baseline say the same; give one",
                "--reference pad --layer norm|2|--reference pad: is one of tokens",
                "--text-inputs ids,msk|2|--text-inputs msk: is no part of a text; did you mean 'mask'?",
                "--text-inputs mask|2|none would take the ids of the text",
                "--input x.npz|2|--text and --input both say what is explained; give one",
                "--rows 0|2|--rows chooses among the rows of --input",
                "--tokenizer @none.json|2|none.json: no such file",
                "--tokenizer @no.json|2|no.json: is no tokenizer file",
                "--color blue|2|blue",
                "--texts @none.txt|2|none.txt: no such file"
            })
    void refuses(String words, int code, String message) throws IOException {
        Files.writeString(folder.resolve("x.npz"), "");
        List<String> arguments = new ArrayList<>();
        for (String word : words.split(" ", -1)) {
            arguments.add(
                    word.startsWith("@") ? folder.resolve(word.substring(1)).toString() : word);
        }
        arguments.addAll(List.of("--model", folder.resolve("topics.pt").toString(), "--text", SENTENCE));
        if (!words.contains("--tokenizer")) {
            arguments.addAll(
                    List.of("--tokenizer", folder.resolve("tokenizer.json").toString()));
        }
        Said said = Cli.explain(arguments);
        assertThat(said.refusal()).startsWith("attribution explain: ").contains(message);
        assertThat(said.code()).isEqualTo(code);
    }

    @Test
    void refusesATextWithoutTokenizerAndAModelOfOtherInputs() {
        Said said = Cli.explain("--model", folder.resolve("topics.pt").toString(), "--text", "a");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.refusal()).contains("--text needs --tokenizer");
        Said other = Cli.explain(
                "--model",
                Cli.golden("data/models/mlp_softmax.scripted.pt").toString(),
                "--tokenizer",
                folder.resolve("tokenizer.json").toString(),
                "--text",
                "a");
        assertThat(other.code()).isEqualTo(2);
        assertThat(other.refusal()).contains("parameter 'x'").contains("--text-inputs ids,mask");
    }

    @Test
    void refusesGradientsOfIdsWithTheOptionThatHelps() {
        Said said = Cli.explain(
                "--model",
                Cli.golden("data/models/text_lstm.scripted.pt").toString(),
                "--input",
                Cli.golden("data/text_lstm/inputs.npz").toString());
        assertThat(said.code()).isEqualTo(3);
        assertThat(said.refusal()).contains("input ids holds integers").contains("explain by token with --tokens");
    }
}
