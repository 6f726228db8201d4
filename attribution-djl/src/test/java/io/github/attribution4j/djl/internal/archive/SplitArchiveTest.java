// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An archive whose parameters share storages, are tied, lie strided, are of many types: {@code Storages} in
 * golden/special.py.
 */
class SplitArchiveTest {
    private static final Path FILE =
            Path.of(System.getProperty("basedir", ".")).resolve("../golden/special/storages.pt");

    private static TorchArchive archive() {
        return TorchArchive.read(FILE);
    }

    /** The archive with some entries changed. */
    private static TorchArchive changed(Consumer<Map<String, byte[]>> change) {
        TorchArchive archive = archive();
        Map<String, byte[]> entries = new LinkedHashMap<>();
        archive.entries().forEach(entry -> entries.put(entry, archive.large(entry)));
        change.accept(entries);
        return TorchArchive.of("changed", entries);
    }

    private static void assertWhole(TorchArchive archive) {
        SplitArchive split = SplitArchive.of(archive);
        assertThat(split.parts()).isEmpty();
        assertThat(split.frame()).isSameAs(archive);
    }

    @Test
    @DisplayName("Storages of parameters alone are parts; those that buffers or lists hold too stay")
    void parts() {
        SplitArchive split = SplitArchive.of(archive());
        assertThat(split.parts().stream().map(SplitArchive.Part::parameters).map(names -> String.join(" ", names)))
                .containsExactlyInAnyOrder(
                        "left right", "first.weight second.weight", "wide", "narrow", "brain", "order");
        assertThat(split.parts().stream().map(SplitArchive.Part::bytes))
                .containsExactlyInAnyOrder(32_808L, 16_384L, 32_768L, 16_384L, 16_384L, 32_768L);
    }

    @Test
    @DisplayName("The frame says of the parts' storages that they are empty, and has all else")
    void frame() {
        TorchArchive archive = archive();
        SplitArchive split = SplitArchive.of(archive);
        TorchArchive frame = split.frame();
        assertThat(frame.isInMemory()).isTrue();
        assertThat(frame.name()).isEqualTo(archive.name());
        assertThat(frame.code()).isEqualTo(archive.code());
        assertThat(frame.root()).isSameAs(archive.root());
        assertThat(frame.entries())
                .isEqualTo(archive.entries().stream()
                        .filter(entry -> split.parts().stream()
                                .noneMatch(part -> part.entry().equals(entry)))
                        .collect(Collectors.toSet()));

        byte[] pickle = frame.entry("data.pkl");
        PickleReader reader = new PickleReader("frame", "data.pkl", pickle == null ? new byte[0] : pickle, null);
        assertThatThrownBy(reader::read).hasMessageContaining("outside its storage of 0 elements");
        Map<String, Long> counts = reader.counts().stream()
                .collect(Collectors.toMap(
                        count -> count.storage().key(), count -> count.storage().count(), Math::max));
        counts.forEach((key, count) ->
                assertThat(count == 0).as(key).isEqualTo(!frame.entries().contains("data/" + key)));
    }

    @Test
    @DisplayName("A program that was changed stays so in the frame")
    void changedProgram() {
        TorchArchive archive = archive();
        String path = "__torch__.py";
        String text = String.valueOf(archive.code().get(path)).replace("torch.relu", "torch.tanh");
        TorchArchive frame =
                SplitArchive.of(archive.withCode(Map.of(path, text))).frame();
        assertThat(frame.code().get(path)).isEqualTo(text);
        assertThat(TorchArchive.read(new ByteArrayInputStream(frame.toBytes()))
                        .code()
                        .get(path))
                .isEqualTo(text);
    }

    @Test
    @DisplayName("A part's bytes are those of the original")
    void bytes() {
        TorchArchive archive = archive();
        SplitArchive split = SplitArchive.of(archive);
        for (SplitArchive.Part part : split.parts()) {
            ByteBuffer bytes = ByteBuffer.allocateDirect((int) part.bytes());
            split.read(part, bytes);
            assertThat(bytes.flip()).isEqualTo(ByteBuffer.wrap(archive.large(part.entry())));
        }
    }

    @Test
    @DisplayName("An archive stays whole where its objects restore themselves, bytes are swapped or too much is left")
    void whole() {
        assertWhole(changed(entries -> entries.computeIfPresent(
                "code/__torch__.py",
                (name, text) -> (new String(text, StandardCharsets.UTF_8)
                                + "  def __setstate__(self: __torch__.Storages, s: Tensor) -> NoneType:\n    return"
                                + " None\n")
                        .getBytes(StandardCharsets.UTF_8))));
        assertWhole(changed(entries -> entries.put("byteorder", "big".getBytes(StandardCharsets.US_ASCII))));
        assertWhole(changed(entries -> entries.put("constants/9", new byte[(8 << 20) + 1])));
        assertThat(SplitArchive.of(changed(entries -> entries.put("constants/9", new byte[8 << 19])))
                        .parts())
                .hasSize(6);
    }

    @Test
    @DisplayName("A storage stays where its entry is of another size, or where no class declares its parameter")
    void single() {
        TorchArchive archive = archive();
        String first = SplitArchive.of(archive).parts().get(0).entry();
        TorchArchive longer = changed(entries ->
                entries.computeIfPresent(first, (name, bytes) -> java.util.Arrays.copyOf(bytes, bytes.length + 4)));
        assertThat(SplitArchive.of(longer).parts())
                .hasSize(5)
                .noneMatch(part -> part.entry().equals(first));

        TorchArchive undeclared = changed(entries -> entries.computeIfPresent(
                "code/__torch__.py",
                (name, text) -> new String(text, StandardCharsets.UTF_8)
                        .replace("\"wide\", ", "")
                        .getBytes(StandardCharsets.UTF_8)));
        assertThat(SplitArchive.of(undeclared).parts())
                .hasSize(5)
                .noneMatch(part -> part.parameters().contains("wide"));
    }

    @Test
    @DisplayName("A file that was changed meanwhile is refused")
    void changedMeanwhile(@TempDir Path folder) throws IOException {
        Path file = Files.copy(FILE, folder.resolve("m.pt"));
        SplitArchive split = SplitArchive.of(TorchArchive.read(file));
        Files.writeString(file, "gone");
        SplitArchive.Part part = split.parts().get(0);
        ByteBuffer target = ByteBuffer.allocate((int) part.bytes());
        assertThatThrownBy(() -> split.read(part, target))
                .isInstanceOf(ArchiveException.class)
                .hasMessageContaining("the file was changed after it was opened");
    }
}
