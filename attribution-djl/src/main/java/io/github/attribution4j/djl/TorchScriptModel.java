// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.djl.internal.archive.ArchiveException;
import io.github.attribution4j.djl.internal.archive.FloatingTypes;
import io.github.attribution4j.djl.internal.archive.SplitArchive;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.engine.DjlArchives;
import io.github.attribution4j.djl.internal.engine.Failures;
import io.github.attribution4j.djl.internal.engine.ThreadSettings;
import io.github.attribution4j.djl.internal.engine.TorchModule;
import io.github.attribution4j.djl.internal.engine.TorchRuntime;
import io.github.attribution4j.djl.internal.engine.TorchTensors;
import io.github.attribution4j.djl.internal.engine.TorchWeights;
import io.github.attribution4j.djl.internal.engine.WeightsReading;
import io.github.attribution4j.djl.internal.instrument.InnerPoints;
import io.github.attribution4j.djl.internal.instrument.Instrumented;
import io.github.attribution4j.djl.internal.program.Devices;
import io.github.attribution4j.djl.internal.program.EntryMethod;
import io.github.attribution4j.djl.internal.program.ModuleInfo;
import io.github.attribution4j.djl.internal.program.OperationInfo;
import io.github.attribution4j.djl.internal.program.RewriteException;
import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.djl.internal.program.ValueInfo;
import io.github.attribution4j.djl.internal.program.WrittenTypes;
import io.github.attribution4j.djl.internal.rule.RuleTable;
import io.github.attribution4j.djl.internal.script.ScriptException;
import io.github.attribution4j.djl.internal.state.StartState;
import io.github.attribution4j.djl.internal.wire.Row;
import io.github.attribution4j.model.CutPoint;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayerValue;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.ModelIdentity;
import io.github.attribution4j.model.ModelMemoryException;
import io.github.attribution4j.model.Operation;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.RuleSet;
import io.github.attribution4j.model.RuledCopy;
import io.github.attribution4j.model.RuledCut;
import io.github.attribution4j.model.RuledModel;
import io.github.attribution4j.model.UnknownLayerException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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
 * <p><b>What is loaded</b> is a copy of the archive with methods added to its source text, by way of a temporary file; the
 * caller's file is never changed. Layers and backward rules compile the program once more when they are first used; the
 * copies share the parameters, and the file is not needed for them, unless more than 8 MiB of the archive are not parameters
 * (frozen and quantized archives hold their weights as constants). The model is in evaluation mode, always: dropout is off and
 * batch norm uses its stored statistics. Its parameters are frozen; gradients are computed for the attributed inputs and
 * for nothing else, with {@code torch.autograd.grad}.
 *
 * <p><b>Inputs</b> lie on {@link #tensors()}. They are bound to the parameters of {@code forward} by name if all names fit,
 * where a part of a list, tuple or dict is named {@code boxes.0} or {@code batch.mask}; else in order. A parameter that is
 * a plain number takes a tensor of one element, as {@code constant(...)}. Inputs of integer type are never asked for
 * gradients. <b>The output</b> is the one tensor that the model returns, or the one chosen by {@link LoadOptions#output}.
 *
 * <p><b>State.</b> A program that changes itself, such as a recurrent network that keeps its hidden state in a buffer, starts every call from the
 * state in the archive: it works on copies of what it changes, which end with the call.
 *
 * <p><b>Threads.</b> Any number may use one model at once; results have the same bits as from one thread. No lock is held
 * while libtorch computes. The two settings that libtorch keeps for each thread, grad mode and the graph executor's
 * optimizer, are set on entry and put back (the latter to what DJL uses: the system property {@code
 * ai.djl.pytorch.graph_optimizer}, else on). Closing a model while others are inside lets them finish.
 */
public final class TorchScriptModel implements RuledModel {
    private static final int KNOWN_SHAPES = 1000;
    private static final int LISTED_ELEMENTS = 8;

    private final TorchProgram program;
    private final ModelIdentity identity;
    private final TorchAddresses addresses;
    private final TorchWeights weights;
    private final List<String> repairs;
    private volatile @Nullable List<Operation> operations;
    private final Map<RuleSet, TorchRuledCopy> copies = new ConcurrentHashMap<>();
    private final Map<List<Shape>, List<Long>> valueSizes = new ConcurrentHashMap<>();

    private TorchScriptModel(TorchProgram program, ModelIdentity identity, TorchWeights weights, List<String> repairs) {
        this.program = program;
        this.addresses = new TorchAddresses(program);
        this.identity = identity;
        this.weights = weights;
        this.repairs = repairs;
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
        TorchTensors tensors = runtime.tensors(options.device());
        options.threads().ifPresent(ThreadSettings::setIntraOpThreads);
        options.interOpThreads().ifPresent(ThreadSettings::setInterOpThreads);
        try {
            TorchArchive original = EntryMethod.of(source.open(), options.method());
            TorchArchive converted = options.dataType()
                    .map(type -> WrittenTypes.convert(
                            FloatingTypes.convert(original, type == DataType.FLOAT64), type == DataType.FLOAT64))
                    .orElse(original);
            TorchArchive archive =
                    StartState.of(converted, options.state(), options.dataType().orElse(null));
            SplitArchive split = SplitArchive.of(archive);
            WeightsReading reading = new WeightsReading(split, original, runtime, tensors);
            TorchModules modules = null;
            boolean complete = false;
            try {
                Devices.Moved moved = Devices.move(split.frame(), TorchTensors.name(options.device()));
                modules = TorchModules.load(
                        name, runtime, tensors, moved.archive(), options.isUnbatched(), reading::parameters);
                ModelIdentity identity = new ModelIdentity(
                        name,
                        "",
                        reading.digest(),
                        runtime.description(),
                        TorchTensors.name(options.device()),
                        options.changes());
                TorchWeights weights =
                        new TorchWeights(original, options.dataType().orElse(null));
                TorchScriptModel model =
                        new TorchScriptModel(new TorchProgram(modules, options), identity, weights, moved.repairs());
                complete = true;
                return model;
            } finally {
                if (!complete) {
                    if (modules != null) {
                        modules.close();
                    }
                    reading.discard();
                }
            }
        } catch (ArchiveException | RewriteException e) {
            throw new UnsupportedModelException(Failures.line(e), e);
        } catch (ScriptException e) {
            throw new UnsupportedModelException(name + ": code/" + Failures.line(e), e);
        }
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

    /** Returns the native module that runs at present; another one once the first cut of a small model has been made. */
    TorchModule module() {
        return program.module();
    }

    @Override
    public Tensors tensors() {
        return program.module().tensors();
    }

    @Override
    public ModelIdentity identity() {
        return identity;
    }

    /** Returns how the program is called, such as {@code forward(x: Tensor, n: int=2) -> Tensor}. */
    public String signature() {
        return program.method() + program.signature().toString().substring("forward".length());
    }

    /** Returns the names of the program's parameters, in order. */
    public List<String> parameterNames() {
        return program.signature().parameters().stream()
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
        program.module().check();
        return weights.names();
    }

    /**
     * Reads a parameter or buffer from the archive's file, converted if the model was: float16 and bfloat16 come as float32,
     * small integers as int32.
     *
     * @throws UnsupportedModelException as {@link #weightNames()}
     */
    @Override
    public Tensor weight(String name) {
        program.module().check();
        return weights.read(name);
    }

    /** Returns what had to be replaced for this libtorch to load the program, one line each; mostly nothing. */
    public List<String> repairs() {
        return Stream.concat(repairs.stream(), program.repairs().stream()).toList();
    }

    /**
     * Returns what the program changes while it runs, as paths of attributes: {@code n}, {@code encoder.hidden}. Every call
     * starts from the state in the archive and leaves it as it is, whatever is called, from any thread, and also where it fails.
     *
     * @return empty for a program that keeps no state
     */
    public List<String> stateNames() {
        return program.stateNames();
    }

    /**
     * Runs the program once and returns the state that the call leaves, which no other call sees: what a loop hands in as the start
     * of the next step, {@link LoadOptions#state}.
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
     * @return by the names of {@link #stateNames}, in that order: tensors as they are, numbers and truth values as tensors of one
     *     element, Optional values only where there is one; new tensors, which belong to the current scope. Empty for a program that
     *     keeps no state
     * @throws UnsupportedModelException naming the attribute, if a part of the state is a list, a dict or an object, which cannot be
     *     handed in
     */
    public Map<String, Tensor> stateAfter(Inputs inputs) {
        program.module().check();
        return program.stateAfter(inputs);
    }

    /**
     * Returns the modules that can be cut, in the order of declaration; a module that the program calls at several places
     * has one point for each.
     */
    @Override
    public List<CutPoint> cutPoints() {
        return addresses.cutPoints();
    }

    /**
     * Returns the values inside methods: what operators and functions give, and variables. A frozen archive has no other
     * points. The first cut at one of them compiles the program once more, unless it is frozen; the file must still be there
     * as it was, if it holds more than 8 MiB besides parameters.
     *
     * @return the first tensor of the first execution of each place, in the order of the text
     */
    public List<CutPoint> innerPoints() {
        return program.inner().points();
    }

    /**
     * Runs the program once, with every value inside its methods tapped.
     *
     * @return addresses, types and shapes of what was computed, in the order of execution
     */
    public List<LayerValue> innerValues(Inputs inputs) {
        program.module().check();
        InnerPoints inner = program.inner();
        List<ValueInfo> places = inner.values();
        List<Row> rows = new ArrayList<>();
        List<CutPoint> points = new ArrayList<>();
        for (ValueInfo place : places) {
            int tensors = place.structure().tensors();
            for (int element = 0; element < (tensors < 0 ? LISTED_ELEMENTS : tensors); element++) {
                rows.add(new Row(place.module(), Row.EVERY_CALL, place.side(), element, false));
                points.add(new CutPoint(inner.path(place), place.operator(), 0).output(element));
            }
        }
        Map<Row, CutPoint> pointOf = new HashMap<>();
        for (int i = 0; i < rows.size(); i++) {
            pointOf.put(rows.get(i), points.get(i));
        }
        List<LayerValue> values = new ArrayList<>();
        program.values(inputs, rows, (row, call, dataType, shape) -> {
            CutPoint first = pointOf.get(row);
            if (first != null) {
                String kind = first.kind().isEmpty() ? "variable" : first.kind();
                CutPoint point = new CutPoint(first.path(), kind, call).output(first.element());
                values.add(new LayerValue(point, dataType, shape));
            }
        });
        return List.copyOf(values);
    }

    /**
     * Cuts the model at values of its modules.
     *
     * @param points modules' paths, calls within one run, sides and elements
     * @throws UnknownLayerException if there is no such module, or no such call or element of it
     * @throws UnsupportedModelException if the module cannot be reached, with the reason
     */
    @Override
    public RuledCut cut(List<CutPoint> points) {
        return cut(this, TorchPart.Rows.WHOLE, points);
    }

    /** Cuts this model or a part of it. */
    TorchCut cut(RuledModel whole, TorchPart.Rows part, List<CutPoint> points) {
        program.module().check();
        if (points.isEmpty() || Set.copyOf(points).size() != points.size()) {
            throw new IllegalArgumentException("points " + points + ": give at least one, and each of them once");
        }
        return new TorchCut(
                this, whole, part, points, points.stream().map(addresses::row).toList());
    }

    TorchProgram program() {
        return program;
    }

    boolean takesGradients() {
        return program.text().takesGradients();
    }

    /** Returns every operation in the text of the program, whether a gradient passes it or not. */
    @Override
    public List<Operation> operations() {
        List<Operation> known = operations;
        if (known == null) {
            known = program.text().operations().stream().map(this::operation).toList();
            operations = known;
        }
        return known;
    }

    @Override
    public List<String> gradientLosses() {
        return program.text().losses();
    }

    private Operation operation(OperationInfo info) {
        String module = program.modules().get(info.module()).path();
        String address = module + "/" + info.operator() + "#" + info.number();
        return new Operation(address, module, info.name(), info.kind(), info.order());
    }

    /**
     * {@inheritDoc}
     *
     * <p>The first pullback of a family of rules compiles the program once more; the file must still be there as it was, if it
     * holds more than 8 MiB besides parameters.
     */
    @Override
    public RuledCopy with(RuleSet rules) {
        return copy(rules);
    }

    TorchRuledCopy copy(RuleSet rules) {
        program.module().check();
        return copies.computeIfAbsent(rules, key -> {
            Instrumented text = program.text();
            RuleTable table = RuleTable.of(key, operations(), text.places(), text.operations());
            return new TorchRuledCopy(this, program.with(table), key);
        });
    }

    /**
     * Returns the cut point with this address.
     *
     * @throws UnknownLayerException naming the nearest known paths
     * @throws UnsupportedModelException if the module exists and cannot be reached, with the reason
     */
    @Override
    public CutPoint cutPoint(String address) {
        return addresses.cutPoint(address);
    }

    /**
     * Says of a point that its module is called repeatedly, in a loop or in a module that is itself called again ({@code
     * cell#3} then names its fourth call, listed or not); that a trace kept no value of it and it is known which value it
     * hands on; under which other names it stands in the archive.
     */
    @Override
    public String note(CutPoint point) {
        return addresses.note(point);
    }

    /** Runs the program once, with every value of every module tapped. */
    @Override
    public List<LayerValue> values(Inputs inputs) {
        program.module().check();
        if (addresses.inMethods()) {
            return innerValues(inputs);
        }
        List<Row> rows = new ArrayList<>();
        for (ModuleInfo info : program.modules()) {
            if (info.index() > 0 && info.addressable()) {
                for (boolean output : new boolean[] {true, false}) {
                    int most = info.calls().stream()
                            .mapToInt(call -> TorchAddresses.elements(call, output))
                            .map(count -> count < 0 ? LISTED_ELEMENTS : count)
                            .max()
                            .orElse(0);
                    for (int element = 0; element < most; element++) {
                        rows.add(new Row(
                                info.index(), Row.EVERY_CALL, output ? Row.RESULT : Row.ARGUMENTS, element, false));
                    }
                }
            }
        }
        Map<CutPoint, LayerValue> values = new HashMap<>();
        program.values(inputs, rows, (row, call, dataType, shape) -> {
            ModuleInfo info = program.modules().get(row.module());
            CutPoint first = new CutPoint(info.path(), info.simpleType(), call);
            CutPoint point = row.side() == Row.RESULT ? first.output(row.element()) : first.input(row.element());
            values.put(point, new LayerValue(point, dataType, shape));
        });
        Map<String, Integer> order = new HashMap<>();
        program.modules().forEach(info -> order.put(info.path(), info.index()));
        return values.values().stream()
                .sorted(Comparator.comparing((LayerValue value) ->
                                order.getOrDefault(value.point().path(), 0))
                        .thenComparing(value -> value.point().call())
                        .thenComparing(value -> value.point().side())
                        .thenComparing(value -> value.point().element()))
                .toList();
    }

    /**
     * Estimates from one run of one row, made on the first call for a shape of row: with gradients every module's result is kept,
     * without them a few of the largest live at once. Of several rows given, the first is run.
     */
    @Override
    public OptionalLong bytesPerRow(Inputs row, boolean gradients) {
        program.module().check();
        try (TensorScope scope = TensorScope.open()) {
            Inputs one = row.rows() == 1 ? row : row.select(0);
            List<Shape> shapes = one.tensors().stream().map(Tensor::shape).toList();
            if (valueSizes.size() >= KNOWN_SHAPES) {
                // Texts come in many lengths; what is forgotten is measured again.
                valueSizes.clear();
            }
            List<Long> sizes = valueSizes.computeIfAbsent(shapes, key -> valueSizes(one));
            long largest = sizes.stream().mapToLong(Long::longValue).max().orElse(0);
            long sum = sizes.stream().mapToLong(Long::longValue).sum();
            long inputs = one.tensors().stream()
                    .mapToLong(
                            tensor -> tensor.shape().size() * tensor.dataType().bytes())
                    .sum();
            return OptionalLong.of(gradients ? sum + 2 * largest + 2 * inputs : 3 * largest + inputs);
        }
    }

    private List<Long> valueSizes(Inputs one) {
        try {
            return program.valueSizes(one);
        } catch (ModelMemoryException e) {
            throw e;
        } catch (ModelException e) {
            // Some programs lose the axis of rows where there is one row.
            return program.valueSizes(one.select(0, 0)).stream()
                    .map(size -> (size + 1) / 2)
                    .toList();
        }
    }

    /**
     * Says so of programs without an axis of rows ({@link LoadOptions#unbatched}), of those that choose the range in which they
     * quantize from all rows of a call (dynamic quantization), and of those that make a number of values of the inputs and branch by it or
     * compute with it, or compute along their rows: their text shows it.
     */
    @Override
    public Optional<String> oneRowAtATime() {
        return program.unbatched()
                ? Optional.of("the program takes one example without an axis of rows (LoadOptions.unbatched)")
                : program.oneRowAtATime();
    }

    /** Says so of what the program's text shows to draw in every call: random operators, dropout in training mode. */
    @Override
    public List<String> randomDraws() {
        return program.randomDraws();
    }

    @Override
    public void close() {
        program.close();
    }

    /** Returns the archive's name. */
    @Override
    public String toString() {
        return "TorchScriptModel[" + identity.name() + "]";
    }
}
