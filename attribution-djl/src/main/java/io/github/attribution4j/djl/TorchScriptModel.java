// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.engine.DjlArchives;
import io.github.attribution4j.djl.internal.engine.TorchModule;
import io.github.attribution4j.djl.internal.engine.TorchWeights;
import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnknownLayerException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.model.rule.RuledModel.RuledCut;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * A TorchScript archive, scripted or traced, run by libtorch through DJL: forward, gradients, and cuts at any module.
 *
 * <pre>{@code
 * try (TorchScriptModel model = TorchScriptModel.load(Path.of("resnet18.pt"))) {
 *     Tensor image = model.tensors().of(pixels, 1, 3, 224, 224);
 *     Explanation why = new IntegratedGradients().attribute(model, Inputs.of(image), Target.index(281));
 * }
 * }</pre>
 *
 * <p><b>What is loaded</b> is a copy of the archive with methods added to its source text, by way of a temporary file;
 * the caller's file is never changed. Layers and backward rules compile the program once more when they are first used;
 * the copies share the parameters, and the file is not needed for them, unless more than 8 MiB of the archive are not
 * parameters (frozen and quantized archives hold their weights as constants). The model is in evaluation mode, always:
 * dropout is off and batch norm uses its stored statistics. Its parameters are frozen; gradients are computed for the
 * attributed inputs and for nothing else, with {@code torch.autograd.grad}.
 *
 * <p><b>Inputs</b> lie on {@link #tensors()}. They are bound to the parameters of {@code forward} by name if all names
 * fit, where a part of a list, tuple or dict is named {@code boxes.0} or {@code batch.mask}; else in order. A parameter
 * that is a plain number takes a tensor of one element, as {@code constant(...)}. Inputs of integer type are never
 * asked for gradients. <b>The output</b> is the one tensor that the model returns, or the one chosen by
 * {@link LoadOptions#output}.
 *
 * <p><b>State.</b> A program that changes itself, such as a recurrent network that keeps its hidden state in a buffer,
 * starts every call from the state in the archive: it works on copies of what it changes, which end with the call.
 *
 * <p><b>Threads.</b> Any number may use one model at once; results have the same bits as from one thread. No lock is
 * held while libtorch computes. The two settings that libtorch keeps for each thread, grad mode and the graph
 * executor's optimizer, are set on entry and put back (the latter to what DJL uses: the system property
 * {@code ai.djl.pytorch.graph_optimizer}, else on). Closing a model while others are inside lets them finish.
 */
public final class TorchScriptModel implements RuledModel {
    private final TorchModules modules;
    private final TorchAddresses addresses;
    private final TorchProgram program;
    private final Program.Whole whole;
    private final TorchValues values;
    private final Model.Identity identity;
    private final TorchWeights weights;
    private final List<String> repairs;
    private final String method;

    TorchScriptModel(
            TorchModules modules,
            LoadOptions options,
            Model.Identity identity,
            TorchWeights weights,
            List<String> repairs) {
        this.modules = modules;
        this.addresses = new TorchAddresses(modules);
        this.program = new TorchProgram(modules, addresses, options);
        this.whole = new Program.Whole(this, program);
        this.values = new TorchValues(modules, addresses, program);
        this.identity = identity;
        this.weights = weights;
        this.repairs = repairs;
        this.method = options.method();
    }

    /**
     * Loads an archive on the CPU.
     *
     * @param file a {@code .pt} file written by {@code torch.jit.save}
     * @throws UnsupportedModelException in one line, if the file is missing, not a TorchScript archive (weights alone,
     *     an export of {@code torch.export}), damaged, of an unknown version, or libtorch refuses it
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
        return TorchLoader.load(String.valueOf(file.getFileName()), () -> TorchArchive.read(file), options);
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
        return TorchLoader.load("stream", () -> TorchArchive.read(stream), options);
    }

    /**
     * Reloads a model that DJL loaded, for gradients: DJL loads parameters as inference tensors, through which no
     * gradient passes, so the archive is read again from the path that DJL remembers.
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
        return whole.forward(inputs);
    }

    @Override
    public Pullback pullback(Inputs inputs) {
        return whole.pullback(inputs);
    }

    /**
     * Returns the native module that runs at present; another one once the first cut of a small model has been made.
     */
    TorchModule module() {
        return modules.module();
    }

    TorchProgram program() {
        return program;
    }

    @Override
    public Tensors tensors() {
        return modules.module().tensors();
    }

    @Override
    public Model.Identity identity() {
        return identity;
    }

    /** Returns how the program is called, such as {@code forward(x: Tensor, n: int=2) -> Tensor}. */
    public String signature() {
        return method + modules.program().signature().toString().substring("forward".length());
    }

    /** Returns the names of the program's parameters, in order. */
    public List<String> parameterNames() {
        return modules.program().signature().parameters().stream()
                .map(Signature.Parameter::name)
                .toList();
    }

    /**
     * Returns the names of parameters and buffers, read from the archive's file again.
     *
     * @throws UnsupportedModelException if the model came from a stream, or its file is gone or was changed
     */
    @Override
    public List<String> weightNames() {
        modules.module().check();
        return weights.names();
    }

    /**
     * Reads a parameter or buffer from the archive's file, converted if the model was: float16 and bfloat16 come as
     * float32, small integers as int32.
     *
     * @throws UnsupportedModelException as {@link #weightNames()}
     */
    @Override
    public Tensor weight(String name) {
        modules.module().check();
        return weights.read(name);
    }

    /** Returns what had to be replaced for this libtorch to load the program, one line each; mostly nothing. */
    public List<String> repairs() {
        return Stream.concat(repairs.stream(), modules.program().repairs().stream())
                .toList();
    }

    /**
     * Returns what the program changes while it runs, as paths of attributes: {@code n}, {@code encoder.hidden}. Every
     * call starts from the state in the archive and leaves it as it is, whatever is called, from any thread, and also
     * where it fails.
     *
     * @return empty for a program that keeps no state
     */
    public List<String> stateNames() {
        return modules.program().state();
    }

    /**
     * Runs the program once and returns the state that the call leaves, which no other call sees: what a loop hands in
     * as the start of the next step, {@link LoadOptions#state}.
     *
     * <pre>{@code
     * Map<String, Tensor> before = Map.of();
     * for (Inputs step : episode) {
     *     try (TorchScriptModel model = TorchScriptModel.load(file, options.state(before))) {
     *         before = model.stateAfter(step);
     *     }
     * }
     * }</pre>
     *
     * <p>Costs a forward pass; the first call compiles the program once more.
     *
     * @param inputs the inputs of one call of the program
     * @return by the names of {@link #stateNames}, in that order: tensors as they are, numbers and truth values as
     *     tensors of one element, Optional values only where there is one; new tensors, which belong to the current
     *     scope. Empty for a program that keeps no state
     * @throws UnsupportedModelException naming the attribute, if a part of the state is a list, a dict or an object,
     *     which cannot be handed in
     */
    public Map<String, Tensor> stateAfter(Inputs inputs) {
        modules.module().check();
        return program.stateAfter(inputs);
    }

    /**
     * Returns the modules that can be cut, in the order of declaration; a module that the program calls at several
     * places has one point for each.
     */
    @Override
    public List<Cut.Point> cutPoints() {
        return addresses.cutPoints();
    }

    /**
     * Returns the values inside methods: what operators and functions give, and variables. A frozen archive has no
     * other points. The first cut at one of them compiles the program once more, unless it is frozen; the file must
     * still be there as it was, if it holds more than 8 MiB besides parameters.
     *
     * @return the first tensor of the first execution of each place, in the order of the text
     */
    public List<Cut.Point> innerPoints() {
        return modules.inner().points();
    }

    /**
     * Runs the program once, with every value inside its methods tapped.
     *
     * @return addresses, types and shapes of what was computed, in the order of execution
     */
    public List<Cut.Value> innerValues(Inputs inputs) {
        return values.inMethods(inputs);
    }

    /**
     * Cuts the model at values of its modules.
     *
     * @param points modules' paths, calls within one run, sides and elements
     * @throws UnknownLayerException if there is no such module, or no such call or element of it
     * @throws UnsupportedModelException if the module cannot be reached, with the reason
     */
    @Override
    public RuledCut cut(List<Cut.Point> points) {
        return whole.cut(points);
    }

    /** Returns every operation in the text of the program, whether a gradient passes it or not. */
    @Override
    public List<Operation> operations() {
        return addresses.operations();
    }

    @Override
    public List<String> gradientLosses() {
        return modules.values().losses();
    }

    /**
     * {@inheritDoc}
     *
     * <p>The first pullback of a family of rules compiles the program once more; the file must still be there as it
     * was, if it holds more than 8 MiB besides parameters.
     */
    @Override
    public RuledModel.Copy with(RuleSet rules) {
        return whole.with(rules);
    }

    /**
     * Returns the cut point with this address.
     *
     * @throws UnknownLayerException naming the nearest known paths
     * @throws UnsupportedModelException if the module exists and cannot be reached, with the reason
     */
    @Override
    public Cut.Point cutPoint(String address) {
        return addresses.cutPoint(address);
    }

    /**
     * Says of a point that its module is called repeatedly, in a loop or in a module that is itself called again
     * ({@code cell#3} then names its fourth call, listed or not); that a trace kept no value of it and it is known
     * which value it hands on; under which other names it stands in the archive.
     */
    @Override
    public String note(Cut.Point point) {
        return addresses.note(point);
    }

    /** Runs the program once, with every value of every module tapped. */
    @Override
    public List<Cut.Value> values(Inputs inputs) {
        return addresses.inMethods() ? values.inMethods(inputs) : values.ofModules(inputs);
    }

    /**
     * Estimates from one run of one row, made on the first call for a shape of row: with gradients every module's
     * result is kept, without them a few of the largest live at once. Of several rows given, the first is run.
     */
    @Override
    public OptionalLong bytesPerRow(Inputs row, boolean gradients) {
        return OptionalLong.of(values.bytesPerRow(row, gradients));
    }

    /**
     * Says so of programs without an axis of rows ({@link LoadOptions#unbatched}), of those that choose the range in
     * which they quantize from all rows of a call (dynamic quantization), and of those that make a number of values of
     * the inputs and branch by it or compute with it, or compute along their rows: their text shows it.
     */
    @Override
    public Optional<String> oneRowAtATime() {
        return program.rowLayout() == Program.RowLayout.NONE
                ? Optional.of("the program takes one example without an axis of rows (LoadOptions.unbatched)")
                : modules.oneRowAtATime();
    }

    /** Says so of what the program's text shows to draw in every call: random operators, dropout in training mode. */
    @Override
    public List<String> randomDraws() {
        return modules.randomDraws();
    }

    @Override
    public void close() {
        modules.close();
    }

    /** Returns the archive's name. */
    @Override
    public String toString() {
        return "TorchScriptModel[" + identity.name() + "]";
    }
}
