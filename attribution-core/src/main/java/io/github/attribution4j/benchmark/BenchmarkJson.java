// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmark;

import io.github.attribution4j.benchmark.BenchmarkTable.Cell;
import io.github.attribution4j.benchmark.BenchmarkTable.Interval;
import io.github.attribution4j.benchmark.BenchmarkTable.Origin;
import io.github.attribution4j.internal.Json;
import io.github.attribution4j.metric.Judgement.Curve;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run.Counts;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Tables as JSON, version 1. Means, intervals and ranks are written for readers, and follow from the scores. */
final class BenchmarkJson {
    private static final String FORMAT = "attribution4j/benchmark";
    private static final int VERSION = 1;

    private BenchmarkJson() {}

    static String write(BenchmarkTable table) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("format", FORMAT);
        json.put("version", VERSION);
        json.put("methods", table.methods());
        json.put("metrics", table.metrics());
        json.put("origin", origin(table.origin()));
        json.put("cells", table.cells().stream().map(cell -> cell(table, cell)).toList());
        return Json.write(json);
    }

    private static Map<String, Object> origin(Origin origin) {
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("name", origin.model().name());
        model.put("version", origin.model().version());
        model.put("digest", origin.model().digest());
        model.put("engine", origin.model().engine());
        model.put("device", origin.model().device());
        model.put("loaded", origin.model().loaded());
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("model", model);
        json.put("inputs", origin.inputs());
        json.put("targets", origin.targets());
        json.put("seed", origin.seed());
        json.put("batching", origin.batching());
        json.put("library", origin.library());
        return json;
    }

    private static Map<String, Object> cell(BenchmarkTable table, Cell cell) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("method", cell.method());
        json.put("metric", cell.metric());
        json.put("higherIsBetter", cell.higherIsBetter());
        if (cell.failure().isEmpty()) {
            Interval mean = cell.mean();
            json.put("mean", Json.number(mean.mean()));
            json.put("interval", Json.numbers(mean.low(), mean.high()));
            table.rank(cell.method(), cell.metric()).ifPresent(rank -> json.put("rank", rank));
        }
        cell.failure().ifPresent(failure -> json.put("failure", failure));
        cell.methodInWords().ifPresent(words -> json.put("methodInWords", words));
        cell.metricInWords().ifPresent(words -> json.put("metricInWords", words));
        json.put("counts", cell.counts().toMap());
        json.put("notices", cell.notices());
        json.put("scores", Json.numbers(cell.scores()));
        json.put("curves", cell.curves().stream().map(Curve::toMap).toList());
        return json;
    }

    static BenchmarkTable read(String text) {
        return Json.read(text, "benchmark", FORMAT, VERSION, json -> {
            Json origin = json.object("origin");
            Json model = origin.object("model");
            Map<String, String> loaded = new LinkedHashMap<>();
            model.object("loaded").members().forEach((name, value) -> loaded.put(name, String.valueOf(value)));
            List<Cell> cells =
                    json.objects("cells").stream().map(BenchmarkJson::cell).toList();
            if (cells.size()
                    != json.texts("methods").size() * json.texts("metrics").size()) {
                throw new IllegalArgumentException("there must be a cell for each method and metric");
            }
            return new BenchmarkTable(
                    json.texts("methods"),
                    json.texts("metrics"),
                    cells,
                    new Origin(
                            new Model.Identity(
                                    model.text("name"),
                                    model.text("version"),
                                    model.text("digest"),
                                    model.text("engine"),
                                    model.text("device"),
                                    loaded),
                            origin.text("inputs"),
                            origin.texts("targets"),
                            origin.integer("seed"),
                            origin.text("batching"),
                            origin.text("library")));
        });
    }

    private static Cell cell(Json cell) {
        Json counts = cell.object("counts");
        return new Cell(
                cell.text("method"),
                cell.text("metric"),
                cell.flag("higherIsBetter"),
                cell.numbers("scores"),
                cell.objects("curves").stream()
                        .map(curve -> Curve.of(curve::numbers))
                        .toList(),
                Counts.of(counts::integer),
                cell.texts("notices"),
                cell.optionalText("metricInWords"),
                cell.optionalText("methodInWords"),
                cell.optionalText("failure"));
    }
}
