// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.Features;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.cli.Cli.Said;
import io.github.attribution4j.djl.DjlModel;
import io.github.attribution4j.perturbation.Discretizer;
import io.github.attribution4j.perturbation.Lime;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.table.TableEncoder;
import io.github.attribution4j.table.TableEncoder.Attributed;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tables with categories, and the engine of tree ensembles. */
class TableTest {
    private static final Path TREES = Path.of("..", "golden", "trees", "multiclass.json");
    private static final String SCHEMA =
            "age: number\nincome: number missing\njob: one-hot: clerk, nurse, \"sales, other\"" + "\nmember: boolean\n";
    private static final double SINGLE = 1e-6;

    @TempDir
    Path folder;

    private Path people;
    private Path background;
    private Path schema;

    @BeforeEach
    void files() throws IOException {
        people = written("people.csv", "age,income,job,member\n0.5,-1.5,nurse,true\n-1,,\"sales, other\",0\n");
        background = written(
                "background.csv",
                "id,income,member,age,job\nx,0.1,1,0.7,clerk\ny,1,false,-2,nurse\nz,NA,TRUE,0,clerk\n");
        schema = written("people.schema", SCHEMA);
    }

    private Path written(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private Said explain(Object... more) {
        List<String> words = new ArrayList<>(List.of("explain", "-q", "-m", TREES.toString()));
        Arrays.stream(more).map(Object::toString).forEach(words::add);
        return Cli.run(words.toArray(String[]::new));
    }

    private Explanation read() throws IOException {
        return Explanation.fromJson(Files.readString(folder.resolve("why.json")));
    }

    private static Map<String, Object> person(double age, Object income, String job, boolean member) {
        Map<String, Object> person = new LinkedHashMap<>();
        person.put("age", age);
        person.put("income", income);
        person.put("job", job);
        person.put("member", member);
        return person;
    }

    @ParameterizedTest
    @CsvSource({"''", "--engine=xgboost"})
    void a_table_with_categories_is_explained_by_column_on_xgboost(String engine) throws IOException {
        List<Object> words = new ArrayList<>(List.of(
                "-i",
                people,
                "--schema",
                schema,
                "-M",
                "shapley-values",
                "--baseline",
                "samples:" + background,
                "-t",
                "1",
                "--keep-inputs",
                "--json",
                folder.resolve("why.json")));
        if (!engine.isEmpty()) {
            words.add(engine);
        }
        Said said = explain(words.toArray());
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        TableEncoder encoder = TableEncoder.parse(SCHEMA);
        try (TensorScope scope = TensorScope.open();
                DjlModel model = DjlModel.load(TREES, "XGBoost");
                Explanation there = read();
                Explanation here = new ShapleyValues()
                        .baseline(Baseline.samples(encoder.encode(List.of(
                                person(0.7, 0.1, "clerk", true),
                                person(-2, 1, "nurse", false),
                                person(0, null, "clerk", true)))))
                        .mask(encoder.mask())
                        .attribute(
                                model,
                                encoder.inputs(
                                        List.of(
                                                person(0.5, -1.5, "nurse", true),
                                                person(-1, null, "sales, other", false)),
                                        Tensors.ofJava(),
                                        DataType.FLOAT32),
                                Target.index(1))) {
            for (int example = 0; example < 2; example++) {
                assertThat(there.features(example).contributions())
                        .containsExactly(here.features(example).contributions(), within(SINGLE));
                assertThat(encoder.columns(there, example)).isEqualTo(encoder.columns(here, example));
            }
            assertThat(there.features(0).stream().map(feature -> feature.label()))
                    .containsExactly("age = 0.5", "income = -1.5", "job = nurse", "member = true");
            assertThat(encoder.columns(there, 1).stream().map(Attributed::value))
                    .containsExactly(-1.0, null, "sales, other", false);
        }
    }

    @Test
    void a_report_names_categories_and_not_their_positions() throws IOException {
        schema = written("people.schema", """
                age: number
                income: number missing
                a: number
                b: number
                job: index: clerk, nurse
                member: boolean
                """);
        people = written(
                "people.csv",
                "age,income,a,b,job,member\n0.5,-1.5,0,0,nurse,true\n-1,,0,0,clerk,0\n0.25,1,0,0,nurse,1\n");
        Path report = folder.resolve("report.html");
        Said said = Cli.run(
                "summary",
                "--engine=xgboost",
                "-m",
                TREES.toString(),
                "-i",
                people.toString(),
                "--schema",
                schema.toString(),
                "-M",
                "shapley-values",
                "--baseline",
                "samples:" + people,
                "-t",
                "1",
                "--html",
                report.toString());
        assertThat(said.err()).isEmpty();
        assertThat(said.out()).startsWith("3 rows: 3 done");
        assertThat(Files.readString(report))
                .contains("job = nurse: ", "job = clerk: ", "member = false: ", "income = missing: ", "age = 0.25: ")
                .doesNotContain("job = 1", "member = 1");
    }

    @Test
    void a_schema_and_a_table_that_do_not_fit_are_told_apart() throws IOException {
        schema = written("people.schema", "age: number\nincome: number missing\njobs: index: clerk, nurse\n");
        people = written("people.csv", "age,income,job\n1,2,nurse\n");
        assertThat(explain("-i", people, "--schema", schema).refusal())
                .contains("people.csv: column 'job' is not in the schema; add it there");
        assertThat(explain("-i", people, "--schema", schema, "--drop", "job").refusal())
                .contains("people.csv: has no column 'jobs', which is in the schema");
        Files.write(schema, new byte[] {'a', (byte) 0xe9, ':', 'n'});
        assertThat(explain("-i", people, "--schema", schema).refusal()).contains("people.schema: is not UTF-8");
        schema = written("people.schema", "age: number\nincome: number\njob: index: clerk, nurse\n");
        people = written("people.csv", "age,income,job\n1,1e400,nurse\n");
        assertThat(explain("-i", people, "--schema", schema).refusal())
                .contains("line 2, column 'income': '1e400' is larger than any number of 64 bits");
        people = written("people.csv", "age,income,job\n1,9007199254740993,nurse\n");
        assertThat(explain("-i", people, "--schema", schema, "--dtype", "int64").refusal())
                .contains("column 'income'")
                .contains("is out of the range of int64");
    }

    @Test
    void lime_says_the_bins_of_the_columns() throws IOException {
        StringBuilder rows = new StringBuilder("age,income,job,member\n");
        List<Map<String, Object>> known = new ArrayList<>();
        String[] jobs = {"clerk", "nurse", "sales, other"};
        for (int i = 0; i < 20; i++) {
            Object income = i % 6 == 0 ? null : (i * 7 % 20) / 4.0 - 2;
            known.add(person(i / 5.0 - 2, income, jobs[i % 3], i % 4 < 2));
            rows.append(i / 5.0 - 2)
                    .append(',')
                    .append(income == null ? "" : income)
                    .append(",\"")
                    .append(jobs[i % 3])
                    .append("\",")
                    .append(i % 4 < 2)
                    .append('\n');
        }
        String discretizer = "quartile; age: -1, 0.5, 1";
        Said said = Cli.run(
                "explain",
                "-m",
                TREES.toString(),
                "-i",
                people.toString(),
                "--schema",
                schema.toString(),
                "-M",
                "lime",
                "--set",
                "samples=300",
                "--set",
                "discretizer=" + discretizer,
                "--baseline",
                "samples:" + written("known.csv", rows.toString()),
                "-t",
                "1",
                "--seed",
                "4",
                "--example",
                "all",
                "--keep-inputs",
                "--json",
                folder.resolve("why.json").toString(),
                "--svg",
                folder.resolve("why.svg").toString());
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        assertThat(said.out().lines().filter(line -> line.matches("-1 < age ≤ 0\\.5 +0\\.5 .*")))
                .hasSize(1);
        assertThat(said.out()).contains("age ≤ -1 ").contains("sales, other");
        assertThat(Files.readString(folder.resolve("why-0.svg"))).contains("-1 &lt; age ≤ 0.5");
        TableEncoder encoder = TableEncoder.parse(SCHEMA);
        try (TensorScope scope = TensorScope.open();
                DjlModel model = DjlModel.load(TREES, "XGBoost");
                Explanation there = read();
                Explanation here = Lime.tabular()
                        .samples(300)
                        .discretizer(Discretizer.quartiles().cuts("age", -1, 0.5, 1))
                        .baseline(encoder.background(known))
                        .mask(encoder.mask())
                        .attribute(
                                model,
                                encoder.inputs(
                                        List.of(
                                                person(0.5, -1.5, "nurse", true),
                                                person(-1, null, "sales, other", false)),
                                        Tensors.ofJava(),
                                        DataType.FLOAT32),
                                Target.index(1),
                                Run.defaults().seed(4))) {
            for (int example = 0; example < 2; example++) {
                assertThat(there.features(example).contributions())
                        .containsExactly(here.features(example).contributions(), within(SINGLE));
                assertThat(there.features(example).stream().map(Features.Feature::label))
                        .containsExactlyElementsOf(here.features(example).stream()
                                .map(Features.Feature::label)
                                .toList());
            }
            assertThat(there.features(1).get(1).label()).isEqualTo("income = missing");
            assertThat(there.provenance().settings())
                    .containsEntry("discretizer", "quartile; age: -1, 0.5, 1")
                    .containsEntry("kernel", "published");
        }
        Said wrong = explain(
                "-i",
                people,
                "--schema",
                schema,
                "-M",
                "lime",
                "-t",
                "1",
                "--set",
                "discretizer=quartile; agee: 3",
                "--baseline",
                "samples:" + folder.resolve("known.csv"));
        assertThat(wrong.refusal()).contains("there is no column 'agee'; did you mean 'age'");
        Said without =
                explain("-i", people, "--schema", schema, "-M", "lime", "-t", "1", "--set", "discretizer=quartile");
        assertThat(without.refusal()).contains("; give --baseline samples:FILE of at least 2 rows");
        Said none =
                explain("-i", people, "--schema", schema, "-M", "lime", "-t", "1", "--set", "discretizer=none; age: 3");
        assertThat(none.refusal()).contains("start with quartile, decile, quantile:BINS or values");
    }

    /** A matrix of pairs has no places in the image that was explained. */
    @Test
    void interactions_of_an_image_are_drawn_alone_with_names() throws IOException {
        Path svg = folder.resolve("pairs.svg");
        Said said = Cli.run(
                "explain",
                "-q",
                "-m",
                Cli.demo(folder, "digits.pt").toString(),
                "-i",
                Cli.demo(folder, "digit-3.png").toString(),
                "-M",
                "shapley-interactions",
                "--mask",
                "grid:2x2 named [top left, top right, low left, low right]",
                "-t",
                "3",
                "--svg",
                svg.toString());
        assertThat(said.err()).isEmpty();
        String text = Files.readString(svg);
        assertThat(text.split("<image", -1)).as("panel and legend").hasSize(3);
        assertThat(text.split(">low left<", -1)).hasSize(3);
    }

    @ParameterizedTest
    @CsvSource({"one-hot, 'age,y,w,job,member'", "index, 'age,y,w,v,job,member'"})
    void kinds_are_inferred_and_said(String how, String header) throws IOException {
        String numbers = header.substring(header.indexOf('y') - 1, header.indexOf(",job"))
                .replaceAll("[ywv]", "3");
        Path table = written(
                "t.csv",
                header + "\n1" + numbers + ",nurse,true\n2" + numbers + ",,false\n1.5" + numbers + ",clerk,true\n");
        Said said = Cli.run(
                "explain",
                "-m",
                TREES.toString(),
                "-i",
                table.toString(),
                "--schema",
                how,
                "-M",
                "feature-ablation",
                "-t",
                "0",
                "--example",
                "all",
                "--set",
                "baseline=samples:" + table);
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        assertThat(said.out())
                .contains("inferred age: number; y: number; w: number; ")
                .contains("job: " + how + " missing: clerk, nurse; member: boolean.")
                .contains("alphabetical order")
                .doesNotContain("job=nurse");
        assertThat(said.out().lines().filter(line -> line.matches("job +(nurse|clerk) .*")))
                .hasSize(2);
        assertThat(said.out().lines().filter(line -> line.matches("member +true .*")))
                .hasSize(2);
    }

    @Test
    void numbers_of_a_category_are_summed_under_a_method_that_takes_gradients() throws IOException {
        List<String> lines = Files.readAllLines(Cli.demo(folder, "patients.csv"));
        List<String> changed = new ArrayList<>();
        StringBuilder columns = new StringBuilder();
        for (String line : lines) {
            String[] cells = line.split(",", -1);
            boolean header = changed.isEmpty();
            String kind = header ? "kind" : changed.size() % 2 == 0 ? "a" : "b";
            changed.add(String.join(",", Arrays.copyOf(cells, 27)) + "," + kind);
            for (int i = 0; header && i < 27; i++) {
                columns.append('"').append(cells[i].strip()).append("\": number\n");
            }
        }
        Path table = written("kinds.csv", String.join("\n", changed));
        Path kinds = written("kinds.schema", columns + "kind: one-hot: a, b, c\n");
        Path model = Cli.demo(folder, "breast-cancer.pt");
        Path json = folder.resolve("why.json");
        Said said = Cli.run(
                "explain",
                "-q",
                "-m",
                model.toString(),
                "-i",
                table.toString(),
                "--schema",
                kinds.toString(),
                "-M",
                "integrated-gradients",
                "-t",
                "0",
                "--json",
                json.toString());
        assertThat(said.err()).isEmpty();
        try (Explanation why = read()) {
            assertThat(why.features(0)).hasSize(28);
            assertThat(why.features(0).name(27)).isEqualTo("kind");
            double[] numbers = why.attribution().rows(0, 1).toDoubleArray();
            assertThat(why.features(0).contribution(27))
                    .isCloseTo(numbers[27] + numbers[28] + numbers[29], within(SINGLE));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "age,income,job,member\\n1,2,pilot,1|row 0, column 'job': 'pilot' (String) is no category",
                "age,income,job,member\\n1,2,,1|line 2, column 'job': is empty; fill missing values in, or write"
                        + " 'missing'",
                "age,income,job,member\\n1,2,nurse,maybe|line 2, column 'member': 'maybe' is neither true nor false",
                "age,income,job,member\\n1,x,nurse,1|line 2, column 'income': 'x' is not a number",
                "age,income,job,member,label\\n1,2,nurse,1,0|column 'label' is not in the schema; add it there, or"
                        + " leave",
                "age,income,job\\n1,2,nurse|has no column 'member', which is in the schema"
            })
    void tables_that_do_not_fit_the_schema_are_refused(String text, String part) throws IOException {
        Path table = written("bad.csv", text.replace("\\n", "\n"));
        Said said = explain("-i", table, "--schema", schema, "-M", "feature-ablation", "-t", "0");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.err()).contains("bad.csv").contains(part);
    }

    @Test
    void a_schema_that_cannot_be_read_is_refused() throws IOException {
        Path bad = written("bad.schema", "age: number\njob: onehot: a, b\n");
        assertThat(explain("-i", people, "--schema", bad).err())
                .contains(
                        "bad.schema: schema line 2, 'job: onehot: a, b': 'onehot' is no kind of column; did you mean");
        assertThat(explain("-i", people, "--schema", "onehot").err())
                .contains("onehot (--schema is a file, or index or one-hot)");
        assertThat(explain("-i", people).err())
                .contains(
                        "column 'job': 'nurse' is not a number; ", "say with --schema how its categories are encoded");
    }

    @Test
    void what_needs_gradients_is_refused_on_xgboost_with_a_remedy() throws IOException {
        Path complete = written("complete.csv", "age,income,job,member\n0.5,-1.5,nurse,true\n");
        Said said = explain("-i", complete, "--schema", schema, "-M", "integrated-gradients", "-t", "0");
        assertThat(said.code()).isEqualTo(3);
        assertThat(said.err())
                .contains("multiclass.json: XGBoost")
                .contains("runs forward only, without gradients and layers; choose a method that needs nothing else");
        Said layer = explain("-i", people, "--schema", schema, "-M", "saliency", "-t", "0", "--layer", "x");
        assertThat(layer.code()).isEqualTo(3);
        Said doctor = Cli.run("doctor", "-m", TREES.toString(), "-i", people.toString(), "--schema", schema.toString());
        assertThat(doctor.out()).as(doctor.err()).contains("runs forward only").contains("yes   shapley-values");
    }

    @Test
    void an_engine_that_does_not_fit_is_refused() throws IOException {
        assertThat(explain("-i", people, "--schema", schema, "--engine", "xgbost")
                        .err())
                .contains("--engine xgbost: is unknown; did you mean 'xgboost'?");
        assertThat(Cli.run("layers", "-m", written("graph.fb", "graph").toString())
                        .err())
                .contains("graph.fb is a SameDiff graph, and attribution-nd4j with ND4J is not on the class path");
        assertThat(explain("-i", people, "--schema", schema, "--dtype", "float64")
                        .err())
                .contains("--dtype: " + TREES + " is an XGBoost model, which computes in float32; leave it out");
        Path archive = Cli.demo(folder, "breast-cancer.pt");
        Said said = Cli.run(
                "explain",
                "-m",
                archive.toString(),
                "-i",
                people.toString(),
                "--schema",
                schema.toString(),
                "--engine",
                "xgboost");
        assertThat(said.code()).isEqualTo(3);
        assertThat(said.err()).contains("XGBoost does not load it");
    }
}
