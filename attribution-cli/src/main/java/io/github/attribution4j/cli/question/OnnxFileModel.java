// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.model.rule.RuledModel.RuledCut;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.proto.FormatException;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** An ONNX model as commands take models; it refuses backward rules, in core's words. */
public final class OnnxFileModel implements RuledModel {
    /** First bytes of a model in protobuf: its version, its producer's name or its producer's version. */
    private static final String FIELDS = "\u0008\u0012\u001a";

    private final OnnxModel model;
    private final List<String> inputNames;
    private final List<String> described;
    private final List<String> outputs;

    private OnnxFileModel(OnnxModel model, List<ValueInfo> inputs, List<ValueInfo> outputs, String explained) {
        this.model = model;
        List<String> all = new ArrayList<>();
        for (ValueInfo output : outputs) {
            boolean chosen = output.name().equals(explained) || (explained.isEmpty() && all.isEmpty());
            all.add(described(output) + (chosen ? " explained" : ""));
        }
        if (!explained.isEmpty()
                && outputs.stream().noneMatch(output -> output.name().equals(explained))) {
            all.add(explained + " on the way, explained");
        }
        this.outputs = List.copyOf(all);
        this.inputNames = inputs.stream().map(ValueInfo::name).toList();
        this.described = inputs.stream().map(OnnxFileModel::described).toList();
    }

    /** Returns whether a file is to be read as ONNX: by its first byte, and by its name if that says nothing. */
    static boolean isOnnx(Path file) throws IOException {
        int first;
        try (InputStream in = Files.newInputStream(file)) {
            first = in.read();
        }
        boolean archive = first == 'P';
        return FIELDS.indexOf(first) >= 0
                || (!archive && file.toString().toLowerCase(Locale.ROOT).endsWith(".onnx"));
    }

    /**
     * Loads a model.
     *
     * @param output the name or position of the output to explain; null for the first
     */
    static OnnxFileModel load(Path path, @Nullable String output) {
        List<ValueInfo> outputs;
        List<ValueInfo> inputs;
        try (OnnxFile file = OnnxFile.open(path)) {
            inputs = file.graph().inputs();
            outputs = file.graph().outputs();
        } catch (FormatException e) {
            throw new UnsupportedModelException(String.valueOf(e.getMessage()), e);
        }
        String explained = name(output, outputs.stream().map(ValueInfo::name).toList());
        return new OnnxFileModel(OnnxModel.load(path, explained), inputs, outputs, explained);
    }

    private static String name(@Nullable String output, List<String> outputs) {
        if (output == null) {
            return "";
        }
        // A name that is no output may be that of a value on the way.
        if (outputs.contains(output) || !output.matches("\\d{1,6}")) {
            return output;
        }
        int position = Integer.parseInt(output);
        if (position >= outputs.size()) {
            throw new IllegalArgumentException("--output " + output + ": the model has "
                    + Texts.count(outputs.size(), "output") + ", counted from 0: " + String.join(", ", outputs));
        }
        return outputs.get(position);
    }

    private static String described(ValueInfo value) {
        return value.name() + " " + (value.type() == null ? "(no tensor)" : value.type());
    }

    /** Returns the names of the inputs, in the order of the file. */
    List<String> inputNames() {
        return inputNames;
    }

    /** Returns name, type and shape of each input; an axis of any size has its letter or a question mark. */
    public List<String> inputs() {
        return described;
    }

    /** Returns the same of each output, and which one is explained. */
    public List<String> outputs() {
        return outputs;
    }

    /** Returns inputs with the names of the file, in its order, if none of theirs is one of them. */
    Inputs named(Inputs inputs) {
        List<Inputs.Input> all = inputs.all();
        if (all.size() != inputNames.size() || all.stream().anyMatch(input -> inputNames.contains(input.name()))) {
            return inputs;
        }
        Inputs named = Inputs.none();
        for (int i = 0; i < all.size(); i++) {
            Inputs.Input input = all.get(i);
            named = named.with(new Inputs.Input(
                    inputNames.get(i), input.tensor(), input.role(), input.features(), input.rowAxis()));
        }
        return named;
    }

    @Override
    public Tensor forward(Inputs inputs) {
        return model.forward(inputs);
    }

    @Override
    public Pullback pullback(Inputs inputs) {
        return model.pullback(inputs);
    }

    @Override
    public List<Cut.Point> cutPoints() {
        return model.cutPoints();
    }

    @Override
    public Cut.Point cutPoint(String address) {
        return model.cutPoint(address);
    }

    @Override
    public String note(Cut.Point point) {
        return model.note(point);
    }

    @Override
    public List<Cut.Value> values(Inputs inputs) {
        return model.values(inputs);
    }

    @Override
    public List<String> weightNames() {
        return model.weightNames();
    }

    @Override
    public Tensor weight(String name) {
        return model.weight(name);
    }

    @Override
    public RuledCut cut(List<Cut.Point> points) {
        // Core makes all cuts, and those refuse rules themselves.
        return (RuledCut) model.cut(points);
    }

    @Override
    public List<Operation> operations() {
        throw Program.noRules();
    }

    @Override
    public RuledModel.Copy with(RuleSet rules) {
        throw Program.noRules();
    }

    @Override
    public Tensors tensors() {
        return model.tensors();
    }

    @Override
    public Model.Identity identity() {
        return model.identity();
    }

    @Override
    public OptionalLong bytesPerRow(Inputs row, boolean gradients) {
        return model.bytesPerRow(row, gradients);
    }

    @Override
    public Optional<String> oneRowAtATime() {
        return model.oneRowAtATime();
    }

    @Override
    public Model.Part part() {
        return model.part();
    }

    @Override
    public List<String> gradientLosses() {
        return model.gradientLosses();
    }

    @Override
    public List<String> randomDraws() {
        return model.randomDraws();
    }

    @Override
    public void close() {
        model.close();
    }

    @Override
    public String toString() {
        return model.toString();
    }
}
