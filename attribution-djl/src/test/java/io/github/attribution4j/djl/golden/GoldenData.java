// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.attribution4j.djl.LoadOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The folder {@code golden} of the repository, and the device on which tests use it. */
public final class GoldenData {
    private GoldenData() {}

    /** One model of a manifest, as one of its archives; paths are relative to the manifest's folder. */
    record Entry(Path folder, JsonObject json, String kind) {
        String model() {
            return json.get("name").getAsString();
        }

        String name() {
            return model() + "/" + kind;
        }

        Path archive() {
            return file(json.getAsJsonObject("archives").get(kind).getAsString());
        }

        /** Returns a file that the manifest names. */
        Path file(String path) {
            return folder.resolve(path).normalize();
        }

        List<GoldenCase> cases() {
            return GoldenCase.objects(json.get("cases")).stream()
                    .map(GoldenCase::new)
                    .toList();
        }
    }

    /** Returns the archives of the manifest: every model scripted and traced. */
    static List<Entry> entries() {
        return entries(data());
    }

    /** Returns the archives of the manifest in a folder. */
    static List<Entry> entries(Path folder) {
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

    /** Returns the archive of a model. */
    static Entry entry(String name) {
        return entries().stream()
                .filter(entry -> entry.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    static JsonElement read(Path file) {
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
    static Path propagation() {
        return folder().resolve("propagation");
    }

    /** Returns the folder of the random networks. */
    static Path rules() {
        return folder().resolve("rules");
    }

    /** Returns the folder of the unusual archives. */
    static Path special() {
        return folder().resolve("special");
    }

    /** Returns the folder of archives whose rows change each other or must be alone. */
    static Path together() {
        return folder().resolve("together");
    }

    /** Returns the folder of the unusual archives. */
    static Path rows() {
        return folder().resolve("rows");
    }

    /** Returns the folder of the archives whose attributed inputs count rows on another axis. */
    static Path axes() {
        return folder().resolve("axes");
    }

    /** Returns the folder of the archives that other versions and tools wrote. */
    static Path foreign() {
        return folder().resolve("foreign");
    }

    /** Returns the folder of the text models. */
    static Path text() {
        return folder().resolve("text");
    }

    /** Returns the folder of the zoo's small archives. */
    public static Path zoo() {
        return folder().resolve("zoo");
    }

    static Path folder() {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path golden = at.resolve("golden");
            if (Files.exists(golden.resolve("data").resolve("manifest.json"))) {
                return golden;
            }
        }
        throw new IllegalStateException(
                "golden/data/manifest.json is in no folder above " + Path.of("").toAbsolutePath());
    }

    /**
     * Returns options that load models on the device of the test run, {@code -Dattribution.device=cuda:0}. One thread
     * for an operation: the models are small, and two threads that wait for each other are slow on a busy machine.
     */
    public static LoadOptions options() {
        return LoadOptions.defaults()
                .device(System.getProperty("attribution.device", "cpu"))
                .threads(1);
    }
}
