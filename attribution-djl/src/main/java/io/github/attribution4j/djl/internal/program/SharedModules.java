// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.djl.internal.archive.PickleValue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds modules that have several names in an archive. A script stores a module that has two names twice, with the same
 * tensors. Its program calls one of the two, and PyTorch's {@code named_modules()} may show the other.
 */
public final class SharedModules {
    private static final int MOST_COMPARED = 100_000;

    private final Map<String, PickleValue.Instance> instances = new HashMap<>();
    private final Map<PickleValue.TensorRef, List<String>> byTensor = new HashMap<>();
    private int compared;

    public SharedModules(PickleValue.Instance root, List<ProgramIndex.Node> nodes) {
        instances.put("", root);
        for (ProgramIndex.Node node : nodes) {
            int dot = node.path().lastIndexOf('.');
            PickleValue.Instance parent =
                    instances.get(dot < 0 ? "" : node.path().substring(0, dot));
            if (parent != null
                    && !node.path().isEmpty()
                    && parent.attributes().get(node.path().substring(dot + 1)) instanceof PickleValue.Instance child) {
                instances.put(node.path(), child);
                PickleValue.TensorRef first = first(child);
                if (first != null) {
                    byTensor.computeIfAbsent(plain(first), k -> new ArrayList<>())
                            .add(node.path());
                }
            }
        }
    }

    /**
     * Returns the other paths of a module. A module without own tensors is recognized by the module that holds it.
     *
     * @param path the path of a module
     * @param certain whether the class and all other attributes must be equal too; else equal tensors and the usual
     *     class name are enough
     */
    public List<String> otherPaths(String path, boolean certain) {
        String owner = path;
        while (!owner.isEmpty()) {
            PickleValue.Instance instance = instances.get(owner);
            PickleValue.TensorRef first = instance == null ? null : first(instance);
            if (instance != null && first != null) {
                String suffix = path.substring(owner.length());
                List<String> twins = new ArrayList<>();
                for (String other : byTensor.getOrDefault(plain(first), List.of())) {
                    PickleValue.Instance candidate = instances.get(other);
                    compared = 0;
                    if (!other.equals(owner) && candidate != null && same(instance, candidate, certain)) {
                        twins.add(other + suffix);
                    }
                }
                return twins;
            }
            int dot = owner.lastIndexOf('.');
            owner = dot < 0 ? "" : owner.substring(0, dot);
        }
        return List.of();
    }

    private static PickleValue.@Nullable TensorRef first(PickleValue.Instance instance) {
        for (PickleValue value : instance.attributes().values()) {
            PickleValue.TensorRef found = value instanceof PickleValue.TensorRef tensor
                    ? tensor
                    : value instanceof PickleValue.Instance child ? first(child) : null;
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private static PickleValue.TensorRef plain(PickleValue.TensorRef tensor) {
        return new PickleValue.TensorRef(
                tensor.storage(), tensor.type(), tensor.offset(), tensor.shape(), tensor.strides(), false);
    }

    private static String simple(String type) {
        return type.replaceAll("\\.___torch_mangle_[0-9]+", "");
    }

    private boolean same(PickleValue a, PickleValue b, boolean certain) {
        if (a == b) {
            return true;
        }
        if (++compared > MOST_COMPARED) {
            return false;
        }
        if (a instanceof PickleValue.TensorRef x && b instanceof PickleValue.TensorRef y) {
            return plain(x).equals(plain(y));
        }
        if (a instanceof PickleValue.Instance x && b instanceof PickleValue.Instance y) {
            return (certain ? x.type().equals(y.type()) : simple(x.type()).equals(simple(y.type())))
                    && same(
                            new ArrayList<>(x.attributes().values()),
                            new ArrayList<>(y.attributes().values()),
                            certain)
                    && x.attributes().keySet().equals(y.attributes().keySet());
        }
        if (a instanceof PickleValue.Sequence x && b instanceof PickleValue.Sequence y) {
            return same(x.items(), y.items(), certain);
        }
        if (a instanceof PickleValue.Mapping x && b instanceof PickleValue.Mapping y) {
            return x.entries().keySet().equals(y.entries().keySet())
                    && same(
                            new ArrayList<>(x.entries().values()),
                            new ArrayList<>(y.entries().values()),
                            certain);
        }
        if (a instanceof PickleValue.Result x && b instanceof PickleValue.Result y) {
            return x.function().equals(y.function()) && same(x.arguments(), y.arguments(), certain);
        }
        return a.equals(b);
    }

    private boolean same(List<PickleValue> a, List<PickleValue> b, boolean certain) {
        boolean same = a.size() == b.size();
        for (int i = 0; same && i < a.size(); i++) {
            same = same(a.get(i), b.get(i), certain);
        }
        return same;
    }
}
