// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.Provenance;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.engine.DjlArchives;
import io.github.attribution4j.djl.internal.engine.TorchModule;
import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.Pullback;
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
 * A TorchScript archive, scripted or traced, that libtorch runs through DJL: forward, with gradients, and with cuts at
 * any module.
 *
 * <pre>{@code
 * try (TorchScriptModel model = TorchScriptModel.load(Path.of("resnet18.pt"))) {
 *     Tensor image = model.tensors().of(pixels, 1, 3, 224, 224);
 *     Explanation why = new IntegratedGradients().attribute(model, Inputs.of(image), Target.index(281));
 * }
 * }</pre>
 *
 * <p><b>What is loaded</b> is a copy of the archive with methods added to its source text, through a temporary file;
 * the caller's file is never changed. The first use of layers and of backward rules compiles the program again. The
 * copies share the parameters. They need the file only if more than 8 MiB of the archive are not parameters: frozen and
 * quantized archives have their weights as constants. The model is always in evaluation mode: dropout is off and batch
 * norm uses its stored statistics. Its parameters are frozen; {@code torch.autograd.grad} computes gradients only for
 * the attributed inputs.
 *
 * <p><b>Inputs</b> are tensors of {@link #tensors()}. They are bound to the parameters of {@code forward} by name if
 * all names fit, where a part of a list, tuple or dict is named {@code boxes.0} or {@code batch.mask}; else in order.
 * For a parameter that is a number, give a tensor of one element with {@code constant(...)}. No gradients are taken for
 * inputs of integer type. <b>The output</b> is the one tensor that the model returns, or the one chosen by
 * {@link LoadOptions#output}.
 *
 * <p><b>State.</b> A program that changes itself, such as a recurrent network that keeps its hidden state in a buffer,
 * starts every call from the state in the archive: a call changes only copies, which end with it.
 *
 * <p><b>Threads.</b> Any number of threads may use a model at the same time; results have the same bits as those of one
 * thread. No lock is held while libtorch computes. libtorch has two settings for each thread, grad mode and the graph
 * executor's optimizer. Both are set before a call and restored after it; the optimizer is restored to what DJL uses:
 * the system property {@code ai.djl.pytorch.graph_optimizer}, or on if that is not set. If a model is closed while
 * other threads use it, their calls finish first.
 */
public final class TorchScriptModel implements RuledModel, ParameterizedModel {
    private final TorchModules modules;
    private final TorchAddresses addresses;
    private final TorchProgram program;
    private final Program.Whole whole;
    private final TorchValues values;
    private final Model.Identity identity;
    private final TorchParameters parameters;
    private final List<String> repairs;
    private final LoadOptions options;

    TorchScriptModel(TorchModules modules, LoadOptions options, Model.Identity identity, List<String> repairs) {
        this.modules = modules;
        this.addresses = new TorchAddresses(modules);
        this.program = new TorchProgram(modules, addresses, options);
        this.whole = new Program.Whole(this, program);
        this.values = new TorchValues(modules, addresses, program);
        this.identity = identity;
        this.parameters = new TorchParameters(modules, addresses);
        this.repairs = repairs;
        this.options = options;
    }

    /**
     * Loads an archive on the CPU.
     *
     * @param file a {@code .pt} file written by {@code torch.jit.save}
     * @throws UnsupportedModelException in one line, if the file is missing, damaged, of an unknown version, or no
     *     TorchScript archive, such as weights alone or an export of {@code torch.export}; or if libtorch refuses it
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
     * gradient passes, so the archive is read again from the path that DJL loaded.
     *
     * @param model loaded by DJL's PyTorch engine from a {@code .pt} file; not changed, not closed
     * @param options device, threads, output, names
     * @throws UnsupportedModelException if the engine is another one, or DJL has no path of the model
     */
    public static TorchScriptModel reload(ai.djl.Model model, LoadOptions options) {
        return load(DjlArchives.find(model), options);
    }

    /** Reloads a model that DJL loaded, for gradients, on DJL's device of the model; see the other method. */
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
     * Returns the native module that runs now. The first cut of a small model replaces it.
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

    /** Returns the signature of the program, such as {@code forward(x: Tensor, n: int=2) -> Tensor}. */
    public String signature() {
        return options.method() + modules.program().signature().toString().substring("forward".length());
    }

    /** Returns the names of the program's parameters, in order. */
    public List<String> parameterNames() {
        return modules.program().signature().parameters().stream()
                .map(Signature.Parameter::name)
                .toList();
    }

    /**
     * Returns the names of parameters and buffers. If the file has more than 8 MiB in addition to parameters, it must
     * still exist unchanged.
     *
     * @throws UnsupportedModelException if the file is needed, and is gone or was changed
     */
    @Override
    public List<String> weightNames() {
        return parameters.names();
    }

    /**
     * Reads a parameter or buffer, converted if the model was: float16 and bfloat16 come as float32, small integers as
     * int32.
     *
     * @throws UnsupportedModelException as {@link #weightNames()}
     */
    @Override
    public Tensor weight(String name) {
        return parameters.read(name);
    }

    /**
     * {@inheritDoc} Attributes that are tensors are among them, as buffers.
     *
     * @throws UnsupportedModelException if weights are quantized, packed, or constants of a frozen program; or as
     *     {@link #weightNames()}
     */
    @Override
    public List<Parameter> parameters() {
        return parameters.list();
    }

    /**
     * {@inheritDoc} The copy compiles the program again when it first runs. Parameters in one storage of the archive
     * are stored again together.
     */
    @Override
    public TorchScriptModel withParameters(Map<String, Tensor> values) {
        return parameters.copy(
                values,
                (others, typed) -> new TorchScriptModel(others, options, Provenance.changed(identity, typed), repairs));
    }

    @Override
    public Pullback pullbackTo(List<String> names, Inputs inputs) {
        return parameters.pullback(program, names, inputs);
    }

    /** Returns what was replaced so that this libtorch loads the program, one line each; empty for most programs. */
    public List<String> repairs() {
        return Stream.concat(repairs.stream(), modules.program().repairs().stream())
                .toList();
    }

    /**
     * Returns the attributes that the program changes while it runs, as paths: {@code n}, {@code encoder.hidden}. Every
     * call from any thread starts from the state in the archive and leaves it unchanged, even if the call fails.
     *
     * @return empty for a program that keeps no state
     */
    public List<String> stateNames() {
        return modules.program().state();
    }

    /**
     * Runs the program once and returns the state after the call, which no other call sees. A loop passes it to the
     * next step with {@link LoadOptions#state}.
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
     * @return by the names of {@link #stateNames}, in that order: tensors, numbers and truth values as tensors of one
     *     element, Optional values only if present; new tensors, which belong to the current scope. Empty for a program
     *     that keeps no state
     * @throws UnsupportedModelException naming the attribute, if a part of the state is a list, a dict or an object,
     *     which cannot be passed in
     */
    public Map<String, Tensor> stateAfter(Inputs inputs) {
        modules.module().check();
        return program.stateAfter(inputs);
    }

    /**
     * Returns the modules at which the model can be cut, in the order of declaration; a module that the program calls
     * at several places has one point for each.
     */
    @Override
    public List<Cut.Point> cutPoints() {
        return addresses.cutPoints();
    }

    /**
     * Returns the values inside methods: results of operators and functions, and variables. A frozen archive has no
     * other points. The first cut at one of them compiles the program again, unless it is frozen. If the file has more
     * than 8 MiB in addition to parameters, it must still exist unchanged.
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
     * @throws UnsupportedModelException if the module cannot be tapped or replaced, with the reason
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
     * <p>The first pullback of a family of rules compiles the program again. If the file has more than 8 MiB in
     * addition to parameters, it must still exist unchanged.
     */
    @Override
    public RuledModel.Copy with(RuleSet rules) {
        return whole.with(rules);
    }

    /**
     * Returns the cut point with this address.
     *
     * @throws UnknownLayerException naming the nearest known paths
     * @throws UnsupportedModelException if the module exists and cannot be tapped or replaced, with the reason
     */
    @Override
    public Cut.Point cutPoint(String address) {
        return addresses.cutPoint(address);
    }

    /**
     * Returns up to three remarks on a point: its module is called repeatedly, in a loop or in a module that is itself
     * called again ({@code cell#3} is then its fourth call, listed or not); a trace has no value of the module, but the
     * value that it passes on is known; the module has other names in the archive.
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
     * Estimates from one run of one row, which is made on the first call for a shape of row. With gradients the results
     * of all modules are counted, without them a few of the largest. If several rows are given, the first one is run.
     */
    @Override
    public OptionalLong bytesPerRow(Inputs row, boolean gradients) {
        return OptionalLong.of(values.bytesPerRow(row, gradients));
    }

    /**
     * Returns a reason for programs without an axis of rows ({@link LoadOptions#unbatched}), for those with dynamic
     * quantization, whose range depends on all rows of a call, and for those whose text shows that they branch on a
     * number made from values of the inputs, compute with such a number, or compute along rows.
     */
    @Override
    public Optional<String> oneRowAtATime() {
        return program.rowLayout() == Program.RowLayout.NONE
                ? Optional.of("the program takes one example without an axis of rows (LoadOptions.unbatched)")
                : modules.oneRowAtATime();
    }

    /**
     * Returns what draws random numbers in every call according to the program's text: random operators, dropout in
     * training mode.
     */
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
