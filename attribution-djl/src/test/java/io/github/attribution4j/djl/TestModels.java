// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/** Models for tests, on the device that the tests are run on. */
public final class TestModels {
    private TestModels() {}

    static LoadOptions options() {
        return LoadOptions.defaults().device(System.getProperty("attribution.device", "cpu"));
    }

    static Tensors tensors() {
        return DjlTensors.of(options().device());
    }

    /** Returns the file of one of the models that the golden data was made with. */
    static Path file(String name) {
        return Path.of(System.getProperty("basedir", "."))
                .resolve("../golden/data/models")
                .resolve(name);
    }

    static TorchScriptModel golden(String name) {
        return TorchScriptModel.load(file(name), options());
    }

    /**
     * Returns a model written as text.
     *
     * @param forward the method, whose first parameter is {@code self: __torch__.M}
     */
    static TorchScriptModel script(String forward) {
        return script(forward, options());
    }

    /** Returns a model written as text, loaded with options. */
    public static TorchScriptModel script(String forward, LoadOptions options) {
        return TorchScriptModel.load(new ByteArrayInputStream(archive(forward)), options);
    }

    static byte[] archive(String forward) {
        return archive("", forward);
    }

    /**
     * Returns the archive of a model written as text.
     *
     * @param definitions classes and functions beside the module
     * @param forward the method, whose first parameter is {@code self: __torch__.M}
     */
    static byte[] archive(String definitions, String forward) {
        String source = definitions + "class M(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n"
                + forward.indent(2);
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("code/__torch__.py", source.getBytes(StandardCharsets.US_ASCII));
        String pickle = "\u0080\u0002c__torch__\nM\n)\u0081}(X\b\0\0\0training\u0089ub.";
        entries.put("data.pkl", pickle.getBytes(StandardCharsets.ISO_8859_1));
        entries.put("constants.pkl", "\u0080\u0002).".getBytes(StandardCharsets.ISO_8859_1));
        entries.put("version", "3\n".getBytes(StandardCharsets.US_ASCII));
        return TorchArchive.of("m", entries).toBytes();
    }

    /** Returns normally distributed values; row r is the same for any number of rows. */
    static Tensor normal(Model model, DataType dataType, int rows, long seed, long... row) {
        return normal(model.tensors(), dataType, rows, seed, row);
    }

    static Tensor normal(Tensors tensors, DataType dataType, int rows, long seed, long... row) {
        Shape shape = Shape.of(row).prepend(rows);
        double[] values = new double[Math.toIntExact(shape.size())];
        int each = values.length / rows;
        for (int r = 0; r < rows; r++) {
            SplittableRandom random = new SplittableRandom(seed * 1000 + r);
            for (int i = 0; i < each; i++) {
                // The sum of twelve uniform numbers is close enough to normal.
                double sum = -6;
                for (int k = 0; k < 12; k++) {
                    sum += random.nextDouble();
                }
                values[r * each + i] = sum;
            }
        }
        if (dataType == DataType.FLOAT64) {
            return tensors.of(values, shape);
        }
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return tensors.of(floats, shape);
    }

    /** Returns whole numbers from 0 to bound - 1; row r is the same for any number of rows. */
    static Tensor indexes(Model model, int rows, int bound, long... row) {
        Shape shape = Shape.of(row).prepend(rows);
        long[] values = new long[Math.toIntExact(shape.size())];
        int each = values.length / rows;
        for (int r = 0; r < rows; r++) {
            SplittableRandom random = new SplittableRandom(r);
            for (int i = 0; i < each; i++) {
                values[r * each + i] = random.nextInt(bound);
            }
        }
        return model.tensors().of(values, shape);
    }
}
