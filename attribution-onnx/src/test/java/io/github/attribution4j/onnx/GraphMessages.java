// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import io.github.attribution4j.onnx.internal.proto.Message;
import java.util.List;

/** Parts of ONNX graphs that tests write by hand. */
final class GraphMessages {
    private GraphMessages() {}

    /** Returns a node with one result, without attributes. */
    static Message node(String type, String to, String... from) {
        return Message.builder()
                .texts(1, List.of(from))
                .text(2, to)
                .text(4, type)
                .build();
    }

    /** Returns an input or output of float32, of any number of rows. */
    static Message value(String name, int columns) {
        return value(name, columns, 1);
    }

    /** Returns an input or output of a type of the format, of any number of rows. */
    static Message value(String name, int columns, int type) {
        Message shape = Message.builder()
                .message(1, Message.builder().text(2, "N").build())
                .message(1, Message.builder().number(1, columns).build())
                .build();
        Message tensor = Message.builder().number(1, type).message(2, shape).build();
        return Message.builder()
                .text(1, name)
                .message(2, Message.builder().message(1, tensor).build())
                .build();
    }
}
