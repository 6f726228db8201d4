// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import io.github.attribution4j.tensor.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

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

    /** Gives the bytes of entries that a frame lacks ({@link SplitArchive}). */
    public interface Parts {
        /** {@return the bytes of an entry; null if the archive has it} */
        byte @Nullable [] bytes(String entry);
    }

    /**
     * A tensor that a module holds.
     *
     * @param name its first name
     * @param otherNames its other names
     * @param layer the path of the module that has the first name
     * @param learned whether the module's class calls it a parameter
     * @param type of its elements, as {@link #read} gives them
     * @param dims the shape
     */
    public record Stored(
            String name, List<String> otherNames, String layer, boolean learned, DataType type, List<Long> dims) {}

    private static final long MOST_EXPANDED = 1 << 20;

    /** The classes of what libtorch packs for itself, such as the weights of quantized layers. */
    private static final String PACKED = "__torch__.torch.classes.";

    private final TorchArchive archive;
    private final Parts parts;
    private final Map<String, PickleValue.TensorRef> tensors = new LinkedHashMap<>();
    private final Map<String, String> modules = new HashMap<>();
    private final Set<String> learned = new HashSet<>();
    private String packed = "";

    private StoredTensors(TorchArchive archive, Parts parts) {
        this.archive = archive;
        this.parts = parts;
        collect("", archive.root(), SplitArchive.parameters(archive));
    }

    /**
     * Lists the tensors of an archive, without reading them.
     *
     * @param parts what the archive lacks, if it is a frame
     * @throws ArchiveException if its pickle is damaged
     */
    public static StoredTensors of(TorchArchive archive, Parts parts) {
        return new StoredTensors(archive, parts);
    }

    private void collect(String path, PickleValue.Instance module, Map<String, Set<String>> parameters) {
        String prefix = path.isEmpty() ? "" : path + ".";
        Set<String> own = parameters.getOrDefault(module.type(), Set.of());
        module.attributes().forEach((name, value) -> {
            if (value instanceof PickleValue.TensorRef tensor) {
                tensors.put(prefix + name, tensor);
                modules.put(prefix + name, path);
                if (own.contains(name)) {
                    learned.add(prefix + name);
                }
                if (tensor.type().startsWith("Q")) {
                    pack(prefix + name);
                }
            } else if (isPacked(value)) {
                pack(prefix + name);
            }
        });
        module.attributes().forEach((name, value) -> {
            if (value instanceof PickleValue.Instance inner && !isPacked(inner)) {
                collect(prefix + name, inner, parameters);
            }
        });
    }

    private static boolean isPacked(PickleValue value) {
        return (value instanceof PickleValue.Instance object && object.type().startsWith(PACKED))
                || (value instanceof PickleValue.Result result
                        && result.function().contains("qtensor"));
    }

    private void pack(String name) {
        if (packed.isEmpty()) {
            packed = name;
        }
    }

    /** {@return the first name of what is packed or quantized, so that its elements are not seen; else empty} */
    public String packed() {
        return packed;
    }

    /** {@return each tensor once, in the order of {@link #names}, with all names that share elements with it} */
    public List<Stored> stored() {
        Map<String, List<String>> byStorage = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> byStorage
                .computeIfAbsent(tensor.storage(), key -> new ArrayList<>())
                .add(name));
        Map<String, List<String>> owners = new HashMap<>();
        byStorage.values().forEach(names -> owners.putAll(shared(names)));
        List<Stored> stored = new ArrayList<>();
        tensors.forEach((name, tensor) -> {
            List<String> others = owners.get(name);
            if (others != null) {
                width(tensor, name);
                boolean isLearned = learned.contains(name) || others.stream().anyMatch(learned::contains);
                stored.add(new Stored(
                        name,
                        List.copyOf(others),
                        Objects.requireNonNull(modules.get(name), name),
                        isLearned,
                        typeOf(tensor.type()),
                        tensor.shape()));
            }
        });
        return stored;
    }

    /** Divides tensors in one storage: the first of those that have elements in common, and the names of the others. */
    private Map<String, List<String>> shared(List<String> names) {
        List<PickleValue.TensorRef> places = names.stream().map(this::place).toList();
        // For each element of the storage the first tensor that has it, counted from 1.
        int[] owner = new int[places.stream().distinct().count() > 1 ? extent(places) : 0];
        Map<String, List<String>> shared = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            int[] first = {places.indexOf(places.get(i)) + 1};
            if (owner.length > 0) {
                walk(places.get(i), (number, at) -> first[0] = owner[(int) at] == 0 ? first[0] : owner[(int) at]);
                walk(places.get(i), (number, at) -> owner[(int) at] = first[0]);
            }
            String name = names.get(first[0] - 1);
            List<String> others = shared.computeIfAbsent(name, key -> new ArrayList<>());
            if (!name.equals(names.get(i))) {
                others.add(names.get(i));
            }
        }
        return shared;
    }

    private static int extent(List<PickleValue.TensorRef> places) {
        long extent = 0;
        for (PickleValue.TensorRef place : places) {
            long last = place.offset() + 1;
            for (int axis = 0; axis < place.shape().size(); axis++) {
                last += Math.max(0, place.shape().get(axis) - 1)
                        * place.strides().get(axis);
            }
            extent = Math.max(extent, last);
        }
        return Math.toIntExact(extent);
    }

    /** {@return whether the program has tensors of its own, as a frozen one has in the place of parameters} */
    public boolean hasConstants() {
        return archive.constants().stream().anyMatch(PickleValue.TensorRef.class::isInstance);
    }

    /** Where a tensor's elements are, whether it is trainable or not. */
    private PickleValue.TensorRef place(String name) {
        PickleValue.TensorRef tensor = Objects.requireNonNull(tensors.get(name), name);
        return new PickleValue.TensorRef(
                tensor.storage(), tensor.type(), tensor.offset(), tensor.shape(), tensor.strides(), false);
    }

    private interface Visitor {
        /** Visits an element, by its number in row-major order and its place in the storage. */
        void at(int number, long place);
    }

    private static void walk(PickleValue.TensorRef tensor, Visitor visitor) {
        int size = Math.toIntExact(tensor.shape().stream().mapToLong(n -> n).reduce(1, Math::multiplyExact));
        long[] index = new long[tensor.shape().size()];
        for (int i = 0; i < size; i++) {
            long at = tensor.offset();
            for (int axis = 0; axis < index.length; axis++) {
                at += index[axis] * tensor.strides().get(axis);
            }
            visitor.at(i, at);
            for (int axis = index.length - 1;
                    axis >= 0 && ++index[axis] == tensor.shape().get(axis);
                    axis--) {
                index[axis] = 0;
            }
        }
    }

    /**
     * Returns storages in which tensors have other elements.
     *
     * @param values row-major elements of the type that {@link #read} gives, by name
     * @return the bytes of all storages that are changed, by entry
     * @throws ArchiveException as {@link #read}
     */
    public Map<String, byte[]> changed(Map<String, ByteBuffer> values) {
        Map<String, byte[]> changed = new LinkedHashMap<>();
        values.forEach((name, elements) -> {
            PickleValue.TensorRef tensor = Objects.requireNonNull(tensors.get(name), name);
            int width = width(tensor, name);
            byte[] bytes = changed.computeIfAbsent("data/" + tensor.storage(), entry -> bytes(tensor, name));
            ByteBuffer out = ByteBuffer.wrap(bytes).order(order());
            walk(tensor, (number, at) -> put(elements, tensor.type(), out, (int) (at * width)));
        });
        return changed;
    }

    private static void put(ByteBuffer in, String storage, ByteBuffer out, int at) {
        switch (storage) {
            case "DoubleStorage", "LongStorage" -> out.putLong(at, in.getLong());
            case "HalfStorage" -> out.putShort(at, FloatingTypes.toHalf(in.getFloat()));
            case "BFloat16Storage" -> out.putShort(at, FloatingTypes.toBFloat16(in.getFloat()));
            case "ShortStorage" -> out.putShort(at, (short) in.getInt());
            case "CharStorage" -> out.put(at, (byte) in.getInt());
            case "ByteStorage", "BoolStorage" -> out.put(at, in.get());
            default -> out.putInt(at, in.getInt());
        }
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
        walk(tensor, (number, at) -> {
            if (at < 0 || at >= elements) {
                throw damaged(name, "reaches element " + at + " of a storage of " + elements);
            }
            copy(in, (int) (at * width), tensor.type(), out);
        });
        return new Elements(type, tensor.shape(), out.flip());
    }

    private ByteBuffer storage(PickleValue.TensorRef tensor, String name) {
        return ByteBuffer.wrap(bytes(tensor, name)).order(order());
    }

    private byte[] bytes(PickleValue.TensorRef tensor, String name) {
        String entry = "data/" + tensor.storage();
        byte[] part = parts.bytes(entry);
        if (part != null) {
            return part;
        }
        if (!archive.entries().contains(entry)) {
            throw damaged(name, "has no bytes: entry " + entry + " is missing");
        }
        return archive.large(entry);
    }

    private ByteOrder order() {
        byte[] text = archive.entry("byteorder");
        return text != null && text.length == 3 && text[0] == 'b' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
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
