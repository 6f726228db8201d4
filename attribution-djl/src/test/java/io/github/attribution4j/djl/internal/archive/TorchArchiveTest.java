// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.djl.internal.Zoo;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TorchArchiveTest {
    static List<String> archives() {
        return Zoo.names();
    }

    /** Read with the platform's own reader, so that two implementations agree. */
    private static Map<String, byte[]> contents(byte[] bytes) throws IOException {
        Map<String, byte[]> contents = new LinkedHashMap<>();
        Path file = Files.createTempFile("archive", ".zip");
        try {
            Files.write(file, bytes);
            try (ZipFile zip = new ZipFile(file.toFile())) {
                for (ZipEntry entry : Collections.list(zip.entries())) {
                    contents.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
                }
            }
        } finally {
            Files.delete(file);
        }
        return contents;
    }

    @ParameterizedTest
    @MethodSource("archives")
    void aCopyHoldsTheSameEntries(String name) throws IOException {
        byte[] original = Files.readAllBytes(Zoo.file(name));
        TorchArchive archive = TorchArchive.read(Zoo.file(name));
        Map<String, byte[]> before = contents(original);
        before.keySet().removeIf(k -> k.endsWith(".debug_pkl") || k.contains("/traced_inputs"));
        Map<String, byte[]> after = contents(archive.withCode(Map.of()).toBytes());
        assertThat(after).containsExactlyInAnyOrderEntriesOf(before);
        Map<String, byte[]> fromBytes =
                contents(TorchArchive.read(new ByteArrayInputStream(original)).toBytes());
        assertThat(fromBytes).containsExactlyInAnyOrderEntriesOf(contents(original));
    }

    @Test
    void changesOnlyTheTextAskedFor(@TempDir Path directory) throws IOException {
        TorchArchive archive = TorchArchive.read(Zoo.file("mlp_script.pt"));
        TorchArchive changed = archive.withCode(Map.of("__torch__.py", "# other", "__torch__/new.py", "# new"));
        Path file = directory.resolve("out.pt");
        changed.writeTo(file);
        TorchArchive again = TorchArchive.read(file);
        assertThat(again.code()).isEqualTo(changed.code());
        assertThat(again.code()).containsEntry("__torch__.py", "# other").containsEntry("__torch__/new.py", "# new");
        assertThat(again.entry("data/0")).isEqualTo(archive.entry("data/0"));
        assertThat(archive.code().get("__torch__.py")).startsWith("class Mlp(Module):");
        assertThat(changed.verify()).isEqualTo(archive.verify());
    }

    @Test
    void neverWritesOverItsSource(@TempDir Path directory) throws IOException {
        Path file = Files.copy(Zoo.file("mlp_script.pt"), directory.resolve("m.pt"));
        TorchArchive archive = TorchArchive.read(file);
        assertThatThrownBy(() -> archive.writeTo(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is the one the archive was read from");
        assertThat(Files.readAllBytes(file)).isEqualTo(Files.readAllBytes(Zoo.file("mlp_script.pt")));
    }

    @Test
    void noticesThatTheFileChanged(@TempDir Path directory) throws IOException {
        Path file = Files.copy(Zoo.file("mlp_script.pt"), directory.resolve("m.pt"));
        TorchArchive archive = TorchArchive.read(file);
        Files.writeString(file, "gone");
        assertThatThrownBy(archive::toBytes)
                .isInstanceOf(ArchiveException.class)
                .hasMessageContaining("the file was changed after it was opened");
    }

    @Test
    void knowsTheDigestOfTheCallersBytes() throws Exception {
        byte[] bytes = Files.readAllBytes(Zoo.file("mlp_script.pt"));
        String digest =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        assertThat(TorchArchive.read(Zoo.file("mlp_script.pt")).verify()).isEqualTo(digest);
        assertThat(TorchArchive.read("m", bytes).verify()).isEqualTo(digest);
    }

    @Test
    void readsTheObjectTree() {
        PickleValue.Instance root = TorchArchive.read(Zoo.file("mlp_script.pt")).root();
        assertThat(root.type()).isEqualTo("__torch__.Mlp");
        assertThat(root.attributes()).containsKeys("training", "fc1", "act", "fc2");
        PickleValue.Instance layer = (PickleValue.Instance) root.attributes().get("fc1");
        PickleValue.TensorRef weight =
                (PickleValue.TensorRef) layer.attributes().get("weight");
        assertThat(layer.type()).isEqualTo("__torch__.torch.nn.modules.linear.Linear");
        assertThat(weight.shape()).containsExactly(6L, 4L);
        assertThat(weight.strides()).containsExactly(4L, 1L);
        assertThat(weight.type()).isEqualTo("FloatStorage");
        assertThat(weight.requiresGrad()).isTrue();
        assertThat(root.attributes().get("training")).isEqualTo(new PickleValue.Scalar(false));
    }

    @ParameterizedTest
    @MethodSource("archives")
    void readsEveryObjectTree(String name) {
        TorchArchive archive = TorchArchive.read(Zoo.file(name));
        String type = archive.root().type();
        String file = type.substring(0, type.lastIndexOf('.')).replace('.', '/') + ".py";
        assertThat(archive.code().get(file))
                .contains("class " + type.substring(type.lastIndexOf('.') + 1) + "(Module):");
    }

    @Test
    void readsDeflatedEntriesAndAnyOrder() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Map<String, byte[]> contents = contents(Files.readAllBytes(Zoo.file("mlp_script.pt")));
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("mlp_script/"));
            for (String name : contents.keySet().stream().sorted().toList()) {
                zip.putNextEntry(new ZipEntry(name));
                zip.write(contents.get(name));
            }
        }
        TorchArchive archive = TorchArchive.read("m", out.toByteArray());
        assertThat(contents(archive.toBytes())).containsExactlyInAnyOrderEntriesOf(contents);
        assertThat(archive.code())
                .isEqualTo(TorchArchive.read(Zoo.file("mlp_script.pt")).code());
    }

    @Test
    void makesArchivesFromText() {
        TorchArchive archive = TorchArchive.of(
                "x",
                Map.of(
                        "code/__torch__.py",
                        "class A(Module):\n  pass\n".getBytes(StandardCharsets.US_ASCII),
                        "data.pkl",
                        new byte[] {(byte) 0x80, 2, 'N', '.'},
                        "constants.pkl",
                        new byte[] {(byte) 0x80, 2, ')', '.'},
                        "version",
                        new byte[] {'3', '\n'}));
        assertThat(archive.version()).isEqualTo(3);
        assertThat(archive.entries()).containsExactly("code/__torch__.py", "constants.pkl", "data.pkl", "version");
    }
}
