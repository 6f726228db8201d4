// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Copies an archive and converts all its floating-point tensors to one type. The text of the program stays as it is;
 * {@code WrittenTypes} changes the types that are written there.
 */
public final class FloatingTypes {
    private static final Map<String, Integer> WIDTHS =
            Map.of("HalfStorage", 2, "BFloat16Storage", 2, "FloatStorage", 4, "DoubleStorage", 8);

    private FloatingTypes() {}

    /**
     * Returns a copy in memory with all float16, bfloat16, float32 and float64 tensors, constants included, in one
     * type.
     *
     * @param archive the original, not changed
     * @param wide true for float64, false for float32
     */
    public static TorchArchive convert(TorchArchive archive, boolean wide) {
        String target = wide ? "DoubleStorage" : "FloatStorage";
        Map<String, byte[]> entries = new LinkedHashMap<>();
        for (String entry : archive.entries()) {
            if (!entry.endsWith(".debug_pkl")) {
                entries.put(entry, archive.large(entry));
            }
        }
        for (String folder : new String[] {"data", "constants"}) {
            byte[] pickle = entries.get(folder + ".pkl");
            if (pickle == null) {
                continue;
            }
            Map<String, String> storages = new HashMap<>();
            collect(new PickleReader(archive.name(), folder + ".pkl", pickle, null).read(), storages);
            storages.forEach((key, type) -> {
                if (WIDTHS.containsKey(type) && !type.equals(target)) {
                    entries.computeIfPresent(folder + "/" + key, (name, bytes) -> converted(bytes, type, wide));
                }
            });
            entries.put(folder + ".pkl", renamed(pickle, target));
        }
        return TorchArchive.of("archive", entries);
    }

    /** Returns whether an archive holds 16-bit tensors. */
    public static boolean narrow(TorchArchive archive) {
        Map<String, String> storages = new HashMap<>();
        collect(archive.root(), storages);
        archive.constants().forEach(constant -> collect(constant, storages));
        return storages.containsValue("HalfStorage") || storages.containsValue("BFloat16Storage");
    }

    private static void collect(PickleValue value, Map<String, String> storages) {
        if (value instanceof PickleValue.TensorRef tensor) {
            storages.put(tensor.storage(), tensor.type());
        } else if (value instanceof PickleValue.Sequence sequence) {
            sequence.items().forEach(item -> collect(item, storages));
        } else if (value instanceof PickleValue.Mapping mapping) {
            mapping.entries().values().forEach(item -> collect(item, storages));
        } else if (value instanceof PickleValue.Instance instance) {
            instance.attributes().values().forEach(item -> collect(item, storages));
        } else if (value instanceof PickleValue.Result result) {
            collect(result.arguments(), storages);
        }
    }

    /**
     * Renames the storage classes that the pickle imports. An import is the opcode c, then module and class on a line
     * each.
     */
    private static byte[] renamed(byte[] pickle, String target) {
        // Latin-1 maps every byte to one character and back.
        String text = new String(pickle, StandardCharsets.ISO_8859_1);
        for (String type : WIDTHS.keySet()) {
            text = text.replace("ctorch\n" + type + "\n", "ctorch\n" + target + "\n");
        }
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] converted(byte[] bytes, String type, boolean wide) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int count = bytes.length / Objects.requireNonNull(WIDTHS.get(type));
        ByteBuffer out =
                ByteBuffer.allocate(Math.multiplyExact(count, wide ? 8 : 4)).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            double value = switch (type) {
                case "HalfStorage" -> half(in.getShort());
                case "BFloat16Storage" -> Float.intBitsToFloat(in.getShort() << 16);
                case "FloatStorage" -> in.getFloat();
                default -> in.getDouble();
            };
            if (wide) {
                out.putDouble(value);
            } else {
                out.putFloat((float) value);
            }
        }
        return out.array();
    }

    static float half(short bits) {
        int sign = (bits & 0x8000) << 16;
        int exponent = (bits >> 10) & 0x1F;
        int fraction = bits & 0x3FF;
        if (exponent == 0) {
            return (sign == 0 ? 1 : -1) * fraction * 0x1p-24f;
        }
        int wide = exponent == 0x1F ? 0xFF : exponent - 15 + 127;
        return Float.intBitsToFloat(sign | (wide << 23) | (fraction << 13));
    }

    /** The nearest float16, the even one of two that are as near. */
    static short toHalf(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = (bits >>> 16) & 0x8000;
        float size = Math.abs(value);
        if (Float.isNaN(value)) {
            return (short) (sign | 0x7E00);
        }
        if (size >= 65520) {
            return (short) (sign | 0x7C00);
        }
        if (size < 0x1p-14f) {
            return (short) (sign | (int) Math.rint(size * 0x1p24));
        }
        int wide = Float.floatToRawIntBits(size) - ((127 - 15) << 23);
        int rest = wide & 0x1FFF;
        int half = wide >>> 13;
        boolean up = rest > 0x1000 || (rest == 0x1000 && (half & 1) == 1);
        return (short) (sign | (up ? half + 1 : half));
    }

    /** The nearest bfloat16, the even one of two that are as near. */
    static short toBFloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (Float.isNaN(value) ? 0x7FC0 : (bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
    }
}
