// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.CutPoint;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayerValue;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.ModelIdentity;
import io.github.attribution4j.model.ModelPart;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** A model whose pullbacks follow backward rules; everything else is the model's own. It lives as long as the model. */
final class TorchRuledCopy implements LayeredModel {
    /** A rule keeps, for one value that a derivative keeps, a few of the same size. */
    private static final int KEPT = 3;

    /** How far values with rules may be off by rounding. */
    private static final double SAME = 1e-4;

    private final TorchScriptModel model;
    private final TorchProgram program;

    TorchRuledCopy(TorchScriptModel model, TorchProgram program) {
        this.model = model;
        this.program = program;
    }

    @Override
    public Tensor forward(Inputs inputs) {
        program.module().check();
        return program.forward(inputs);
    }

    @Override
    public Pullback pullback(Inputs inputs) {
        program.module().check();
        Pullback pullback = program.pullback(inputs);
        if (model.takesGradients()) {
            requireSame(pullback, inputs);
        }
        return pullback;
    }

    /** Rules stand in for derivatives, also for those that a program takes itself. */
    private void requireSame(Pullback pullback, Inputs inputs) {
        try (TensorScope scope = TensorScope.open()) {
            double[] ruled = pullback.output().toDoubleArray();
            double[] plain = model.forward(inputs.withoutReferences()).toDoubleArray();
            for (int i = 0; i < plain.length; i++) {
                if (!(Math.abs(ruled[i] - plain[i]) <= SAME * Math.max(1, Math.abs(plain[i])))) {
                    throw new UnsupportedModelException(
                            "output " + i + " is " + plain[i] + ", and with rules " + ruled[i]
                                    + ": the program takes derivatives itself (torch.autograd.grad, backward), and rules, which stand"
                                    + " in for derivatives, change what it computes; use a gradient method or one that perturbs");
                }
            }
        } catch (RuntimeException e) {
            pullback.close();
            throw e;
        }
    }

    @Override
    public List<CutPoint> cutPoints() {
        return model.cutPoints();
    }

    @Override
    public CutPoint cutPoint(String address) {
        return model.cutPoint(address);
    }

    @Override
    public Cut cut(List<CutPoint> points) {
        return model.cut(this, program, points);
    }

    @Override
    public List<LayerValue> values(Inputs inputs) {
        return model.values(inputs.withoutReferences());
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
    public Tensors tensors() {
        return model.tensors();
    }

    @Override
    public ModelIdentity identity() {
        return model.identity();
    }

    @Override
    public OptionalLong bytesPerRow(Inputs row, boolean gradients) {
        OptionalLong plain = model.bytesPerRow(row.withoutReferences(), gradients);
        return plain.isPresent() && gradients ? OptionalLong.of(KEPT * plain.getAsLong()) : plain;
    }

    @Override
    public ModelPart part() {
        return model.part().inside("with rules");
    }

    @Override
    public Optional<String> oneRowAtATime() {
        return model.oneRowAtATime();
    }

    @Override
    public List<String> gradientLosses() {
        return model.gradientLosses();
    }

    @Override
    public List<String> randomDraws() {
        return model.randomDraws();
    }

    /** The copy lasts as long as the model. */
    @Override
    public void close() {
        // Its native module is closed with the model's.
    }

    @Override
    public String toString() {
        return model + " under backward rules";
    }
}
