// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks that every tensor lies inside its storage, and every storage inside its entry. libtorch believes the sizes,
 * strides and element counts in a pickle, and would read or write memory outside.
 */
final class Storages {
    private static final Map<String, Integer> WIDTHS = Map.ofEntries(
            Map.entry("FloatStorage", 4),
            Map.entry("DoubleStorage", 8),
            Map.entry("HalfStorage", 2),
            Map.entry("BFloat16Storage", 2),
            Map.entry("LongStorage", 8),
            Map.entry("IntStorage", 4),
            Map.entry("ShortStorage", 2),
            Map.entry("CharStorage", 1),
            Map.entry("ByteStorage", 1),
            Map.entry("BoolStorage", 1),
            Map.entry("ComplexHalfStorage", 4),
            Map.entry("ComplexFloatStorage", 8),
            Map.entry("ComplexDoubleStorage", 16),
            Map.entry("QInt8Storage", 1),
            Map.entry("QUInt8Storage", 1),
            Map.entry("QInt32Storage", 4),
            Map.entry("QUInt4x2Storage", 1),
            Map.entry("QUInt2x4Storage", 1));

    /** The limit of libtorch's iterators. */
    private static final int MOST_DIMENSIONS = 64;

    /**
     * The largest number of elements of an expanded tensor that exceeds its storage. A larger one would fill the memory
     * as soon as it is used.
     */
    private static final long MOST_REPEATED = 1L << 26;

    private final String folder;
    private final Map<String, ZipMember> members;
    private final Set<String> checked = new java.util.HashSet<>();

    /** {@code folder}: {@code data/} or {@code constants/}. */
    Storages(String folder, Map<String, ZipMember> members) {
        this.folder = folder;
        this.members = members;
    }

    /** {@return the bytes of a storage, 0 if its type is unknown} */
    static long bytes(PickleValue.Storage storage) {
        return WIDTHS.getOrDefault(storage.type(), 0) * storage.count();
    }

    /** Returns what is wrong with a storage, or null. */
    @Nullable
    String problem(String type, String key, long count) {
        Integer width = WIDTHS.get(type);
        if (width == null) {
            return "has tensors of the unknown type " + type;
        }
        if (count < 0 || count > Long.MAX_VALUE / width) {
            return "has a storage of " + count + " elements";
        }
        if (!checked.add(key + " " + type + " " + count) || count == 0) {
            return null;
        }
        ZipMember member = members.get(folder + key);
        if (member == null) {
            return "needs '" + folder + key + "', which the archive lacks";
        }
        return member.size() < count * width
                ? "needs " + count * width + " bytes of '" + folder + key + "', which has " + member.size()
                : null;
    }

    /** Returns what is wrong with a tensor in a storage of {@code count} elements, or null. */
    static @Nullable String problem(long count, long offset, List<Long> sizes, List<Long> strides) {
        String shape = "has a tensor of shape " + sizes + " with strides " + strides + " at " + offset;
        if (sizes.size() != strides.size() || sizes.size() > MOST_DIMENSIONS) {
            return shape;
        }
        long elements = 1;
        long last = offset;
        boolean inside = offset >= 0;
        try {
            for (int i = 0; i < sizes.size(); i++) {
                long size = sizes.get(i);
                inside &= size >= 0 && strides.get(i) >= 0;
                elements = Math.multiplyExact(elements, size);
                if (size > 0) {
                    last = Math.addExact(last, Math.multiplyExact(size - 1, strides.get(i)));
                }
            }
        } catch (ArithmeticException e) {
            inside = false;
        }
        if (!inside || (elements > 0 && last >= count)) {
            return shape + ", outside its storage of " + count + " elements";
        }
        return elements - count > MOST_REPEATED
                ? shape + ", which repeats " + count + " stored elements too often"
                : null;
    }
}
