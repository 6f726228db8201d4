// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor.numpy;

import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The header of a NumPy array file.
 *
 * @param kind letter of the element's kind: f, i, u or b
 * @param width bytes of an element
 * @param order byte order
 * @param fortran whether the first axis varies fastest
 * @param shape extents
 */
record NumpyHeader(char kind, int width, ByteOrder order, boolean fortran, Shape shape) {
    private static final Pattern DESCRIPTOR = Pattern.compile("'descr'\\s*:\\s*'([<>|=])([a-zA-Z])(\\d+)'");
    private static final Pattern FORTRAN = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
    private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([0-9, L]*)\\)");

    private static final Set<String> READABLE = Set.of("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "b1");

    /** Returns whether the elements are NumPy's texts. */
    static boolean isText(String header) {
        Matcher descriptor = DESCRIPTOR.matcher(header);
        return descriptor.find() && descriptor.group(2).equals("U");
    }

    /** Returns the texts of an array of one axis, each padded with zeros to the width of the header. */
    static List<String> texts(String header, byte... data) throws IOException {
        Matcher descriptor = DESCRIPTOR.matcher(header);
        Matcher shape = SHAPE.matcher(header);
        if (!descriptor.find() || !shape.find() || descriptor.group(3).length() > 6) {
            throw new IOException("has a header that describes no texts: " + header.strip());
        }
        IntBuffer points = ByteBuffer.wrap(data)
                .order(descriptor.group(1).equals(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN)
                .asIntBuffer();
        int width = Math.max(1, Integer.parseInt(descriptor.group(3)));
        List<String> texts = new ArrayList<>();
        while (points.remaining() >= width) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < width; i++) {
                int point = points.get();
                if (!Character.isValidCodePoint(point)) {
                    throw new IOException("has a text with the impossible character " + point);
                }
                if (point != 0) {
                    text.appendCodePoint(point);
                }
            }
            texts.add(text.toString());
        }
        if (!shape.group(1).replaceAll("[ ,L]", "").equals(String.valueOf(texts.size()))) {
            throw new IOException("has " + texts.size() + " texts where (" + shape.group(1) + ") were expected");
        }
        return texts;
    }

    static NumpyHeader parse(String header) throws IOException {
        Matcher descriptor = DESCRIPTOR.matcher(header);
        Matcher fortran = FORTRAN.matcher(header);
        Matcher shape = SHAPE.matcher(header);
        if (!descriptor.find() || !fortran.find() || !shape.find()) {
            throw new IOException("has a header that describes no plain numeric array: " + header.strip()
                    + "; objects, strings and records are not read");
        }
        ByteOrder order = descriptor.group(1).equals(">")
                ? ByteOrder.BIG_ENDIAN
                : descriptor.group(1).equals("=") ? ByteOrder.nativeOrder() : ByteOrder.LITTLE_ENDIAN;
        char kind = descriptor.group(2).charAt(0);
        int width = descriptor.group(3).length() > 2 ? 0 : Integer.parseInt(descriptor.group(3));
        if (!READABLE.contains("" + kind + width)) {
            throw new IOException("has elements of type '" + descriptor.group(1) + kind + descriptor.group(3)
                    + "'; float16/32/64, int8/16/32/64, uint8/16 and bool are read: convert with numpy's astype");
        }
        try {
            long[] dims = Arrays.stream(shape.group(1).split(","))
                    .map(text -> text.replace("L", "").strip())
                    .filter(text -> !text.isEmpty())
                    .mapToLong(Long::parseLong)
                    .toArray();
            return new NumpyHeader(kind, width, order, fortran.group(1).equals("True"), Shape.of(dims));
        } catch (NumberFormatException | ArithmeticException e) {
            throw new IOException("has the impossible shape (" + shape.group(1) + ")", e);
        }
    }

    long bytes() throws IOException {
        try {
            return Math.multiplyExact(shape.size(), width);
        } catch (ArithmeticException e) {
            throw new IOException("has the impossible shape " + shape, e);
        }
    }

    /** Returns the tensor of the elements. */
    Tensor decode(ByteBuffer data, Tensors tensors) {
        ByteBuffer elements = fortran && shape.rank() > 1 ? rowMajor(data) : data;
        int count = Math.toIntExact(shape.size());
        if (kind == 'f' && width == 2) {
            float[] values = new float[count];
            for (int i = 0; i < count; i++) {
                values[i] = half(elements.getShort());
            }
            return tensors.of(values, shape);
        }
        if (kind != 'b' && width < 4 && !(kind == 'u' && width == 1)) {
            int[] values = new int[count];
            for (int i = 0; i < count; i++) {
                values[i] = width == 1 ? elements.get() : kind == 'u' ? elements.getChar() : elements.getShort();
            }
            return tensors.of(values, shape);
        }
        return tensors.of(elements, type(), shape);
    }

    private DataType type() {
        return switch (kind) {
            case 'f' -> width == 4 ? DataType.FLOAT32 : DataType.FLOAT64;
            case 'b' -> DataType.BOOL;
            case 'u' -> DataType.UINT8;
            default -> width == 4 ? DataType.INT32 : DataType.INT64;
        };
    }

    private static float half(short bits) {
        int sign = (bits & 0x8000) << 16;
        int exponent = (bits >> 10) & 0x1F;
        int fraction = bits & 0x3FF;
        if (exponent == 0) {
            return (sign == 0 ? 1 : -1) * fraction * 0x1p-24f;
        }
        int wide = exponent == 0x1F ? 0xFF : exponent - 15 + 127;
        return Float.intBitsToFloat(sign | (wide << 23) | (fraction << 13));
    }

    private ByteBuffer rowMajor(ByteBuffer columnMajor) {
        int rank = shape.rank();
        long[] stride = new long[rank];
        long step = 1;
        for (int axis = 0; axis < rank; axis++) {
            stride[axis] = step;
            step *= shape.dim(axis);
        }
        ByteBuffer result = ByteBuffer.allocate(columnMajor.remaining()).order(columnMajor.order());
        long[] index = new long[rank];
        long count = shape.size();
        for (long i = 0; i < count; i++) {
            long from = 0;
            for (int axis = 0; axis < rank; axis++) {
                from += index[axis] * stride[axis];
            }
            result.put(columnMajor.slice((int) from * width, width));
            for (int axis = rank - 1; axis >= 0 && ++index[axis] == shape.dim(axis); axis--) {
                index[axis] = 0;
            }
        }
        return result.flip();
    }
}
