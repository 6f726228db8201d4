// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.NumpyFiles;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
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

    private final Map<Key, TorchScriptModel> loaded = new LinkedHashMap<>();

    public TorchScriptModel get(InputOptions wanted) throws IOException {
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
        TorchScriptModel model = loaded.get(key);
        if (model == null) {
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
                options =
                        output.matches("\\d{1,6}") ? options.output(Integer.parseInt(output)) : options.output(output);
            }
            if (key.state() == null) {
                model = TorchScriptModel.load(file, options);
            } else {
                try (TensorScope scope = TensorScope.open()) {
                    Map<String, Tensor> state = NumpyFiles.readNpz(key.state(), Tensors.ofJava());
                    model = TorchScriptModel.load(file, options.state(state));
                }
            }
            loaded.put(key, model);
        }
        return model;
    }

    @Override
    public void close() {
        loaded.values().forEach(TorchScriptModel::close);
        loaded.clear();
    }
}
