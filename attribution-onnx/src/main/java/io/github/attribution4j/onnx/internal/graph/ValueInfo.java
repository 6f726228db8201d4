// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import io.github.attribution4j.onnx.internal.proto.Message;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An input or output as a graph declares it.
 *
 * @param name its name
 * @param type its type in the file; null if there is none, or it is no tensor
 * @param message its ValueInfoProto
 */
public record ValueInfo(String name, @Nullable ValueType type, Message message) {
    private static final int NAME = 1;
    private static final int TYPE = 2;
    private static final int TENSOR = 1;
    private static final int SEQUENCE = 4;
    private static final int OPTIONAL = 9;
    private static final int ELEMENT = 1;
    private static final int SHAPE = 2;
    private static final int DIM = 1;
    private static final int DIM_VALUE = 1;
    private static final int DIM_PARAM = 2;

    static ValueInfo read(Message message) {
        Message type = message.message(TYPE);
        Message tensor = type == null ? null : type.message(TENSOR);
        return new ValueInfo(message.text(NAME), tensor == null ? null : tensorType(tensor), message);
    }

    private static ValueType tensorType(Message tensor) {
        ElementType element = ElementType.of(tensor.number(ELEMENT, 0));
        Message shape = tensor.message(SHAPE);
        if (shape == null) {
            return new ValueType(element, null);
        }
        List<Dim> dims = new ArrayList<>();
        for (Message dim : shape.messages(DIM)) {
            dims.add(dim.has(DIM_VALUE) ? Dim.of(dim.number(DIM_VALUE, -1)) : Dim.of(dim.text(DIM_PARAM)));
        }
        return new ValueType(element, dims);
    }

    /** The same with another name. */
    public ValueInfo named(String other) {
        return new ValueInfo(
                other,
                type,
                message.without(number -> number == NAME).text(NAME, other).build());
    }

    /** The same of float32 elements, if they are floats of 16 bits. */
    ValueInfo inFloat32() {
        Message declared = message.message(TYPE);
        if (declared == null) {
            return this;
        }
        Message wide = inFloat32(declared);
        return wide == declared ? this : read(with(message, TYPE, wide));
    }

    private static Message inFloat32(Message type) {
        Message tensor = type.message(TENSOR);
        if (tensor != null) {
            return ElementType.of(tensor.number(ELEMENT, 0)).isHalf()
                    ? with(
                            type,
                            TENSOR,
                            tensor.without(number -> number == ELEMENT)
                                    .number(ELEMENT, ElementType.FLOAT.code())
                                    .build())
                    : type;
        }
        for (int kind : new int[] {SEQUENCE, OPTIONAL}) {
            Message outer = type.message(kind);
            Message inner = outer == null ? null : outer.message(ELEMENT);
            if (outer != null && inner != null) {
                Message wide = inFloat32(inner);
                return wide == inner ? type : with(type, kind, with(outer, ELEMENT, wide));
            }
        }
        return type;
    }

    private static Message with(Message message, int field, Message value) {
        return message.without(number -> number == field).message(field, value).build();
    }

    /** A value with only a name: enough for an output. */
    public static ValueInfo of(String name) {
        return new ValueInfo(name, null, Message.builder().text(NAME, name).build());
    }

    /** A value with its type. */
    public static ValueInfo of(String name, ValueType type) {
        Message.Builder tensor =
                Message.builder().number(ELEMENT, type.element().code());
        List<Dim> dims = type.dims();
        if (dims != null) {
            Message.Builder shape = Message.builder();
            for (Dim dim : dims) {
                Message.Builder one = Message.builder();
                if (dim.known()) {
                    one.number(DIM_VALUE, dim.size());
                } else if (!dim.symbol().isEmpty()) {
                    one.text(DIM_PARAM, dim.symbol());
                }
                shape.message(DIM, one.build());
            }
            tensor.message(SHAPE, shape.build());
        }
        Message typed = Message.builder().message(TENSOR, tensor.build()).build();
        return new ValueInfo(
                name,
                type,
                Message.builder().text(NAME, name).message(TYPE, typed).build());
    }
}
