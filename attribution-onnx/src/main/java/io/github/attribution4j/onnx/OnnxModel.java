// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import io.github.attribution4j.Provenance;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.proto.FormatException;
import io.github.attribution4j.onnx.internal.session.OrtTensors;
import io.github.attribution4j.onnx.internal.session.Unjoined;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * An ONNX model that runs on ONNX Runtime, with gradients and with values inside it.
 *
 * <p>ONNX Runtime computes no gradients, so nodes that compute them are added to the model's graph in memory. The file
 * is not changed, and its weights are not read into the heap: ONNX Runtime takes them from the file, which must not
 * change until this model is closed. Opsets 7 and later. Gradients pass the standard's operators on floats. If an
 * operator has no rule, gradients are refused with its name. Inputs and results are tensors of
 * {@link Tensors#ofJava()}.
 *
 * <p>Inputs are bound by the names in the file, or if no names are given, by their order.
 *
 * <p><b>Addresses.</b> Values of modules are addressed by the module's path, as both exporters of PyTorch record it:
 * {@code layer1.0.conv2}; the second call is {@code relu#1}, and what a call takes {@code layer1:in} and
 * {@code layer1:in[1]}, in the order in which its nodes read it. Every value also has its own name in the file.
 * {@link #cutPoints()} lists modules, then values of floating types that are computed from the numbers of inputs, not
 * from their sizes alone, and used by the output. A name that is a module's path means the module; another value with
 * that name is addressed as {@code /name}. Exporters join convolutions with the batch norm after them, so that the file
 * no longer has the convolution's own value. Its address is refused, and the message names the value of the batch norm.
 *
 * <p>May be shared by threads.
 */
public final class OnnxModel implements RuledModel, ParameterizedModel {
    private final OnnxFile file;
    private final OnnxProgram program;
    private final Program.Whole whole;
    private final String name;
    private final OnnxOptions options;
    /** What distinguishes a copy with other parameters. */
    private final Map<String, String> changed;

    private final OnnxParameters parameters;

    private OnnxModel(OnnxFile file, String name, OnnxOptions options, Map<String, String> changed) {
        this.file = file;
        this.name = name;
        this.options = options;
        this.changed = changed;
        this.program = new OnnxProgram(file, options);
        this.parameters = new OnnxParameters(file, program.signature().output());
        this.whole = new Program.Whole(this, program);
    }

    /**
     * Loads a model on the CPU; its first floating-point output is explained.
     *
     * @param path the file; files that it names are in its folder or below
     * @throws UnsupportedModelException in one line, if this is not a model, is damaged, needs a newer runtime, lacks a
     *     file of weights or names one outside its folder, has operators or domains that the runtime does not have, is
     *     a graph for training, or has inputs or outputs that are not tensors
     */
    public static OnnxModel load(Path path) {
        return load(path, OnnxOptions.defaults());
    }

    /**
     * Loads a model.
     *
     * @param path the file; files that it names are in its folder or below
     * @param options device, threads, output
     * @throws UnsupportedModelException as {@link #load(Path)}, or if the device does not exist
     */
    public static OnnxModel load(Path path, OnnxOptions options) {
        return load(() -> OnnxFile.open(path), String.valueOf(path.getFileName()), options);
    }

    /**
     * Loads a model from memory, on the CPU; its first floating-point output is explained.
     *
     * @param model the bytes of a file with all weights; they must not be changed afterwards. More than 16 MiB are
     *     written to a temporary file, from which the runtime takes the weights until the model is closed
     * @throws UnsupportedModelException as {@link #load(Path)}
     */
    public static OnnxModel load(byte[] model) {
        return load(model, OnnxOptions.defaults());
    }

    /**
     * Loads a model from memory.
     *
     * @param model the bytes of a file, as for {@link #load(byte[])}
     * @param options device, threads, output
     * @throws UnsupportedModelException as {@link #load(Path, OnnxOptions)}
     */
    public static OnnxModel load(byte[] model, OnnxOptions options) {
        return load(() -> OnnxFile.of(model), "model", options);
    }

    /**
     * Loads a model from a stream, on the CPU; its first floating-point output is explained.
     *
     * @param stream read to its end, not closed; it has all weights. More than 16 MiB are written to a temporary file,
     *     from which the runtime takes the weights until the model is closed
     * @throws UnsupportedModelException as {@link #load(Path)}
     */
    public static OnnxModel load(InputStream stream) {
        return load(stream, OnnxOptions.defaults());
    }

    /**
     * Loads a model from a stream.
     *
     * @param stream as for {@link #load(InputStream)}
     * @param options device, threads, output
     * @throws UnsupportedModelException as {@link #load(Path, OnnxOptions)}
     */
    public static OnnxModel load(InputStream stream, OnnxOptions options) {
        return load(() -> OnnxFile.read(stream), "stream", options);
    }

    private static OnnxModel load(Supplier<OnnxFile> open, String name, OnnxOptions options) {
        OnnxFile file;
        try {
            file = open.get();
        } catch (FormatException e) {
            throw new UnsupportedModelException(String.valueOf(e.getMessage()), e);
        }
        boolean complete = false;
        try {
            OnnxFile typed = options.isInFloat32() ? file.inFloat32() : file;
            OnnxSignature.requireComputes(typed.graph());
            OnnxModel model = new OnnxModel(Unjoined.of(typed, options.settings()), name, options, Map.of());
            complete = true;
            return model;
        } catch (UnsupportedModelException | ModelException.OutOfMemory e) {
            throw e;
        } catch (ModelException | FormatException e) {
            throw new UnsupportedModelException(String.valueOf(e.getMessage()), e);
        } finally {
            if (!complete) {
                file.close();
            }
        }
    }

    /** Returns what the model takes and gives, such as {@code x: float32[N, 3] -> y: float32[N, 2]}. */
    public String signature() {
        return program.signature().described();
    }

    /** Returns the names of the inputs, in the order of the file. */
    public List<String> parameterNames() {
        return program.signature().inputNames();
    }

    /** Returns the names of the outputs, in the order of the file. */
    public List<String> outputNames() {
        return program.signature().outputNames();
    }

    /** Returns the name of the output that is explained. */
    public String output() {
        return program.signature().output();
    }

    @Override
    public Tensor forward(Inputs inputs) {
        return whole.forward(inputs);
    }

    @Override
    public Pullback pullback(Inputs inputs) {
        return whole.pullback(inputs);
    }

    @Override
    public List<Cut.Point> cutPoints() {
        return program.addresses().points();
    }

    /**
     * Returns the cut point with this address: the path of a module, as the exporter recorded it, or the name of
     * a value.
     *
     * @throws UnknownLayerException naming the nearest known addresses
     * @throws UnsupportedModelException if the module or value exists and cannot be cut, with the reason: the exporter
     *     joined a convolution with its batch norm, or the value is an input, constant, of integers, or not used by
     *     the output
     */
    @Override
    public Cut.Point cutPoint(String address) {
        return program.addresses().cutPoint(address);
    }

    /** Returns the name of a module's value. */
    @Override
    public String note(Cut.Point point) {
        return program.addresses().note(point);
    }

    @Override
    public RuledCut cut(List<Cut.Point> points) {
        return whole.cut(points);
    }

    /**
     * Returns the nodes that give floats, by the names that PyTorch has for what they do ({@code relu}, {@code conv2d},
     * {@code linear}), so that rules that are written for a TorchScript archive choose the same here. Nodes that
     * exporters write for one operation of PyTorch are one: product and sum of a dense layer, GELU, SiLU and the like,
     * the reciprocal of a root. Nodes that compute constants are none.
     */
    @Override
    public List<Operation> operations() {
        return program.operations().all();
    }

    /**
     * {@inheritDoc}
     *
     * <p>The first run makes two sessions of its own, whose nodes follow the rules.
     */
    @Override
    public Copy with(RuleSet rules) {
        return whole.with(rules);
    }

    /** Says at which nodes values are rounded, or made into signs, indices or whole numbers. */
    @Override
    public List<String> gradientLosses() {
        return program.signature().remarks().losses();
    }

    /** Says which nodes draw random numbers, dropout in training mode among them. */
    @Override
    public List<String> randomDraws() {
        return program.signature().remarks().draws();
    }

    /**
     * Says so of files that were exported with a fixed first axis of one row, of models without an axis of rows
     * ({@link OnnxOptions#unbatched}), and of those that quantize by the range of all rows of a call.
     */
    @Override
    public Optional<String> oneRowAtATime() {
        return program.signature().oneRow();
    }

    /**
     * Returns the values that a run with these inputs computes, and what modules take, among it ids that are looked up
     * in tables of vectors.
     */
    @Override
    public List<Cut.Value> values(Inputs inputs) {
        List<Cut.Point> points = new ArrayList<>(cutPoints());
        points.addAll(program.addresses().arguments());
        return whole.values(inputs, points);
    }

    @Override
    public Tensors tensors() {
        return Tensors.ofJava();
    }

    @Override
    public Identity identity() {
        try {
            Map<String, String> loaded = new LinkedHashMap<>(options.changes());
            loaded.putAll(changed);
            if (program.signature().remarks().quantizes()) {
                loaded.put("gradients", "approximate, as if quantizers did not round");
            }
            return new Identity(name, "", file.digest(), OrtTensors.engine(), options.device(), loaded);
        } catch (FormatException e) {
            throw new ModelException(String.valueOf(e.getMessage()), e);
        }
    }

    /** Returns the names of the parameters, as in {@link #parameters}; none if weights are quantized. */
    @Override
    public List<String> weightNames() {
        program.addresses();
        try {
            return parameters.names();
        } catch (UnsupportedModelException e) {
            return List.of();
        }
    }

    /**
     * Reads a parameter from the file; float16 and bfloat16 come as float32.
     *
     * @throws UnsupportedModelException if a file of weights is gone or was changed
     */
    @Override
    public Tensor weight(String weight) {
        program.addresses();
        return parameters.read(weight);
    }

    /**
     * Returns the constants of floating types that the output is computed from, in the order in which nodes first read
     * them: initializers, in this file or others, and tensors of {@code Constant} nodes. Scalars, sizes for resizing
     * and the like are not among them. Names are those in the file: an exporter that joins batch norm with
     * convolutions, or transposes weights, gives them names such as {@code onnx::Conv_24}. The layer is the module, as
     * the exporter recorded it, or else the value that the first node computes.
     *
     * @throws UnsupportedModelException if weights are quantized
     */
    @Override
    public List<Parameter> parameters() {
        program.addresses();
        return parameters.list();
    }

    /** {@inheritDoc} The copy takes unchanged parameters from the file, and makes sessions of its own. */
    @Override
    public OnnxModel withParameters(Map<String, Tensor> values) {
        program.addresses();
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> typed = parameters.typed(values);
            Map<String, String> all = Provenance.changed(new Identity("", "", "", "", "", changed), typed)
                    .loaded();
            OnnxFile other = parameters.with(typed);
            boolean complete = false;
            try {
                OnnxModel copy = new OnnxModel(other, name, options, all);
                complete = true;
                return copy;
            } finally {
                if (!complete) {
                    other.close();
                }
            }
        }
    }

    /**
     * {@inheritDoc} The nodes that compute them are added to the graph as those of inputs are, so that what refuses the
     * one refuses the other. Parameters are those of the file: of a convolution that the exporter joined with its batch
     * norm, the joined ones.
     */
    @Override
    public Pullback pullbackTo(List<String> names, Inputs inputs) {
        program.addresses();
        return program.pullbackTo(names, ParameterizedModel.learned(parameters.list(), names), inputs);
    }

    OnnxProgram program() {
        return program;
    }

    @Override
    public void close() {
        program.close();
        file.close();
    }

    @Override
    public String toString() {
        return "OnnxModel[" + name + "]";
    }
}
