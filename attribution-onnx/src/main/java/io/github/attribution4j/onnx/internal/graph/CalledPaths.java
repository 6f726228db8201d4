// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The paths of modules where the exporter that puts them into names of nodes writes others. It writes the modules whose
 * code runs, one inside the other, each by the end of its path. So a module that is called past the module around it,
 * as in {@code self.head.fc(x)}, is {@code /fc}, and a later call of a module, or of another one with the same name, is
 * {@code /fc_1}. The names of weights have the whole path, so that a module with weights, or around modules with
 * weights, has the path that they tell. Others keep what the names of nodes say.
 */
final class CalledPaths {
    private static final Pattern AGAIN = Pattern.compile("(_\\d+)?");
    private static final Pattern LATER = Pattern.compile("(.+)_\\d+", Pattern.DOTALL);

    private final Map<String, Scope> scopes = new LinkedHashMap<>();
    private final List<Scope> outermost = new ArrayList<>();

    /** One call of a module, as names of nodes tell it. */
    private static final class Scope {
        private final String name;
        private final @Nullable Scope around;
        private final List<Scope> inside = new ArrayList<>();
        private final List<Scope> siblings;
        private final Set<String> owners = new HashSet<>();
        private final List<String> operators = new ArrayList<>();
        private Set<String> candidates = Set.of();
        /** Null if the weights tell several paths. */
        private @Nullable String path = "";

        Scope(String name, @Nullable Scope around, List<Scope> siblings) {
            this.name = name;
            this.around = around;
            this.siblings = siblings;
            siblings.add(this);
        }
    }

    private CalledPaths() {}

    /** The same graph, in which nodes whose names say another path than the weights have notes with the paths. */
    static Graph resolve(Graph graph) {
        return new CalledPaths().noted(graph);
    }

    private Graph noted(Graph graph) {
        Set<String> weights = new HashSet<>(graph.initializers().keySet());
        List<@Nullable Scope> innermost = new ArrayList<>();
        for (Node node : graph.nodes()) {
            if (node.is("Identity") && weights.contains(node.input(0))) {
                weights.add(node.output(0)); // another name of an equal weight
            }
            Scope scope = Modules.noted(node) ? null : scope(Modules.names(node));
            innermost.add(scope);
            if (scope != null) {
                if (!node.is("Constant")) {
                    scope.operators.add(node.type());
                }
                node.reads().stream()
                        .filter(weights::contains)
                        .map(CalledPaths::owner)
                        .filter(owner -> called(scope.name, owner))
                        .forEach(scope.owners::add);
            }
        }
        List<Scope> inOrder = List.copyOf(scopes.values());
        for (int i = inOrder.size() - 1; i >= 0; i--) {
            inOrder.get(i).candidates = candidates(inOrder.get(i));
        }
        inOrder.forEach(scope -> scope.path = path(scope));
        List<Node> nodes = new ArrayList<>();
        boolean changed = false;
        for (int i = 0; i < innermost.size(); i++) {
            Node node = graph.nodes().get(i);
            List<String> paths = paths(innermost.get(i));
            boolean other = innermost.get(i) != null && !paths.equals(Modules.path(node));
            nodes.add(other ? Modules.note(node, paths) : node);
            changed |= other;
        }
        return changed ? new Graph(graph.name(), graph.inputs(), graph.outputs(), nodes, graph.initializers()) : graph;
    }

    private @Nullable Scope scope(List<String> names) {
        Scope scope = null;
        StringBuilder key = new StringBuilder();
        for (String name : names) {
            Scope around = scope;
            scope = scopes.computeIfAbsent(
                    key.append('/').append(name).toString(),
                    any -> new Scope(name, around, around == null ? outermost : around.inside));
        }
        return scope;
    }

    /** The module that has a weight; empty if the weight's name has no path. */
    private static String owner(String weight) {
        int dot = weight.lastIndexOf('.');
        return dot < 0 || weight.startsWith("onnx::") ? "" : weight.substring(0, dot);
    }

    /** Whether the exporter may call a module by this name: by the end of its path, and a number for later calls. */
    private static boolean called(String name, String path) {
        String end = Modules.end(path);
        return !end.isEmpty()
                && name.startsWith(end)
                && AGAIN.matcher(name.substring(end.length())).matches();
    }

    /** The paths that the weights in a scope leave open; none if they tell nothing. */
    private static Set<String> candidates(Scope scope) {
        if (!scope.owners.isEmpty()) {
            return scope.owners;
        }
        Set<String> all = new LinkedHashSet<>();
        boolean first = true;
        for (Scope inner : scope.inside) {
            Set<String> around = inner.candidates.stream()
                    .flatMap(path -> prefixes(path).stream())
                    .filter(path -> called(scope.name, path))
                    .collect(Collectors.toSet());
            if (!inner.candidates.isEmpty()) {
                if (first) {
                    all.addAll(around);
                } else {
                    all.retainAll(around);
                }
                first = false;
            }
        }
        return all;
    }

    private static Set<String> prefixes(String path) {
        Set<String> prefixes = new HashSet<>();
        for (int dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
            prefixes.add(path.substring(0, dot));
        }
        return prefixes;
    }

    private static @Nullable String path(Scope scope) {
        Scope earlier = earlier(scope);
        if (earlier != null) {
            return earlier.path;
        }
        String around = scope.around == null ? "" : scope.around.path;
        String natural = around == null ? null : Modules.within(around, scope.name);
        Set<String> candidates = scope.candidates;
        if (candidates.isEmpty()) {
            return natural;
        }
        List<String> best = new ArrayList<>();
        long fewest = Long.MAX_VALUE;
        for (String path : candidates) {
            long leaps = (path.equals(natural) ? 0 : 1) + leaps(scope, path);
            if (leaps < fewest) {
                fewest = leaps;
                best.clear();
            }
            if (leaps == fewest) {
                best.add(path);
            }
        }
        return natural != null && best.contains(natural) ? natural : best.size() == 1 ? best.get(0) : null;
    }

    /** How many modules inside would be called past others if a scope had this path. */
    private static long leaps(Scope scope, String path) {
        return scope.inside.stream()
                .filter(inner -> !inner.candidates.isEmpty()
                        && inner.candidates.stream()
                                .noneMatch(each ->
                                        Modules.within(path, Modules.end(each)).equals(each)))
                .count();
    }

    /**
     * The first call of a module, if this is a later one whose modules inside are written below the first: {@code
     * /block_1/Add} beside {@code /block/fc_1/Gemm}.
     */
    private static @Nullable Scope earlier(Scope scope) {
        Matcher numbered = LATER.matcher(scope.name);
        if (!numbered.matches() || !scope.inside.isEmpty() || !scope.owners.isEmpty()) {
            return null;
        }
        return scope.siblings.stream()
                .filter(other -> other.name.equals(numbered.group(1))
                        && !other.inside.isEmpty()
                        && other.operators.equals(scope.operators))
                .findFirst()
                .orElse(null);
    }

    private static List<String> paths(@Nullable Scope innermost) {
        List<String> paths = new ArrayList<>();
        for (Scope scope = innermost; scope != null; scope = scope.around) {
            if (scope.path != null) {
                paths.add(0, scope.path);
            }
        }
        return paths;
    }
}
