// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.util.List;

/** Operations of {@link ArrayTensor} that choose elements by position. */
final class Indexing {
    private Indexing() {}

    static ArrayTensor select(ArrayTensor a, int axis, long... indexes) {
        Elements from = a.elements();
        Shape shape = a.shape().with(axis, indexes.length);
        Elements out = Elements.allocate(a.dataType(), Layout.size(shape));
        Layout layout = Layout.contiguous(shape);
        if (indexes.length == 0) {
            return new ArrayTensor(out, layout);
        }
        // All parts are walked in the same way, from different places.
        Layout part = layout.at(axis, 0);
        Loop loop = Loop.over(part.shape(), part, a.layout().at(axis, 0));
        int inner = loop.inner();
        int step = loop.step(0);
        int stride = loop.step(1);
        for (int i = 0; i < indexes.length; i++) {
            int to = i * layout.stride(axis);
            int chosen = Math.toIntExact(indexes[i]) * a.layout().stride(axis);
            loop.forEach(at -> out.copy(at[0] + to, step, from, at[1] + chosen, stride, inner));
        }
        return new ArrayTensor(out, layout);
    }

    static ArrayTensor pick(ArrayTensor a, long... indexes) {
        Elements from = a.elements();
        Layout layout = Layout.contiguous(a.layout().at(1, 0).shape());
        Elements out = Elements.allocate(a.dataType(), Layout.size(layout.shape()));
        for (int row = 0; row < indexes.length; row++) {
            Layout picked = a.layout().at(0, row).at(0, indexes[row]);
            Elementwise.copy(out, layout.at(0, row), from, picked);
        }
        return new ArrayTensor(out, layout);
    }

    static ArrayTensor oneHot(ArrayTensor a, long classes, DataType type) {
        long[] indexes = a.toLongArray();
        long[] dims = new long[a.shape().rank() + 1];
        System.arraycopy(a.shape().dims(), 0, dims, 0, dims.length - 1);
        dims[dims.length - 1] = classes;
        Shape shape = Shape.of(dims);
        Elements out = Elements.allocate(type, Layout.size(shape));
        for (int i = 0; i < indexes.length; i++) {
            Tensors.Checks.oneHotIndex(indexes[i], classes);
            out.setLong(i * (int) classes + (int) indexes[i], 1);
        }
        return new ArrayTensor(out, Layout.contiguous(shape));
    }

    static ArrayTensor concat(List<Tensor> parts, int axis) {
        Tensor first = parts.get(0);
        long extent = 0;
        for (Tensor part : parts) {
            extent += part.shape().dim(axis);
        }
        Shape shape = first.shape().with(axis, extent);
        Elements out = Elements.allocate(first.dataType(), Layout.size(shape));
        Layout layout = Layout.contiguous(shape);
        long from = 0;
        for (Tensor part : parts) {
            ArrayTensor here = ArrayTensor.of(part);
            long to = from + part.shape().dim(axis);
            Elementwise.copy(out, layout.slice(axis, from, to), here.elements(), here.layout());
            from = to;
        }
        return new ArrayTensor(out, layout);
    }
}
