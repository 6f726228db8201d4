// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.SummaryStatistics;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.table.Column;
import io.github.attribution4j.table.TableEncoder;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;

/**
 * Explains every row of a Spark data set, on the executors.
 *
 * <pre>{@code
 * SparkExplainer explainer = SparkExplainer.of(ModelSource.file("risk.onnx", OnnxModel::load), encoder)
 *         .dataType(DataType.FLOAT32)
 *         .method("shapley-values")
 *         .background(customers)
 *         .target(Target.index(1))
 *         .key("id");
 * Dataset<Row> explained = explainer.explain(applicants); // lazy, as all of Spark
 * }</pre>
 *
 * <p><b>Result.</b> A data set has the columns that it had, and these, each null where it has no value:
 *
 * <table>
 * <caption>Columns of the result</caption>
 * <tr><th>column</th><th>type</th><th>holds</th></tr>
 * <tr><td>{@code attributions}</td><td>map</td><td>what each column contributed; see {@link #inColumns}</td></tr>
 * <tr><td>{@code standard_errors}</td><td>map</td><td>of methods that sample</td></tr>
 * <tr><td>{@code score}, {@code baseline_score}, {@code completeness_gap}</td><td>double</td><td>as in
 * {@link Explanation}</td></tr>
 * <tr><td>{@code target}</td><td>string</td><td>which score is explained, in words</td></tr>
 * <tr><td>{@code failure_kind}, {@code failure}</td><td>string</td><td>why the row has no explanation</td></tr>
 * </table>
 *
 * <p><b>Failures.</b> A row that cannot be explained (a value is missing, a category unknown, the model fails on it)
 * has its failure in these columns and nothing else; all other rows have the bits that they have without it. The job
 * itself fails where no row can be explained: a model does not open, or has not what the method needs.
 *
 * <p><b>Reproducible.</b> The numbers of a row do not depend on partitions, executors or the rows beside it. Random
 * numbers follow from the seed and the row's {@link #key}. All calls of the model have the same number of rows
 * ({@link #callRows}): the last one of a block is filled with copies of a row. So the bits of a row are always the same
 * where the engine computes equal rows equally at each place of a call. Methods that need layers or rules explain row
 * by row.
 *
 * <p><b>Models.</b> An executor opens its model once; see {@link ModelSource}. Methods, targets and encoders travel by
 * name, as {@link Methods}, {@link Target#parse} and {@link TableEncoder#parse} read them, so a method of your own and
 * a target made of a function cannot. Spark Connect has no executors of its own, and is not supported.
 *
 * <p>Immutable; each setter returns a changed copy.
 */
public final class SparkExplainer {
    private final ModelSource model;
    private final TableEncoder encoder;
    private final Request request;

    private SparkExplainer(ModelSource model, TableEncoder encoder, Request request) {
        this.model = model;
        this.encoder = encoder;
        this.request = request;
    }

    /**
     * Returns an explainer of a model's output by {@code shapley-values}, until something else is said.
     *
     * @param model how executors get it
     * @param encoder how rows become the input of the model; its columns are columns of the data set
     * @throws InvalidRequestException if the encoder has no columns
     */
    public static SparkExplainer of(ModelSource model, TableEncoder encoder) {
        if (encoder.columns().isEmpty()) {
            throw new InvalidRequestException(List.of("encoder: it has no columns; add some"));
        }
        return new SparkExplainer(model, encoder, new Request()).with(request -> {
            request.schema = encoder.toString();
            request.method = "shapley-values";
        });
    }

    private SparkExplainer with(Consumer<Request> change) {
        return new SparkExplainer(model, encoder, request.with(change));
    }

    /** Returns a copy with a method of a name, as {@link Methods} lists them, with its defaults. */
    public SparkExplainer method(String name) {
        return method(name, Map.of());
    }

    /**
     * Returns a copy with another method.
     *
     * @param name as {@link Methods} lists it
     * @param settings texts by name, as {@link Methods#read} takes them; {@code samples:background} names the rows of
     *     {@link #background}
     * @throws IllegalArgumentException if there is no such method or setting, or a text does not fit its kind
     */
    public SparkExplainer method(String name, Map<String, String> settings) {
        SparkExplainer changed = with(request -> {
            request.method = name;
            request.settings = new LinkedHashMap<>(settings);
        });
        if (settings.values().stream().noneMatch(text -> text.contains(Request.BACKGROUND))) {
            changed.checkMethod();
        }
        return changed;
    }

    /**
     * Returns a copy with the method that has this name and these settings. Rows that it compares with do not travel in
     * it: give them to {@link #background}.
     *
     * @throws IllegalArgumentException if it is none of the library's, or its settings hold arrays
     */
    public SparkExplainer method(Attribution<?> method) {
        Map<String, String> settings = new LinkedHashMap<>();
        method.settings().forEach((name, value) -> settings.put(name, String.valueOf(value)));
        Methods.all().stream()
                .filter(description -> description.name().equals(method.name()))
                .flatMap(description -> description.settings().stream())
                .forEach(setting -> setting.defaultText().ifPresent(text -> settings.remove(setting.name(), text)));
        return method(method.name(), settings);
    }

    /**
     * Returns a copy whose method compares with rows: what takes the place of an absent value comes from one of them.
     * They are sent to every executor, so take some hundred at most. A method without a setting {@code baseline} has no
     * use for them, and is refused.
     *
     * @param rows as {@link TableEncoder} takes them: maps or records
     * @throws InvalidRequestException naming row, column, value and remedy
     */
    public SparkExplainer background(List<?> rows) {
        try (TensorScope scope = TensorScope.open()) {
            double[] encoded = encoder.encode(rows).toDoubleArray();
            return with(request -> request.background = encoded);
        }
    }

    /**
     * Returns a copy that compares with the rows of a data set, which the driver collects; otherwise as
     * {@link #background(List)}.
     *
     * @throws InvalidRequestException naming what is missing or of the wrong type
     */
    public SparkExplainer background(Dataset<Row> rows) {
        InputColumns columns = columns(rows.schema(), "");
        return background(rows.collectAsList().stream()
                .map(row -> columns.values(row).values())
                .toList());
    }

    /**
     * Returns a copy that explains another score than the model's only output.
     *
     * @throws IllegalArgumentException if the target is made of more than its description
     */
    public SparkExplainer target(Target target) {
        SparkExplainer changed = with(request -> {
            request.target = target.unnamed().describe();
            request.classes = new ArrayList<>(target.classes());
        });
        Target again = changed.request.target();
        if (!again.describe().equals(target.describe())) {
            throw new IllegalArgumentException("target '" + target.describe()
                    + "': is made of more than its description, which is all that travels to executors");
        }
        return changed;
    }

    /** Returns a copy with another seed than 0. */
    public SparkExplainer seed(long seed) {
        return with(request -> request.seed = seed);
    }

    /**
     * Returns a copy in which the random numbers of a row follow from a column: a whole number is the key itself, of
     * anything else its text is. Without it they follow from the values of the row, so that equal rows have equal
     * explanations. {@link io.github.attribution4j.run.Run#exampleKeys} takes the same whole numbers.
     */
    public SparkExplainer key(String column) {
        return with(request -> request.key = column);
    }

    /**
     * Returns a copy that finds the columns of the encoder in one column of the data set: as the fields of a struct, or
     * as the entries of a map, where a name without an entry is a missing value. {@link #background(Dataset)} finds
     * them there too.
     */
    public SparkExplainer features(String column) {
        return with(request -> request.within = column);
    }

    /** Returns a copy whose model takes numbers of another type than float64: float32 for most networks. */
    public SparkExplainer dataType(DataType type) {
        return with(request -> request.dataType = type);
    }

    /**
     * Returns a copy with another number than 256 of rows in every call of the model. It is also the number of rows
     * that are explained together. Other numbers give the same results to rounding.
     *
     * @param rows at least 1
     */
    public SparkExplainer callRows(int rows) {
        if (rows < 1) {
            throw new IllegalArgumentException("call rows " + rows + ": must be at least 1");
        }
        return with(request -> request.callRows = rows);
    }

    /** Returns a copy in which the names of all columns of the explanation begin with this. */
    public SparkExplainer prefix(String prefix) {
        return with(request -> request.prefix = prefix);
    }

    /**
     * Returns a copy in whose result each column {@code x} of the table has a column {@code attribution_x} and a column
     * {@code standard_error_x}, instead of all being in a map.
     */
    public SparkExplainer inColumns() {
        return with(request -> request.inColumns = true);
    }

    /** Returns a copy whose work is counted. */
    public SparkExplainer progress(SparkProgress progress) {
        return with(request -> request.progress = progress);
    }

    /**
     * Explains the rows of a data set. Nothing is computed before an action; cache the result, or write it, before a
     * second action.
     *
     * @param rows has the columns of the encoder, or one column with all of them ({@link #features}), and may
     *     have others
     * @return its rows in the same partitions and order, with the columns of the explanation
     * @throws InvalidRequestException listing columns that are missing, of the wrong type or there already
     * @throws IllegalArgumentException if the method cannot be made, or the driver cannot read the model's file
     */
    public Dataset<Row> explain(Dataset<Row> rows) {
        Problems problems = new Problems();
        InputColumns in = InputColumns.of(rows.schema(), encoder, request.within, request.key, problems);
        OutputColumns out = OutputColumns.of(request, encoder);
        StructType schema = out.added(rows.schema(), problems);
        checkMethod(problems);
        problems.throwIfAny();
        return rows.mapPartitions(
                new ExplainPartition(request, model.send(rows.sparkSession().sparkContext()), in, out),
                Encoders.row(schema));
    }

    /**
     * Explains one row in this JVM, and returns all that is known about it: its numbers have the bits of
     * {@link #explain(Dataset)}, and its provenance says how they came about.
     *
     * @param row with a schema, as a data set returns it
     * @return the explanation, to be closed by the caller
     * @throws InvalidRequestException naming what is missing or wrong in the row
     * @throws io.github.attribution4j.model.ModelException if the model fails on it
     */
    public Explanation explain(Row row) {
        Problems problems = new Problems();
        checkMethod(problems);
        problems.throwIfAny();
        InputColumns columns = columns(row.schema(), request.key);
        try (TensorScope scope = TensorScope.open()) {
            return new BlockExplainer(request, LoadedModels.of(model.here())).explanation(columns.values(row));
        }
    }

    private InputColumns columns(StructType schema, String key) {
        Problems problems = new Problems();
        InputColumns columns = InputColumns.of(schema, encoder, request.within, key, problems);
        problems.throwIfAny();
        return columns;
    }

    /** Makes the method, as executors will, so that what is wrong with it is said here. */
    private void checkMethod() {
        try (TensorScope scope = TensorScope.open()) {
            request.method();
        }
    }

    private void checkMethod(Problems problems) {
        problems.collect(this::checkMethod);
        problems.require(
                request.background.length == 0 || request.takesBackground(),
                "background: method " + request.method + " compares with no rows; leave them out");
    }

    /**
     * Sums up what {@link #explain(Dataset)} returned, in the cluster: statistics of each column over all explained
     * rows, and for each target. Counts, smallest and largest are exact, means and variances agree to rounding however
     * rows are partitioned. Rows that failed are left out.
     *
     * @param explained the result, best one that was cached or written: it would be computed again
     * @throws InvalidRequestException if it has not the columns of an explanation
     */
    public SummaryStatistics summary(Dataset<Row> explained) {
        OutputColumns out = OutputColumns.of(request, encoder);
        String[] names = encoder.columns().stream().map(Column::name).toArray(String[]::new);
        List<String> wanted = new ArrayList<>();
        wanted.add(out.target());
        if (request.inColumns) {
            Arrays.stream(names).map(out::attribution).forEach(wanted::add);
        } else {
            wanted.add(out.attributions());
        }
        List<String> there = Arrays.asList(explained.columns());
        Problems problems = new Problems();
        for (String column : wanted) {
            problems.require(
                    there.contains(column),
                    "column '" + column + "': the data set has none of that name; give one that this explainer"
                            + " explained");
        }
        problems.throwIfAny();
        SummaryStatistics statistics = new SummaryStatistics(List.of(names));
        explained
                .select(wanted.stream().map(SparkExplainer::quoted).toArray(org.apache.spark.sql.Column[]::new))
                .mapPartitions(new SummarizePartition(names, !request.inColumns), Encoders.BINARY())
                .collectAsList()
                .forEach(part -> statistics.merge(SummarizePartition.read(part)));
        return statistics;
    }

    /** Returns a column whose name may hold dots. */
    private static org.apache.spark.sql.Column quoted(String name) {
        return functions.col("`" + name.replace("`", "``") + "`");
    }

    /** Returns method, model and target. */
    @Override
    public String toString() {
        return "SparkExplainer[" + request.method + " of " + model + ", target " + request.target + "]";
    }
}
