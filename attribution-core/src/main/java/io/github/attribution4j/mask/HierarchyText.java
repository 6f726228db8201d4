// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.mask.Hierarchy.Linkage;
import io.github.attribution4j.mask.Hierarchy.Maker;
import io.github.attribution4j.mask.Hierarchy.Tree;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads hierarchies. */
final class HierarchyText {
    static final Kind<Hierarchy> KIND = Kind.ofSources("hierarchy", HierarchyText::read);

    private static final Pattern CORRELATION =
            Pattern.compile("correlation:(?:(average|complete):)?(.+)", Pattern.DOTALL);
    private static final String WITHIN = "within:";
    /** Each level takes a part of the stack of a thread. */
    private static final int MOST_LEVELS = 1000;

    private HierarchyText() {}

    static Hierarchy parse(String text) {
        try {
            return read(text, Sources.none());
        } catch (IOException e) {
            throw new UncheckedIOException("hierarchy '" + text + "' names a file", e);
        }
    }

    private static Hierarchy read(String given, Sources sources) throws IOException {
        String text = given.strip();
        if (text.equals("halves")) {
            return Hierarchy.halves();
        }
        if (text.equals("flat")) {
            return Hierarchy.flat();
        }
        if (text.startsWith(WITHIN)) {
            List<FeatureMask> masks = new ArrayList<>();
            for (String mask : text.substring(WITHIN.length()).split(">", -1)) {
                masks.add(MaskText.read(mask.strip(), sources));
            }
            return Hierarchy.of(masks.toArray(FeatureMask[]::new));
        }
        Matcher correlation = CORRELATION.matcher(text);
        if (correlation.matches()) {
            Linkage linkage = "complete".equals(correlation.group(1)) ? Linkage.COMPLETE : Linkage.AVERAGE;
            return Hierarchy.correlation(
                    linkage, sources.arrays(correlation.group(2)).toArray(Tensor[]::new));
        }
        if (text.startsWith("(")) {
            Node root = new Reader(text).whole();
            return Hierarchy.named(
                    root.toString(),
                    (groups, inputs, problems) ->
                            Maker.each(inputs, false, example -> root.tree(groups.labels(example), problems)));
        }
        throw new IllegalArgumentException("'" + text + "' is none of " + Hierarchy.TEXTS);
    }

    /** A name or number of a group; or several nodes in parentheses. */
    private record Node(String name, List<Node> children) {
        Optional<Tree> tree(List<String> labels, Problems problems) {
            Set<Integer> used = new HashSet<>();
            try {
                List<Tree> trees = new ArrayList<>();
                for (Node child : children) {
                    trees.add(child.tree(labels, used));
                }
                for (int group = 0; group < labels.size(); group++) {
                    if (!used.contains(group)) {
                        trees.add(Tree.of(group));
                    }
                }
                return Optional.of(Tree.join(trees));
            } catch (IllegalArgumentException e) {
                problems.add("hierarchy: " + e.getMessage());
                return Optional.empty();
            }
        }

        private Tree tree(List<String> labels, Set<Integer> used) {
            if (!children.isEmpty()) {
                List<Tree> trees = new ArrayList<>();
                for (Node child : children) {
                    trees.add(child.tree(labels, used));
                }
                return Tree.join(trees);
            }
            int group = labels.indexOf(name);
            if (group < 0 && name.matches("\\d{1,9}") && Integer.parseInt(name) < labels.size()) {
                group = Integer.parseInt(name);
            }
            if (group < 0) {
                throw new IllegalArgumentException("there is no group '" + name + "' among " + labels.size() + "; "
                        + NearNames.hint(
                                name,
                                labels.stream()
                                        .filter(label -> !label.isEmpty())
                                        .toList()));
            }
            if (!used.add(group)) {
                throw new IllegalArgumentException("group '" + name + "' occurs twice");
            }
            return Tree.of(group);
        }

        private void write(StringBuilder text) {
            if (children.isEmpty()) {
                text.append(name);
                return;
            }
            String before = "(";
            for (Node child : children) {
                child.write(text.append(before));
                before = ", ";
            }
            text.append(')');
        }

        @Override
        public String toString() {
            StringBuilder text = new StringBuilder();
            write(text);
            return text.toString();
        }
    }

    /** Reads nested parentheses. */
    private static final class Reader {
        private final String text;
        private int at;

        Reader(String text) {
            this.text = text;
        }

        Node whole() {
            Node node = node(1);
            if (at < text.length()) {
                throw unreadable();
            }
            return node;
        }

        private IllegalArgumentException unreadable() {
            return new IllegalArgumentException("tree '" + text + "': '" + text.substring(Math.min(at, text.length()))
                    + "' is not expected there; write such as ((age, income), (height, weight))");
        }

        private Node node(int level) {
            space();
            if (level > MOST_LEVELS) {
                throw new IllegalArgumentException(
                        "the tree has more than " + MOST_LEVELS + " levels; give a flatter one");
            }
            if (at < text.length() && text.charAt(at) == '(') {
                List<Node> children = new ArrayList<>();
                do {
                    at++;
                    children.add(node(level + 1));
                    space();
                } while (at < text.length() && text.charAt(at) == ',');
                if (at >= text.length() || text.charAt(at) != ')') {
                    throw unreadable();
                }
                at++;
                space();
                return new Node("", children);
            }
            int start = at;
            while (at < text.length() && "(),".indexOf(text.charAt(at)) < 0) {
                at++;
            }
            String name = text.substring(start, at).strip();
            if (name.isEmpty()) {
                throw unreadable();
            }
            return new Node(name, List.of());
        }

        private void space() {
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
                at++;
            }
        }
    }
}
