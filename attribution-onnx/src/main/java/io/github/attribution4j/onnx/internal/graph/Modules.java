// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The modules of the exported program around a node, as both exporters of PyTorch record them. */
public final class Modules {
    private static final String SCOPES = "pkg.torch.onnx.name_scopes";
    private static final String CLASSES = "pkg.torch.onnx.class_hierarchy";
    private static final Pattern QUOTED = Pattern.compile("'([^']*)'");

    private Modules() {}

    /** The innermost module around a node; empty if it is the model itself, or none is recorded. */
    public static String around(Node node) {
        List<String> path = path(node);
        return path.isEmpty() ? "" : path.get(path.size() - 1);
    }

    /** The class of the module at a depth of {@link #path}, if the exporter recorded it. */
    static Optional<String> kind(Node node, int depth) {
        String classes = node.metadata().get(CLASSES);
        String scopes = node.metadata().get(SCOPES);
        if (classes == null || scopes == null) {
            return Optional.empty();
        }
        List<String> paths = quoted(scopes);
        List<String> kinds = quoted(classes);
        if (kinds.size() != paths.size()) {
            return Optional.empty();
        }
        int seen = -1;
        for (int i = 0; i < paths.size() - 1; i++) {
            seen += paths.get(i).isEmpty() ? 0 : 1;
            if (seen == depth) {
                String kind = kinds.get(i);
                return Optional.of(kind.substring(kind.lastIndexOf('.') + 1)).filter(text -> !text.isEmpty());
            }
        }
        return Optional.empty();
    }

    private static List<String> quoted(String text) {
        List<String> parts = new ArrayList<>();
        Matcher matcher = QUOTED.matcher(text);
        while (matcher.find()) {
            parts.add(matcher.group(1));
        }
        return parts;
    }

    /** The paths of the modules around a node, from the outside in, without the model itself. */
    static List<String> path(Node node) {
        List<String> path = new ArrayList<>();
        String scopes = node.metadata().get(SCOPES);
        if (scopes != null) {
            path.addAll(quoted(scopes));
            if (!path.isEmpty()) {
                path.remove(path.size() - 1); // the operation itself
            }
            path.removeIf(String::isEmpty);
            return path;
        }
        String name = node.name();
        if (name.startsWith("/")) {
            // The name of a module comes after that of the module around it, or in a Sequential after both.
            String outer = "";
            String before = "";
            for (String part :
                    name.substring(1, Math.max(1, name.lastIndexOf('/'))).split("/", -1)) {
                if (part.isEmpty()) {
                    continue;
                }
                if (!before.isEmpty() && part.startsWith(before + ".")) {
                    outer = outer + part.substring(before.length());
                } else {
                    outer = outer.isEmpty() ? part : outer + "." + part;
                }
                path.add(outer);
                before = part;
            }
        }
        return path;
    }
}
