// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.Features;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.table.Column.Kind;
import io.github.attribution4j.table.TableEncoder.Attributed;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TableEncoderTest {
    private static final TableEncoder ENCODER = TableEncoder.none()
            .numbers("age", "income")
            .oneHot("job", "clerk", "farmer", "nurse")
            .index("size", "small", "large")
            .booleans("member")
            .missing("income", "job");

    private enum Size {
        SMALL,
        LARGE,
        HUGE
    }

    private record Customer(int age, Double income, String job, Size size, boolean member) {}

    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** A row of alternating names and values; values may be null. */
    private static Map<String, Object> row(Object... namesAndValues) {
        Map<String, Object> row = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            row.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return row;
    }

    private static Map<String, Object> customer(Object age, Object income, Object job, Object size, Object member) {
        return row("age", age, "income", income, "job", job, "size", size, "member", member);
    }

    private static void refused(Map<String, Object> row, String... parts) {
        Map<String, Object> good = customer(40, 1000.0, "nurse", "large", true);
        assertThatThrownBy(() -> ENCODER.encode(List.of(good, row)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageStartingWith("row 1, column '")
                .hasMessageContainingAll(parts);
    }

    @Test
    void rows_become_numbers_and_numbers_rows() {
        Map<String, Object> first = customer(40, 1000.5, "farmer", "large", true);
        Map<String, Object> second = customer(31L, null, null, "small", false);
        second.put("note", "not a column");
        Tensor encoded = ENCODER.encode(List.of(first, second));
        assertThat(encoded.shape().dims()).containsExactly(2, 7);
        assertThat(encoded.toDoubleArray()).containsExactly(40, 1000.5, 0, 1, 0, 1, 1, 31, Double.NaN, 0, 0, 0, 0, 0);
        assertThat(ENCODER.encodedNames())
                .containsExactly("age", "income", "job=clerk", "job=farmer", "job=nurse", "size", "member");
        double[] numbers = encoded.toDoubleArray();
        assertThat(ENCODER.decode(Arrays.copyOf(numbers, 7)))
                .containsExactly(
                        entry("age", 40.0),
                        entry("income", 1000.5),
                        entry("job", "farmer"),
                        entry("size", "large"),
                        entry("member", true));
        assertThat(ENCODER.decode(Arrays.copyOfRange(numbers, 7, 14)))
                .containsExactly(
                        entry("age", 31.0),
                        entry("income", null),
                        entry("job", null),
                        entry("size", "small"),
                        entry("member", false));
    }

    @Test
    void records_are_rows_and_say_what_their_columns_are() {
        List<Customer> customers = List.of(
                new Customer(40, 1000.0, "nurse", Size.LARGE, true),
                new Customer(31, null, "clerk", Size.SMALL, false));
        TableEncoder inferred = TableEncoder.infer(customers);
        assertThat(inferred)
                .hasToString("age: number\nincome: number missing\njob: index: clerk, nurse\n"
                        + "size: index: SMALL, LARGE, HUGE\nmember: boolean");
        assertThat(inferred.encode(customers).toDoubleArray())
                .containsExactly(40, 1000, 1, 1, 1, 31, Double.NaN, 0, 0, 0);
        assertThat(inferred.allOneHot().encode(customers).toDoubleArray())
                .containsExactly(40, 1000, 0, 1, 0, 1, 0, 1, 31, Double.NaN, 1, 0, 1, 0, 0, 0);
        assertThat(inferred.inputs(customers).allowsMissing()).isTrue();
    }

    @Test
    void numbers_may_be_categories() {
        TableEncoder encoder = TableEncoder.none().index("zip", "8001", "8002");
        assertThat(encoder.encode(List.of(row("zip", 8002), row("zip", 8001.0), row("zip", "8002")))
                        .toDoubleArray())
                .containsExactly(1, 0, 1);
        TableEncoder dose = TableEncoder.none().index("dose", "0", "0.1", "1000000000000000", "9007199254740993");
        Object[] same = {
            0.1,
            0.1f,
            new BigDecimal("0.10"),
            "0.1",
            -0.0,
            0L,
            new BigDecimal("0.00"),
            1e15,
            1_000_000_000_000_000L,
            new BigInteger("9007199254740993"),
            9007199254740993L
        };
        assertThat(dose.encode(Arrays.stream(same)
                                .map(value -> row("dose", value))
                                .toList())
                        .toDoubleArray())
                .containsExactly(1, 1, 1, 1, 0, 0, 0, 2, 2, 3, 3);
        assertThatThrownBy(() -> dose.encode(List.of(row("dose", Double.POSITIVE_INFINITY))))
                .hasMessageContaining("'Infinity' (Double) is no category");
    }

    @Test
    void values_that_hold_others_are_no_categories() {
        TableEncoder encoder = TableEncoder.none().index("tags", "[a]", "a", "Optional[a]");
        for (Object value : new Object[] {List.of("a"), new String[] {"a"}, Optional.of("a"), Map.of("a", 1)}) {
            assertThatThrownBy(() -> encoder.encode(List.of(row("tags", value))))
                    .hasMessageContaining("row 0, column 'tags'")
                    .hasMessageContaining("is no single value; give a text");
            assertThatThrownBy(() -> TableEncoder.infer(List.of(row("tags", "a"), row("tags", value))))
                    .hasMessageContaining("column 'tags'")
                    .hasMessageContaining("of row 1")
                    .hasMessageContaining("is no single value; give each part a column");
        }
        assertThat(encoder.encode(List.of(row("tags", 'a'))).toDoubleArray()).containsExactly(1);
    }

    @Test
    void numbers_that_a_type_cannot_hold_are_refused() {
        TableEncoder encoder = TableEncoder.none().numbers("id");
        Object[][] refused = {
            {9007199254740993L, DataType.INT64, "'9007199254740993' is out of the range of int64"},
            {3_000_000_000L, DataType.INT32, "'3000000000' is out of the range of int32 (-2147483647 to 2147483647)"},
            {-1, DataType.UINT8, "'-1' is out of the range of uint8 (0 to 255)"},
            {2, DataType.BOOL, "'2' is out of the range of bool"},
            {1e300, DataType.FLOAT32, "'1.0E300' is out of the range of float32"},
            {Double.NEGATIVE_INFINITY, DataType.FLOAT64, "'-Infinity' (Double) is not finite; give another number"},
        };
        for (Object[] one : refused) {
            assertThatThrownBy(() -> encoder.encode(List.of(row("id", one[0])), Tensors.ofJava(), (DataType) one[1]))
                    .hasMessageContaining("row 0, column 'id': " + one[2]);
        }
        Tensor most = encoder.encode(List.of(row("id", 9007199254740991L)), Tensors.ofJava(), DataType.INT64);
        assertThat(most.toLongArray()).containsExactly(9007199254740991L);
    }

    @Test
    void rows_without_an_order_of_columns_give_the_same_encoder_in_every_run() {
        String schema = "age: number\njob: index: clerk\nsize: index: S\nzip: number";
        Map<String, Object> ordered = row("zip", 1, "size", "S", "age", 3, "job", "clerk");
        for (Map<String, Object> map : List.of(
                new HashMap<>(ordered),
                Map.copyOf(ordered),
                new ConcurrentHashMap<>(ordered),
                new TreeMap<>(ordered))) {
            assertThat(TableEncoder.infer(List.of(map))).hasToString(schema);
            // One row without an order leaves the others none.
            assertThat(TableEncoder.infer(List.of(ordered, map)).toString())
                    .isEqualTo(
                            map instanceof TreeMap
                                    ? TableEncoder.infer(List.of(ordered)).toString()
                                    : schema);
        }
        assertThat(TableEncoder.infer(List.of(ordered)).columns().get(0).name()).isEqualTo("zip");
    }

    @Test
    @Timeout(10)
    void time_grows_with_rows_and_not_with_their_categories() {
        List<Wide> rows = new ArrayList<>();
        for (int i = 0; i < 100_000; i++) {
            rows.add(new Wide(i, i / 7.0, i % 3 == 0, "customer " + i, 1, 2, 3, 4, 5, 6, 7, 8));
        }
        TableEncoder encoder = TableEncoder.infer(rows);
        assertThat(encoder.columns().get(3).categories()).hasSize(100_000);
        assertThat(encoder.encode(rows).shape().dims()).containsExactly(100_000, 12);
    }

    private record Wide(int a, double b, boolean c, String d, int e, int f, int g, int h, int i, int j, int k, int l) {}

    @Test
    void numbers_of_two_columns_have_different_names() {
        assertThatThrownBy(() -> TableEncoder.none().oneHot("a", "b=c").oneHot("a=b", "c"))
                .hasMessage("column 'a=b': its number 'a=b=c' has the name of another column's; rename one of the two");
        assertThatThrownBy(() -> TableEncoder.none().oneHot("job", "clerk").numbers("job=clerk"))
                .hasMessageContaining("column 'job=clerk': its number 'job=clerk' has the name");
    }

    @Test
    void problems_name_row_column_value_and_remedy() {
        refused(customer("40", 1.0, "nurse", "small", true), "column 'age': '40' (String) is no number; convert it");
        refused(customer(null, 1.0, "nurse", "small", true), "column 'age': is missing", "missing(\"age\")");
        refused(customer(Double.NaN, 1.0, "nurse", "small", true), "column 'age': is missing");
        refused(customer(40, 1.0, "nurs", "small", true), "'nurs' (String) is no category", "did you mean 'nurse'?");
        refused(customer(40, 1.0, "nurse", null, true), "column 'size': is missing");
        refused(customer(40, 1.0, "nurse", "small", 1), "'1' (Integer) is neither true nor false");
        Map<String, Object> without = customer(40, 1.0, "nurse", "small", true);
        without.remove("income");
        without.put("Income", 3);
        refused(without, "column 'income': the row has no such column", "null", "did you mean 'Income'?");
    }

    @Test
    void all_problems_are_named_at_once_but_no_more_than_ten() {
        Map<String, Object> bad = customer("x", "y", "z", "w", "v");
        assertThatThrownBy(() -> ENCODER.encode(List.of(bad, bad, bad)))
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e -> assertThat(e.problems()).hasSize(10));
        assertThatThrownBy(() -> ENCODER.encode(List.of("a row")))
                .hasMessageContaining("row 0 is a java.lang.String; give a Map from column to value, or a record");
        assertThatThrownBy(() -> ENCODER.encode(List.of())).hasMessageContaining("rows: there are none");
    }

    @Test
    void integers_hold_whole_numbers_only() {
        TableEncoder encoder = TableEncoder.none().numbers("age").index("size", "small", "large");
        Tensor encoded = encoder.encode(List.of(row("age", 3, "size", "large")), Tensors.ofJava(), DataType.INT64);
        assertThat(encoded.dataType()).isEqualTo(DataType.INT64);
        assertThat(encoded.toLongArray()).containsExactly(3, 1);
        assertThatThrownBy(() ->
                        encoder.encode(List.of(row("age", 3.5, "size", "large")), Tensors.ofJava(), DataType.INT64))
                .hasMessageContaining("column 'age': '3.5' becomes 3.5, which is no int64");
        assertThatThrownBy(() -> encoder.missing("size")
                        .encode(List.of(row("age", 3, "size", null)), Tensors.ofJava(), DataType.INT64))
                .hasMessageContaining("column 'size': 'null' becomes NaN");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "age: number",
                "\"a: b\": boolean missing",
                "job: one-hot: clerk, \"sales, other\", \"say \\\"hi\\\"\", \"a\\\\b\"",
                "zip: index missing: 8001, \"\", \" x \"\n\"#\": number",
                "\"line\\nbreak\": index: \"a\\rb\", \"c\\r\\nd\", \"\\\\n\", n, r",
                "Größe: one-hot: klein, groß, \u5927"
            })
    void a_schema_is_read_as_it_is_written(String schema) {
        assertThat(TableEncoder.parse(schema)).hasToString(schema);
    }

    @Test
    void a_schema_may_have_comments_and_blank_lines() {
        assertThat(TableEncoder.parse("# how it was trained\n\n age : number  # years\njob:one-hot:a,b # two\n"))
                .isEqualTo(TableEncoder.none().numbers("age").oneHot("job", "a", "b"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "age|write NAME: KIND",
                "age: numbr|'numbr' is no kind of column; did you mean 'number'?",
                "age: number often|only the word missing may follow",
                "job: one-hot|has no categories; list them",
                "age: number: 1, 2|is of kind number, which has no categories",
                "job: index: a, a|categories repeat",
                "job: index: a,, b|a name is empty",
                "\"job: index: a|a double quote is not closed",
                "\"job\"x: index: a|after a closing quote"
            })
    void a_schema_that_says_nothing_clear_is_refused(String line, String part) {
        assertThatThrownBy(() -> TableEncoder.parse("first: number\n" + line))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("schema line 2, '")
                .hasMessageContaining(part);
    }

    @Test
    void an_encoder_names_a_column_once() {
        assertThatThrownBy(() -> ENCODER.numbers("age")).hasMessageContaining("column 'age' is there already");
        assertThatThrownBy(() -> ENCODER.missing("incom"))
                .hasMessageContaining("there is no such column; did you mean 'income'?");
    }

    @Test
    void every_column_survives_its_schema() {
        for (String name : List.of("a\r", "\r\n", "\\", "\"", "#", "a:b", "a,b", " a", "\u00a0", "missing", "number")) {
            if (!name.isBlank()) {
                TableEncoder encoder = TableEncoder.none().index(name, "x", name);
                assertThat(TableEncoder.parse(encoder.toString())).isEqualTo(encoder);
            }
        }
    }

    @Test
    void what_cannot_be_inferred_is_named() {
        assertThatThrownBy(() -> TableEncoder.infer(List.of(row("a", 1, "b", null), row("a", "x", "b", null))))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("column 'a': '1' of row 0 is a number, 'x' of row 1 is a category")
                .hasMessageContaining("column 'b': no row has a value");
        assertThatThrownBy(() -> TableEncoder.infer(List.of(row("a", 1), row("b", 2))))
                .hasMessageContaining("row 1 has no column 'a'");
    }

    /** Points for jobs and sizes, more for large members. */
    private static double score(Map<String, Object> row) {
        Object income = row.get("income");
        Object job = row.get("job");
        double points = income == null ? -3 : (Double) income / 1000;
        points += job == null
                ? -1
                : Map.of("clerk", 1.0, "farmer", 2.0, "nurse", 4.0).get((String) job);
        boolean large = "large".equals(row.get("size"));
        return points + ((Double) row.get("age") > 35 ? 0.5 : 0) + (large && (Boolean) row.get("member") ? 8 : 0);
    }

    private static final List<Map<String, Object>> BACKGROUND = List.of(
            customer(20, 500.0, "clerk", "small", true),
            customer(60, null, "farmer", "large", false),
            customer(44, 700.0, null, "small", false),
            customer(33, 2500.0, "nurse", "large", true));

    /** The Shapley values by their definition, on rows of the table. */
    private static double[] shapley(Map<String, Object> x, List<Map<String, Object>> background) {
        List<String> columns = List.copyOf(x.keySet());
        int n = columns.size();
        double[] v = new double[1 << n];
        for (int kept = 0; kept < v.length; kept++) {
            for (Map<String, Object> from : background) {
                Map<String, Object> mixed = new HashMap<>(from);
                for (int i = 0; i < n; i++) {
                    if ((kept >> i & 1) == 1) {
                        mixed.put(columns.get(i), x.get(columns.get(i)));
                    }
                }
                mixed.put("age", ((Number) mixed.get("age")).doubleValue());
                v[kept] += score(mixed) / background.size();
            }
        }
        double[] factorial = {1, 1, 2, 6, 24, 120};
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            for (int kept = 0; kept < v.length; kept++) {
                if ((kept >> i & 1) == 0) {
                    int size = Integer.bitCount(kept);
                    values[i] +=
                            factorial[size] * factorial[n - size - 1] / factorial[n] * (v[kept | 1 << i] - v[kept]);
                }
            }
        }
        return values;
    }

    @Test
    void a_scorer_of_named_values_is_explained_by_column_and_meets_rows_of_the_table_only() {
        Set<Object> jobs = new HashSet<>();
        Model model = Model.of("points", "1", ENCODER.singleScorer(rows -> {
            rows.forEach(row -> jobs.add(row.get("job")));
            return rows.stream().mapToDouble(TableEncoderTest::score).toArray();
        }));
        List<Map<String, Object>> explained =
                List.of(customer(50, 3000.0, "nurse", "large", true), customer(18, null, "clerk", "small", true));
        try (Explanation why = new ShapleyValues()
                .baseline(ENCODER.background(BACKGROUND))
                .mask(ENCODER.mask())
                .attribute(model, ENCODER.inputs(explained))) {
            for (int example = 0; example < 2; example++) {
                List<Attributed> columns = ENCODER.columns(why, example);
                assertThat(columns.stream().map(Attributed::column))
                        .containsExactly("age", "income", "job", "size", "member");
                assertThat(columns.stream()
                                .mapToDouble(Attributed::contribution)
                                .toArray())
                        .containsExactly(shapley(explained.get(example), BACKGROUND), within(1e-10));
            }
            assertThat(ENCODER.columns(why, 0).get(2).value()).isEqualTo("nurse");
            assertThat(ENCODER.columns(why, 1).get(1).value()).isNull();
            assertThat(why.asMap(0).keySet()).containsExactly("age", "income", "job", "size", "member");
            assertThat(why.features(0).stream().map(Features.Feature::label))
                    .containsExactly("age = 50", "income = 3000", "job = nurse", "size = large", "member = true");
            try (Explanation read = Explanation.fromJson(why.toJson())) {
                assertThat(read.features(1).get(3).label()).isEqualTo("size = small");
                assertThat(ENCODER.columns(read, 1)).isEqualTo(ENCODER.columns(why, 1));
            }
        }
        assertThat(jobs).containsExactlyInAnyOrder("clerk", "farmer", "nurse", null);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5})
    void a_row_of_no_category_says_so(int categories) {
        String[] jobs = IntStream.range(0, categories).mapToObj(i -> "job " + i).toArray(String[]::new);
        TableEncoder encoder =
                TableEncoder.none().numbers("age").oneHot("job", jobs).missing("job");
        Model model = Model.of(rows -> Arrays.stream(rows)
                .map(row -> new double[] {Arrays.stream(row).sum()})
                .toArray(double[][]::new));
        try (Explanation why = new FeatureAblation()
                .mask(encoder.mask())
                .attribute(model, encoder.inputs(List.of(row("age", 0, "job", null), row("age", 3, "job", "job 1"))))) {
            assertThat(why.features(0).stream().map(Features.Feature::label)).containsExactly("age = 0", "job = none");
            assertThat(why.features(1).stream().map(Features.Feature::label)).containsExactly("age = 3", "job = job 1");
        }
        // Zeros of a group that is no column of categories are numbers.
        try (Explanation why = new FeatureAblation()
                .mask(FeatureMask.ranges(1, 2).named("both"))
                .attribute(
                        model,
                        Inputs.of(Tensors.ofJava().of(new double[2], 1, 2)).named("a", "b"))) {
            assertThat(why.features(0).get(0).value()).isEqualTo("[0, 0]");
        }
    }

    @Test
    void numbers_of_a_one_hot_column_are_summed_where_they_have_attributions_each() {
        // Linear in the numbers: each contributes its own.
        Model model = Model.of(rows -> Arrays.stream(rows)
                .map(r -> new double[] {r[0] + 2 * r[2] + 3 * r[3] + 5 * r[4] + 7 * r[5]})
                .toArray(double[][]::new));
        List<Map<String, Object>> explained = List.of(customer(50, 1.0, "nurse", "large", false));
        try (Explanation why = new FeatureAblation()
                .baseline(Baseline.of(ENCODER.encode(List.of(customer(40, 1.0, "farmer", "large", true)))))
                .attribute(model, ENCODER.inputs(explained))) {
            assertThat(ENCODER.columns(why, 0).stream().map(Attributed::contribution))
                    .containsExactly(10.0, 0.0, 5.0 - 3.0, 0.0, 0.0);
        }
    }

    @Test
    void standard_errors_of_groups_are_those_of_columns() {
        Model model = Model.of(
                "points",
                "1",
                ENCODER.singleScorer(rows ->
                        rows.stream().mapToDouble(TableEncoderTest::score).toArray()));
        try (Explanation why = new ShapleySampling()
                .samples(4)
                .baseline(ENCODER.background(BACKGROUND))
                .mask(ENCODER.mask())
                .attribute(model, ENCODER.inputs(List.of(BACKGROUND.get(3))))) {
            double[] errors = ENCODER.columns(why, 0).stream()
                    .mapToDouble(Attributed::standardError)
                    .toArray();
            double[] own = new double[5];
            Arrays.setAll(own, i -> why.features(0).standardError(i));
            assertThat(errors).containsExactly(own).doesNotContain(Double.NaN);
        }
    }

    @Test
    void an_explanation_of_other_features_is_refused() {
        Model model = Model.of(
                rows -> Arrays.stream(rows).map(r -> new double[] {r[0]}).toArray(double[][]::new));
        try (Explanation two = new FeatureAblation()
                        .attribute(model, Inputs.of(Tensors.ofJava().of(new double[] {1, 2}, 1, 2)));
                Explanation across = new FeatureAblation()
                        .mask(FeatureMask.ranges(1, 3, 4))
                        .attribute(model, ENCODER.inputs(List.of(BACKGROUND.get(0))))) {
            assertThatThrownBy(() -> ENCODER.columns(two, 0))
                    .hasMessageContaining("its rows have 2 elements, and the encoder makes 7");
            assertThatThrownBy(() -> ENCODER.columns(across, 0)).hasMessageContaining("is not within one column");
        }
    }

    @Test
    void mixtures_that_are_no_rows_are_refused_with_the_mask_as_remedy() {
        Model model = Model.of(
                "points",
                "1",
                ENCODER.singleScorer(rows ->
                        rows.stream().mapToDouble(TableEncoderTest::score).toArray()));
        assertThatThrownBy(() -> new ShapleyValues()
                        .baseline(ENCODER.background(BACKGROUND))
                        .attribute(model, ENCODER.inputs(List.of(BACKGROUND.get(3)))))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("'points'")
                .hasMessageContaining("column 'job': its numbers are [1, 0, 1], and only one may be 1")
                .hasMessageContaining("explain with the encoder's mask()");
        TableEncoder strict =
                TableEncoder.none().index("size", "small", "large").booleans("member");
        assertThatThrownBy(() -> strict.decode(new double[] {0.5, 1}))
                .hasMessageContaining("column 'size': 0.5 is the position of no category (0 to 1)");
        assertThatThrownBy(() -> strict.decode(new double[] {-1, 1})).hasMessageContaining("-1 is the position of no");
        assertThatThrownBy(() -> strict.decode(new double[] {1, 0.25}))
                .hasMessageContaining("column 'member': 0.25 is neither 0 nor 1");
        assertThatThrownBy(() -> TableEncoder.none().oneHot("job", "a", "b").decode(new double[] {0, 0}))
                .hasMessageContaining("column 'job': no category is 1");
    }

    @Test
    void a_scorer_that_fails_is_named_with_the_row_in_words() {
        Model model = Model.of("points", "1", ENCODER.singleScorer(rows -> new double[] {Double.NaN}));
        assertThatThrownBy(() -> model.forward(ENCODER.inputs(List.of(BACKGROUND.get(1)))))
                .hasMessageContaining("'points' returned NaN")
                .hasMessageContaining("{age=60, income=missing, job=farmer, size=large, member=false}");
    }

    @Test
    void kinds_of_columns_are_checked() {
        assertThatThrownBy(() -> new Column(" ", Kind.NUMBER, List.of(), false)).hasMessageContaining("blank");
        assertThatThrownBy(() -> new Column("a", Kind.BOOLEAN, List.of("x"), false))
                .hasMessageContaining("which has no categories");
        List<String> categories = new ArrayList<>(List.of("x"));
        Column column = new Column("a", Kind.INDEX, categories, false);
        categories.add("y");
        assertThat(column.categories()).containsExactly("x");
    }
}
