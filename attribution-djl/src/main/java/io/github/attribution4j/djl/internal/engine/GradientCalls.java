// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtSymbolBlock;
import io.github.attribution4j.djl.internal.wire.Toolbox;
import java.util.ArrayList;
import java.util.List;

/** Calls the {@link Toolbox} for vector-Jacobian products of any graph in the process. */
public final class GradientCalls {
    private final TorchRuntime runtime;
    private final PtSymbolBlock block;
    private final PtNDArray forward;
    private final PtNDArray single;
    private final PtNDArray sweep;

    /** {@code block}: a {@link Toolbox} and its methods. */
    GradientCalls(TorchRuntime runtime, PtSymbolBlock block, PtNDArray forward, PtNDArray single, PtNDArray sweep) {
        this.runtime = runtime;
        this.block = block;
        this.forward = forward;
        this.single = single;
        this.sweep = sweep;
    }

    /**
     * Returns the vector-Jacobian product of one output.
     *
     * @param output carries a graph
     * @param inputs tensors of that graph
     * @param retain whether the graph is kept for another product
     * @return int64 flags, 0 where a gradient is undefined, then a gradient for each input, zeros where undefined
     * @throws EngineException if libtorch fails
     */
    public List<PtNDArray> product(PtNDArray output, List<PtNDArray> inputs, PtNDArray cotangent, boolean retain) {
        List<PtNDArray> arguments = new ArrayList<>(inputs.size() + 3);
        try (PtNDArray control = runtime.operations().int64(Toolbox.control(1, inputs.size(), retain))) {
            arguments.add(control);
            arguments.add(output);
            arguments.addAll(inputs);
            arguments.add(cotangent);
            return runtime.call(block, forward, arguments, false);
        }
    }

    /**
     * Returns the vector-Jacobian product of one output by one tensor and frees the graph.
     *
     * @return the gradient, or nothing if it is undefined
     * @throws EngineException if libtorch fails
     */
    public List<PtNDArray> single(PtNDArray output, PtNDArray input, PtNDArray cotangent) {
        return runtime.call(block, single, List.of(output, input, cotangent), false);
    }

    /**
     * Returns the product for a graph that was cut into pieces.
     *
     * @param pieces the roots and leaves between output and inputs
     * @return as {@link #product}
     */
    public List<PtNDArray> sweep(PtNDArray output, List<PtNDArray> inputs, PtNDArray cotangent, Memory pieces) {
        List<PtNDArray> tensors = pieces.tensors();
        long[] clamped = new long[tensors.size() / 2];
        for (int i = 0; i < clamped.length; i++) {
            clamped[i] = pieces.marks().get(2 * i);
        }
        List<PtNDArray> arguments = new ArrayList<>(inputs.size() + tensors.size() + 3);
        try (PtNDArray control = runtime.operations().int64(Toolbox.pieces(inputs.size(), clamped))) {
            arguments.add(control);
            arguments.add(output);
            arguments.addAll(inputs);
            arguments.add(cotangent);
            arguments.addAll(tensors);
            return runtime.call(block, sweep, arguments, false);
        }
    }
}
