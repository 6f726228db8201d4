/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.examples.cli;

import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.tensor.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Models that were loaded, each once. */
final class Models implements AutoCloseable {
    /** What is loaded, and how. */
    record Key(
            Path file,
            String device,
            @Nullable String output,
            @Nullable Integer threads,
            String method,
            @Nullable DataType dataType,
            boolean unbatched) {}

    private final Map<Key, TorchScriptModel> loaded = new LinkedHashMap<>();

    TorchScriptModel get(InputOptions wanted) throws IOException {
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
                wanted.unbatched != null);
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
            model = TorchScriptModel.load(file, options);
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
