// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.attribution4j.djl.internal.Zoo;
import io.github.attribution4j.djl.internal.archive.ArchiveException.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RefusalTest {
    private static byte[] good() {
        try {
            return Files.readAllBytes(Zoo.file("mlp_script.pt"));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] zip(Map<String, byte[]> entries) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ZipEmitter emitter = new ZipEmitter(Channels.newChannel(out));
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                emitter.store(entry.getKey(), entry.getValue());
            }
            emitter.finish();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return out.toByteArray();
    }

    private static Map<String, byte[]> entries() {
        TorchArchive archive = TorchArchive.read(Zoo.file("mlp_script.pt"));
        Map<String, byte[]> entries = new LinkedHashMap<>();
        for (String name : archive.entries()) {
            entries.put("m/" + name, archive.entry(name));
        }
        return entries;
    }

    private static byte[] without(String entry) {
        Map<String, byte[]> entries = entries();
        assertThat(entries.remove("m/" + entry)).as(entry).isNotNull();
        return zip(entries);
    }

    private static byte[] with(String entry, String content) {
        Map<String, byte[]> entries = entries();
        entries.put("m/" + entry, content.getBytes(StandardCharsets.UTF_8));
        return zip(entries);
    }

    private static void refused(byte[] bytes, Reason reason, String message) {
        ArchiveException e = catchThrowableOfType(
                ArchiveException.class,
                () -> TorchArchive.read("model.pt", bytes).root());
        assertThat(e).as(message).isNotNull();
        assertThat(e.getMessage()).startsWith("model.pt: ").contains(message).doesNotContain("\n");
        assertThat(e.reason()).isEqualTo(reason);
    }

    @Test
    void missingFile(@TempDir Path directory) {
        Path file = directory.resolve("none.pt");
        assertThatThrownBy(() -> TorchArchive.read(file))
                .isInstanceOf(ArchiveException.class)
                .hasMessage(file + ": no such file")
                .extracting(e -> ((ArchiveException) e).reason())
                .isEqualTo(Reason.MISSING_FILE);
        assertThatThrownBy(() -> TorchArchive.read(directory)).hasMessage(directory + ": is not a file");
    }

    @Test
    void filesThatAreNoArchives() {
        refused(new byte[0], Reason.EMPTY, "is empty");
        refused("hello, world".getBytes(StandardCharsets.US_ASCII), Reason.NOT_A_ZIP, "not a zip file");
        refused(new byte[] {'P'}, Reason.TRUNCATED, "has only 1 bytes");
        refused(
                new byte[] {(byte) 0x80, 2, (byte) 0x8a, '\n', 'l', (byte) 0xfc},
                Reason.CHECKPOINT,
                "weights and no program");
        refused(zip(Map.of()), Reason.INCOMPLETE, "is an empty zip");
        refused(
                zip(Map.of("readme.txt", new byte[1])),
                Reason.INCOMPLETE,
                "without the folder of a TorchScript archive");
    }

    @Test
    void checkpoints() {
        Map<String, byte[]> entries = entries();
        entries.keySet().removeIf(k -> k.contains("/code/") || k.contains("/constants"));
        refused(zip(entries), Reason.CHECKPOINT, "is a checkpoint (a state_dict or a pickled module)");
    }

    @Test
    void exportedPrograms() {
        refused(
                zip(Map.of("exp/models/model.json", new byte[2], "exp/archive_format", new byte[2])),
                Reason.TORCH_EXPORT,
                "written by torch.export");
        refused(
                zip(Map.of("serialized_exported_program.json", new byte[2], "version", new byte[2])),
                Reason.TORCH_EXPORT,
                "written by torch.export");
    }

    @Test
    void ancientArchives() {
        refused(
                zip(Map.of("m/model.json", new byte[2], "m/version", new byte[2])),
                Reason.TOO_OLD,
                "was written by PyTorch before 1.4");
    }

    @Test
    void truncation() {
        byte[] good = good();
        for (int length : new int[] {30, 100, good.length / 2, good.length - 30, good.length - 1}) {
            refused(Arrays.copyOf(good, length), Reason.TRUNCATED, "the zip ends early");
        }
    }

    @Test
    void missingParts() {
        refused(without("data.pkl"), Reason.INCOMPLETE, "lacks 'data.pkl'");
        refused(without("constants.pkl"), Reason.INCOMPLETE, "lacks 'constants.pkl'");
        Map<String, byte[]> entries = entries();
        entries.keySet().removeIf(k -> k.endsWith("version"));
        refused(zip(entries), Reason.INCOMPLETE, "lacks 'version'");
        entries = entries();
        entries.keySet().removeIf(k -> k.contains("/code/"));
        refused(zip(entries), Reason.INCOMPLETE, "lacks 'code/'");
    }

    @Test
    void versions() {
        refused(with("version", "11\n"), Reason.UNKNOWN_VERSION, "has format version '11'; this library reads 1 to 10");
        refused(with("version", "0\n"), Reason.UNKNOWN_VERSION, "has format version '0'");
        refused(with("version", "three"), Reason.UNKNOWN_VERSION, "has format version 'three'");
        refused(with("version", "\u0001\u0002"), Reason.UNKNOWN_VERSION, "has format version (unreadable)");
        refused(
                with("version", "99999999999999999999"),
                Reason.UNKNOWN_VERSION,
                "has format version '99999999999999999999'");
    }

    @Test
    void unsafeNames() {
        for (String name :
                new String[] {"m/../../etc/passwd", "/etc/passwd", "..", "C:/windows", "m\\..\\x", "m/a\0b"}) {
            Map<String, byte[]> entries = entries();
            entries.put(name, new byte[1]);
            refused(zip(entries), Reason.UNSAFE_NAME, "leads outside the archive");
        }
    }

    @Test
    void duplicates() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ZipEmitter emitter = new ZipEmitter(Channels.newChannel(out));
        try {
            emitter.store("m/data.pkl", new byte[1]);
            emitter.store("m/data.pkl", new byte[2]);
            emitter.finish();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        refused(out.toByteArray(), Reason.DUPLICATE_ENTRY, "holds two entries named 'm/data.pkl'");
    }

    @Test
    void sizes() throws IOException {
        ByteSource source = new ByteSource.InMemory(good());
        assertThatThrownBy(() -> ArchiveReader.read("m", source, new Limits(3, 1 << 20, 1 << 20, 200)))
                .hasMessageContaining("its directory claims");
        assertThatThrownBy(() -> ArchiveReader.read("m", source, new Limits(100, 1 << 20, 100, 200)))
                .hasMessageContaining("its code has more than 100 bytes");
        assertThatThrownBy(() -> ArchiveReader.read("m", source, new Limits(100, 200, 1 << 20, 200)))
                .hasMessageContaining("at most 200 are read");
    }

    @Test
    void bombs() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (java.util.zip.ZipOutputStream zip = new java.util.zip.ZipOutputStream(out)) {
            zip.putNextEntry(new java.util.zip.ZipEntry("m/code/a.py"));
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 80; i++) {
                zip.write(zeros);
            }
        }
        refused(out.toByteArray(), Reason.TOO_LARGE, "would grow from");
    }

    @Test
    void changedBytes() {
        byte[] whole = zip(entries());
        int at = indexOf(whole, "class Mlp(Module)");
        whole[at] = 'k';
        refused(whole, Reason.CORRUPT, "the checksum of entry 'm/code/__torch__.py' does not match");
    }

    private static int indexOf(byte[] bytes, String text) {
        return new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text);
    }

    @Test
    void brokenPickles() {
        refused(with("data.pkl", ""), Reason.CORRUPT, "breaks off at byte 0");
        refused(with("data.pkl", "N."), Reason.CHECKPOINT, "holds None and not a module");
        refused(with("data.pkl", "}."), Reason.CHECKPOINT, "holds a dictionary and not a module");
        refused(with("data.pkl", "NN\\"), Reason.CORRUPT, "uses the unknown opcode 0x5c (byte 2)");
        refused(with("data.pkl", "X\u007f\u007f\u007f\u007fabc"), Reason.CORRUPT, "breaks off");
        refused(with("data.pkl", "h\u0001."), Reason.CORRUPT, "refers to value 1, which does not exist (byte 0)");
        refused(with("data.pkl", "NNb."), Reason.CORRUPT, "sets the state of None (byte 2)");
        refused(with("data.pkl", "NNR."), Reason.CORRUPT, "calls something that is not a function");
        refused(with("data.pkl", "u."), Reason.CORRUPT, "breaks off");
    }

    @Test
    void aThousandDamagedFilesEndInOneLine() {
        Random random = new Random(7);
        byte[] good = good();
        int refused = 0;
        for (int i = 0; i < 1000; i++) {
            byte[] bytes = good.clone();
            for (int k = 0; k <= random.nextInt(8); k++) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            if (random.nextInt(4) == 0) {
                bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
            }
            try {
                TorchArchive archive = TorchArchive.read("m", bytes);
                archive.root();
                archive.toBytes();
            } catch (ArchiveException e) {
                assertThat(e.getMessage()).startsWith("m: ").doesNotContain("\n");
                refused++;
            }
        }
        assertThat(refused).isBetween(300, 1000);
    }
}
