// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.nd4j.internal.Nd4jStart;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.function.Function;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A network of DL4J, forward only: for methods that perturb.
 *
 * <p>DL4J can compute gradients of inputs, and they are not used. In version 1.0.0-M2.1 those of batch norm at
 * inference are the ones of training, in which mean and variance are those of the batch, and are wrong for the network
 * as it runs; a dropout layer throws. Networks as SameDiff graphs have gradients: {@link SameDiffModel}.
 *
 * <p>Inputs are float32, as the network takes them, one for each of its inputs in order; the network runs at inference.
 * May be shared by threads: DL4J's networks may not be, so calls wait for each other. The network must not be used or
 * trained elsewhere at the same time, and is not closed with this model.
 *
 * <p>Needs {@code org.deeplearning4j:deeplearning4j-nn} on the class path.
 */
public final class Dl4jModel implements Model {
    private final String name;
    private final String version;
    private final int inputs;
    private final Function<INDArray[], INDArray> network;
    private boolean closed;

    private Dl4jModel(String name, String version, int inputs, Function<INDArray[], INDArray> network) {
        Nd4jStart.quietly();
        this.name = name;
        this.version = version;
        this.inputs = inputs;
        this.network = network;
    }

    /**
     * Makes a model of a network of layers.
     *
     * @param name the name of the model in explanations
     * @param version distinguishes it from other models of its name
     */
    public static Dl4jModel of(String name, String version, MultiLayerNetwork network) {
        return new Dl4jModel(name, version, 1, arrays -> network.output(arrays[0], false));
    }

    /**
     * Makes a model of a graph of layers.
     *
     * @param name the name of the model in explanations
     * @param version distinguishes it from other models of its name
     * @param output which of its outputs is explained, from 0
     */
    public static Dl4jModel of(String name, String version, ComputationGraph network, int output) {
        int outputs = network.getNumOutputArrays();
        if (output < 0 || output >= outputs) {
            throw new IllegalArgumentException("output " + output + ": the network has " + outputs
                    + (outputs == 1 ? " output" : " outputs") + ", counted from 0");
        }
        return new Dl4jModel(
                name, version, network.getNumInputArrays(), arrays -> network.output(false, arrays)[output]);
    }

    @Override
    public Tensor forward(Inputs given) {
        if (given.size() != inputs) {
            throw new ModelException("the network takes " + inputs + (inputs == 1 ? " input" : " inputs") + ", but "
                    + given.size() + " are given");
        }
        INDArray[] arrays = new INDArray[inputs];
        try {
            for (int i = 0; i < inputs; i++) {
                arrays[i] = Nd4jTensors.toArray(given.tensor(i));
            }
            return run(arrays);
        } finally {
            for (INDArray array : arrays) {
                if (array != null) {
                    array.close();
                }
            }
        }
    }

    private synchronized Tensor run(INDArray[] arrays) {
        if (closed) {
            throw new IllegalStateException("this model was closed");
        }
        INDArray output;
        try {
            output = network.apply(arrays);
        } catch (RuntimeException e) {
            String said = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            throw new ModelException("the network refuses these inputs: " + said, e);
        }
        return Nd4jTensors.of(output);
    }

    @Override
    public Tensors tensors() {
        return Tensors.ofJava();
    }

    @Override
    public Identity identity() {
        return new Identity(name, version, "", "DL4J on " + Nd4jStart.engine(), "cpu");
    }

    @Override
    public synchronized void close() {
        closed = true;
    }

    @Override
    public String toString() {
        return "Dl4jModel[" + name + "]";
    }
}
