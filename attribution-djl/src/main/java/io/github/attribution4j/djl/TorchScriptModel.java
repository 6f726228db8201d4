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
package io.github.attribution4j.djl;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDArray;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelIdentity;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** A TorchScript archive, run by libtorch through DJL, with gradients. */
public final class TorchScriptModel implements DifferentiableModel {
    private final TorchModule module;
    private final ModelIdentity identity;

    private TorchScriptModel(TorchModule module, ModelIdentity identity) {
        this.module = module;
        this.identity = identity;
    }

    /** Loads an archive on the CPU. */
    public static TorchScriptModel load(Path file) {
        return load(file, LoadOptions.defaults());
    }

    /** Loads an archive. The file is not changed, and not needed afterwards. */
    public static TorchScriptModel load(Path file, LoadOptions options) {
        TorchRuntime runtime = TorchRuntime.get();
        DjlTensors tensors = runtime.tensors(options.device());
        options.threads().ifPresent(runtime::setIntraOpThreads);
        options.interOpThreads().ifPresent(runtime::setInterOpThreads);
        if (!Files.isRegularFile(file)) {
            throw new UnsupportedModelException(file + ": no such file");
        }
        try {
            byte[] bytes = Files.readAllBytes(file);
            TorchModule module = TorchModule.load(runtime, tensors, copy -> Files.write(copy, bytes));
            String name = String.valueOf(file.getFileName());
            return new TorchScriptModel(
                    module,
                    new ModelIdentity(name, digest(bytes), runtime.description(), DjlTensors.name(options.device())));
        } catch (EngineException e) {
            throw new UnsupportedModelException(file + ": " + Failures.line(e), e);
        } catch (IOException e) {
            throw new UnsupportedModelException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    private static String digest(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    @Override
    public Tensor forward(Inputs inputs) {
        List<PtNDArray> handles = handles(inputs, false);
        return module.tensors().adopt(run(handles, false));
    }

    @Override
    public Pullback pullback(Inputs inputs) {
        inputs.requireDifferentiable();
        List<PtNDArray> handles = handles(inputs, true);
        List<PtNDArray> leaves = new ArrayList<>();
        for (int i = 0; i < handles.size(); i++) {
            if (inputs.all().get(i).role() == Inputs.Role.ATTRIBUTED) {
                leaves.add(handles.get(i));
            }
        }
        return new TorchPullback(module, inputs.attributedInputs(), run(handles, true), leaves);
    }

    private List<PtNDArray> handles(Inputs inputs, boolean gradients) {
        List<PtNDArray> handles = new ArrayList<>();
        for (Inputs.Input input : inputs.all()) {
            PtNDArray handle = module.runtime().alias(module.tensors().array(input.tensor()));
            handle.setName("positional");
            if (gradients && input.role() == Inputs.Role.ATTRIBUTED) {
                handle.setRequiresGradient(true);
            }
            handles.add(handle);
        }
        return handles;
    }

    private PtNDArray run(List<PtNDArray> handles, boolean gradients) {
        try {
            return module.call("forward", handles, gradients).get(0);
        } catch (EngineException e) {
            throw Failures.of("", e);
        } finally {
            handles.forEach(module.runtime()::own);
            if (!gradients) {
                handles.forEach(PtNDArray::close);
            }
        }
    }

    @Override
    public Tensors tensors() {
        return module.tensors();
    }

    @Override
    public ModelIdentity identity() {
        return identity;
    }

    @Override
    public void close() {
        module.close();
    }
}
