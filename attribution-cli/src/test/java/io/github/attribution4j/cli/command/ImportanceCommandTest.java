// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.cli.Cli.Said;
import io.github.attribution4j.djl.DjlModel;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.perturbation.FeaturePermutation;
import io.github.attribution4j.perturbation.PermutationImportance;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.table.TableEncoder;
import io.github.attribution4j.target.Loss;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Importance by loss over examples with labels. */
class ImportanceCommandTest {
    private static final double[] LABELS = {1, 0, 1, 1, 0};
    private static final String[] CLASSES = {"malignant", "benign"};

    @TempDir
    Path folder;

    private Path model;
    private List<String> lines;

    @BeforeEach
    void files() throws IOException {
        model = Cli.demo(folder, "breast-cancer.pt");
        lines = Files.readAllLines(Cli.demo(folder, "patients.csv"));
    }

    private Said run(Object... words) {
        List<String> all = new ArrayList<>(List.of("importance", "-m", model.toString(), "--device", Cli.DEVICE));
        Arrays.stream(words).map(Object::toString).forEach(all::add);
        return Cli.run(all.toArray(String[]::new));
    }

    private Path written(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    /** The patients with one more column in the middle. */
    private Path labelled(String header, String... labels) throws IOException {
        List<String> changed = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            int comma = lines.get(i).indexOf(',');
            String cell = i == 0 ? header : labels[i - 1];
            changed.add(
                    lines.get(i).substring(0, comma) + "," + cell + lines.get(i).substring(comma));
        }
        return written("labelled.csv", String.join("\n", changed) + "\n");
    }

    private static String[] words(double[] labels) {
        return Arrays.stream(labels).mapToObj(label -> CLASSES[(int) label]).toArray(String[]::new);
    }

    private PermutationImportance expected(int shuffles, long seed, long... rows) {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel loaded = TorchScriptModel.load(model)) {
            double[] all = lines.stream()
                    .skip(1)
                    .flatMap(line -> Arrays.stream(line.split(",", -1)))
                    .mapToDouble(Double::parseDouble)
                    .toArray();
            int columns = all.length / LABELS.length;
            Tensor x = loaded.tensors().of(all, DataType.FLOAT32, Shape.of(5, columns));
            double[] labels = LABELS;
            if (rows.length > 0) {
                x = x.select(0, rows);
                labels = Arrays.stream(rows)
                        .mapToDouble(row -> LABELS[(int) row])
                        .toArray();
            }
            return new FeaturePermutation()
                    .shuffles(shuffles)
                    .importance(
                            loaded,
                            Inputs.of(x),
                            Target.loss(Loss.crossEntropy(), labels),
                            Run.defaults().seed(seed));
        }
    }

    private JsonObject json() throws IOException {
        return JsonParser.parseString(Files.readString(folder.resolve("importance.json")))
                .getAsJsonObject();
    }

    private void assertLike(PermutationImportance wanted) throws IOException {
        JsonObject all = json();
        assertThat(all.get("meanLoss").getAsDouble()).isCloseTo(wanted.loss(), within(1e-6));
        JsonArray features = all.getAsJsonArray("features");
        String[] header = lines.get(0).split(",", -1);
        Map<String, Integer> places =
                IntStream.range(0, header.length).boxed().collect(Collectors.toMap(i -> header[i].strip(), i -> i));
        assertThat(features).hasSize(header.length);
        double before = Double.POSITIVE_INFINITY;
        for (int i = 0; i < features.size(); i++) {
            JsonObject one = features.get(i).getAsJsonObject();
            int place = places.get(one.get("name").getAsString());
            double mean = one.get("mean").getAsDouble();
            assertThat(mean).isCloseTo(wanted.means()[place], within(1e-6)).isLessThanOrEqualTo(before);
            before = mean;
            double[] interval = wanted.intervals(0.95)[place];
            assertThat(one.get("low").getAsDouble()).isCloseTo(interval[0], within(1e-6));
            assertThat(one.get("high").getAsDouble()).isCloseTo(interval[1], within(1e-6));
            assertThat(one.getAsJsonArray("increases"))
                    .hasSize(all.get("shuffles").getAsInt());
        }
    }

    @Test
    void columns_are_ranked_by_what_the_loss_gains() throws IOException {
        Path png = folder.resolve("importance.png");
        Said said = run(
                "-i",
                labelled("diagnosis", words(LABELS)),
                "--labels",
                "diagnosis",
                "--classes",
                "malignant,benign",
                "--loss",
                "cross-entropy",
                "--seed",
                "3",
                "--top",
                "4",
                "--json",
                folder.resolve("importance.json"),
                "--png",
                png,
                "--svg",
                folder.resolve("importance.svg"));
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        PermutationImportance wanted = expected(10, 3);
        assertLike(wanted);
        String first = lines.get(0).split(",", -1)[wanted.order()[0]].strip();
        List<String> out = said.out().lines().toList();
        assertThat(out.get(0))
                .startsWith("increase of the mean cross-entropy (")
                .contains(" over 5 examples)");
        assertThat(out.get(1)).matches("  \\Q" + first + "\\E +\\+[0-9.e-]+  -?[0-9.e-]+ to [0-9.e-]+");
        assertThat(out.get(5)).isEqualTo("  and " + (wanted.means().length - 4) + " others; see --top");
        assertThat(out.get(6)).isEqualTo("means over 10 shuffles, with 95 % intervals");
        assertThat(said.out()).doesNotContain("diagnosis ").contains("wrote " + png);
        assertThat(ImageIO.read(png.toFile()).getWidth()).isGreaterThan(500);
        assertThat(Files.readString(folder.resolve("importance.svg"))).contains(first);
    }

    @ParameterizedTest
    @ValueSource(strings = {"column", "csv", "npy", "npz", "npz with inputs"})
    void labels_come_from_a_column_a_file_or_an_array(String form) throws IOException {
        Path input = labelled("y", "1", "0", "1", "1", "0");
        List<Object> words =
                new ArrayList<>(List.of("-q", "--loss", "cross-entropy", "--json", folder.resolve("importance.json")));
        try (TensorScope scope = TensorScope.open()) {
            Tensor labels = Tensors.ofJava().of(LABELS, 5).to(DataType.INT64);
            if (form.equals("column")) {
                words.addAll(List.of("-i", input, "--labels", "y"));
            } else if (form.startsWith("npz")) {
                double[] all = lines.stream()
                        .skip(1)
                        .flatMap(line -> Arrays.stream(line.split(",", -1)))
                        .mapToDouble(Double::parseDouble)
                        .toArray();
                Map<String, Tensor> arrays = new LinkedHashMap<>();
                arrays.put("y", labels);
                arrays.put("x", Tensors.ofJava().of(all, 5, all.length / 5).to(DataType.FLOAT32));
                Path file = folder.resolve("x.npz");
                NumpyFiles.writeNpz(file, arrays);
                words.addAll(List.of("-i", file, "--labels", "y"));
                if (form.endsWith("inputs")) {
                    words.addAll(List.of("--inputs", "x"));
                }
            } else {
                Path file = folder.resolve("labels." + form);
                if (form.equals("csv")) {
                    Files.writeString(file, "what\n1\n0\n1\n1\n0\n");
                } else {
                    NumpyFiles.writeNpy(file, labels);
                }
                words.addAll(List.of("-i", Cli.demo(folder, "patients.csv"), "--labels", file));
            }
        }
        Said said = run(words.toArray());
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        assertThat(said.out()).isEmpty();
        PermutationImportance wanted = expected(10, 0);
        assertThat(json().get("meanLoss").getAsDouble()).isCloseTo(wanted.loss(), within(1e-6));
        double[] means = new double[wanted.means().length];
        JsonArray features = json().getAsJsonArray("features");
        for (int i = 0; i < means.length; i++) {
            means[i] = features.get(i).getAsJsonObject().get("mean").getAsDouble();
        }
        double[] sorted = Arrays.stream(wanted.order())
                .mapToDouble(i -> wanted.means()[i])
                .toArray();
        assertThat(means).containsExactly(sorted, within(1e-6));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void chosen_rows_have_their_labels(boolean column) throws IOException {
        Said said = run(
                "-q",
                "-i",
                column ? labelled("y", "1", "0", "1", "1", "0") : Cli.demo(folder, "patients.csv"),
                "--labels",
                column ? "y" : written("labels.csv", "y\n1\n0\n1\n1\n0\n"),
                "--loss",
                "cross-entropy",
                "--rows",
                "4,0,2",
                "--json",
                folder.resolve("importance.json"));
        assertThat(said.err()).isEmpty();
        assertLike(expected(10, 0, 4, 0, 2));
    }

    @Test
    void the_numbers_of_a_category_are_shuffled_together() throws IOException {
        model = Path.of("..", "golden", "trees", "multiclass.json");
        String schema = "age: number\nincome: number missing\njob: one-hot: clerk, nurse, other\nmember: boolean\n";
        StringBuilder table = new StringBuilder("age,income,job,member,class\n");
        String[] jobs = {"clerk", "nurse", "other"};
        for (int i = 0; i < 12; i++) {
            table.append(i % 5 - 2)
                    .append(',')
                    .append(i % 4 == 0 ? "" : "" + (i % 7 - 3))
                    .append(',')
                    .append(jobs[i % 3])
                    .append(',')
                    .append(i % 2 == 0)
                    .append(',')
                    .append(i % 3)
                    .append('\n');
        }
        Said said = run(
                "-q",
                "-i",
                written("people.csv", table.toString()),
                "--schema",
                written("people.schema", schema),
                "--labels",
                "class",
                "--loss",
                "cross-entropy",
                "--shuffles",
                "1",
                "--json",
                folder.resolve("importance.json"));
        assertThat(said.err()).isEmpty();
        TableEncoder encoder = TableEncoder.parse(schema);
        List<Map<String, Object>> rows = new ArrayList<>();
        double[] labels = new double[12];
        for (int i = 0; i < 12; i++) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("age", i % 5 - 2);
            row.put("income", i % 4 == 0 ? null : i % 7 - 3);
            row.put("job", jobs[i % 3]);
            row.put("member", i % 2 == 0);
            rows.add(row);
            labels[i] = i % 3;
        }
        try (TensorScope scope = TensorScope.open();
                DjlModel trees = DjlModel.load(model, "XGBoost")) {
            PermutationImportance wanted = new FeaturePermutation()
                    .mask(encoder.mask())
                    .importance(
                            trees,
                            encoder.inputs(rows, Tensors.ofJava(), DataType.FLOAT32),
                            Target.loss(Loss.crossEntropy(), labels),
                            Run.defaults());
            JsonArray features = json().getAsJsonArray("features");
            assertThat(features).hasSize(4);
            for (int i = 0; i < 4; i++) {
                JsonObject one = features.get(i).getAsJsonObject();
                int place = wanted.names().indexOf(one.get("name").getAsString());
                assertThat(one.get("mean").getAsDouble()).isCloseTo(wanted.means()[place], within(1e-9));
                assertThat(one.has("low")).as("one shuffle has no interval").isFalse();
            }
        }
    }

    @Test
    void refusals_name_the_option_and_the_remedy() throws IOException {
        Path words = Files.move(labelled("y", words(LABELS)), folder.resolve("words.csv"));
        Path numbers = Files.move(labelled("y", "1", "0", "1", "1", "0"), folder.resolve("numbers.csv"));
        assertThat(run("-i", numbers, "--loss", "cross-entropy").refusal()).contains("--labels");
        assertThat(run("-i", numbers, "--labels", "y", "--loss", "entropy").refusal())
                .contains("--loss entropy: is unknown; did you mean 'cross-entropy'");
        assertThat(run("-i", numbers, "--labels", "Y", "--loss", "cross-entropy")
                        .refusal())
                .contains("--labels Y: is neither a file nor one of " + numbers + "; did you mean 'y'");
        assertThat(run("-i", words, "--labels", "y", "--loss", "cross-entropy").refusal())
                .contains("line 2, column 'y': 'benign' is the name of a class; list all of them in the order of the"
                        + " model's outputs with --classes");
        assertThat(run("-i", words, "--labels", "y", "--loss", "cross-entropy", "--classes", "malign,benign")
                        .refusal())
                .contains("line 3, column 'y': 'malignant' is none of --classes; did you mean 'malign'");
        assertThat(run("-i", labelled("y", "1", "", "1", "1", "0"), "--labels", "y", "--loss", "cross-entropy")
                        .refusal())
                .contains("line 3, column 'y': is empty");
        assertThat(run("-i", labelled("y", "1", "2", "1", "1", "0"), "--labels", "y", "--loss", "cross-entropy")
                        .refusal())
                .contains("is no class from 0 to 1");
        assertThat(run("-i", numbers, "--labels", "y", "--loss", "squared-error")
                        .refusal())
                .contains("is one number, and the model's output has 2 for each row");
        Path three = written("three.csv", "y\n1\n0\n1\n");
        assertThat(run("-i", Cli.demo(folder, "patients.csv"), "--labels", three, "--loss", "cross-entropy")
                        .refusal())
                .contains("has 3 labels for 5 examples; give one for each row of the input");
        assertThat(run("-i", numbers, "--labels", "y", "--loss", "cross-entropy", "--shuffles", "0")
                        .refusal())
                .contains("--shuffles 0: must be at least 1");
        assertThat(run("-i", numbers, "--labels", "y", "--loss", "cross-entropy", "--rows", "1")
                        .refusal())
                .contains("1 example given");
    }
}
