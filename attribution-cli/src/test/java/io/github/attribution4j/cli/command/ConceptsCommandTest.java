// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.cli.Cli.Said;
import io.github.attribution4j.concept.Concept;
import io.github.attribution4j.concept.ConceptScore;
import io.github.attribution4j.concept.Concepts;
import io.github.attribution4j.concept.Tcav;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Concepts from a shell: a bar in the middle of zeros, which makes an eight, from folders, rows and texts. */
class ConceptsCommandTest {
    private static final Path DIGITS = Path.of("..", "golden", "concepts", "digits.npz");
    private static final int SIDE = 8;
    private static final int SIZE = SIDE * SIDE;

    @TempDir
    Path folder;

    private float[] bars = new float[0];
    private float[] others = new float[0];
    private float[] zeros = new float[0];

    @BeforeEach
    void read() throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> digits = NumpyFiles.readNpz(DIGITS, Tensors.ofJava());
            double[] pixels = digits.get("pixels").toDoubleArray();
            long[] labels = digits.get("labels").toLongArray();
            List<Integer> ofZero = new ArrayList<>();
            List<Integer> any = new ArrayList<>();
            for (int i = 0; i < labels.length; i++) {
                (labels[i] == 0 ? ofZero : any).add(i);
            }
            bars = images(pixels, ofZero.subList(0, 24), true);
            zeros = images(pixels, ofZero.subList(30, 60), false);
            others = images(pixels, any.subList(0, 120), false);
        }
    }

    /** Returns images in shades that a file of 8 bits keeps. */
    private static float[] images(double[] pixels, List<Integer> numbers, boolean barred) {
        float[] all = new float[numbers.size() * SIZE];
        for (int i = 0; i < all.length; i++) {
            int place = i % SIZE;
            boolean middle = (place / SIDE == 3 || place / SIDE == 4) && place % SIDE > 1 && place % SIDE < 6;
            all[i] = barred && middle ? 1 : Math.round(pixels[numbers.get(i / SIZE) * SIZE + place] / 16 * 255) / 255f;
        }
        return all;
    }

    private Path folder(String name, float... pixels) throws IOException {
        Path made = Files.createDirectories(folder.resolve(name));
        for (int i = 0; i < pixels.length / SIZE; i++) {
            BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
            for (int pixel = 0; pixel < SIZE; pixel++) {
                image.getRaster().setSample(pixel % SIDE, pixel / SIDE, 0, Math.round(255 * pixels[i * SIZE + pixel]));
            }
            ImageIO.write(
                    image, "png", made.resolve(String.format("%03d.png", i)).toFile());
        }
        return made;
    }

    private static Tensor rows(Tensors tensors, float... pixels) {
        return tensors.of(pixels, pixels.length / SIZE, 1, SIDE, SIDE);
    }

    private Path file(String name, float... pixels) throws IOException {
        Path file = folder.resolve(name);
        try (TensorScope scope = TensorScope.open()) {
            NumpyFiles.writeNpy(file, rows(Tensors.ofJava(), pixels));
        }
        return file;
    }

    private Said run(Object... words) {
        List<String> all = new ArrayList<>(List.of("concepts", "--device", Cli.DEVICE));
        Arrays.stream(words).map(Object::toString).forEach(all::add);
        return Cli.run(all.toArray(String[]::new));
    }

    private Said digits(Object... words) {
        List<Object> all = new ArrayList<>(List.of("-m", Cli.demo(folder, "digits.pt"), "--layer", "relu2"));
        all.addAll(List.of("--target", "8", "--json", folder.resolve("c.json")));
        all.addAll(Arrays.asList(words));
        return run(all.toArray());
    }

    private JsonObject json() throws IOException {
        return JsonParser.parseString(Files.readString(folder.resolve("c.json")))
                .getAsJsonObject();
    }

    private static double number(JsonObject all, int score, String member) {
        return all.getAsJsonArray("scores")
                .get(score)
                .getAsJsonObject()
                .get(member)
                .getAsDouble();
    }

    @Test
    void folders_of_images_score_as_the_library_scores_their_pixels() throws IOException {
        Path png = folder.resolve("c.png");
        Path svg = folder.resolve("c.svg");
        Path html = folder.resolve("c.html");
        Said said = digits(
                "-i",
                folder("zeros", zeros),
                "--concept",
                "bar=" + folder("barred", bars),
                "--random",
                "any=" + folder("others", others),
                "--random-sets",
                6,
                "--png",
                png,
                "--svg",
                svg,
                "--html",
                html);
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        assertThat(said.out())
                .contains("does index 8 grow towards the concept? over 30 examples")
                .containsPattern("bar +random +relu2 +1\\.000 ")
                .contains("p is adjusted for 1 score", "of each concept 20 examples are used", "wrote ");
        assertThat(png).isNotEmptyFile();
        assertThat(svg).content().startsWith("<svg");
        assertThat(html).content().contains("<svg");
        JsonObject found = json();
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(Cli.demo(folder, "digits.pt"))) {
            Tensors tensors = model.tensors();
            ConceptScore score = new Tcav("relu2")
                    .explain(
                            model,
                            Inputs.of(rows(tensors, zeros)),
                            Target.index(8),
                            Concepts.of(Concept.of("bar", Inputs.of(rows(tensors, bars))))
                                    .against(Concept.of("any", Inputs.of(rows(tensors, others)))
                                            .split(6, 0)))
                    .get("bar", "relu2");
            assertThat(number(found, 0, "signCount")).isEqualTo(score.signCount());
            assertThat(number(found, 0, "magnitude")).isCloseTo(score.magnitude(), within(1e-6));
            assertThat(number(found, 0, "accuracy")).isEqualTo(score.accuracy());
            assertThat(number(found, 0, "probability")).isCloseTo(score.probability(), within(1e-5));
            assertThat(score.accuracyInterval()[0]).isGreaterThan(0.5);
        }
        assertThat(found.getAsJsonObject("chance").getAsJsonArray("relu2")).hasSize(6);
        assertThat(found.getAsJsonObject("provenance").toString()).contains("tcav", "relu2");
    }

    /** A gray image is read as the one channel of the input, though the input comes from arrays. */
    @Test
    void rows_of_a_file_are_examples_too_and_concepts_can_be_compared() throws IOException {
        Said said = digits(
                "-i",
                file("zeros.npy", zeros),
                "--concept",
                "bar=" + file("bars.npy", bars),
                "--concept",
                "same=" + folder("barred", bars),
                "--compare",
                "bar,same",
                "--concept",
                "zero=" + file("z.npy", zeros),
                "--compare",
                "bar,zero");
        assertThat(said.err()).isEmpty();
        assertThat(said.out()).containsPattern("bar +same .* not tested").containsPattern("bar +zero ");
        // Two sets of the same images: nothing to tell them apart by.
        assertThat(said.out())
                .contains("note: concept 'bar' is not linearly there at layer 'relu2': held-out accuracy against same")
                .doesNotContain("held-out accuracy against zero");
        assertThat(json().getAsJsonArray("scores")).hasSize(2);
        assertThat(number(json(), 1, "signCount")).isGreaterThan(0.9);
    }

    @Test
    void a_run_that_failed_goes_on_and_runs_the_model_for_the_rest_only() throws IOException {
        Path kept = folder.resolve("kept");
        Path second = folder("second", zeros);
        Path torn = second.resolve("999.png");
        Files.writeString(torn, "no image");
        Object[] words = {
            "-i",
            folder("zeros", zeros),
            "--concept",
            "bar=" + folder("barred", bars),
            "--concept",
            "zero=" + second,
            "--random",
            "any=" + folder("others", others),
            "--random-sets",
            3,
            "--activations",
            kept
        };
        Said failed = digits(words);
        assertThat(failed.code()).isEqualTo(2);
        assertThat(failed.refusal()).contains("999.png: is not an image that can be read");
        assertThat(kept).isDirectoryContaining(file -> file.endsWith("bar at relu2.npz"));
        Files.delete(torn);

        assertThat(digits(words).err()).isEmpty();
        JsonObject rest = json();
        assertThat(digits(words).err()).isEmpty();
        JsonObject again = json();
        Path all = folder.resolve("all");
        words[words.length - 1] = all;
        assertThat(digits(words).err()).isEmpty();
        JsonObject whole = json();
        assertThat(rest.get("forwardRows").getAsLong())
                .isEqualTo(whole.get("forwardRows").getAsLong() - bars.length / SIZE);
        // The others and the explained ones, of which the gradient takes a row.
        assertThat(again.get("forwardRows").getAsLong())
                .isEqualTo(whole.get("forwardRows").getAsLong() - (bars.length + zeros.length + others.length) / SIZE);
        assertThat(again.get("scores")).isEqualTo(rest.get("scores")).isEqualTo(whole.get("scores"));

        Files.delete(second.resolve("000.png"));
        Said changed = digits(words);
        assertThat(changed.code()).isEqualTo(2);
        assertThat(changed.refusal()).contains("zero at relu2.npz: holds activations of examples");
    }

    @Test
    void a_deadline_ends_it() throws IOException {
        Said said = digits(
                "-i",
                file("zeros.npy", zeros),
                "--concept",
                file("bars.npy", bars),
                "--random",
                file("any.npy", others),
                "--deadline",
                "0ms");
        assertThat(said.code()).isEqualTo(4);
    }

    @Test
    void rows_of_a_table_are_examples() {
        Path patients = Cli.demo(folder, "patients.csv");
        Said said = run(
                "-m",
                Cli.demo(folder, "breast-cancer.pt"),
                "--layer",
                "fc1",
                "-i",
                patients,
                "--probability",
                0,
                "--concept",
                patients,
                "--random",
                "one=" + patients,
                "--random",
                "two=" + patients);
        assertThat(said.err()).isEmpty();
        assertThat(said.out())
                .contains("over 5 examples")
                .containsPattern("patients.csv +random +fc1 ")
                .contains("concept 'patients.csv' is not linearly there");
    }

    /** All texts are padded to the longest of them, so that a layer of positions has one size. */
    @Test
    void lines_of_a_file_are_texts() throws IOException {
        Path texts = Cli.demo(folder, "sentences.txt");
        Path figures = Files.writeString(
                folder.resolve("figures.txt"),
                "Save the figure.\nDraw a line on the figure.\n\nAdd a title to the figure.\nClose the figure.\n");
        Said said = run(
                "-m",
                Cli.demo(folder, "topics.pt"),
                "--tokenizer",
                Cli.demo(folder, "tokenizer.json"),
                "--text",
                "Plot it.",
                "--text",
                "Clear the figure and draw again.",
                "--layer",
                "norm,dropout#1",
                "--target",
                "0",
                "--concept",
                "figure=" + figures,
                "--random",
                texts,
                "--random-sets",
                2);
        assertThat(said.err()).isEmpty();
        assertThat(said.out())
                .contains("over 2 examples")
                .containsPattern("figure +random +norm ")
                .containsPattern("figure +random +dropout#1 ");
        Said none = run(
                "-m",
                Cli.demo(folder, "topics.pt"),
                "--tokenizer",
                Cli.demo(folder, "tokenizer.json"),
                "--text",
                "Plot it.",
                "--layer",
                "norm",
                "--concept",
                "a=" + folder,
                "--random",
                Files.createDirectory(folder.resolve("none")));
        assertThat(none.code()).isEqualTo(2);
        assertThat(none.refusal()).contains("--random", "holds no texts; give a file with one a line");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--concept a=EMPTY --random OTHERS|--concept a=EMPTY: the folder has no file that can be read",
                "--concept a=ONE --random OTHERS|concept 'a': has 1 examples, and needs at least 4",
                "--concept a=ONE|--random is needed: examples of nothing in particular",
                "--concept a=BARS --random ONE|--random-sets: concept 'one': its 1 examples cannot be divided into 20",
                "--concept a=BARS --random OTHERS --random-sets 1|--random-sets 1: must be at least 2",
                "--concept a=BARS --random a=OTHERS --random b=ONE --random-sets 2|divides the examples of one",
                "--concept a=BARS --random a=OTHERS --random a=OTHERS|concepts: 'a' is the name of two",
                "--concept a=BARS --compare a,b|concept 'b' is none of [a]",
                "--concept a=BARS --compare a|--compare a: name two concepts",
                "--concept a=NOWHERE --random OTHERS|no such file",
                "--concept a=BIG --random OTHERS|has shape (1, 1, 9, 9), and the input (30, 1, 8, 8); all but the",
                "--concept a=BIG --random OTHERS|bring images to one size with --size",
                "--concept a=BARS --random OTHERS --layer relu|layer 'relu' does not exist; did you mean 'relu1'",
                "--concept a=BARS --random OTHERS --set level=2|setting level=2: must be above 0 and below 1",
                "--concept a=BARS --random OTHERS --set levels=1|tcav has no setting 'levels'; did you mean 'level'",
                "--concept a=BARS --random OTHERS --set layer=relu1|--set layer: layers are named with --layer",
                "--concept a=BARS --random OTHERS --rows 1|--input ",
                "--concept a=BARS --random OTHERS --png nowhere/c.png|does not exist; make it first"
            })
    void refusals_name_the_option(String words, String message) throws IOException {
        Files.createDirectories(folder.resolve("empty"));
        folder("one", Arrays.copyOf(zeros, SIZE));
        folder("bars", bars);
        folder("others", others);
        Files.createDirectories(folder.resolve("big"));
        ImageIO.write(
                new BufferedImage(9, 9, BufferedImage.TYPE_BYTE_GRAY),
                "png",
                folder.resolve("big").resolve("big.png").toFile());
        List<Object> all = new ArrayList<>(List.of("-i", folder("zeros", zeros)));
        String said = message;
        for (String word : words.split(" ", -1)) {
            String path = word.substring(word.indexOf('=') + 1);
            boolean source = path.matches("[A-Z]+");
            String resolved = folder.resolve(path.toLowerCase(Locale.ROOT)).toString();
            all.add(source ? word.replace(path, resolved) : word);
            said = source ? said.replace("=" + path, "=" + resolved) : said;
        }
        Said refused = digits(all.toArray());
        assertThat(refused.err()).contains(said);
        assertThat(refused.code()).isEqualTo(2);
    }
}
