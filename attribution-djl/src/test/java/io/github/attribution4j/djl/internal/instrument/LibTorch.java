// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.wire.Reply;
import io.github.attribution4j.djl.internal.wire.Request;
import io.github.attribution4j.djl.internal.wire.Toolbox;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Loads archives into libtorch and calls their methods, by the means that the tests of the rewriter need and no more.
 */
final class LibTorch implements AutoCloseable {
    private static final String DEVICE = System.getProperty("attribution.device", "cpu");

    private final Model model;
    private final NDManager manager;

    LibTorch(TorchArchive archive) {
        this(archive.toBytes());
    }

    LibTorch(byte[] archive) {
        Device device =
                DEVICE.equals("cpu") ? Device.cpu() : Device.gpu(Integer.parseInt(DEVICE.replaceAll("\\D", "")));
        model = Model.newInstance("archive", device, "PyTorch");
        try {
            model.load(new ByteArrayInputStream(archive), Map.of("trainParam", "true"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (MalformedModelException e) {
            throw new IllegalStateException(e);
        }
        manager = model.getNDManager().newSubManager();
        model.getBlock().getParameters().forEach(p -> p.getValue().getArray().setRequiresGradient(false));
        JniUtils.setGradMode(true);
        JniUtils.setGraphExecutorOptimize(false);
    }

    NDManager manager() {
        return manager;
    }

    /** Calls a method whose one parameter is a list of tensors. */
    NDList call(String method, NDList tensors) {
        NDList inputs = new NDList();
        NDArray name = manager.create(0);
        name.setName("module_method:" + method);
        inputs.add(name);
        for (NDArray tensor : tensors) {
            tensor.setName("a4j_x[]");
            inputs.add(tensor);
        }
        return IValueUtils.forward((PtSymbolBlock) model.getBlock(), inputs, true);
    }

    /** Calls the model's own forward. */
    NDList forward(NDList inputs) {
        return IValueUtils.forward((PtSymbolBlock) model.getBlock(), inputs, true);
    }

    Reply<NDArray> run(Instrumented program, String method, Request<NDArray> request) {
        NDList tensors = new NDList(vector(request.control()));
        tensors.addAll(request.tensors());
        NDList reply = call(method, tensors);
        List<NDArray> rest = new ArrayList<>(reply.subList(1, reply.size()));
        return Reply.of(program.signature(), reply.get(0).toLongArray(), rest);
    }

    NDArray vector(long[] values) {
        try (NDManager cpu = manager.newSubManager(Device.cpu())) {
            NDArray vector = cpu.create(values, new Shape(values.length));
            vector.attach(manager);
            return vector;
        }
    }

    /**
     * Gradients of the sum of outputs times cotangents; null where undefined. Called on the archive of {@link Toolbox}.
     */
    List<NDArray> gradients(List<NDArray> outputs, List<NDArray> inputs, List<NDArray> cotangents, boolean retain) {
        NDList tensors = new NDList(vector(Toolbox.control(outputs.size(), inputs.size(), retain)));
        tensors.addAll(outputs);
        tensors.addAll(inputs);
        tensors.addAll(cotangents);
        NDList reply = call("forward", tensors);
        long[] defined = reply.get(0).toLongArray();
        List<NDArray> gradients = new ArrayList<>();
        for (int i = 0; i < defined.length; i++) {
            gradients.add(defined[i] == 1 ? reply.get(i + 1) : null);
        }
        return gradients;
    }

    @Override
    public void close() {
        manager.close();
        model.close();
    }
}
