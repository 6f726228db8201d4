// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import io.github.attribution4j.onnx.internal.proto.FormatException;
import io.github.attribution4j.onnx.internal.proto.FormatException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The folder that ONNX Runtime finds weights in. It follows links, and takes only files below one folder. A model, and
 * the files that it names, may be links to files elsewhere, as in the caches of model hubs: then the folder is the
 * innermost one that all of them are below.
 *
 * @param named the folder that the model was opened in
 * @param folder the folder for the runtime
 * @param states for each file its size and time, which tell whether it has been changed
 */
record WeightFolder(Path named, Path folder, Map<Path, String> states) {
    /** Finds the folder for a model and for what it names. */
    static WeightFolder of(Path model, Graph graph) {
        Path named = parent(model);
        Set<Path> files = new LinkedHashSet<>(Set.of(model));
        for (Initializer each : graph.initializers().values()) {
            String location = each.location();
            if (location != null) {
                files.add(named.resolve(location));
            }
        }
        Path folder = null;
        Map<Path, String> states = new LinkedHashMap<>();
        for (Path file : files) {
            folder = common(folder, parent(real(file)));
            states.put(file, state(file));
        }
        return new WeightFolder(named, folder == null ? named : folder, states);
    }

    private static String state(Path file) {
        try {
            return Files.size(file) + " " + Files.getLastModifiedTime(file);
        } catch (IOException e) {
            return "gone";
        }
    }

    /** Refuses if a file is no longer as it was: the runtime opens it again for every session. */
    void requireSame() {
        states.forEach((file, before) -> {
            if (!state(file).equals(before)) {
                throw new FormatException(
                        Reason.UNREADABLE,
                        "'" + file + "' has been changed or deleted since the model was loaded; load the model again");
            }
        });
    }

    private static Path common(@Nullable Path one, Path other) {
        if (one == null) {
            return other;
        }
        Path common = one;
        while (!other.startsWith(common) && common.getParent() != null) {
            common = common.getParent();
        }
        return common;
    }

    private static Path parent(Path file) {
        Path parent = file.getParent();
        return parent == null ? Path.of("") : parent;
    }

    private static Path real(Path file) {
        try {
            return file.toRealPath();
        } catch (IOException e) {
            return file; // the runtime will say what is wrong with it
        }
    }

    /** The name of a file for the runtime. */
    String location(Path file) {
        return folder.relativize(real(file)).toString().replace('\\', '/');
    }
}
