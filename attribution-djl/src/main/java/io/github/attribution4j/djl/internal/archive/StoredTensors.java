// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import io.github.attribution4j.tensor.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the tensors that a module and its submodules hold in an archive: parameters and buffers, by their names in
 * {@code state_dict()}. It needs no libtorch.
 */
public final class StoredTensors {

    /**
     * The elements of a tensor.
     *
     * @param type the type of the elements here; a type that Java does not have is converted to the next wider one
     * @param dims the shape
     * @param bytes elements in row-major order, in the buffer's byte order
     */
    public record Elements(DataType type, List<Long> dims, ByteBuffer bytes) {}

    private static final long MOST_EXPANDED = 1 << 20;

    private final TorchArchive archive;
    private final Map<String, PickleValue.TensorRef> tensors;

    private StoredTensors(TorchArchive archive, Map<String, PickleValue.TensorRef> tensors) {
        this.archive = archive;
        this.tensors = tensors;
    }

    /**
     * Lists the tensors of an archive, without reading them.
     *
     * @throws ArchiveException if its pickle is damaged
     */
    public static StoredTensors of(TorchArchive archive) {
        Map<String, PickleValue.TensorRef> tensors = new LinkedHashMap<>();
        collect("", archive.root(), tensors);
        return new StoredTensors(archive, tensors);
    }

    private static void collect(
            String prefix, PickleValue.Instance module, Map<String, PickleValue.TensorRef> tensors) {
        module.attributes().forEach((name, value) -> {
            if (value instanceof PickleValue.TensorRef tensor) {
                tensors.put(prefix + name, tensor);
            }
        });
        module.attributes().forEach((name, value) -> {
            if (value instanceof PickleValue.Instance inner) {
                collect(prefix + name + ".", inner, tensors);
            }
        });
    }

    /** {@return the names, a module's own before those of its submodules} */
    public List<String> names() {
        return List.copyOf(tensors.keySet());
    }

    /** {@return whether there is a tensor of this name} */
    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    /**
     * Reads a tensor.
     *
     * @param name one of {@link #names()}
     * @throws ArchiveException if its bytes are missing, too few, or of a type that is not known here
     */
    public Elements read(String name) {
        PickleValue.TensorRef tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("no tensor is named '" + name + "'");
        }
        int width = width(tensor, name);
        DataType type = typeOf(tensor.type());
        if (tensor.strides().size() != tensor.shape().size()
                || tensor.shape().stream().anyMatch(n -> n < 0)) {
            throw damaged(name, "has shape " + tensor.shape() + " and strides " + tensor.strides());
        }
        ByteBuffer in = storage(tensor, name);
        long elements = in.capacity() / width;
        // Only an expanded tensor has more elements than its storage, and no module holds a large one.
        double wanted = tensor.shape().stream().mapToDouble(n -> n).reduce(1, (a, b) -> a * b);
        if (wanted > Math.max(elements, MOST_EXPANDED)) {
            throw damaged(name, "has shape " + tensor.shape() + " in a storage of " + elements + " elements");
        }
        int size = (int) wanted;
        ByteBuffer out =
                ByteBuffer.allocate(Math.multiplyExact(size, type.bytes())).order(ByteOrder.nativeOrder());
        long[] index = new long[tensor.shape().size()];
        for (int i = 0; i < size; i++) {
            long at = tensor.offset();
            for (int axis = 0; axis < index.length; axis++) {
                at += index[axis] * tensor.strides().get(axis);
            }
            if (at < 0 || at >= elements) {
                throw damaged(name, "reaches element " + at + " of a storage of " + elements);
            }
            copy(in, (int) (at * width), tensor.type(), out);
            for (int axis = index.length - 1;
                    axis >= 0 && ++index[axis] == tensor.shape().get(axis);
                    axis--) {
                index[axis] = 0;
            }
        }
        return new Elements(type, tensor.shape(), out.flip());
    }

    private ByteBuffer storage(PickleValue.TensorRef tensor, String name) {
        String entry = "data/" + tensor.storage();
        if (!archive.entries().contains(entry)) {
            throw damaged(name, "has no bytes: entry " + entry + " is missing");
        }
        ByteOrder order = ByteOrder.LITTLE_ENDIAN;
        byte[] text = archive.entry("byteorder");
        if (text != null && text.length == 3 && text[0] == 'b') {
            order = ByteOrder.BIG_ENDIAN;
        }
        return ByteBuffer.wrap(archive.large(entry)).order(order);
    }

    private int width(PickleValue.TensorRef tensor, String name) {
        return switch (tensor.type()) {
            case "DoubleStorage", "LongStorage" -> 8;
            case "FloatStorage", "IntStorage" -> 4;
            case "HalfStorage", "BFloat16Storage", "ShortStorage" -> 2;
            case "CharStorage", "ByteStorage", "BoolStorage" -> 1;
            default -> throw damaged(name, "is stored as " + tensor.type() + ", which has no equal in Java");
        };
    }

    private static DataType typeOf(String storage) {
        return switch (storage) {
            case "DoubleStorage" -> DataType.FLOAT64;
            case "LongStorage" -> DataType.INT64;
            case "IntStorage", "ShortStorage", "CharStorage" -> DataType.INT32;
            case "ByteStorage" -> DataType.UINT8;
            case "BoolStorage" -> DataType.BOOL;
            default -> DataType.FLOAT32;
        };
    }

    private static void copy(ByteBuffer in, int at, String storage, ByteBuffer out) {
        switch (storage) {
            case "DoubleStorage", "LongStorage" -> out.putLong(in.getLong(at));
            case "HalfStorage" -> out.putFloat(FloatingTypes.half(in.getShort(at)));
            case "BFloat16Storage" -> out.putFloat(Float.intBitsToFloat(in.getShort(at) << 16));
            case "ShortStorage" -> out.putInt(in.getShort(at));
            case "CharStorage" -> out.putInt(in.get(at));
            case "ByteStorage", "BoolStorage" -> out.put(in.get(at));
            default -> out.putInt(in.getInt(at));
        }
    }

    private ArchiveException damaged(String name, String what) {
        return new ArchiveException(
                ArchiveException.Reason.CORRUPT, archive.name() + ": tensor '" + name + "' " + what);
    }
}
