// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.List;

/** A model of an engine without gradients among those that have them: what it lacks is refused. */
public final class ForwardOnly implements RuledModel {
    private final Model model;

    ForwardOnly(Model model) {
        this.model = model;
    }

    /** Returns why methods are refused, and which are not. */
    public String refusal() {
        return model.identity().name() + ": " + model.identity().engine()
                + " runs forward only, without gradients and layers; choose a method that needs nothing else, such as"
                + " shapley-values, kernel-shap, lime or feature-ablation";
    }

    private UnsupportedModelException refused() {
        return new UnsupportedModelException(refusal());
    }

    @Override
    public Tensor forward(Inputs inputs) {
        return model.forward(inputs);
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
    public Pullback pullback(Inputs inputs) {
        throw refused();
    }

    @Override
    public List<Cut.Point> cutPoints() {
        return List.of();
    }

    @Override
    public Cut.Point cutPoint(String address) {
        throw refused();
    }

    @Override
    public RuledCut cut(List<Cut.Point> points) {
        throw refused();
    }

    @Override
    public List<Cut.Value> values(Inputs inputs) {
        return List.of();
    }

    @Override
    public List<Operation> operations() {
        throw refused();
    }

    @Override
    public Copy with(RuleSet rules) {
        throw refused();
    }

    @Override
    public void close() {
        model.close();
    }

    @Override
    public String toString() {
        return "ForwardOnly[" + model + "]";
    }
}
