// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnknownLayerException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.proto.FormatException;
import io.github.attribution4j.onnx.internal.session.OrtTensors;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * An ONNX model that runs on ONNX Runtime, with gradients and with values inside it.
 *
 * <p>ONNX Runtime computes no gradients; the nodes that do are added to the model's graph in memory. The file is not
 * changed, and its weights are not read into the heap: ONNX Runtime takes them from the file, which must stay as it is
 * until this is closed. Opsets 7 and later. Gradients pass the standard's operators on floats; where one has no rule,
 * asking for gradients is refused with its name. Inputs and results are tensors of {@link Tensors#ofJava()}.
 *
 * <p>Inputs are bound by their names in the file or, if they have none, by their order.
 *
 * <p><b>Addresses.</b> Values of modules are addressed by the module's path, as both exporters of PyTorch note it:
 * {@code layer1.0.conv2}; the second call is {@code relu#1}. Every value has its own name in the file, too.
 * {@link #cutPoints()} lists modules, then values: those of floating types that are computed from inputs and that the
 * output is computed from. A name that is a module's path means the module; a value of that name which is another is
 * addressed as {@code /name}. Exporters join convolutions with the batch norm behind them, so that the file no longer
 * has the convolution's own value; asking for it is refused, naming the value of the batch norm.
 *
 * <p>May be shared by threads.
 */
public final class OnnxModel implements LayeredModel {
    private final OnnxFile file;
    private final OnnxProgram program;
    private final Program.Whole whole;
    private final String name;

    private OnnxModel(OnnxFile file, String name, String output) {
        this.file = file;
        this.name = name;
        this.program = new OnnxProgram(file, output);
        this.whole = new Program.Whole(this, program);
    }

    /**
     * Loads a model; its first output is explained.
     *
     * @param path the file; files that it names lie in its folder or below
     * @throws UnsupportedModelException if this is no model, or not one that can be explained; the message says why in
     *     one line
     */
    public static OnnxModel load(Path path) {
        return load(path, "");
    }

    /**
     * Loads a model.
     *
     * @param path the file; files that it names lie in its folder or below
     * @param output the name of the output to explain, or of a tensor that is computed on the way, such as the logits
     *     in front of a softmax; empty for the first output
     * @throws UnsupportedModelException if this is no model, or not one that can be explained; the message says why in
     *     one line
     */
    public static OnnxModel load(Path path, String output) {
        return load(() -> OnnxFile.open(path), String.valueOf(path.getFileName()), output);
    }

    /**
     * Loads a model from memory; its first output is explained.
     *
     * @param model the bytes of a file, which nobody may change afterwards; all weights lie in it
     * @throws UnsupportedModelException if this is no model, or not one that can be explained; the message says why in
     *     one line
     */
    public static OnnxModel load(byte[] model) {
        return load(() -> OnnxFile.of(model), "model", "");
    }

    private static OnnxModel load(Supplier<OnnxFile> open, String name, String output) {
        OnnxFile file;
        try {
            file = open.get();
        } catch (FormatException e) {
            throw new UnsupportedModelException(String.valueOf(e.getMessage()), e);
        }
        try {
            return new OnnxModel(file, name, output);
        } catch (ModelException e) {
            file.close();
            throw e;
        } catch (FormatException e) {
            file.close();
            throw new UnsupportedModelException(String.valueOf(e.getMessage()), e);
        }
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
     * Returns the cut point with this address: the path of a module, as the exporter noted it, or the name of a value.
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

    /** Says of a module which value is its. */
    @Override
    public String note(Cut.Point point) {
        return program.addresses().note(point);
    }

    @Override
    public Cut cut(List<Cut.Point> points) {
        return whole.cut(points);
    }

    /**
     * Returns the values that a run with these inputs computes, and the ids that it looks up in tables of vectors, as
     * what these lookups are given.
     */
    @Override
    public List<Cut.Value> values(Inputs inputs) {
        List<Cut.Point> points = new ArrayList<>(cutPoints());
        points.addAll(program.addresses().lookups());
        return whole.values(inputs, points);
    }

    @Override
    public Tensors tensors() {
        return Tensors.ofJava();
    }

    @Override
    public Identity identity() {
        return new Identity(name, file.digest(), OrtTensors.engine(), "cpu");
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
