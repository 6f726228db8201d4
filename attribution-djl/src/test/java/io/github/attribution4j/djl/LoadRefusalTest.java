// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.testkit.LeakExtension;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What cannot be loaded is refused in one line that says which file, what is wrong, and what to do. */
@ExtendWith(LeakExtension.class)
class LoadRefusalTest {
    @TempDir
    Path folder;

    private void refused(Path file, String... words) {
        assertThatThrownBy(() -> TorchScriptModel.load(file, TestModels.options()))
                .isInstanceOf(UnsupportedModelException.class)
                .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1))
                .hasMessageContainingAll(words);
    }

    private Path zip(String name, Map<String, String> entries) throws IOException {
        Path file = folder.resolve(name);
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, String> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue().getBytes(StandardCharsets.ISO_8859_1));
                zip.closeEntry();
            }
        }
        return file;
    }

    @Test
    @DisplayName("A missing file, a folder, an empty file, a file of another kind")
    void notAnArchive() throws IOException {
        refused(folder.resolve("none.pt"), "none.pt", "no such file");
        refused(folder, "not a file");
        refused(Files.createFile(folder.resolve("empty.pt")), "empty.pt", "empty");
        refused(Files.writeString(folder.resolve("text.pt"), "hello, this is no model at all"), "text.pt");
    }

    @Test
    @DisplayName("Weights without a program, an export of torch.export, an archive that ends early")
    void otherArchives() throws IOException {
        refused(
                zip("weights.pt", Map.of("weights/data.pkl", "\u0080\u0002}.", "weights/version", "3\n")),
                "weights.pt",
                "torch.jit");
        refused(
                zip("exported.pt2", Map.of("exported/models/model.json", "{}", "exported/archive_format", "pt2")),
                "exported.pt2",
                "torch.export");
        byte[] whole = Files.readAllBytes(TestModels.file("mlp_softmax.scripted.pt"));
        Path truncated = Files.write(folder.resolve("truncated.pt"), Arrays.copyOf(whole, whole.length / 2));
        refused(truncated, "truncated.pt");
    }

    @Test
    @DisplayName("An unknown format version, and a program that libtorch refuses")
    void otherPrograms() throws IOException {
        refused(
                zip(
                        "newer.pt",
                        Map.of(
                                "newer/data.pkl", "\u0080\u0002c__torch__\nM\n)\u0081}b.",
                                "newer/constants.pkl", "\u0080\u0002).",
                                "newer/version", "99\n",
                                "newer/code/__torch__.py", "class M(Module):\n  training : bool\n")),
                "newer.pt",
                "99");
        String unknown = "def forward(self: __torch__.M, x: Tensor) -> Tensor:\n  return torch.no_such_operator(x)\n";
        Path file = Files.write(folder.resolve("unknown.pt"), TestModels.archive(unknown));
        refused(file, "no_such_operator");
    }

    @Test
    @DisplayName(
            "A file that a transfer in text mode changed, in each of its ways, is called that; one that was cut off is"
                    + " not")
    void textMode() throws IOException {
        byte[] whole = Files.readAllBytes(TestModels.file("mlp_softmax.scripted.pt"));
        String text = new String(whole, StandardCharsets.ISO_8859_1);
        assertThat(text).contains("\r").contains("\n");
        Map<String, String> changed = Map.of(
                "cr-lf", text.replace('\r', '\n'),
                "lf-crlf", text.replace("\n", "\r\n"),
                "lf-cr", text.replace('\n', '\r'),
                "no-cr", text.replace("\r", ""),
                "utf8", new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1),
                "replaced",
                        new String(
                                new String(whole, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8),
                                StandardCharsets.ISO_8859_1));
        for (Map.Entry<String, String> entry : changed.entrySet()) {
            Path file = folder.resolve(entry.getKey() + ".pt");
            Files.write(file, entry.getValue().getBytes(StandardCharsets.ISO_8859_1));
            refused(file, entry.getKey(), "was damaged by a transfer in text mode", "copy it again as a binary file");
        }
        // Few bytes are pairs: the bytes that are missing tell.
        int place = text.indexOf("data/0") + 200;
        String paired = text.substring(0, place) + "\r\n\r\n" + text.substring(place + 4);
        Path file = folder.resolve("crlf-lf.pt");
        Files.write(file, paired.replace("\r\n", "\n").getBytes(StandardCharsets.ISO_8859_1));
        refused(file, "was damaged by a transfer in text mode", "less than its directory says");
        Path flipped = folder.resolve("flipped.pt");
        byte[] other = whole.clone();
        other[whole.length / 3] ^= 1;
        Files.write(flipped, other);
        assertThatThrownBy(() -> TorchScriptModel.load(flipped, TestModels.options()))
                .hasMessageNotContaining("text mode");
    }

    @Test
    @DisplayName("What a failed download leaves, and what has to be unpacked first, is named")
    void downloads() throws IOException {
        Map<String, String> files = Map.of(
                "page.pt", "<!DOCTYPE html>\n<html><head><title>Not found</title>",
                "error.pt", "\u00EF\u00BB\u00BF<?xml version=\"1.0\"?><Error>AccessDenied</Error>",
                "pointer.pt", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
                "packed.pt", "\u001F\u008B\b\0\0\0\0\0",
                "base64.pt", "UEsDBAAACAgAAA==",
                "weights.pt", "\u0088\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\"}}");
        Map<String, String> words = Map.of(
                "page.pt", "is a web page or an error message of a server",
                "error.pt", "is a web page or an error message of a server",
                "pointer.pt", "is a pointer of Git LFS and not the model itself; fetch it with 'git lfs pull'",
                "packed.pt", "is compressed with gzip; unpack it first",
                "base64.pt", "is encoded in base64",
                "weights.pt", "is a safetensors file, which holds weights and no program");
        for (Map.Entry<String, String> entry : files.entrySet()) {
            Path file = folder.resolve(entry.getKey());
            Files.write(file, entry.getValue().getBytes(StandardCharsets.ISO_8859_1));
            refused(file, entry.getKey(), words.getOrDefault(entry.getKey(), "no words"));
        }
    }

    @Test
    @DisplayName(
            "Operators of a library that is not loaded: which one, and how DJL loads it; those of a phone's GPU: what"
                    + " to export")
    void missingLibraries() throws IOException {
        String call = "def forward(self: __torch__.M, x: Tensor) -> Tensor:\n  return ops.%s(x)\n";
        String remedy = "-DPYTORCH_EXTRA_LIBRARY_PATH=/path/to/the/library.so";
        for (String operator : new String[] {"torchvision.nms", "torch_scatter.scatter_max", "mine.twice"}) {
            Path file = Files.write(folder.resolve("m.pt"), TestModels.archive(call.formatted(operator)));
            refused(file, "m.pt: operator " + operator.replace(".", "::") + " is not in libtorch 2.7.1", remedy);
        }
        Path phone = Files.write(
                folder.resolve("m.pt"), TestModels.archive(call.formatted("vulkan_prepack.run_linear_context")));
        refused(phone, "vulkan_prepack::run_linear_context computes on the GPU of a phone", "backend='CPU'");
        String typed = """
                def forward(self: __torch__.M, x: Tensor, e: __torch__.torch.classes.mine.Engine) -> Tensor:
                  return x
                """;
        refused(
                Files.write(folder.resolve("m.pt"), TestModels.archive(typed)),
                "parameter 'e' of the model has type __torch__.torch.classes.mine.Engine");
        String held = """
                def forward(self: __torch__.M, x: Tensor) -> Tensor:
                  e = annotate(Optional[__torch__.torch.classes.mine.Engine], None)
                  return x
                """;
        refused(
                Files.write(folder.resolve("m.pt"), TestModels.archive(held)),
                "class torch.classes.mine.Engine is not in libtorch 2.7.1",
                remedy);
    }

    @Test
    @DisplayName("Archives of optimize_for_inference, which PyTorch writes without the weights of convolutions")
    void lostWeights() throws IOException {
        String forward = """
                def forward(self: __torch__.M, x: Tensor) -> Tensor:
                  w = ops.prim.ConstantMKLDNNTensor()
                  b = ops.prim.ConstantMKLDNNTensor()
                  y = ops.prim.mkldnn_convolution(torch.to_mkldnn(x), w, b, [1, 1], [0, 0], [1, 1], 1)
                  return torch.to_dense(y)
                """;
        refused(
                Files.write(folder.resolve("m.pt"), TestModels.archive(forward)),
                "m.pt: code/__torch__.py was saved after torch.jit.optimize_for_inference",
                "no PyTorch reads it. Save the model as it was before, or after torch.jit.freeze");
    }

    @Test
    @DisplayName("A device that does not exist, before the file is looked at")
    void devices() {
        Path none = folder.resolve("none.pt");
        assertThatThrownBy(
                        () -> TorchScriptModel.load(none, LoadOptions.defaults().device("cuda:99")))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("cuda:99");
        assertThatThrownBy(() -> LoadOptions.defaults().device("tpu"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("'tpu'", "cpu", "cuda:0");
        assertThatThrownBy(() -> LoadOptions.defaults().threads(0)).hasMessageContainingAll("threads 0", "at least 1");
    }

    @Test
    @DisplayName("The caller's file is not changed, its digest is the model's, and it may go away")
    void fileStays() throws IOException {
        byte[] before = Files.readAllBytes(TestModels.file("mlp_softmax.scripted.pt"));
        Path file = Files.write(folder.resolve("model.pt"), before);
        try (TorchScriptModel fromFile = TorchScriptModel.load(file, TestModels.options());
                TorchScriptModel fromStream =
                        TorchScriptModel.load(new ByteArrayInputStream(before), TestModels.options())) {
            assertThat(Files.readAllBytes(file)).isEqualTo(before);
            Files.delete(file);
            assertThat(fromFile.cut("fc1").point().kind()).isEqualTo("Linear");
            assertThat(fromFile.identity().name()).isEqualTo("model.pt");
            assertThat(fromFile.identity().digest())
                    .matches("[0-9a-f]{64}")
                    .isEqualTo(fromStream.identity().digest());
            assertThat(fromFile.identity().engine()).contains("PyTorch 2.7.1", "DJL 0.35.1");
        }
        assertThat(folder).isEmptyDirectory();
    }
}
