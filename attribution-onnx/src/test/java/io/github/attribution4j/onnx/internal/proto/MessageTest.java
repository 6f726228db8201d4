// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.proto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read is written again to the byte; what is damaged is refused before memory is taken for it. */
class MessageTest {
    @TempDir
    private Path folder;

    @Test
    void numbers_texts_and_messages_come_back() {
        Message inner = Message.builder().text(1, "inner").number(2, -1).build();
        byte[] bytes = Message.builder()
                .number(1, 300)
                .text(2, "Grüße")
                .real(3, 1.5f)
                .message(4, inner)
                .message(4, inner)
                .numbers(5, 1, -2, Long.MAX_VALUE)
                .reals(6, 1, 2.5f)
                .number(7, 1)
                .number(7, 2)
                .build()
                .toBytes();
        Message read = Message.read(Bytes.of(bytes));
        assertThat(read.number(1, 0)).isEqualTo(300);
        assertThat(read.text(2)).isEqualTo("Grüße");
        assertThat(read.real(3, 0)).isEqualTo(1.5f);
        assertThat(read.messages(4)).hasSize(2).allMatch(message -> message.number(2, 0) == -1);
        assertThat(read.numbers(5)).containsExactly(1, -2, Long.MAX_VALUE);
        assertThat(read.reals(6)).containsExactly(1, 2.5f);
        assertThat(read.numbers(7)).containsExactly(1, 2);
        assertThat(read.number(7, 0)).isEqualTo(2);
        assertThat(read.number(99, 12)).isEqualTo(12);
        assertThat(read.has(99)).isFalse();
        assertThat(read.toBytes()).isEqualTo(bytes);
        assertThat(read.size()).isEqualTo(bytes.length);
    }

    @Test
    void random_messages_are_written_as_they_were_read() {
        for (int seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            byte[] bytes = randomMessage(random, 0);
            Message read = Message.read(Bytes.of(bytes));
            assertThat(read.toBytes()).as("seed %s", seed).isEqualTo(bytes);
            // What is not known stays where something else is taken out and put in.
            Message changed = read.without(number -> number == 3).number(3, 77).build();
            Message again = Message.read(Bytes.of(changed.toBytes()));
            assertThat(again.number(3, 0)).isEqualTo(77);
            assertThat(again.without(number -> number == 3).build().toBytes())
                    .isEqualTo(read.without(number -> number == 3).build().toBytes());
        }
    }

    /** Fields of every kind, with numbers in more bytes than they need. */
    private static byte[] randomMessage(Random random, int depth) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int count = random.nextInt(8);
        for (int i = 0; i < count; i++) {
            int number = 1 + (random.nextBoolean() ? random.nextInt(20) : random.nextInt((1 << 29) - 1));
            int wire = new int[] {0, 1, 2, 3, 5}[random.nextInt(5)];
            varint(out, (long) number << 3 | wire, 0);
            switch (wire) {
                case 0 -> varint(out, random.nextLong() >>> random.nextInt(64), random.nextInt(2));
                case 1 -> out.writeBytes(randomBytes(random, 8));
                case 5 -> out.writeBytes(randomBytes(random, 4));
                case 3 -> {
                    out.writeBytes(depth < 3 ? randomMessage(random, depth + 1) : new byte[0]);
                    varint(out, (long) number << 3 | 4, 0);
                }
                default -> {
                    byte[] inner = depth < 3 && random.nextBoolean()
                            ? randomMessage(random, depth + 1)
                            : randomBytes(random, random.nextInt(300));
                    varint(out, inner.length, random.nextInt(3));
                    out.writeBytes(inner);
                }
            }
        }
        return out.toByteArray();
    }

    private static byte[] randomBytes(Random random, int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    private static void varint(ByteArrayOutputStream out, long value, int more) {
        long rest = value;
        int bytes = 0;
        while ((rest & ~0x7FL) != 0) {
            out.write((int) ((rest & 0x7F) | 0x80));
            rest >>>= 7;
            bytes++;
        }
        int padding = Math.min(more, 8 - bytes);
        if (padding <= 0) {
            out.write((int) rest);
            return;
        }
        out.write((int) rest | 0x80);
        for (int i = 1; i < padding; i++) {
            out.write(0x80);
        }
        out.write(0);
    }

    @Test
    void lengths_that_the_file_does_not_have_are_refused() {
        for (byte[] bytes : new byte[][] {
            {0x0A, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x07},
            {0x0A, 5, 1, 2},
            {
                0x0A,
                (byte) 0xFF,
                (byte) 0xFF,
                (byte) 0xFF,
                (byte) 0xFF,
                (byte) 0xFF,
                (byte) 0xFF,
                (byte) 0xFF,
                (byte) 0xFF,
                (byte) 0xFF,
                1
            },
            {0x08},
            {0x09, 1, 2},
            {0x0D, 1},
            {0x0B, 0x08}
        }) {
            assertThatThrownBy(() -> Message.read(Bytes.of(bytes)))
                    .as(Arrays.toString(bytes))
                    .isInstanceOfSatisfying(
                            FormatException.class,
                            e -> assertThat(e.reason()).isEqualTo(FormatException.Reason.TRUNCATED))
                    .hasMessageMatching("[^\n]*");
        }
    }

    @Test
    void what_is_no_protobuf_is_refused() {
        for (byte[] bytes : new byte[][] {
            {0x0C}, {0x0F, 1}, {0x00, 1}, {8, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}, {0x0B, 0x14}
        }) {
            assertThatThrownBy(() -> Message.read(Bytes.of(bytes)))
                    .as(Arrays.toString(bytes))
                    .isInstanceOfSatisfying(
                            FormatException.class,
                            e -> assertThat(e.reason()).isEqualTo(FormatException.Reason.CORRUPT))
                    .hasMessageMatching("[^\n]*");
        }
    }

    @Test
    void a_field_of_another_kind_is_refused_when_it_is_asked_for() {
        Message read = Message.read(
                Bytes.of(Message.builder().number(1, 5).text(2, "no").build().toBytes()));
        assertThatThrownBy(() -> read.text(1))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("field 1");
        assertThatThrownBy(() -> read.number(2, 0)).isInstanceOf(FormatException.class);
        assertThatThrownBy(() -> read.reals(2))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("2 bytes");
        assertThatThrownBy(() -> read.messages(1)).isInstanceOf(FormatException.class);
    }

    @Test
    void depth_and_numbers_of_fields_are_bounded() {
        byte[] nested = new byte[0];
        for (int i = 0; i < 80; i++) {
            nested = Message.builder().bytes(1, nested).build().toBytes();
        }
        Message outer = Message.read(Bytes.of(nested));
        assertThatThrownBy(() -> {
                    Message at = outer;
                    while (at != null) {
                        at = at.message(1);
                    }
                })
                .isInstanceOfSatisfying(
                        FormatException.class, e -> assertThat(e.reason()).isEqualTo(FormatException.Reason.TOO_LARGE));
        byte[] groups = new byte[400];
        Arrays.fill(groups, (byte) 0x0B);
        assertThatThrownBy(() -> Message.read(Bytes.of(groups)))
                .isInstanceOfSatisfying(
                        FormatException.class, e -> assertThat(e.reason()).isEqualTo(FormatException.Reason.TOO_LARGE));
        byte[] many = new byte[9_000_000];
        for (int i = 0; i < many.length; i += 2) {
            many[i] = 8;
        }
        assertThatThrownBy(() -> Message.read(Bytes.of(many)))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("more than 4000000 fields");
    }

    @Test
    void a_file_is_read_like_an_array() throws IOException {
        Random random = new Random(3);
        byte[] large = randomBytes(random, 300_000);
        byte[] bytes = Message.builder()
                .text(1, "before")
                .bytes(2, large)
                .text(3, "after")
                .build()
                .toBytes();
        Path file = Files.write(folder.resolve("message"), bytes);
        try (Bytes opened = Bytes.of(file)) {
            Message read = Message.read(opened);
            assertThat(read.text(1)).isEqualTo("before");
            assertThat(read.text(3)).isEqualTo("after");
            Region region = read.region(2);
            assertThat(region.length()).isEqualTo(large.length);
            assertThat(region.copy(large.length, "it")).isEqualTo(large);
            assertThat(read.toBytes()).isEqualTo(bytes);
        }
    }

    @Test
    void offsets_beyond_two_gigabytes_are_right() throws IOException {
        Path file = folder.resolve("large");
        long hole = 3_000_000_000L;
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            ByteArrayOutputStream head = new ByteArrayOutputStream();
            varint(head, 9 << 3 | 2, 0);
            varint(head, hole, 0);
            out.write(head.toByteArray());
            out.seek(head.size() + hole); // nothing is written in between
            out.write(Message.builder().text(1, "behind").build().toBytes());
        }
        try (Bytes opened = Bytes.of(file)) {
            Message read = Message.read(opened);
            assertThat(read.text(1)).isEqualTo("behind");
            assertThat(read.region(9).length()).isEqualTo(hole);
            assertThatThrownBy(read::toBytes)
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("2 GB");
        }
    }

    @Test
    void files_that_are_not_there_or_become_shorter_are_named() throws IOException {
        assertThatThrownBy(() -> Bytes.of(folder.resolve("none.onnx")))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("none.onnx");
        assertThatThrownBy(() -> Bytes.of(folder))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("folder");
        Path file = Files.write(
                folder.resolve("shrinks"),
                Message.builder().bytes(1, new byte[200_000]).build().toBytes());
        try (Bytes opened = Bytes.of(file)) {
            Region region = Message.read(opened).region(1);
            Files.write(file, new byte[10]);
            assertThatThrownBy(() -> region.copy(200_000, "it"))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("shorter");
        }
    }

    /** A model in a service is read in part for each new kind of question, for as long as it is open. */
    @Test
    void what_was_read_once_may_be_read_any_number_of_times() {
        Message.Builder inner = Message.builder();
        for (int i = 0; i < 20_000; i++) {
            inner.number(1, 1);
        }
        Message file = Message.read(
                Bytes.of(Message.builder().message(7, inner.build()).build().toBytes()));
        assertThat(file.message(7)).isNotNull();
        file.endBudget();
        for (int i = 0; i < 300; i++) {
            assertThat(file.message(7)).isNotNull();
        }
        Message counted = Message.read(
                Bytes.of(Message.builder().message(7, inner.build()).build().toBytes()));
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 300; i++) {
                        counted.message(7);
                    }
                })
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("more than 4000000 fields");
    }
}
