// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.proto;

import io.github.attribution4j.onnx.internal.proto.FormatException.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one message in the order of the file. Immutable. Inner messages are read on demand, because only the
 * caller can say which fields are messages. When a message is written, every field that was read has its
 * original bytes.
 */
public final class Message {
    /** The longest text, and the longest list of numbers, that is read into memory. */
    public static final int LONGEST = 1 << 24;

    private static final int MOST_BYTES = Integer.MAX_VALUE - 64;

    private final List<Field> fields;
    private final Budget budget;
    private final int depth;
    private long size = -1;

    private Message(List<Field> fields, Budget budget, int depth) {
        this.fields = fields;
        this.budget = budget;
        this.depth = depth;
    }

    /** Reads the fields of a whole file. */
    public static Message read(Bytes file) {
        return read(Region.of(file), new Budget(), 0);
    }

    private static Message read(Region region, Budget budget, int depth) {
        if (depth > Budget.DEPTH) {
            throw new FormatException(
                    Reason.TOO_LARGE,
                    "messages are nested more than " + Budget.DEPTH + " deep at byte " + region.offset()
                            + "; the file is damaged");
        }
        return new Message(List.copyOf(new WireReader(region, budget).fields()), budget, depth);
    }

    /**
     * Says that everything in the file has been read once and is within the limits. What is read again from here on,
     * however often, counts no more.
     */
    public void endBudget() {
        budget.end();
    }

    /** Starts a new message. */
    public static Builder builder() {
        return new Builder(List.of(), new Budget(), 0);
    }

    /** Starts a new message with the fields of this one, except those with the given numbers. */
    public Builder without(IntPredicate numbers) {
        return new Builder(
                fields.stream().filter(field -> !numbers.test(field.number())).toList(), budget, depth);
    }

    public boolean has(int number) {
        return last(number) != null;
    }

    /** An int; if there are several, the last one, as the format requires. */
    public long number(int number, long otherwise) {
        Field field = last(number);
        if (field == null) {
            return otherwise;
        }
        expect(field, Field.VARINT);
        return field.value();
    }

    /** A number of type float. */
    public float real(int number, float otherwise) {
        Field field = last(number);
        if (field == null) {
            return otherwise;
        }
        expect(field, Field.FIXED32);
        return Float.intBitsToFloat((int) field.value());
    }

    /** A text; empty if there is none. */
    public String text(int number) {
        Field field = last(number);
        return field == null ? "" : text(field);
    }

    /** The place of the bytes; null if there are none. */
    public @Nullable Region region(int number) {
        Field field = last(number);
        if (field == null) {
            return null;
        }
        expect(field, Field.BYTES);
        return field.region();
    }

    /** The number of fields with this number. */
    public int countOf(int number) {
        return all(number).size();
    }

    /** The place of the bytes; null if there are none, or if the field is a number that is not packed. */
    public @Nullable Region regionIfBytes(int number) {
        Field field = last(number);
        return field == null || field.wire() != Field.BYTES ? null : field.region();
    }

    /** All texts with this number. */
    public List<String> texts(int number) {
        return all(number).stream().map(Message::text).toList();
    }

    /**
     * A message; null if there is none. Two messages are refused: the format would merge them, but no writer of models
     * uses this.
     */
    public @Nullable Message message(int number) {
        List<Message> all = messages(number);
        if (all.size() > 1) {
            throw corrupt("field " + number + " occurs " + all.size() + " times, but may occur once");
        }
        return all.isEmpty() ? null : all.get(0);
    }

    /** All messages with this number. */
    public List<Message> messages(int number) {
        List<Message> found = new ArrayList<>();
        for (Field field : fields) {
            if (field.number() == number) {
                expect(field, Field.BYTES);
                found.add(
                        field.content() instanceof Message message ? message : read(field.region(), budget, depth + 1));
            }
        }
        return found;
    }

    /** A list of ints, packed or one by one. */
    public long[] numbers(int number) {
        long[] found = new long[8];
        int count = 0;
        for (Field field : fields) {
            if (field.number() != number) {
                continue;
            }
            if (field.wire() == Field.VARINT) {
                found = grown(found, count);
                found[count++] = field.value();
                continue;
            }
            expect(field, Field.BYTES);
            Region packed = field.region();
            if (packed.length() > LONGEST) {
                throw tooLong(number, packed.length());
            }
            WireReader in = new WireReader(packed, budget);
            while (in.more()) {
                found = grown(found, count);
                found[count++] = in.varint();
            }
        }
        return Arrays.copyOf(found, count);
    }

    private static long[] grown(long[] array, int count) {
        return count < array.length ? array : Arrays.copyOf(array, 2 * count);
    }

    /** A list of numbers of type float, packed or one by one. */
    public float[] reals(int number) {
        ByteBuffer values = fixed(number, Field.FIXED32, Float.BYTES);
        float[] found = new float[values.remaining() / Float.BYTES];
        values.asFloatBuffer().get(found);
        return found;
    }

    /** A list of numbers of type double, packed or one by one. */
    public double[] doubles(int number) {
        ByteBuffer values = fixed(number, Field.FIXED64, Double.BYTES);
        double[] found = new double[values.remaining() / Double.BYTES];
        values.asDoubleBuffer().get(found);
        return found;
    }

    private ByteBuffer fixed(int number, int wire, int width) {
        List<Field> all = all(number);
        long bytes = 0;
        for (Field field : all) {
            bytes += field.wire() == wire ? width : field.contentSize();
        }
        if (bytes > LONGEST) {
            throw tooLong(number, bytes);
        }
        ByteBuffer values = ByteBuffer.allocate((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (Field field : all) {
            if (field.wire() == wire) {
                if (width == Float.BYTES) {
                    values.putInt((int) field.value());
                } else {
                    values.putLong(field.value());
                }
            } else {
                expect(field, Field.BYTES);
                values.put(field.region().copy(LONGEST, "field " + number));
            }
        }
        if (values.position() % width != 0) {
            throw corrupt("field " + number + " has " + bytes + " bytes, no multiple of " + width);
        }
        return values.flip();
    }

    private List<Field> all(int number) {
        return fields.stream().filter(field -> field.number() == number).toList();
    }

    private @Nullable Field last(int number) {
        for (int i = fields.size() - 1; i >= 0; i--) {
            if (fields.get(i).number() == number) {
                return fields.get(i);
            }
        }
        return null;
    }

    private static String text(Field field) {
        expect(field, Field.BYTES);
        return new String(field.region().copy(LONGEST, "a text"), StandardCharsets.UTF_8);
    }

    private static void expect(Field field, int wire) {
        if (field.wire() != wire) {
            throw corrupt("field " + field.number()
                    + (field.source() == null
                            ? ""
                            : " at byte " + field.source().offset()) + " has wire type " + field.wire() + " where "
                    + wire + " belongs");
        }
    }

    private static FormatException corrupt(String what) {
        return new FormatException(Reason.CORRUPT, what + "; this is no ONNX model, or it is damaged");
    }

    private static FormatException tooLong(int number, long bytes) {
        return new FormatException(
                Reason.TOO_LARGE, "field " + number + " takes " + bytes + " bytes; at most " + LONGEST + " are read");
    }

    /** The number of bytes when written. */
    public long size() {
        if (size < 0) {
            size = fields.stream().mapToLong(Field::size).sum();
        }
        return size;
    }

    /** Writes this into an array. */
    public byte[] toBytes() {
        if (size() > MOST_BYTES) {
            throw new FormatException(
                    Reason.TOO_LARGE,
                    "the model takes " + size() + " bytes without weights in other files, more than 2 GB");
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream((int) size());
        try {
            write(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /** Writes this. */
    public void write(OutputStream out) throws IOException {
        for (Field field : fields) {
            if (field.source() != null) {
                field.source().write(out);
                continue;
            }
            varint(out, (long) field.number() << 3 | field.wire());
            switch (field.wire()) {
                case Field.VARINT -> varint(out, field.value());
                case Field.FIXED32 -> little(out, field.value(), Integer.BYTES);
                case Field.FIXED64 -> little(out, field.value(), Long.BYTES);
                default -> {
                    varint(out, field.contentSize());
                    if (field.content() instanceof Message message) {
                        message.write(out);
                    } else if (field.content() instanceof Region region) {
                        region.write(out);
                    } else if (field.content() instanceof byte[] array) {
                        out.write(array);
                    }
                }
            }
        }
    }

    private static void varint(OutputStream out, long value) throws IOException {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.write((int) ((rest & 0x7F) | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    private static void little(OutputStream out, long value, int bytes) throws IOException {
        for (int i = 0; i < bytes; i++) {
            out.write((int) (value >>> (8 * i)));
        }
    }

    static int varintSize(long value) {
        return (63 - Long.numberOfLeadingZeros(value | 1)) / 7 + 1;
    }

    /** A message that is being made. */
    public static final class Builder {
        private final List<Field> fields;
        private final Budget budget;
        private final int depth;

        private Builder(List<Field> fields, Budget budget, int depth) {
            this.fields = new ArrayList<>(fields);
            this.budget = budget;
            this.depth = depth;
        }

        public Builder number(int number, long value) {
            fields.add(Field.number(number, value));
            return this;
        }

        public Builder real(int number, float value) {
            fields.add(new Field(number, Field.FIXED32, Float.floatToRawIntBits(value), null, null));
            return this;
        }

        public Builder text(int number, String text) {
            return bytes(number, text.getBytes(StandardCharsets.UTF_8));
        }

        public Builder texts(int number, List<String> texts) {
            texts.forEach(text -> text(number, text));
            return this;
        }

        public Builder bytes(int number, byte[] bytes) {
            fields.add(Field.bytes(number, bytes));
            return this;
        }

        public Builder region(int number, Region region) {
            fields.add(Field.bytes(number, region));
            return this;
        }

        public Builder message(int number, Message message) {
            fields.add(Field.bytes(number, message));
            return this;
        }

        /** A packed list of ints. */
        public Builder numbers(int number, long... values) {
            ByteArrayOutputStream packed = new ByteArrayOutputStream();
            try {
                for (long value : values) {
                    varint(packed, value);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return bytes(number, packed.toByteArray());
        }

        /** A packed list of numbers of type float. */
        public Builder reals(int number, float... values) {
            ByteBuffer packed = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            packed.asFloatBuffer().put(values);
            return bytes(number, packed.array());
        }

        public Message build() {
            return new Message(List.copyOf(fields), budget, depth);
        }
    }
}
