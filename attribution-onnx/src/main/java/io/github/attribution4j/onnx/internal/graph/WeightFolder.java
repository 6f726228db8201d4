// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The folder that ONNX Runtime finds weights in. It follows links, and takes only files below one folder. A model, and
 * the files that it names, may be links to files elsewhere, as in the caches of model hubs: then the folder is the
 * innermost one that all of them are below.
 *
 * @param named the folder that the model was opened in
 * @param folder the folder for the runtime
 */
record WeightFolder(Path named, Path folder) {
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
        for (Path file : files) {
            folder = common(folder, parent(real(file)));
        }
        return new WeightFolder(named, folder == null ? named : folder);
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
