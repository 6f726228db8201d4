// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The known type and sizes of a value.
 *
 * @param element the type of its elements
 * @param dims its axes; null if not even their number is known
 */
public record ValueType(ElementType element, @Nullable List<Dim> dims) {
    /** Copies the list. */
    public ValueType {
        dims = dims == null ? null : List.copyOf(dims);
    }

    public boolean ranked() {
        return dims != null;
    }

    /** The number of axes; -1 if it is not known. */
    public int rank() {
        return dims == null ? -1 : dims.size();
    }

    /** The size of an axis, which may be counted from the end. */
    public Dim dim(int axis) {
        return dims == null ? Dim.OPEN : dims.get(axis < 0 ? axis + dims.size() : axis);
    }

    /** Whether all sizes are known. */
    public boolean fixed() {
        return dims != null && dims.stream().allMatch(Dim::known);
    }

    /** The sizes, which must all be known. */
    public long[] sizes() {
        if (dims == null || !fixed()) {
            throw new IllegalStateException("open sizes: " + this);
        }
        return dims.stream().mapToLong(Dim::size).toArray();
    }

    @Override
    public String toString() {
        return element + (dims == null ? "[rank unknown]" : dims.toString());
    }
}
