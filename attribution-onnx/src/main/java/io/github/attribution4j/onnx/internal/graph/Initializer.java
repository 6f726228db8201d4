// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import io.github.attribution4j.onnx.internal.proto.FormatException;
import io.github.attribution4j.onnx.internal.proto.FormatException.Reason;
import io.github.attribution4j.onnx.internal.proto.Message;
import io.github.attribution4j.onnx.internal.proto.Region;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * A constant tensor, mostly a weight. Its elements remain in the file; only those of short tensors are read, when a
 * rule needs them.
 */
public final class Initializer {
    private static final int DIMS = 1;
    private static final int TYPE = 2;
    private static final int SEGMENT = 3;
    private static final int FLOAT_DATA = 4;
    private static final int INT32_DATA = 5;
    private static final int INT64_DATA = 7;
    private static final int NAME = 8;
    private static final int RAW_DATA = 9;
    private static final int DOUBLE_DATA = 10;
    private static final int UINT64_DATA = 11;
    private static final int EXTERNAL_DATA = 13;
    private static final int DATA_LOCATION = 14;

    /**
     * Tensors of at most this size are written into the new model, because ONNX Runtime reads sizes and axes only
     * from there.
     */
    private static final int SHORT = 4096;

    private final Message message;
    private final String name;
    private final ElementType type;
    private final long[] dims;

    private Initializer(Message message) {
        this.message = message;
        this.name = message.text(NAME);
        this.type = ElementType.of(message.number(TYPE, 0));
        this.dims = message.numbers(DIMS);
        if (message.has(SEGMENT)) {
            throw new FormatException(Reason.UNSUPPORTED, "tensor '" + name + "' is stored in segments");
        }
        long elements = elements();
        Region data = region();
        if (data != null && type.bytes() > 0 && elements != data.length() / type.bytes()) {
            throw new FormatException(
                    Reason.CORRUPT,
                    "tensor '" + name + "' has the shape " + Arrays.toString(dims) + " but " + data.length()
                            + " bytes of type " + type + "; the file is damaged");
        }
    }

    static Initializer read(Message message) {
        return new Initializer(message);
    }

    /** A tensor of ints. */
    public static Initializer of(String name, long[] values, long... dims) {
        ByteBuffer raw = ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        raw.asLongBuffer().put(values);
        return of(name, ElementType.INT64, raw.array(), dims);
    }

    /** A scalar of a type that carries gradients. */
    public static Initializer scalar(String name, ElementType type, double value) {
        ByteBuffer raw = ByteBuffer.allocate(type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        switch (type) {
            case DOUBLE -> raw.putDouble(value);
            case FLOAT16 -> raw.putShort(Halves.of((float) value));
            case BFLOAT16 -> raw.putShort(Halves.ofBrain((float) value));
            default -> raw.putFloat((float) value);
        }
        return of(name, type, raw.array());
    }

    /** A tensor of raw bytes, little-endian. */
    public static Initializer of(String name, ElementType type, byte[] raw, long... dims) {
        Message.Builder builder = Message.builder();
        for (long dim : dims) {
            builder.number(DIMS, dim);
        }
        return new Initializer(builder.number(TYPE, type.code())
                .text(NAME, name)
                .bytes(RAW_DATA, raw)
                .build());
    }

    /** A tensor of floats of any type, rounded to it. */
    public static Initializer of(String name, ElementType type, double[] values, long... dims) {
        ByteBuffer raw = ByteBuffer.allocate(Math.multiplyExact(values.length, type.bytes()))
                .order(ByteOrder.LITTLE_ENDIAN);
        for (double value : values) {
            switch (type) {
                case DOUBLE -> raw.putDouble(value);
                case FLOAT16 -> raw.putShort(Halves.of((float) value));
                case BFLOAT16 -> raw.putShort(Halves.ofBrain((float) value));
                default -> raw.putFloat((float) value);
            }
        }
        return of(name, type, raw.array(), dims);
    }

    /** The same tensor with another name. */
    public Initializer named(String other) {
        return other.equals(name)
                ? this
                : new Initializer(message.without(number -> number == NAME)
                        .text(NAME, other)
                        .build());
    }

    public String name() {
        return name;
    }

    public ElementType type() {
        return type;
    }

    public long[] dims() {
        return dims.clone();
    }

    /** Its type and sizes. */
    public ValueType valueType() {
        return new ValueType(type, LongStream.of(dims).mapToObj(Dim::of).toList());
    }

    public long elements() {
        long elements = 1;
        for (long dim : dims) {
            if (dim < 0) {
                throw new FormatException(
                        Reason.CORRUPT, "tensor '" + name + "' has an axis of " + dim + "; the file is damaged");
            }
            long high = Math.multiplyHigh(elements, dim);
            elements *= dim;
            if (high != 0 || elements < 0) {
                throw new FormatException(
                        Reason.CORRUPT,
                        "tensor '" + name + "' has the impossible shape " + Arrays.toString(dims)
                                + "; the file is damaged");
            }
        }
        return elements;
    }

    /** The number of bytes of its elements; 0 for types whose elements have no fixed size. */
    public long bytes() {
        return elements() * type.bytes();
    }

    /** Whether it is in a separate file. */
    boolean external() {
        return message.number(DATA_LOCATION, 0) == 1;
    }

    /** The place of its elements in the model's file, little-endian; null if they are elsewhere or in another form. */
    private @Nullable Region region() {
        if (external()) {
            return null;
        }
        Region raw = message.region(RAW_DATA);
        if (raw != null) {
            return raw;
        }
        // Packed numbers of fixed width have the same bytes as raw data.
        long elements = elements();
        Region packed = type == ElementType.FLOAT
                ? packed(FLOAT_DATA)
                : type == ElementType.DOUBLE ? packed(DOUBLE_DATA) : null;
        return packed != null && packed.length() == elements * type.bytes() ? packed : null;
    }

    private @Nullable Region packed(int number) {
        return message.countOf(number) == 1 ? message.regionIfBytes(number) : null;
    }

    /**
     * Checks that the file of its elements exists and is long enough.
     *
     * @param folder the folder of the model; null if the model is an array
     */
    void check(@Nullable Path folder) {
        if (external()) {
            ExternalData.of(name, entries()).check(folder, type.bytes() == 0 ? -1 : elements() * type.bytes());
        }
    }

    private Map<String, String> entries() {
        return OnnxFile.entries(message.messages(EXTERNAL_DATA));
    }

    /** The file that its elements are in, by its name from the model's folder; null if that is the model's own. */
    @Nullable
    String location() {
        return external() ? entries().get("location") : null;
    }

    /**
     * Its form in a new model, which is in memory: with its elements if they are few, else with their place in a file.
     *
     * @param file the model's file; null if it is an array
     * @param folder the folder that files are named from
     */
    Message reference(@Nullable Path file, @Nullable WeightFolder folder) {
        if (file == null || folder == null) {
            return message;
        }
        String named = location();
        if (named != null) {
            return renamed(named, folder.location(folder.named().resolve(named)));
        }
        Region data = region();
        if (data == null || data.length() <= SHORT || !file.equals(data.bytes().path())) {
            return message;
        }
        return message.without(number -> number == RAW_DATA || number == FLOAT_DATA || number == DOUBLE_DATA)
                .message(EXTERNAL_DATA, OnnxFile.entry("location", folder.location(file)))
                .message(EXTERNAL_DATA, OnnxFile.entry("offset", Long.toString(data.offset())))
                .message(EXTERNAL_DATA, OnnxFile.entry("length", Long.toString(data.length())))
                .number(DATA_LOCATION, 1)
                .build();
    }

    private Message renamed(String named, String location) {
        if (location.equals(named)) {
            return message;
        }
        Message.Builder builder = message.without(number -> number == EXTERNAL_DATA);
        entries()
                .forEach((key, value) ->
                        builder.message(EXTERNAL_DATA, OnnxFile.entry(key, key.equals("location") ? location : value)));
        return builder.build();
    }

    Message message() {
        return message;
    }

    /** Its elements, if they are few whole numbers or truth values; else null. */
    public long @Nullable [] longs() {
        if (external() || elements() > SHORT) {
            return null;
        }
        Region raw = message.region(RAW_DATA);
        if (raw == null) {
            long[] listed = switch (type) {
                case INT64 -> message.numbers(INT64_DATA);
                case UINT32, UINT64 -> message.numbers(UINT64_DATA);
                case INT32, INT16, INT8, UINT16, UINT8, BOOL -> message.numbers(INT32_DATA);
                default -> null;
            };
            return listed != null && listed.length == elements() ? listed : null;
        }
        ByteBuffer buffer = buffer(raw);
        return switch (type) {
            case INT64, UINT64 ->
                LongStream.generate(buffer::getLong).limit(elements()).toArray();
            case INT32 -> LongStream.generate(buffer::getInt).limit(elements()).toArray();
            case INT8, BOOL ->
                LongStream.generate(buffer::get).limit(elements()).toArray();
            case UINT8 ->
                LongStream.generate(() -> buffer.get() & 0xFF).limit(elements()).toArray();
            case INT16 ->
                LongStream.generate(buffer::getShort).limit(elements()).toArray();
            case UINT16 ->
                LongStream.generate(() -> buffer.getShort() & 0xFFFF)
                        .limit(elements())
                        .toArray();
            case UINT32 ->
                LongStream.generate(() -> buffer.getInt() & 0xFFFF_FFFFL)
                        .limit(elements())
                        .toArray();
            default -> null;
        };
    }

    /** Its elements as numbers, if they are few and can be read; else null. */
    public double @Nullable [] doubles() {
        long[] whole = longs();
        if (whole != null) {
            return LongStream.of(whole).asDoubleStream().toArray();
        }
        return external() || elements() > SHORT ? null : reals(region());
    }

    /**
     * Its elements, which are floats, however many there are.
     *
     * @param folder of the model; null if the model is an array
     * @throws FormatException if a file is missing, or has other bytes than the tensor needs
     */
    double[] floats(@Nullable Path folder) {
        if (external() && folder != null) {
            return of(name, type, ExternalData.of(name, entries()).read(folder, bytes()), dims)
                    .floats(null);
        }
        double[] values = reals(region());
        if (values == null) {
            throw new FormatException(Reason.UNSUPPORTED, "tensor '" + name + "' of type " + type + " cannot be read");
        }
        return values;
    }

    private double @Nullable [] reals(@Nullable Region data) {
        int count = Math.toIntExact(elements());
        if (data == null) {
            return switch (type) {
                case FLOAT -> {
                    float[] listed = message.reals(FLOAT_DATA);
                    yield exactly(
                            count,
                            IntStream.range(0, listed.length)
                                    .mapToDouble(i -> listed[i])
                                    .toArray());
                }
                case DOUBLE -> exactly(count, message.doubles(DOUBLE_DATA));
                // Their bits, as whole numbers.
                case FLOAT16, BFLOAT16 ->
                    exactly(
                            count,
                            LongStream.of(message.numbers(INT32_DATA))
                                    .mapToDouble(bits -> half((short) bits))
                                    .toArray());
                default -> null;
            };
        }
        ByteBuffer buffer = buffer(data);
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            switch (type) {
                case FLOAT -> values[i] = buffer.getFloat();
                case DOUBLE -> values[i] = buffer.getDouble();
                case FLOAT16, BFLOAT16 -> values[i] = half(buffer.getShort());
                default -> {
                    return null;
                }
            }
        }
        return values;
    }

    /** A number of 16 bits. */
    private float half(short bits) {
        return type == ElementType.FLOAT16 ? Halves.toFloat(bits) : Float.intBitsToFloat(bits << Short.SIZE);
    }

    /** The same numbers in float32, if they are few; null if they are not read. */
    @Nullable
    Initializer inFloat32() {
        double[] values = doubles();
        if (values == null) {
            return null;
        }
        ByteBuffer raw = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (double value : values) {
            raw.putFloat((float) value);
        }
        return of(name, ElementType.FLOAT, raw.array(), dims);
    }

    private static double @Nullable [] exactly(int count, double[] values) {
        return values.length == count ? values : null;
    }

    private ByteBuffer buffer(Region raw) {
        return ByteBuffer.wrap(raw.copy(Integer.MAX_VALUE - Long.BYTES, "tensor '" + name + "'"))
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public String toString() {
        return name + ": " + type + Arrays.toString(dims);
    }
}
