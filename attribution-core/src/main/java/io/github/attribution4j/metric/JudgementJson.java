// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.Provenance;
import io.github.attribution4j.internal.Json;
import io.github.attribution4j.metric.Judgement.Curve;
import io.github.attribution4j.run.Run.Counts;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Judgements as JSON, version 1. */
final class JudgementJson {
    private static final String FORMAT = "attribution4j/judgement";
    private static final int VERSION = 1;

    private JudgementJson() {}

    static Map<String, Object> write(Judgement judgement) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("format", FORMAT);
        json.put("version", VERSION);
        json.put("metric", judgement.metric());
        json.put("method", judgement.explained().method());
        json.put("scores", Json.numbers(judgement.scores()));
        json.put("higherIsBetter", judgement.higherIsBetter());
        if (!judgement.curves().isEmpty()) {
            json.put("curves", judgement.curves().stream().map(Curve::toMap).toList());
        }
        json.put("counts", judgement.counts().toMap());
        json.put("elapsedNanos", judgement.elapsed().toNanos());
        json.put("notices", judgement.notices());
        json.put("provenance", Json.read(judgement.provenance().toJson()).members());
        json.put("explained", Json.read(judgement.explained().toJson()).members());
        return json;
    }

    static Judgement read(String text) {
        return Json.read(text, "judgement", FORMAT, VERSION, json -> {
            Json counts = json.object("counts");
            List<Curve> curves = !json.has("curves")
                    ? List.of()
                    : json.objects("curves").stream()
                            .map(curve -> Curve.of(curve::numbers))
                            .toList();
            return new Judgement(
                    json.numbers("scores"),
                    json.flag("higherIsBetter"),
                    curves,
                    Counts.of(counts::integer),
                    Duration.ofNanos(json.integer("elapsedNanos")),
                    json.texts("notices"),
                    Provenance.fromJson(json.object("provenance").toString()),
                    Provenance.fromJson(json.object("explained").toString()));
        });
    }
}
