// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A TorchScript archive of our own, written as text, for what DJL's native interface lacks or does otherwise. */
final class Toolbox {
    /** Resamples: {@code [image (n, c, h, w), size int64 (2)] -> [resampled]}. */
    static final String BILINEAR = "bilinear";

    /** Puts tensors into other storages: {@code [tensor, bytes, tensor, bytes, ...] -> []}. */
    static final String GIVE_STORAGES = "give_storages";

    // Lists are passed by reference, and DJL never frees the arguments of a call that fails: each method empties its
    // list before it computes, so that a failure leaves behind an empty list and not the tensors or their graph.
    private static final String CODE = """
            class Toolbox(Module):
              __parameters__ = []
              __buffers__ = []
              training : bool
              def bilinear(self: __torch__.Toolbox,
                arguments: List[Tensor]) -> List[Tensor]:
                x = arguments[0]
                size = arguments[1]
                height = int(torch.select(size, 0, 0))
                width = int(torch.select(size, 0, 1))
                _0 = torch.clear(arguments)
                return [torch.upsample_bilinear2d(x, [height, width], False)]
              def give_storages(self: __torch__.Toolbox,
                arguments: List[Tensor]) -> List[Tensor]:
                pairs = torch.slice(arguments, 0, 9223372036854775807, 1)
                _0 = torch.clear(arguments)
                for i in range(torch.floordiv(torch.len(pairs), 2)):
                  x = pairs[torch.mul(i, 2)]
                  bytes = pairs[torch.add(torch.mul(i, 2), 1)]
                  _1 = torch.set_(x, bytes, torch.storage_offset(x), torch.size(x), torch.stride(x))
                return arguments
            """;

    /** An object of that class with its one attribute: protocol 2, GLOBAL, EMPTY_TUPLE, NEWOBJ, state, BUILD, STOP. */
    private static final String OBJECT = "\u0080\u0002c__torch__\nToolbox\n)\u0081}(X\b\0\0\0training\u0089ub.";

    private static final String NO_CONSTANTS = "\u0080\u0002).";

    private Toolbox() {}

    static byte[] archive() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            put(zip, "toolbox/data.pkl", OBJECT);
            put(zip, "toolbox/constants.pkl", NO_CONSTANTS);
            put(zip, "toolbox/version", "3\n");
            put(zip, "toolbox/code/__torch__.py", CODE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void put(ZipOutputStream zip, String name, String content) throws IOException {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(content.getBytes(StandardCharsets.ISO_8859_1));
        zip.closeEntry();
    }
}
