// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Loaded models, each loaded once. */
public final class Models implements AutoCloseable {
    /** What identifies a loaded model: file and options. */
    record Key(
            Path file,
            String device,
            @Nullable String output,
            @Nullable Integer threads,
            String method,
            @Nullable DataType dataType,
            boolean unbatched,
            @Nullable Path state) {}

    private final Map<Key, RuledModel> loaded = new LinkedHashMap<>();

    /** Returns the model of a file of either kind: what the file holds decides, not its name. */
    public RuledModel get(InputOptions wanted) throws IOException {
        Path file = wanted.model;
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file.toString());
        }
        Key key = new Key(
                file.toRealPath(),
                wanted.device,
                wanted.output,
                wanted.threads,
                wanted.modelMethod,
                Request.dataType(wanted).filter(DataType::isFloating).orElse(null),
                wanted.unbatched != null,
                wanted.state == null ? null : wanted.state.toRealPath());
        RuledModel model = loaded.get(key);
        if (model == null) {
            model = OnnxFileModel.isOnnx(file) ? onnx(file, key) : torchScript(file, key);
            loaded.put(key, model);
        }
        return model;
    }

    private static RuledModel onnx(Path file, Key key) {
        refuse(file, "--device " + key.device(), !key.device().equals("cpu"), "runs on cpu");
        refuse(file, "--threads", key.threads() != null, "runs on the threads that its runtime chooses");
        refuse(file, "--model-method " + key.method(), !key.method().equals("forward"), "is a graph, without methods");
        refuse(file, "--unbatched", key.unbatched(), "is explained with axis 0 counting examples");
        refuse(file, "--state", key.state() != null, "keeps no state: what it keeps are inputs and outputs");
        return OnnxFileModel.load(file, key.output());
    }

    /** Refuses an option that only TorchScript archives have. */
    private static void refuse(Path file, String option, boolean given, String why) {
        if (given) {
            throw new IllegalArgumentException(
                    option + ": " + file + " is an ONNX model, which " + why + "; leave it out");
        }
    }

    private static RuledModel torchScript(Path file, Key key) throws IOException {
        LoadOptions options = LoadOptions.defaults().device(key.device()).method(key.method());
        if (key.threads() != null) {
            options = options.threads(key.threads());
        }
        if (key.dataType() != null) {
            options = options.dataType(key.dataType());
        }
        if (key.unbatched()) {
            options = options.unbatched();
        }
        String output = key.output();
        if (output != null) {
            options = output.matches("\\d{1,6}") ? options.output(Integer.parseInt(output)) : options.output(output);
        }
        if (key.state() == null) {
            return TorchScriptModel.load(file, options);
        }
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> state = NumpyFiles.readNpz(key.state(), Tensors.ofJava());
            return TorchScriptModel.load(file, options.state(state));
        }
    }

    @Override
    public void close() {
        loaded.values().forEach(RuledModel::close);
        loaded.clear();
    }
}
