// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.golden;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The folder {@code golden} of the repository. */
public final class GoldenData {
    private GoldenData() {}

    /** One model of a manifest, as one of its archives; paths are relative to the manifest's folder. */
    public record Entry(Path folder, JsonObject json, String kind) {
        public String model() {
            return json.get("name").getAsString();
        }

        public String name() {
            return model() + "/" + kind;
        }

        public Path archive() {
            return file(json.getAsJsonObject("archives").get(kind).getAsString());
        }

        /** Returns a file that the manifest names. */
        public Path file(String path) {
            return folder.resolve(path).normalize();
        }

        public List<GoldenCase> cases() {
            return GoldenCase.objects(json.get("cases")).stream()
                    .map(GoldenCase::new)
                    .toList();
        }
    }

    /** Returns the archives of the manifest: every model, scripted and traced. */
    public static List<Entry> entries() {
        return entries(data());
    }

    /** Returns the archives of the manifest in a folder. */
    public static List<Entry> entries(Path folder) {
        List<Entry> entries = new ArrayList<>();
        JsonObject manifest = read(folder.resolve("manifest.json")).getAsJsonObject();
        for (JsonObject model : GoldenCase.objects(manifest.get("models"))) {
            for (Map.Entry<String, JsonElement> archive :
                    model.getAsJsonObject("archives").entrySet()) {
                entries.add(new Entry(folder, model, archive.getKey()));
            }
        }
        return entries;
    }

    /** Returns the ONNX models of the same requests: every model from both exporters. */
    public static List<Entry> onnx() {
        List<Entry> entries = new ArrayList<>();
        for (Entry entry : entries()) {
            if (entries.isEmpty() || !entries.get(entries.size() - 1).model().equals(entry.model())) {
                entries.add(new Entry(entry.folder(), entry.json(), "script"));
                entries.add(new Entry(entry.folder(), entry.json(), "dynamo"));
            }
        }
        return entries;
    }

    /** Returns the ONNX file of a model from an exporter, {@code script} or {@code dynamo}. */
    public static Path onnx(String model, String exporter) {
        return folder().resolve("onnx").resolve("golden").resolve(model + "." + exporter + ".onnx");
    }

    /** Returns the archive of a model. */
    public static Entry entry(String name) {
        return entries().stream()
                .filter(entry -> entry.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    public static JsonElement read(Path file) {
        try {
            return JsonParser.parseString(Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the folder of the golden data. */
    public static Path data() {
        return folder().resolve("data");
    }

    /** Returns the folder of the rules of propagation. */
    public static Path propagation() {
        return folder().resolve("propagation");
    }

    /** Returns the folder of the random networks. */
    public static Path rules() {
        return folder().resolve("rules");
    }

    /** Returns the folder of the unusual archives. */
    public static Path special() {
        return folder().resolve("special");
    }

    /** Returns the folder of archives whose rows change each other or must be run one by one. */
    public static Path together() {
        return folder().resolve("together");
    }

    /** Returns the folder of the unusual archives. */
    public static Path rows() {
        return folder().resolve("rows");
    }

    /** Returns the folder of the archives whose attributed inputs count rows on another axis. */
    public static Path axes() {
        return folder().resolve("axes");
    }

    /** Returns the folder of archives that other versions and tools wrote. */
    public static Path foreign() {
        return folder().resolve("foreign");
    }

    /** Returns the folder of the text models. */
    public static Path text() {
        return folder().resolve("text");
    }

    /** Returns the folder of the zoo's small archives. */
    public static Path zoo() {
        return folder().resolve("zoo");
    }

    public static Path folder() {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path golden = at.resolve("golden");
            if (Files.exists(golden.resolve("data").resolve("manifest.json"))) {
                return golden;
            }
        }
        throw new IllegalStateException(
                "golden/data/manifest.json is in no folder above " + Path.of("").toAbsolutePath());
    }
}
