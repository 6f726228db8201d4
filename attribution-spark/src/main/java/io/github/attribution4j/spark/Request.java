// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.internal.Fields;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.table.Column;
import io.github.attribution4j.table.TableEncoder;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is asked for, as it travels to executors: methods, targets and tables in words, from which they are made again
 * there.
 */
final class Request extends Fields<Request> implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The name under which settings find the rows of the background. */
    static final String BACKGROUND = "background";

    private static final String BASELINE = "baseline";
    private static final String MASK = "mask";

    String schema = "";
    String method = "";
    LinkedHashMap<String, String> settings = new LinkedHashMap<>();
    /** Encoded rows, none if there are none. */
    double[] background = {};

    String target = Target.output().describe();
    ArrayList<String> classes = new ArrayList<>();
    long seed;
    int callRows = 256;
    DataType dataType = DataType.FLOAT64;
    /** The column that holds the table; empty if the data set does. */
    String within = "";
    /** Empty if rows have no key. */
    String key = "";

    String prefix = "";
    boolean inColumns;

    @Nullable
    SparkProgress progress;

    TableEncoder encoder() {
        return TableEncoder.parse(schema);
    }

    /** Returns the target, made again. */
    Target target() {
        boolean argmax = target.equals(Target.argmax().describe());
        Target read = argmax ? Target.argmax() : Target.parse(target, classes);
        return argmax && !classes.isEmpty() ? read.named(classes.toArray(String[]::new)) : read;
    }

    /** Returns the method, made again. */
    Attribution<? super RuledModel> method() {
        Map<String, String> given = new LinkedHashMap<>(settings);
        if (background.length > 0
                && takes(BASELINE)
                && !given.getOrDefault(BASELINE, "").contains(BACKGROUND)) {
            given.put(BASELINE, "samples:" + BACKGROUND);
        }
        TableEncoder encoder = encoder();
        if (encoder.columns().stream().anyMatch(column -> column.width() > 1) && takes(MASK)) {
            given.putIfAbsent(MASK, mask(encoder));
        }
        return Methods.read(method, given, sources());
    }

    /** Returns whether the method itself has a setting. */
    boolean takes(String setting) {
        return Methods.all().stream()
                .anyMatch(description -> description.name().equals(method) && description.has(setting));
    }

    boolean takesBackground() {
        return takes(BASELINE);
    }

    /** Returns the mask whose groups are the columns, without their names, which a text may not hold. */
    private static String mask(TableEncoder encoder) {
        List<String> widths = encoder.columns().stream()
                .map(Column::width)
                .map(String::valueOf)
                .toList();
        return "ranges(axis 1: " + String.join(", ", widths) + ")";
    }

    private Sources sources() {
        return this::arrays;
    }

    private List<Tensor> arrays(String name) throws IOException {
        if (!name.equals(BACKGROUND) || background.length == 0) {
            throw new IOException(name + ": arrays do not travel to executors; give rows with background(...) and name"
                    + " them '" + BACKGROUND + "', as in samples:" + BACKGROUND);
        }
        int width = encoder().width();
        return List.of(Tensors.ofJava().of(background, Shape.of(background.length / width, width)));
    }

    Run run() {
        return Run.defaults().seed(seed).batchRows(callRows);
    }
}
