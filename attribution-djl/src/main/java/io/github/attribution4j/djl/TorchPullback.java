// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDArray;
import io.github.attribution4j.djl.internal.engine.Failures;
import io.github.attribution4j.djl.internal.engine.GradientCalls;
import io.github.attribution4j.djl.internal.engine.Memory;
import io.github.attribution4j.djl.internal.engine.TorchModule;
import io.github.attribution4j.djl.internal.engine.TorchTensor;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One run of a TorchScript program that recorded its graph; the graph lives as long as the native handle of its output.
 */
final class TorchPullback implements Pullback {
    static final String INPUT = "input";
    static final String LAYER = "layer";
    static final String PARAMETER = "parameter";

    /** The most places that a message names, so that it remains readable. */
    private static final int NAMED = 6;

    private final TorchModules modules;
    private final String what;
    private final List<String> names;
    private final List<PtNDArray> leaves;
    private final Set<String> unused = new HashSet<>();
    private final TorchTensor output;
    private final List<Tensor> activations;
    private final Memory pieces;
    private final @Nullable TorchTensor referenceOutput;
    private @Nullable PtNDArray graph;
    private boolean last;

    /**
     * Makes a pullback that owns the handles.
     *
     * @param what the leaves are: {@link #INPUT}, {@link #LAYER} or {@link #PARAMETER}
     * @param names of the leaves
     * @param graph the output with its graph
     * @param leaves the tensors to differentiate by
     * @param pieces the pieces of the graph, if it was cut into some
     * @param reference the output at the references, if the run compared with some
     */
    TorchPullback(
            TorchModules modules,
            String what,
            List<String> names,
            PtNDArray graph,
            List<PtNDArray> leaves,
            Memory pieces,
            @Nullable PtNDArray reference) {
        this.modules = modules;
        this.what = what;
        this.names = List.copyOf(names);
        this.graph = graph;
        this.leaves = leaves;
        this.pieces = pieces;
        this.referenceOutput = reference == null
                ? null
                : TensorScope.release(modules.module().tensors().adopt(reference));
        this.output = alias(graph);
        this.activations =
                what.equals(LAYER) ? leaves.stream().<Tensor>map(this::alias).toList() : List.of();
    }

    private TorchTensor alias(PtNDArray array) {
        TorchModule module = modules.module();
        return TensorScope.release(
                module.tensors().adopt(module.runtime().operations().alias(array)));
    }

    @Override
    public Tensor output() {
        return output;
    }

    @Override
    public List<Tensor> activations() {
        return activations;
    }

    @Override
    public Optional<Tensor> referenceOutput() {
        return Optional.ofNullable(referenceOutput);
    }

    @Override
    public List<Tensor> vjp(Tensor cotangent) {
        return vjp(cotangent, true);
    }

    @Override
    public List<Tensor> vjpLast(Tensor cotangent) {
        List<Tensor> gradients = vjp(cotangent, false);
        last = true;
        freeGraph();
        return gradients;
    }

    private List<Tensor> vjp(Tensor cotangent, boolean retain) {
        modules.module().check();
        if (last || graph == null) {
            throw new IllegalStateException("this pullback has no graph any more: it was "
                    + (last ? "asked by vjpLast, after which only output() and close() may be called" : "closed"));
        }
        requireFit(cotangent);
        List<PtNDArray> results;
        try {
            GradientCalls calls = modules.module().runtime().gradients();
            PtNDArray given = modules.module().tensors().array(cotangent);
            if (!retain && leaves.size() == 1 && pieces.tensors().isEmpty()) {
                return acceptSingle(calls.single(graph, leaves.get(0), given));
            }
            results = pieces.tensors().isEmpty()
                    ? calls.product(graph, leaves, given, retain)
                    : calls.sweep(graph, leaves, given, pieces);
        } catch (EngineException e) {
            if (!retain) {
                freeGraph();
            }
            throw Failures.of("backward pass: ", e);
        }
        return accept(results);
    }

    private List<Tensor> acceptSingle(List<PtNDArray> gradient) {
        if (gradient.isEmpty()) {
            unused.add(names.get(0));
            throw undefined();
        }
        return List.of(modules.module().tensors().adopt(gradient.get(0)));
    }

    private List<Tensor> accept(List<PtNDArray> results) {
        long[] defined = new long[leaves.size()];
        try (PtNDArray flags = results.get(0)) {
            modules.module()
                    .runtime()
                    .operations()
                    .read(flags, bytes -> bytes.asLongBuffer().get(defined));
        }
        int reached = 0;
        for (int i = 0; i < defined.length; i++) {
            if (defined[i] == 0) {
                unused.add(names.get(i));
            } else {
                reached++;
            }
        }
        if (reached == 0) {
            results.forEach(PtNDArray::close);
            throw undefined();
        }
        List<Tensor> gradients = new ArrayList<>(defined.length);
        for (PtNDArray gradient : results.subList(1, results.size())) {
            gradients.add(modules.module().tensors().adopt(gradient));
        }
        return gradients;
    }

    private ModelException undefined() {
        String all = names.stream().map(name -> "'" + name + "'").collect(Collectors.joining(", "));
        List<String> losses = modules.values().losses();
        String known = losses.stream().limit(NAMED).collect(Collectors.joining(", "))
                + (losses.size() > NAMED ? " and " + (losses.size() - NAMED) + " more places" : "");
        return new ModelException(
                "no gradient is defined for " + what + " " + all + ": the output does not depend on it through "
                        + "differentiable operations"
                        + (losses.isEmpty()
                                ? " (integer conversion, argmax, detach and no_grad end a gradient)"
                                : "; the program loses gradients at: " + known)
                        + "; use a perturbation method, or attribute another " + what);
    }

    @Override
    public Set<String> unused() {
        return Set.copyOf(unused);
    }

    private void freeGraph() {
        if (graph != null) {
            graph.close();
            graph = null;
            leaves.forEach(PtNDArray::close);
            pieces.close();
        }
    }

    @Override
    public void close() {
        freeGraph();
        output.close();
        activations.forEach(Tensor::close);
        if (referenceOutput != null) {
            referenceOutput.close();
        }
    }

    @Override
    public String toString() {
        return "Pullback[" + what + "]";
    }
}
