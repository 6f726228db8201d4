/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.djl.internal.archive;

import io.github.attribution4j.djl.internal.archive.ArchiveException.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the pickles of TorchScript archives, which use 27 opcodes of protocol 2. Nothing is ever constructed or called: unknown classes and functions stay names.
 * Values that occur twice are shared, so the result is never larger than the input.
 */
final class PickleReader {
    private static final PickleValue MARK = new PickleValue.Global("(mark)");

    private final String file;
    private final ByteBuffer in;
    private final List<PickleValue> stack = new ArrayList<>();
    private final Map<Integer, PickleValue> memo = new HashMap<>();

    PickleReader(String file, byte[] bytes) {
        this.file = file;
        this.in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    PickleValue read() {
        try {
            while (true) {
                int offset = in.position();
                int opcode = in.get() & 0xFF;
                if (opcode == '.') {
                    return pop();
                }
                step(opcode, offset);
            }
        } catch (java.nio.BufferUnderflowException | IndexOutOfBoundsException e) {
            throw new ArchiveException(
                    Reason.CORRUPT,
                    file + ": its object tree (data.pkl) breaks off at byte " + in.position() + "; copy the file again",
                    e);
        }
    }

    private void step(int opcode, int offset) {
        switch (opcode) {
            case 0x80 -> protocol();
            case 'c' -> push(new PickleValue.Global(line() + "." + line()));
            case ')' -> push(new PickleValue.Sequence(true));
            case '}' -> push(new PickleValue.Mapping());
            case ']' -> push(new PickleValue.Sequence(false));
            case '(' -> push(MARK);
            case 't' -> push(tuple(popToMark()));
            case 0x85 -> push(tuple(pop(1)));
            case 0x86 -> push(tuple(pop(2)));
            case 0x87 -> push(tuple(pop(3)));
            case 0x81 -> newObject(offset);
            case 'R' -> reduce(offset);
            case 'b' -> build(offset);
            case 'u' -> setItems(popToMark(), offset);
            case 's' -> setItems(pop(2), offset);
            case 'e' -> sequence(popToMark(), offset);
            case 'a' -> sequence(pop(1), offset);
            case 'X' -> push(new PickleValue.Scalar(string(in.getInt())));
            case 'J' -> push(new PickleValue.Scalar((long) in.getInt()));
            case 'K' -> push(new PickleValue.Scalar((long) (in.get() & 0xFF)));
            case 'M' -> push(new PickleValue.Scalar((long) (in.getShort() & 0xFFFF)));
            case 0x8a -> push(new PickleValue.Scalar(longInteger()));
            case 'G' -> push(new PickleValue.Scalar(Double.longBitsToDouble(Long.reverseBytes(in.getLong()))));
            case 0x88 -> push(new PickleValue.Scalar(true));
            case 0x89 -> push(new PickleValue.Scalar(false));
            case 'N' -> push(new PickleValue.Scalar(null));
            case 'q' -> memo.put(in.get() & 0xFF, top());
            case 'r' -> memo.put(in.getInt(), top());
            case 'h' -> push(memoized(in.get() & 0xFF, offset));
            case 'j' -> push(memoized(in.getInt(), offset));
            case 'Q' -> storage(offset);
            default -> throw error(offset, String.format("uses the unknown opcode 0x%02x", opcode));
        }
    }

    private void protocol() {
        int offset = in.position();
        int protocol = in.get();
        if (protocol != 2) {
            throw error(offset, "has pickle protocol " + protocol);
        }
    }

    private void newObject(int offset) {
        pop();
        if (!(pop() instanceof PickleValue.Global type)) {
            throw error(offset, "makes an object of something that is not a class");
        }
        push(new PickleValue.Instance(type.name()));
    }

    private void reduce(int offset) {
        PickleValue arguments = pop();
        if (!(pop() instanceof PickleValue.Global function)) {
            throw error(offset, "calls something that is not a function");
        }
        push(result(function.name(), arguments));
    }

    private static PickleValue result(String function, PickleValue arguments) {
        List<PickleValue> items = arguments instanceof PickleValue.Sequence s ? s.items : List.of();
        return switch (function) {
            case "collections.OrderedDict" -> new PickleValue.Mapping();
            case "torch._utils._rebuild_tensor_v2" -> tensor(function, items, arguments);
            case "torch.jit._pickle.build_intlist",
                    "torch.jit._pickle.build_tensorlist",
                    "torch.jit._pickle.build_doublelist",
                    "torch.jit._pickle.build_boollist",
                    "torch.jit._pickle.restore_type_tag" ->
                items.isEmpty() ? new PickleValue.Result(function, arguments) : items.get(0);
            default -> new PickleValue.Result(function, arguments);
        };
    }

    private static PickleValue tensor(String function, List<PickleValue> items, PickleValue arguments) {
        if (items.size() >= 5
                && items.get(0) instanceof PickleValue.Storage storage
                && items.get(1) instanceof PickleValue.Scalar offset
                && offset.value() instanceof Long start) {
            boolean grad = items.get(4) instanceof PickleValue.Scalar flag && Boolean.TRUE.equals(flag.value());
            return new PickleValue.TensorRef(
                    storage.key(), storage.type(), start, longs(items.get(2)), longs(items.get(3)), grad);
        }
        return new PickleValue.Result(function, arguments);
    }

    private static List<Long> longs(PickleValue value) {
        List<Long> longs = new ArrayList<>();
        if (value instanceof PickleValue.Sequence sequence) {
            for (PickleValue item : sequence.items) {
                if (item instanceof PickleValue.Scalar scalar && scalar.value() instanceof Long n) {
                    longs.add(n);
                }
            }
        }
        return List.copyOf(longs);
    }

    private void build(int offset) {
        PickleValue state = pop();
        if (top() instanceof PickleValue.Instance instance) {
            instance.state = state;
        } else if (!(top() instanceof PickleValue.Result)) {
            throw error(offset, "gives a state to " + top().kind());
        }
    }

    private void setItems(List<PickleValue> items, int offset) {
        if (!(top() instanceof PickleValue.Mapping mapping) || items.size() % 2 != 0) {
            throw error(offset, "fills a dictionary that is none");
        }
        for (int i = 0; i < items.size(); i += 2) {
            Object key = items.get(i) instanceof PickleValue.Scalar scalar && scalar.value() != null
                    ? scalar.value()
                    : items.get(i);
            mapping.entries.put(key, items.get(i + 1));
        }
    }

    private void sequence(List<PickleValue> items, int offset) {
        if (!(top() instanceof PickleValue.Sequence sequence)) {
            throw error(offset, "fills a list that is none");
        }
        sequence.items.addAll(items);
    }

    private void storage(int offset) {
        // ('storage', type, key, device, number of elements)
        if (pop() instanceof PickleValue.Sequence id
                && id.items.size() >= 3
                && id.items.get(1) instanceof PickleValue.Global type
                && id.items.get(2) instanceof PickleValue.Scalar key
                && key.value() instanceof String name) {
            push(new PickleValue.Storage(type.name().substring(type.name().lastIndexOf('.') + 1), name));
        } else {
            throw error(offset, "refers to a storage in an unknown way");
        }
    }

    private static PickleValue tuple(List<PickleValue> items) {
        PickleValue.Sequence tuple = new PickleValue.Sequence(true);
        tuple.items.addAll(items);
        return tuple;
    }

    private PickleValue memoized(int key, int offset) {
        @Nullable PickleValue value = memo.get(key);
        if (value == null) {
            throw error(offset, "refers to value " + key + ", which does not exist");
        }
        return value;
    }

    private String line() {
        int start = in.position();
        int length = 0;
        while (in.get() != '\n') {
            length++;
        }
        byte[] bytes = new byte[length];
        in.get(start, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private String string(int length) {
        if (length < 0 || length > in.remaining()) {
            throw new IndexOutOfBoundsException("string of " + length + " bytes");
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private Long longInteger() {
        int length = in.get() & 0xFF;
        long value = 0;
        for (int i = 0; i < length; i++) {
            long b = in.get();
            value = i < 8 ? (value & ~(-1L << (8 * i))) | (b << (8 * i)) : value;
        }
        return value;
    }

    private void push(PickleValue value) {
        stack.add(value);
    }

    private PickleValue top() {
        return stack.get(stack.size() - 1);
    }

    private PickleValue pop() {
        return stack.remove(stack.size() - 1);
    }

    private List<PickleValue> pop(int count) {
        List<PickleValue> tail = stack.subList(stack.size() - count, stack.size());
        List<PickleValue> items = new ArrayList<>(tail);
        tail.clear();
        return items;
    }

    private List<PickleValue> popToMark() {
        int mark = stack.lastIndexOf(MARK);
        List<PickleValue> items = pop(stack.size() - mark - 1);
        pop();
        return items;
    }

    private ArchiveException error(int offset, String what) {
        return new ArchiveException(
                Reason.CORRUPT,
                file + ": its object tree (data.pkl) " + what + " at byte " + offset + "; export the model again");
    }
}
