// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.nd4j.internal.Graph;
import io.github.attribution4j.nd4j.internal.GraphFile;
import io.github.attribution4j.nd4j.internal.Nd4jStart;
import io.github.attribution4j.nd4j.internal.Remarks;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * A SameDiff graph on ND4J, with gradients and with values inside it.
 *
 * <p>The operations of the graph are run one by one, forward and back. SameDiff's own gradient function is not used: it
 * belongs to one loss, and some derivatives that it is made of are wrong or missing. Derivatives that were compared
 * with differences in float64 are used as they are, that of batch norm is written anew, and gradients through any other
 * operation are refused with its name. Inputs and results are tensors of {@link Tensors#ofJava()}; {@link Nd4jTensors}
 * turns arrays into them and back.
 *
 * <p>What is explained is inference: dropout does nothing, and batch norm has the statistics of the graph. Loops,
 * branches, lists of tensors and assignments are refused by name when the model is made.
 *
 * <p>Inputs are the placeholders that the output is computed from, bound by their names, or if no names are given, in
 * their order. Every floating-point value on the way from them to the output is a cut point under its own name. A name
 * scope, such as {@code layer1} of {@code layer1/conv}, is one too if only one of its values is used outside of it: it
 * means that value.
 *
 * <p>May be shared by threads.
 */
public final class SameDiffModel implements RuledModel {
    private final SameDiffProgram program;
    private final Program.Whole whole;
    private final String name;
    private final String digest;
    private final Map<String, String> loaded;
    private final Remarks remarks;

    private SameDiffModel(GraphFile file, String name, @Nullable String output) {
        boolean complete = false;
        Graph graph = file.graph();
        try {
            SameDiffSignature signature = new SameDiffSignature(graph, output);
            graph.requireRunnable(signature.steps());
            this.program = new SameDiffProgram(graph, signature);
            this.remarks = new Remarks(graph, signature.steps(), signature.inputNames());
            this.name = name;
            this.digest = file.digest();
            this.loaded = output == null ? Map.of() : Map.of("output", output);
            this.whole = new Program.Whole(this, program);
            complete = true;
        } finally {
            if (!complete) {
                graph.close();
            }
        }
    }

    /**
     * Loads a file that {@link SameDiff#save} wrote; its only output is explained.
     *
     * @param path a file in SameDiff's FlatBuffers format, {@code .fb}
     * @throws UnsupportedModelException in one line, if this is no such file or is damaged, if the graph ends in
     * several     values or only in a loss, or if it has operations that are not run here
     */
    public static SameDiffModel load(Path path) {
        return new SameDiffModel(GraphFile.read(path), String.valueOf(path.getFileName()), null);
    }

    /**
     * Loads a file that {@link SameDiff#save} wrote.
     *
     * @param path a file in SameDiff's FlatBuffers format, {@code .fb}
     * @param output the name of the value that is explained: an output of the graph or any other computed value
     * @throws UnsupportedModelException as {@link #load(Path)}, or if there is no such value
     */
    public static SameDiffModel load(Path path, String output) {
        return new SameDiffModel(GraphFile.read(path), String.valueOf(path.getFileName()), output);
    }

    /**
     * Makes a model of a copy of a graph; its only output is explained. The graph may change afterwards.
     *
     * @param name the name of the model in explanations
     * @throws UnsupportedModelException as {@link #load(Path)}
     */
    public static SameDiffModel of(String name, SameDiff graph) {
        return new SameDiffModel(GraphFile.copy(graph), name, null);
    }

    /**
     * Makes a model of a copy of a graph. The graph may change afterwards.
     *
     * @param name the name of the model in explanations
     * @param output the name of the value that is explained
     * @throws UnsupportedModelException as {@link #load(Path, String)}
     */
    public static SameDiffModel of(String name, SameDiff graph, String output) {
        return new SameDiffModel(GraphFile.copy(graph), name, output);
    }

    /** Returns what the model takes and gives, such as {@code x: float32[?, 3] -> scores: float32}. */
    public String signature() {
        return program.signature().described();
    }

    /** Returns the names of the inputs, in the order of the graph. */
    public List<String> parameterNames() {
        return program.signature().inputNames();
    }

    /** Returns the name of the value that is explained. */
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
     * Returns the cut point with this address: the name of a value or of a name scope.
     *
     * @throws UnknownLayerException naming the nearest known addresses
     * @throws UnsupportedModelException if the value exists and cannot be cut, with the reason: it is an input, a
     *     constant, of integers, or not used by the output
     */
    @Override
    public Cut.Point cutPoint(String address) {
        return program.addresses().cutPoint(address);
    }

    /** Returns the name of a scope's value. */
    @Override
    public String note(Cut.Point point) {
        return program.addresses().note(point);
    }

    @Override
    public RuledCut cut(List<Cut.Point> points) {
        return whole.cut(points);
    }

    /**
     * Refuses: this engine has no backward rules.
     *
     * @throws UnsupportedModelException always
     */
    @Override
    public List<Operation> operations() {
        throw Program.noRules();
    }

    /**
     * Refuses: this engine has no backward rules.
     *
     * @throws UnsupportedModelException always
     */
    @Override
    public Copy with(RuleSet rules) {
        return whole.with(rules);
    }

    @Override
    public List<Cut.Value> values(Inputs inputs) {
        return whole.values(inputs);
    }

    /** Says at which operations values are rounded, or made into signs, indices or whole numbers. */
    @Override
    public List<String> gradientLosses() {
        return remarks.losses();
    }

    /** Says which operations draw random numbers. */
    @Override
    public List<String> randomDraws() {
        return remarks.draws();
    }

    /** Says so of graphs whose placeholders have a first axis of one row. */
    @Override
    public Optional<String> oneRowAtATime() {
        return program.signature().oneRow();
    }

    @Override
    public Tensors tensors() {
        return Tensors.ofJava();
    }

    @Override
    public Identity identity() {
        return new Identity(name, "", digest, Nd4jStart.engine(), "cpu", loaded);
    }

    SameDiffProgram program() {
        return program;
    }

    @Override
    public void close() {
        program.close();
    }

    @Override
    public String toString() {
        return "SameDiffModel[" + name + "]";
    }
}
