// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

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
        String kind = classOf(node, depth);
        return Optional.of(kind.substring(kind.lastIndexOf('.') + 1)).filter(text -> !text.isEmpty());
    }

    /** The name of the class with its package; empty if it is not recorded. */
    private static String classOf(Node node, int depth) {
        String classes = node.metadata().get(CLASSES);
        String scopes = node.metadata().get(SCOPES);
        if (classes == null || scopes == null) {
            return "";
        }
        List<String> paths = quoted(scopes);
        List<String> kinds = quoted(classes);
        if (kinds.size() != paths.size()) {
            return "";
        }
        int seen = -1;
        for (int i = 0; i < paths.size() - 1; i++) {
            seen += paths.get(i).isEmpty() ? 0 : 1;
            if (seen == depth) {
                return kinds.get(i);
            }
        }
        return "";
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
        String outer = "";
        for (String name : names(node)) {
            outer = within(outer, name);
            path.add(outer);
        }
        return path;
    }

    /** Whether the exporter noted the modules of a node, so that its name need not tell them. */
    static boolean noted(Node node) {
        return node.metadata().containsKey(SCOPES);
    }

    /** The same node with a note of the modules around it. */
    static Node note(Node node, List<String> path) {
        List<String> scopes = new ArrayList<>(path);
        scopes.add(node.type());
        return node.withMetadata(
                SCOPES, scopes.stream().map(scope -> "'" + scope + "'").collect(Collectors.joining(", ", "[", "]")));
    }

    /** The names of the modules around a node that its own name has, from the outside in. */
    static List<String> names(Node node) {
        String name = node.name();
        return name.startsWith("/")
                ? Arrays.stream(name.substring(1, Math.max(1, name.lastIndexOf('/')))
                                .split("/", -1))
                        .filter(part -> !part.isEmpty())
                        .toList()
                : List.of();
    }

    /** Whether a module is of a class of PyTorch itself that does not repeat what it does. */
    static boolean runsOnce(Node node, String module) {
        String kind = classOf(node, path(node).indexOf(module));
        return kind.startsWith("torch.nn.modules.") && !kind.startsWith("torch.nn.modules.container.");
    }

    /**
     * The path of a module with a name inside another one. The name may begin with that of the module around it, as in
     * a Sequential.
     */
    static String within(String outer, String name) {
        String end = end(outer);
        if (!end.isEmpty() && name.startsWith(end + ".")) {
            return outer + name.substring(end.length());
        }
        return outer.isEmpty() ? name : outer + "." + name;
    }

    /** The name that names of nodes have for a path: from the last part on that is not a number. */
    static String end(String path) {
        int from = path.length();
        while (from > 0) {
            int dot = path.lastIndexOf('.', from - 1);
            if (!path.substring(dot + 1, from).chars().allMatch(Character::isDigit)) {
                return path.substring(dot + 1);
            }
            from = Math.max(dot, 0);
        }
        return path;
    }
}
