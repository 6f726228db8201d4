// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Element by element operations of {@link ArrayTensor}: broadcasting by {@link Loop}, arithmetic by {@link Elements}.
 */
final class Elementwise {
    private Elementwise() {}

    static ArrayTensor arithmetic(
            Elements.Arithmetic operation, Shape shape, Elements a, Layout aLayout, Elements b, Layout bLayout) {
        Loop loop = Loop.over(shape, aLayout, bLayout);
        return pairs(
                loop,
                shape,
                a.dataType(),
                a,
                b,
                (out, at, x, y, n) -> out.arithmetic(operation, at, x.elements, x.at, y.elements, y.at, n));
    }

    static ArrayTensor compare(
            Elements.Comparison operation, Shape shape, Elements a, Layout aLayout, Elements b, Layout bLayout) {
        Loop loop = Loop.over(shape, aLayout, bLayout);
        return pairs(
                loop,
                shape,
                DataType.BOOL,
                a,
                b,
                (out, at, x, y, n) -> x.elements.compare(operation, x.at, y.elements, y.at, bits(out), at, n));
    }

    private static ArrayTensor pairs(Loop loop, Shape shape, DataType type, Elements a, Elements b, PairKernel kernel) {
        Elements out = Elements.allocate(type, Layout.size(shape));
        int inner = loop.inner();
        Block x = new Block(a, loop.step(0), inner, a.dataType());
        Block y = new Block(b, loop.step(1), inner, b.dataType());
        int block = Block.length(inner, x, y);
        Cursor written = new Cursor();
        loop.forEach(at -> {
            for (int done = 0; done < inner; done += block) {
                int n = Math.min(block, inner - done);
                x.load(at[0], done, n);
                y.load(at[1], done, n);
                kernel.run(out, written.advance(n), x, y, n);
            }
        });
        return new ArrayTensor(out, Layout.contiguous(shape));
    }

    static ArrayTensor where(Shape shape, ArrayTensor mask, ArrayTensor whenTrue, ArrayTensor whenFalse) {
        Elements yes = whenTrue.elements();
        Elements no = whenFalse.elements();
        Elements choice = mask.elements();
        Elements out = Elements.allocate(yes.dataType(), Layout.size(shape));
        Loop loop = Loop.over(shape, mask.layout(), whenTrue.layout(), whenFalse.layout());
        int inner = loop.inner();
        Block m = new Block(choice, loop.step(0), inner, DataType.BOOL);
        Block x = new Block(yes, loop.step(1), inner, yes.dataType());
        Block y = new Block(no, loop.step(2), inner, no.dataType());
        int block = Block.length(inner, m, x, y);
        Cursor written = new Cursor();
        loop.forEach(at -> {
            for (int done = 0; done < inner; done += block) {
                int n = Math.min(block, inner - done);
                m.load(at[0], done, n);
                x.load(at[1], done, n);
                y.load(at[2], done, n);
                out.choose(written.advance(n), bits(m.elements), m.at, x.elements, x.at, y.elements, y.at, n);
            }
        });
        return new ArrayTensor(out, Layout.contiguous(shape));
    }

    static ArrayTensor function(Elements.Function function, ArrayTensor a) {
        Elements out =
                map(a, a.dataType(), a.dataType(), (to, at, x, n) -> to.function(function, at, x.elements, x.at, n));
        return new ArrayTensor(out, Layout.contiguous(a.shape()));
    }

    static ArrayTensor clamp(ArrayTensor a, double min, double max) {
        Elements out =
                map(a, a.dataType(), a.dataType(), (to, at, x, n) -> to.clamp(min, max, at, x.elements, x.at, n));
        return new ArrayTensor(out, Layout.contiguous(a.shape()));
    }

    /** Returns a new row-major copy in a type. */
    static Elements converted(ArrayTensor a, DataType type) {
        Elements out = Elements.allocate(type, Layout.size(a.shape()));
        if (type == a.dataType()) {
            copy(out, Layout.contiguous(a.shape()), a.elements(), a.layout());
            return out;
        }
        return map(a, a.dataType(), type, (to, at, x, n) -> to.convert(at, x.elements, x.at, n));
    }

    static boolean isFinite(ArrayTensor a) {
        Elements elements = a.elements();
        if (!a.dataType().isFloating()) {
            return true;
        }
        AtomicInteger wrong = new AtomicInteger();
        forEachBlock(a, elements.dataType(), (x, n) -> {
            if (!x.elements.isFinite(x.at, n)) {
                wrong.incrementAndGet();
            }
        });
        return wrong.get() == 0;
    }

    /** Copies elements of one type between layouts of one shape. */
    static void copy(Elements to, Layout toLayout, Elements from, Layout fromLayout) {
        Loop loop = Loop.over(toLayout.shape(), toLayout, fromLayout);
        int inner = loop.inner();
        int step = loop.step(0);
        int stride = loop.step(1);
        loop.forEach(at -> to.copy(at[0], step, from, at[1], stride, inner));
    }

    private static Elements map(ArrayTensor a, DataType read, DataType type, Kernel kernel) {
        Elements out = Elements.allocate(type, Layout.size(a.shape()));
        Cursor written = new Cursor();
        forEachBlock(a, read, (x, n) -> kernel.run(out, written.advance(n), x, n));
        return out;
    }

    private static void forEachBlock(ArrayTensor a, DataType read, BlockReader reader) {
        Elements elements = a.elements();
        Loop loop = Loop.over(a.shape(), a.layout());
        int inner = loop.inner();
        Block x = new Block(elements, loop.step(0), inner, read);
        int block = Block.length(inner, x);
        loop.forEach(at -> {
            for (int done = 0; done < inner; done += block) {
                int n = Math.min(block, inner - done);
                x.load(at[0], done, n);
                reader.read(x, n);
            }
        });
    }

    private static byte[] bits(Elements elements) {
        return ((ByteElements) elements).values;
    }

    private interface PairKernel {
        void run(Elements out, int at, Block x, Block y, int n);
    }

    private interface Kernel {
        void run(Elements out, int at, Block x, int n);
    }

    private interface BlockReader {
        void read(Block x, int n);
    }

    /** The position of the next element of a row-major result. */
    private static final class Cursor {
        private int next;

        int advance(int n) {
            int at = next;
            next += n;
            return at;
        }
    }
}
