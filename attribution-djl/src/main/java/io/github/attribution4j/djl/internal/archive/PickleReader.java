// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import io.github.attribution4j.djl.internal.archive.ArchiveException.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the pickles of TorchScript archives into {@link PickleValue}s. Such pickles use 27 opcodes of protocol 2.
 * Nothing is constructed or called: a class is only a name. Values that occur twice are shared, so the result is never
 * larger than the input.
 *
 * <p>This reader is stricter than libtorch's own, which reads the pickle later. libtorch believes what a pickle says
 * about tensors, keeps a class as a number on its stack, and allocates memory for any memo number it is given. A
 * hostile pickle must fail here.
 */
final class PickleReader {
    private static final Pattern DEVICE = Pattern.compile("[a-z]{1,20}(:[0-9]{1,3})?");

    private static final PickleValue MARK = new PickleValue.Global("(mark)");

    /** The functions that libtorch calls while it reads, besides the archive's own classes. */
    private static final Set<String> FUNCTIONS = Set.of(
            "collections.OrderedDict",
            "builtins.complex",
            "torch.device",
            "torch._utils._rebuild_tensor_v2",
            "torch._utils._rebuild_qtensor",
            "torch._utils._rebuild_sparse_tensor",
            "torch.jit._pickle.build_intlist",
            "torch.jit._pickle.build_tensorlist",
            "torch.jit._pickle.build_doublelist",
            "torch.jit._pickle.build_boollist",
            "torch.jit._pickle.build_complexlist",
            "torch.jit._pickle.restore_type_tag");

    private final String file;
    private final String entry;
    private final @Nullable Storages storages;
    private final ByteBuffer in;
    private final List<PickleValue> stack = new ArrayList<>();
    private final Map<Integer, PickleValue> memo = new HashMap<>();
    private final List<Count> counts = new ArrayList<>();
    private final List<Name> devices = new ArrayList<>();
    private @Nullable Name text;
    private @Nullable PickleValue number;
    private int numberStart;
    private int numberEnd;

    /**
     * The place where a pickle states the number of elements of a storage.
     *
     * @param storage the storage
     * @param start the first byte of the number, or -1 if the number is not where the serializer writes it
     * @param end the byte after the number
     */
    record Count(PickleValue.Storage storage, int start, int end) {}

    /**
     * The place where a pickle names a device.
     *
     * @param value the name
     * @param start the first byte of the opcode that gives the name: a text, or a reference to the memo
     * @param end the byte after it
     */
    record Name(String value, int start, int end) {}

    /**
     * Makes a reader of one entry.
     *
     * @param file the archive, for messages
     * @param entry the entry, for messages
     * @param bytes its content
     * @param storages checks that tensors lie inside their storages; null to check nothing
     */
    PickleReader(String file, String entry, byte[] bytes, @Nullable Storages storages) {
        this.file = file;
        this.entry = entry;
        this.storages = storages;
        this.in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The element counts of all storages, in the order of the bytes. Valid after {@link #read}. */
    List<Count> counts() {
        return counts;
    }

    /** The devices that are values, in the order of the bytes. Valid after {@link #read}. */
    List<Name> devices() {
        return devices;
    }

    PickleValue read() {
        try {
            while (true) {
                int offset = in.position();
                int opcode = in.get() & 0xFF;
                if (opcode == '.') {
                    return finished(pop(), offset);
                }
                step(opcode, offset);
            }
        } catch (java.nio.BufferUnderflowException | IndexOutOfBoundsException e) {
            throw new ArchiveException(
                    Reason.CORRUPT,
                    file + ": its " + entry + " breaks off at byte " + in.position() + "; copy the file again",
                    e);
        }
    }

    private PickleValue finished(PickleValue value, int offset) {
        if (!stack.isEmpty() || in.hasRemaining()) {
            throw error(offset, "has bytes or values after its end");
        }
        String problem = PickleShape.problem(value);
        if (problem != null) {
            throw error(offset, problem);
        }
        return value;
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
            case 'X' -> text(new PickleValue.Scalar(string(in.getInt())), offset);
            case 'J' -> number(in.getInt(), offset);
            case 'K' -> number(in.get() & 0xFF, offset);
            case 'M' -> number(in.getShort() & 0xFFFF, offset);
            case 0x8a -> number(longInteger(offset), offset);
            case 'G' -> push(new PickleValue.Scalar(Double.longBitsToDouble(Long.reverseBytes(in.getLong()))));
            case 0x88 -> push(new PickleValue.Scalar(true));
            case 0x89 -> push(new PickleValue.Scalar(false));
            case 'N' -> push(new PickleValue.Scalar(null));
            case 'q' -> memoize(in.get() & 0xFF, offset);
            case 'r' -> memoize(in.getInt(), offset);
            case 'h' -> text(memoized(in.get() & 0xFF, offset), offset);
            case 'j' -> text(memoized(in.getInt(), offset), offset);
            case 'Q' -> storage(offset);
            default -> throw error(offset, String.format("uses the unknown opcode 0x%02x", opcode));
        }
    }

    private void text(PickleValue value, int offset) {
        if (value instanceof PickleValue.Scalar scalar && scalar.value() instanceof String word) {
            text = new Name(word, offset, in.position());
        }
        push(value);
    }

    private void number(long value, int offset) {
        number = new PickleValue.Scalar(value);
        numberStart = offset;
        numberEnd = in.position();
        push(number);
    }

    private void protocol() {
        int offset = in.position();
        int protocol = in.get();
        if (protocol != 2) {
            throw error(offset, "has pickle protocol " + protocol);
        }
    }

    private void newObject(int offset) {
        boolean plain = pop() instanceof PickleValue.Sequence arguments && arguments.items.isEmpty();
        if (!plain || !(pop() instanceof PickleValue.Global type)) {
            throw error(offset, "makes an object of something that is not a class");
        }
        push(new PickleValue.Instance(type.name()));
    }

    private void reduce(int offset) {
        PickleValue arguments = pop();
        if (!(pop() instanceof PickleValue.Global function)) {
            throw error(offset, "calls something that is not a function");
        }
        if (!FUNCTIONS.contains(function.name()) && !function.name().startsWith("__torch__.")) {
            throw error(offset, "calls " + function.name() + ", which no TorchScript archive does,");
        }
        push(result(function.name(), arguments, offset));
    }

    private PickleValue result(String function, PickleValue arguments, int offset) {
        List<PickleValue> items = arguments instanceof PickleValue.Sequence s ? s.items : List.of();
        return switch (function) {
            case "collections.OrderedDict" -> {
                if (!items.isEmpty() || !(arguments instanceof PickleValue.Sequence)) {
                    throw error(offset, "makes a dictionary in an unknown way");
                }
                yield new PickleValue.Mapping();
            }
            case "torch._utils._rebuild_tensor_v2" -> {
                // An argument that is read and then dropped must not be nested, because libtorch frees it by recursion.
                if (!items.stream().skip(4).allMatch(PickleReader::flat)) {
                    throw error(offset, "makes a tensor in an unknown way");
                }
                yield tensor(items, offset);
            }
            case "torch._utils._rebuild_qtensor" -> {
                tensor(items, offset);
                yield new PickleValue.Result(function, arguments);
            }
            case "torch.jit._pickle.build_intlist",
                    "torch.jit._pickle.build_tensorlist",
                    "torch.jit._pickle.build_doublelist",
                    "torch.jit._pickle.build_boollist",
                    "torch.jit._pickle.build_complexlist" -> {
                if (items.size() != 1) {
                    throw error(offset, "makes a list in an unknown way");
                }
                yield items.get(0);
            }
            case "torch.jit._pickle.restore_type_tag" -> {
                if (items.size() != 2 || !(items.get(1) instanceof PickleValue.Scalar)) {
                    throw error(offset, "marks a type in an unknown way");
                }
                yield items.get(0);
            }
            case "torch.device" -> {
                if (items.size() != 1
                        || text == null
                        || !(items.get(0) instanceof PickleValue.Scalar name
                                && text.value().equals(name.value()))) {
                    throw error(offset, "names a device in an unknown way");
                }
                devices.add(text);
                yield new PickleValue.Result(function, arguments);
            }
            default -> new PickleValue.Result(function, arguments);
        };
    }

    private static boolean flat(PickleValue value) {
        return value instanceof PickleValue.Scalar
                || (value instanceof PickleValue.Mapping mapping
                        && mapping.entries.values().stream().allMatch(PickleValue.Scalar.class::isInstance));
    }

    private PickleValue tensor(List<PickleValue> items, int offset) {
        if (items.size() < 6
                || !(items.get(0) instanceof PickleValue.Storage storage)
                || !(items.get(1) instanceof PickleValue.Scalar start && start.value() instanceof Long first)) {
            throw error(offset, "makes a tensor in an unknown way");
        }
        List<Long> shape = longs(items.get(2), offset);
        List<Long> strides = longs(items.get(3), offset);
        String problem = Storages.problem(storage.count(), first, shape, strides);
        if (problem != null) {
            throw error(offset, problem);
        }
        boolean grad = items.get(4) instanceof PickleValue.Scalar flag && Boolean.TRUE.equals(flag.value());
        return new PickleValue.TensorRef(storage.key(), storage.type(), first, shape, strides, grad);
    }

    private List<Long> longs(PickleValue value, int offset) {
        List<Long> longs = new ArrayList<>();
        if (!(value instanceof PickleValue.Sequence sequence)) {
            throw error(offset, "makes a tensor with an invalid shape");
        }
        for (PickleValue item : sequence.items) {
            if (!(item instanceof PickleValue.Scalar scalar && scalar.value() instanceof Long n)) {
                throw error(offset, "makes a tensor with an invalid shape");
            }
            longs.add(n);
        }
        return List.copyOf(longs);
    }

    private void build(int offset) {
        PickleValue state = pop();
        if (!(top() instanceof PickleValue.Instance instance) || instance.state != null) {
            throw error(offset, "sets the state of " + top().kind());
        }
        instance.state = state;
    }

    private void setItems(List<PickleValue> items, int offset) {
        if (!(top() instanceof PickleValue.Mapping mapping) || items.size() % 2 != 0) {
            throw error(offset, "adds entries to a value that is not a dictionary");
        }
        for (int i = 0; i < items.size(); i += 2) {
            Object key = items.get(i) instanceof PickleValue.Scalar scalar ? scalar.value() : null;
            if (key == null || mapping.entries.containsKey(key)) {
                throw error(offset, "has a dictionary with an invalid or repeated key");
            }
            mapping.entries.put(key, items.get(i + 1));
        }
    }

    private void sequence(List<PickleValue> items, int offset) {
        if (!(top() instanceof PickleValue.Sequence sequence)) {
            throw error(offset, "adds items to a value that is not a list");
        }
        sequence.items.addAll(items);
    }

    private void storage(int offset) {
        // ('storage', type, key, device, number of elements); PyTorch 1.3 and 1.4 add a None.
        if (!(pop() instanceof PickleValue.Sequence id
                && (id.items.size() == 5
                        || (id.items.size() == 6
                                && id.items.get(5) instanceof PickleValue.Scalar view
                                && view.value() == null))
                && id.items.get(0) instanceof PickleValue.Scalar word
                && "storage".equals(word.value())
                && id.items.get(1) instanceof PickleValue.Global type
                && id.items.get(2) instanceof PickleValue.Scalar key
                && key.value() instanceof String name
                && id.items.get(3) instanceof PickleValue.Scalar device
                && device.value() instanceof String place
                && id.items.get(4) instanceof PickleValue.Scalar size
                && size.value() instanceof Long count)) {
            throw error(offset, "refers to a storage in an unknown way");
        }
        if (!DEVICE.matcher(place).matches() || place.equals("meta")) {
            throw error(offset, "has a tensor on a device that has no memory");
        }
        String kind = type.name().substring(type.name().lastIndexOf('.') + 1);
        String problem = storages == null ? null : storages.problem(kind, name, count);
        if (problem != null) {
            throw error(offset, problem);
        }
        PickleValue.Storage storage = new PickleValue.Storage(kind, name, count);
        boolean last = size == number;
        counts.add(new Count(storage, last ? numberStart : -1, last ? numberEnd : -1));
        push(storage);
    }

    private static PickleValue tuple(List<PickleValue> items) {
        PickleValue.Sequence tuple = new PickleValue.Sequence(true);
        tuple.items.addAll(items);
        return tuple;
    }

    /**
     * Stores a value under a memo number. The serializer counts these from 0; libtorch allocates memory up to the
     * number.
     */
    private void memoize(int key, int offset) {
        if (key < 0 || key > memo.size()) {
            throw error(offset, "remembers a value by the number " + key);
        }
        memo.put(key, top());
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

    private long longInteger(int offset) {
        int length = in.get() & 0xFF;
        if (length != 8) {
            throw error(offset, "has a whole number of " + length + " bytes");
        }
        return in.getLong();
    }

    private void push(PickleValue value) {
        stack.add(value);
    }

    private PickleValue top() {
        return valid(stack.get(stack.size() - 1));
    }

    private PickleValue pop() {
        return valid(stack.remove(stack.size() - 1));
    }

    /** Rejects a mark where a value should be. libtorch keeps its marks apart from its values. */
    private static PickleValue valid(PickleValue value) {
        if (value == MARK) {
            throw new IndexOutOfBoundsException("a mark where a value should be");
        }
        return value;
    }

    private List<PickleValue> pop(int count) {
        List<PickleValue> tail = stack.subList(stack.size() - count, stack.size());
        List<PickleValue> items = new ArrayList<>(tail);
        tail.clear();
        items.forEach(PickleReader::valid);
        return items;
    }

    private List<PickleValue> popToMark() {
        int mark = stack.lastIndexOf(MARK);
        List<PickleValue> items = pop(stack.size() - mark - 1);
        stack.remove(stack.size() - 1);
        return items;
    }

    private ArchiveException error(int offset, String what) {
        return new ArchiveException(
                Reason.CORRUPT,
                file + ": its " + entry + " " + what + " (byte " + offset + "); export the model again");
    }
}
