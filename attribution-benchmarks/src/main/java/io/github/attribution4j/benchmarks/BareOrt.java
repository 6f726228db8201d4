// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmarks;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import io.github.attribution4j.onnx.internal.gradient.Weaver;
import io.github.attribution4j.onnx.internal.gradient.Woven;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.session.TypeOracle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a user would write with ONNX Runtime alone, had the graph that computes gradients been given: the fewest calls
 * that evaluate the same rows, in one session that runs forward and back, with buffers that are made once.
 */
final class BareOrt implements AutoCloseable {
    private static final String FOLDER = "session.model_external_initializers_file_folder_path";

    private final OrtEnvironment environment;
    private final OrtSession plain;
    private final OrtSession fused;
    private final Woven woven;
    private final float[] input;
    private final long[] row;
    private final int classes;
    private final String name;
    private final String output;
    private final int width;
    private final FloatBuffer rows;
    private final FloatBuffer cotangent;

    /**
     * Makes both sessions.
     *
     * @param most the most rows of a call
     * @param layer the value that gradients are taken at; null for the input
     */
    BareOrt(BenchmarkModels which, Path path, int most, @Nullable String layer) {
        try (OnnxFile file = OnnxFile.open(path)) {
            Graph graph = file.graph();
            this.name = graph.inputs().get(0).name();
            this.output = graph.outputs().get(0).name();
            String leaf = layer == null ? name : layer;
            TypeOracle oracle = new TypeOracle(file);
            this.woven = Weaver.weave(graph, oracle.types(Map.of()), List.of(leaf), output);
            Graph whole = layer == null ? woven.fused() : woven.fused().giving(List.of(output, layer, gradient()));
            this.environment = OrtEnvironment.getEnvironment();
            try (SessionOptions options = new SessionOptions()) {
                options.setOptimizationLevel(OptLevel.ALL_OPT);
                options.disablePerSessionThreads();
                Path folder = path.getParent();
                if (folder != null) {
                    options.addConfigEntry(FOLDER, folder.toString());
                }
                this.plain = environment.createSession(path.toString(), options);
                this.fused = environment.createSession(file.write(whole), options);
            }
            this.input = which.input();
            this.row = which.shape(1);
            this.width = input.length;
            this.classes = which == BenchmarkModels.RESNET18 ? 1000 : which == BenchmarkModels.TABLE ? 2 : 10;
            this.rows = floats(most * width);
            this.cotangent = floats(most * classes);
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    private String gradient() {
        return woven.gradients().values().iterator().next();
    }

    private static FloatBuffer floats(int count) {
        return ByteBuffer.allocateDirect(count * Float.BYTES)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    private OnnxTensor tensor(FloatBuffer buffer, long count, long... shape) throws OrtException {
        long[] dims = shape.clone();
        dims[0] = count;
        int size = 1;
        for (long dim : dims) {
            size = Math.toIntExact(size * dim);
        }
        return OnnxTensor.createTensor(
                environment, buffer.duplicate().position(0).limit(size), dims);
    }

    private void choose(int count, long target) {
        for (int i = 0; i < count * classes; i++) {
            cotangent.put(i, i % classes == target ? 1 : 0);
        }
    }

    /** Returns the output for the input. */
    float[] forward() {
        rows.put(0, input);
        return forward(1);
    }

    private float[] forward(int count) {
        try (OnnxTensor given = tensor(rows, count, row);
                OrtSession.Result result = plain.run(Map.of(name, given))) {
            return array((OnnxTensor) result.get(0));
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    private static float[] array(OnnxTensor tensor) {
        FloatBuffer buffer = tensor.getFloatBuffer();
        float[] values = new float[buffer.remaining()];
        buffer.get(values);
        return values;
    }

    /** Returns the gradient of one class at the input. */
    float[] saliency(long target) {
        rows.put(0, input);
        choose(1, target);
        return gradients(1);
    }

    private float[] gradients(int count) {
        try (OnnxTensor given = tensor(rows, count, row);
                OnnxTensor sent = tensor(cotangent, count, 0, classes);
                OrtSession.Result result = fused.run(Map.of(name, given, woven.cotangent(), sent))) {
            return array((OnnxTensor) result.get(gradient()).orElseThrow());
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Integrated gradients from a zero baseline by the midpoint rule, and the scores at both ends. */
    float[] integratedGradients(long target, int steps, int batch) {
        rows.put(0, input);
        for (int i = 0; i < width; i++) {
            rows.put(width + i, 0);
        }
        forward(2);
        float[] sum = new float[width];
        float[] point = new float[width];
        for (int start = 0; start < steps; start += batch) {
            int count = Math.min(batch, steps - start);
            for (int k = 0; k < count; k++) {
                float alpha = (start + k + 0.5f) / steps;
                for (int i = 0; i < width; i++) {
                    point[i] = alpha * input[i];
                }
                rows.put(k * width, point);
            }
            choose(count, target);
            float[] gradients = gradients(count);
            for (int k = 0; k < count; k++) {
                for (int i = 0; i < width; i++) {
                    sum[i] += gradients[k * width + i];
                }
            }
        }
        for (int i = 0; i < width; i++) {
            sum[i] *= input[i] / steps;
        }
        return sum;
    }

    /** The Grad-CAM map at the layer that this was made for. */
    float[] gradCam(String layer, long target) {
        rows.put(0, input);
        choose(1, target);
        try (OnnxTensor given = tensor(rows, 1, row);
                OnnxTensor sent = tensor(cotangent, 1, 0, classes);
                OrtSession.Result result = fused.run(Map.of(name, given, woven.cotangent(), sent))) {
            OnnxTensor value = (OnnxTensor) result.get(layer).orElseThrow();
            float[] activations = array(value);
            float[] gradients = array((OnnxTensor) result.get(gradient()).orElseThrow());
            int channels = (int) value.getInfo().getShape()[1];
            int size = activations.length / channels;
            float[] map = new float[size];
            for (int c = 0; c < channels; c++) {
                float weight = 0;
                for (int i = 0; i < size; i++) {
                    weight += gradients[c * size + i];
                }
                for (int i = 0; i < size; i++) {
                    map[i] += weight / size * activations[c * size + i];
                }
            }
            return map;
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try {
            plain.close();
            fused.close();
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String toString() {
        return "BareOrt[" + name + " of " + Arrays.toString(row) + "]";
    }
}
