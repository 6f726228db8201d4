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
import io.github.attribution4j.djl.internal.archive.ArchiveException;
import io.github.attribution4j.djl.internal.archive.FloatingTypes;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.rewrite.Instrumented;
import io.github.attribution4j.djl.internal.rewrite.Instrumenter;
import io.github.attribution4j.djl.internal.rewrite.ModuleInfo;
import io.github.attribution4j.djl.internal.rewrite.RewriteException;
import io.github.attribution4j.djl.internal.rewrite.Row;
import io.github.attribution4j.djl.internal.rewrite.Signature;
import io.github.attribution4j.djl.internal.script.ScriptException;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.CutPoint;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.ModelIdentity;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnknownLayerException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A TorchScript archive, scripted or traced, run by libtorch through DJL: forward, gradients, and cuts at any module.
 *
 * <pre>{@code
 * try (TorchScriptModel model = TorchScriptModel.load(Path.of("resnet18.pt"))) {
 *     Tensor image = model.tensors().of(pixels, 1, 3, 224, 224);
 *     Explanation why = IntegratedGradients.builder().build().attribute(model, Inputs.of(image), Target.index(281));
 * }
 * }</pre>
 *
 * <p><b>What is loaded</b> is a copy of the archive with methods added to its source text, by way of a temporary file; the
 * caller's file is never changed and not needed afterwards. The model is in evaluation mode, always: dropout is off and
 * batch norm uses its stored statistics. Its parameters are frozen; gradients are computed for the attributed inputs and
 * for nothing else, with {@code torch.autograd.grad}.
 *
 * <p><b>Inputs</b> lie on {@link #tensors()}. They are bound to the parameters of {@code forward} by name if all names fit,
 * where a part of a list, tuple or dict is named {@code boxes.0} or {@code batch.mask}; else in order. A parameter that is
 * a plain number takes a tensor of one element, as {@code constant(...)}. Inputs of integer type are never asked for
 * gradients. <b>The output</b> is the one tensor that the model returns, or the one chosen by {@link LoadOptions#output}.
 *
 * <p><b>Threads.</b> Any number may use one model at once; results have the same bits as from one thread. No lock is held
 * while libtorch computes. The two settings that libtorch keeps for each thread, grad mode and the graph executor's
 * optimizer, are set on entry and put back (the latter to what DJL uses: the system property {@code
 * ai.djl.pytorch.graph_optimizer}, else on). Closing a model while others are inside lets them finish.
 */
public final class TorchScriptModel implements LayeredModel {
    private static final int KNOWN_SHAPES = 1000;

    private final TorchProgram program;
    private final ModelIdentity identity;
    private final List<CutPoint> cutPoints;
    private final Map<List<Shape>, List<Long>> valueSizes = new ConcurrentHashMap<>();

    private TorchScriptModel(TorchProgram program, ModelIdentity identity) {
        this.program = program;
        this.identity = identity;
        this.cutPoints = points(program.modules());
    }

    /**
     * Loads an archive on the CPU.
     *
     * @param file a {@code .pt} file written by {@code torch.jit.save}
     * @throws UnsupportedModelException in one line, if the file is missing, not a TorchScript archive (weights alone, an
     *     export of {@code torch.export}), damaged, of an unknown version, or libtorch refuses it
     */
    public static TorchScriptModel load(Path file) {
        return load(file, LoadOptions.defaults());
    }

    /**
     * Loads an archive.
     *
     * @param file a {@code .pt} file written by {@code torch.jit.save}
     * @param options device, threads, output, names
     * @throws UnsupportedModelException as {@link #load(Path)}, or if the device does not exist
     */
    public static TorchScriptModel load(Path file, LoadOptions options) {
        return load(String.valueOf(file.getFileName()), () -> TorchArchive.read(file), options);
    }

    /**
     * Loads an archive from a stream on the CPU.
     *
     * @param stream read to its end, not closed
     * @throws UnsupportedModelException as {@link #load(Path)}
     */
    public static TorchScriptModel load(InputStream stream) {
        return load(stream, LoadOptions.defaults());
    }

    /**
     * Loads an archive from a stream.
     *
     * @param stream read to its end, not closed
     * @param options device, threads, output, names
     * @throws UnsupportedModelException as {@link #load(Path, LoadOptions)}
     */
    public static TorchScriptModel load(InputStream stream, LoadOptions options) {
        return load("stream", () -> TorchArchive.read(stream), options);
    }

    /** Opens an archive, or says why not. */
    private interface Source {
        TorchArchive open();
    }

    private static TorchScriptModel load(String name, Source source, LoadOptions options) {
        TorchRuntime runtime = TorchRuntime.get();
        // Before the file is read: libtorch itself finds out late that a device is missing.
        DjlTensors tensors = runtime.tensors(options.device());
        options.threads().ifPresent(runtime::setIntraOpThreads);
        options.interOpThreads().ifPresent(runtime::setInterOpThreads);
        try {
            TorchArchive original = source.open();
            String digest = original.sha256();
            TorchArchive archive = options.dataType()
                    .map(type -> FloatingTypes.convert(original, type == DataType.FLOAT64))
                    .orElse(original);
            Instrumented program = Instrumenter.instrument(archive);
            ModelIdentity identity =
                    new ModelIdentity(name, digest, runtime.description(), DjlTensors.name(options.device()));
            TorchModule module = TorchModule.load(runtime, tensors, program.archive()::writeTo);
            return new TorchScriptModel(new TorchProgram(module, program, options), identity);
        } catch (ArchiveException | ScriptException | RewriteException e) {
            throw new UnsupportedModelException(Failures.line(e), e);
        } catch (EngineException e) {
            throw refused(name, runtime, e);
        }
    }

    private static ModelException refused(String name, TorchRuntime runtime, EngineException e) {
        if (Failures.isMemory(e)) {
            return Failures.of(name + ": ", e);
        }
        return new UnsupportedModelException(
                name + ": libtorch refuses it (" + runtime.description() + "): " + Failures.line(e), e);
    }

    /**
     * Reloads a model that DJL loaded, for gradients: DJL loads parameters as inference tensors, through which no gradient
     * passes, so the archive is read again from the path that DJL remembers.
     *
     * @param model loaded by DJL's PyTorch engine from a {@code .pt} file; not changed, not closed
     * @param options device, threads, output, names
     * @throws UnsupportedModelException if the engine is another one, or DJL does not know the path
     */
    public static TorchScriptModel reload(ai.djl.Model model, LoadOptions options) {
        return load(DjlArchives.find(model), options);
    }

    /** Reloads a model that DJL loaded, for gradients, on the device where DJL has it; see the other method. */
    public static TorchScriptModel reload(ai.djl.Model model) {
        return reload(model, LoadOptions.defaults().device(model.getNDManager().getDevice()));
    }

    @Override
    public Tensor forward(Inputs inputs) {
        program.module().check();
        return program.forward(inputs);
    }

    @Override
    public Pullback pullback(Inputs inputs) {
        program.module().check();
        return program.pullback(inputs);
    }

    @Override
    public DjlTensors tensors() {
        return program.module().tensors();
    }

    @Override
    public ModelIdentity identity() {
        return identity;
    }

    /** Returns how the program is called, such as {@code forward(x: Tensor, n: int=2) -> Tensor}. */
    public String signature() {
        return program.signature().toString();
    }

    /** Returns the names of the program's parameters, in order. */
    public List<String> parameterNames() {
        return program.signature().parameters().stream()
                .map(Signature.Parameter::name)
                .toList();
    }

    /** Returns what had to be replaced for this libtorch to load the program, one line each; mostly nothing. */
    public List<String> repairs() {
        return program.repairs();
    }

    /**
     * Returns the modules that can be cut, in the order of declaration; a module that the program calls at several places
     * has one point for each.
     */
    @Override
    public List<CutPoint> cutPoints() {
        return cutPoints;
    }

    private static List<CutPoint> points(List<ModuleInfo> modules) {
        List<CutPoint> points = new ArrayList<>();
        for (ModuleInfo info : modules) {
            if (info.index() == 0 || !info.addressable()) {
                continue;
            }
            int call = 0;
            for (ModuleInfo.Call way : info.calls()) {
                for (int site = 0; site < way.sites(); site++, call++) {
                    if (way.result().hasTensors()) {
                        points.add(new CutPoint(info.path(), info.simpleType(), call));
                    }
                }
            }
        }
        return List.copyOf(points);
    }

    /**
     * Cuts the model at the output of one call of a module; where that holds several tensors, at the first.
     *
     * @param point a module's path and the number of its call within one run
     * @throws UnknownLayerException if there is no such module, or no such call of it
     * @throws UnsupportedModelException if the module cannot be reached, with the reason
     */
    @Override
    public Cut cut(CutPoint point) {
        program.module().check();
        ModuleInfo info = program.layer(point.path());
        if (info == null) {
            throw new UnknownLayerException(
                    point.path(),
                    cutPoints.stream().map(CutPoint::path).distinct().toList());
        }
        if (!info.addressable()) {
            throw new UnsupportedModelException("layer '" + point.path() + "' cannot be cut: " + info.reason());
        }
        String address = point.toString();
        List<String> known = cutPoints.stream().map(CutPoint::toString).toList();
        if (!known.contains(address)) {
            throw new UnknownLayerException(address, known);
        }
        return new TorchCut(this, program, point, Row.output(info.index(), false));
    }

    /**
     * Returns the cut point with this address, which may name a call: {@code relu} or {@code relu#1}.
     *
     * @throws UnknownLayerException naming the nearest known paths
     * @throws UnsupportedModelException if the module exists and cannot be reached, with the reason
     */
    @Override
    public CutPoint cutPoint(String path) {
        for (CutPoint point : cutPoints) {
            if (point.toString().equals(path) || point.path().equals(path)) {
                return point;
            }
        }
        ModuleInfo info = program.layer(path);
        if (info != null) {
            String reason = info.addressable() ? "the program uses no tensor that it returns" : info.reason();
            throw new UnsupportedModelException("layer '" + path + "' cannot be cut: " + reason);
        }
        throw new UnknownLayerException(
                path, cutPoints.stream().map(CutPoint::toString).toList());
    }

    /**
     * Estimates from one run, made on the first call for a shape of row: with gradients every module's result is kept,
     * without them a few of the largest live at once.
     */
    @Override
    public OptionalLong bytesPerRow(Inputs row, boolean gradients) {
        program.module().check();
        List<Shape> shapes = row.tensors().stream().map(Tensor::shape).toList();
        if (valueSizes.size() >= KNOWN_SHAPES) {
            // Texts come in many lengths; what is forgotten is measured again.
            valueSizes.clear();
        }
        List<Long> sizes = valueSizes.computeIfAbsent(shapes, key -> program.valueSizes(row));
        long largest = sizes.stream().mapToLong(Long::longValue).max().orElse(0);
        long sum = sizes.stream().mapToLong(Long::longValue).sum();
        long inputs = row.tensors().stream()
                .mapToLong(tensor -> tensor.shape().size() * tensor.dataType().bytes())
                .sum();
        return OptionalLong.of(gradients ? sum + 2 * largest + 2 * inputs : 3 * largest + inputs);
    }

    @Override
    public void close() {
        program.module().close();
    }
}
