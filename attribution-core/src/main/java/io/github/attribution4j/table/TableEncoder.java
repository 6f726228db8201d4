// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.table;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.table.Column.Kind;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How rows of named values become numbers, and attributions of these numbers become attributions of the columns.
 *
 * <pre>{@code
 * TableEncoder encoder = TableEncoder.none()
 *         .numbers("age", "income").missing("income")
 *         .oneHot("job", "clerk", "farmer", "nurse")
 *         .booleans("member");
 * Model risk = Model.of("risk", "3.2", encoder.scorer(rows -> service.score(rows)));
 * Explanation why = new ShapleyValues()
 *         .baseline(encoder.background(customers))
 *         .mask(encoder.mask())
 *         .attribute(risk, encoder.inputs(List.of(applicant)));
 * encoder.columns(why, 0);                                   // age, income, job, member
 * }</pre>
 *
 * <p>A row is a {@link Map} from column to value, or a record, whose components are its columns. Other columns than
 * those of the encoder are ignored. Values are a {@link Number}, a {@link Boolean}, or for a category a string, an enum
 * constant or a number; null, and NaN among numbers, mean that the value is missing. Nothing is scaled.
 *
 * <p>What takes the place of absent values should come from rows ({@link #background}), and the numbers of a one-hot
 * column should be absent together ({@link #mask}). Then every row that a method makes can be decoded: its values were
 * those of the example or of one row of the background. An average, or half a category, never occurs.
 *
 * <p>Immutable and thread-safe. Tensors that it makes belong to the current scope.
 */
public final class TableEncoder {
    private static final int MOST_PROBLEMS = 10;
    /** Up to here a double holds every whole number. */
    private static final double LARGEST_WHOLE = (1L << 53) - 1;

    private static final TableEncoder NONE = new TableEncoder(List.of());

    private final List<Column> columns;
    /** For each column where its numbers start; at the end how many there are. */
    private final int[] starts;

    /**
     * A column of an explained row, and what it contributed.
     *
     * @param column its name
     * @param value as {@link #decode} returns it; null if it is missing, or unknown because the explanation holds
     *     no inputs
     * @param contribution the attribution of the column; of several numbers that have attributions each, their sum
     * @param standardError of the contribution; NaN where the method gives none, or where it is a sum of several
     */
    public record Attributed(String column, @Nullable Object value, double contribution, double standardError) {}

    private TableEncoder(List<Column> columns) {
        this.columns = List.copyOf(columns);
        this.starts = new int[columns.size() + 1];
        for (int i = 0; i < columns.size(); i++) {
            starts[i + 1] = starts[i] + columns.get(i).width();
        }
    }

    /** Returns an encoder without columns, to which columns are added in the order in which the model takes them. */
    public static TableEncoder none() {
        return NONE;
    }

    /**
     * Returns an encoder of all columns of rows, in the order in which they are met; in alphabetical order if rows are
     * maps of the JDK that have none, such as those of {@code Map.of}. Numbers and booleans remain such.
     * Strings are categories, in alphabetical order; enum constants are, all those of their type in its order. Both are
     * encoded by {@link Kind#INDEX}; see {@link #allOneHot}. A column may be missing values if one is missing
     * here. {@link #toString} says what was inferred. A model that was trained on another order of categories, or
     * on categories that these rows do not have, needs them listed instead.
     *
     * @param rows maps or records, at least one
     * @throws InvalidRequestException naming columns of no value, or of values of several kinds
     */
    public static TableEncoder infer(List<?> rows) {
        return Inference.of(rows);
    }

    /**
     * Returns the encoder of a schema, as {@link #toString} writes it: a line for each column.
     *
     * <pre>
     * age: number
     * income: number missing
     * job: one-hot: clerk, farmer, "sales, other"      # how the network was trained
     * size: index missing: small, large
     * member: boolean
     * </pre>
     *
     * @throws IllegalArgumentException naming the line
     */
    public static TableEncoder parse(String text) {
        TableEncoder encoder = none();
        for (Column column : SchemaText.parse(text)) {
            encoder = encoder.with(column);
        }
        return encoder;
    }

    /**
     * Returns this encoder with one more column, at the end.
     *
     * @throws IllegalArgumentException if there is a column of its name, or a number of such a name
     */
    public TableEncoder with(Column column) {
        if (index(column.name()) >= 0) {
            throw new IllegalArgumentException("column '" + column.name() + "' is there already; name each once");
        }
        Set<String> taken = new HashSet<>(encodedNames());
        for (String name : column.encodedNames()) {
            if (!taken.add(name)) {
                throw new IllegalArgumentException("column '" + column.name() + "': its number '" + name
                        + "' has the name of another column's; rename one of the two");
            }
        }
        List<Column> more = new ArrayList<>(columns);
        more.add(column);
        return new TableEncoder(more);
    }

    /** Returns this encoder with more columns of numbers. */
    public TableEncoder numbers(String... names) {
        return withEach(Kind.NUMBER, names);
    }

    /** Returns this encoder with more columns of booleans. */
    public TableEncoder booleans(String... names) {
        return withEach(Kind.BOOLEAN, names);
    }

    private TableEncoder withEach(Kind kind, String... names) {
        TableEncoder encoder = this;
        for (String name : names) {
            encoder = encoder.with(new Column(name, kind, List.of(), false));
        }
        return encoder;
    }

    /** Returns this encoder with one more column, of categories that are encoded by their position from 0. */
    public TableEncoder index(String name, String... categories) {
        return with(new Column(name, Kind.INDEX, List.of(categories), false));
    }

    /** Returns this encoder with one more column, of categories that each have a number, 1 or 0. */
    public TableEncoder oneHot(String name, String... categories) {
        return with(new Column(name, Kind.ONE_HOT, List.of(categories), false));
    }

    /**
     * Returns this encoder in which values of these columns may be missing.
     *
     * @throws IllegalArgumentException if there is no such column
     */
    public TableEncoder missing(String... names) {
        for (String name : names) {
            if (index(name) < 0) {
                throw new IllegalArgumentException(
                        "missing '" + name + "': there is no such column; " + NearNames.hint(name, columnNames()));
            }
        }
        List<String> which = List.of(names);
        return each(column -> which.contains(column.name())
                ? new Column(column.name(), column.kind(), column.categories(), true)
                : column);
    }

    /** Returns this encoder with all categories encoded one-hot. */
    public TableEncoder allOneHot() {
        return each(column -> column.kind() == Kind.INDEX
                ? new Column(column.name(), Kind.ONE_HOT, column.categories(), column.missing())
                : column);
    }

    private TableEncoder each(UnaryOperator<Column> change) {
        return new TableEncoder(columns.stream().map(change).toList());
    }

    /** Returns the columns in order. */
    public List<Column> columns() {
        return columns;
    }

    private List<String> columnNames() {
        return columns.stream().map(Column::name).toList();
    }

    private int index(String name) {
        return columnNames().indexOf(name);
    }

    /** Returns how many numbers encode a row. */
    public int width() {
        return starts[columns.size()];
    }

    /** Returns the names of these numbers. */
    public List<String> encodedNames() {
        return columns.stream()
                .flatMap(column -> column.encodedNames().stream())
                .toList();
    }

    /** Returns the names of these numbers, with the categories of columns that hold positions of them. */
    public FeatureNames featureNames() {
        FeatureNames names = FeatureNames.none().along(1, encodedNames());
        for (Column column : columns) {
            if (column.kind() == Kind.INDEX) {
                names = names.categories(column.name(), column.categories());
            } else if (column.kind() == Kind.BOOLEAN) {
                names = names.categories(column.name(), List.of("false", "true"));
            }
        }
        return names;
    }

    /** Returns whether a value of any column may be missing. */
    public boolean allowsMissing() {
        return columns.stream().anyMatch(Column::missing);
    }

    /**
     * Encodes rows as plain Java numbers of type float64.
     *
     * @param rows maps or records
     * @return shape {@code (rows, width)}
     * @throws InvalidRequestException naming row, column, value and remedy of the first ten problems
     */
    public Tensor encode(List<?> rows) {
        return encode(rows, Tensors.ofJava(), DataType.FLOAT64);
    }

    /**
     * Encodes rows for a model.
     *
     * @param rows maps or records
     * @param tensors {@link Model#tensors} of the model
     * @param type that the model takes; of an integer type if all values become whole numbers
     * @return shape {@code (rows, width)}
     * @throws InvalidRequestException naming row, column, value and remedy of the first ten problems
     */
    public Tensor encode(List<?> rows, Tensors tensors, DataType type) {
        Problems problems = new Problems();
        problems.require(!rows.isEmpty(), "rows: there are none; give at least one");
        problems.require(!columns.isEmpty(), "encoder: it has no columns; add some");
        problems.throwIfAny();
        double[] all = new double[Math.multiplyExact(rows.size(), width())];
        List<Map<String, Integer>> positions =
                columns.stream().map(Column::positions).toList();
        int found = 0;
        for (int row = 0; row < rows.size() && found < MOST_PROBLEMS; row++) {
            Map<?, ?> values = TableRows.values(row, rows.get(row));
            double[] encoded = new double[width()];
            for (int i = 0; i < columns.size() && found < MOST_PROBLEMS; i++) {
                String problem = encode(i, values, positions.get(i), encoded, type);
                if (!problem.isEmpty()) {
                    problems.add("row " + row + ", column '" + columns.get(i).name() + "': " + problem);
                    found++;
                }
            }
            System.arraycopy(encoded, 0, all, row * encoded.length, encoded.length);
        }
        problems.throwIfAny();
        return tensors.of(all, Shape.of(rows.size(), width())).to(type);
    }

    /** Encodes a value; returns what is wrong with it, or nothing. */
    private String encode(
            int index, Map<?, ?> values, Map<String, Integer> positions, double[] encoded, DataType type) {
        Column column = columns.get(index);
        Object value = values.get(column.name());
        if (value == null && !values.containsKey(column.name())) {
            List<String> there = values.keySet().stream().map(String::valueOf).toList();
            return "the row has no such column; give null where a value is missing; "
                    + NearNames.hint(column.name(), there);
        }
        try {
            column.encode(value, positions, encoded, starts[index]);
        } catch (IllegalArgumentException e) {
            return String.valueOf(e.getMessage());
        }
        return misfit(value, encoded[starts[index]], type);
    }

    /** Returns why a number cannot be one of a type; empty if it can. */
    private static String misfit(@Nullable Object value, double number, DataType type) {
        double most = switch (type) {
            case FLOAT64 -> Double.MAX_VALUE;
            case FLOAT32 -> Float.MAX_VALUE;
            case INT64 -> LARGEST_WHOLE;
            case INT32 -> Integer.MAX_VALUE;
            case UINT8 -> 255;
            case BOOL -> 1;
        };
        double least = type == DataType.UINT8 || type == DataType.BOOL ? 0 : -most;
        if (!type.isFloating() && number != Math.rint(number)) {
            return "'" + value + "' becomes " + number + ", which is no " + type
                    + "; encode rows as float32 or float64";
        }
        return number > most || number < least
                ? "'" + value + "' is out of the range of " + type + " (" + Numbers.plain(least) + " to "
                        + Numbers.plain(most) + "); encode rows as another type, or the column as categories"
                : "";
    }

    /**
     * Encodes rows as the attributed input of a model in plain Java, with the names of the numbers. Missing values are
     * allowed if a column allows them.
     *
     * @throws InvalidRequestException naming row, column, value and remedy of the first ten problems
     */
    public Inputs inputs(List<?> rows) {
        return inputs(encode(rows));
    }

    /** Encodes rows as the attributed input of a model; see {@link #encode(List, Tensors, DataType)}. */
    public Inputs inputs(List<?> rows, Tensors tensors, DataType type) {
        return inputs(encode(rows, tensors, type));
    }

    private Inputs inputs(Tensor encoded) {
        Inputs inputs = Inputs.of(encoded).named(Inputs.positionalName(0), featureNames());
        return allowsMissing() ? inputs.allowMissing() : inputs;
    }

    /**
     * Returns the mask whose groups are the columns: the numbers of a one-hot column are present or absent together,
     * and have one attribution.
     */
    public FeatureMask mask() {
        int[] widths = columns.stream().mapToInt(Column::width).toArray();
        return FeatureMask.ranges(1, widths).named(columnNames().toArray(String[]::new));
    }

    /**
     * Returns rows as a background: a value that takes the place of an absent one comes from one of them.
     *
     * @throws InvalidRequestException naming row, column, value and remedy of the first ten problems
     */
    public Baseline background(List<?> rows) {
        return Baseline.samples(encode(rows));
    }

    /**
     * Returns the values that numbers encode: a {@link Double}, a {@link Boolean}, a category as {@link String}, or
     * null where one is missing.
     *
     * @param row as many numbers as {@link #width}
     * @throws IllegalArgumentException naming a column whose numbers encode no value
     */
    public Map<String, @Nullable Object> decode(double[] row) {
        if (row.length != width()) {
            throw new IllegalArgumentException("row of " + row.length + " numbers: the encoder makes " + width());
        }
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        for (int i = 0; i < columns.size(); i++) {
            Column column = columns.get(i);
            try {
                values.put(column.name(), column.decode(row, starts[i]));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("column '" + column.name() + "': " + e.getMessage(), e);
            }
        }
        return values;
    }

    /**
     * Makes a table function of a scorer of rows of named values.
     *
     * @param scores takes rows as {@link #decode} makes them, returns {@code outputs[r][class]}
     */
    public Model.TableFunction scorer(Function<List<Map<String, @Nullable Object>>, double[][]> scores) {
        return new RowScorer(this, rows -> scores.apply(RowScorer.decoded(this, rows)));
    }

    /** Makes a table function of a scorer of rows of named values that returns a single number for each row. */
    public Model.TableFunction singleScorer(Function<List<Map<String, @Nullable Object>>, double[]> scores) {
        return new RowScorer(this, Model.TableFunction.ofScores(rows -> scores.apply(RowScorer.decoded(this, rows))));
    }

    /**
     * Makes a table function of a scorer of rows of named values that replies later.
     *
     * @param service takes rows as {@link #decode} makes them, returns a future of {@code outputs[r][class]}
     */
    public AsyncScorer asyncScorer(
            Function<List<Map<String, @Nullable Object>>, ? extends CompletionStage<double[][]>> service) {
        return AsyncScorer.of(
                rows -> service.apply(RowScorer.decoded(this, rows)), row -> RowScorer.described(this, row));
    }

    /**
     * Returns the columns of an explained row with their contributions, in order. Each column counts once: the
     * attribution of its group, or the sum over its numbers where these have attributions of their own, as those of a
     * gradient method do.
     *
     * @param explanation of inputs that this encoder made
     * @param example a row of them
     * @throws IllegalArgumentException if the explanation is of something else, or a group spans several columns
     */
    public List<Attributed> columns(Explanation explanation, int example) {
        return new ColumnSums(this, starts).of(explanation.features(example));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TableEncoder encoder && columns.equals(encoder.columns);
    }

    @Override
    public int hashCode() {
        return columns.hashCode();
    }

    /** Returns the schema, which {@link #parse} reads: a line for each column. */
    @Override
    public String toString() {
        return columns.stream().map(Column::toString).collect(Collectors.joining("\n"));
    }
}
