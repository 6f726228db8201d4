// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.CutPoint;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelIdentity;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.RuleSet;
import io.github.attribution4j.model.RuledCopy;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.TensorScope;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A model, or a part of one, that goes back by rules. It lives as long as the model. */
final class TorchRuledCopy implements RuledCopy {
    /** How far values with rules may be off by rounding. */
    private static final double SAME = 1e-4;

    private final TorchScriptModel model;
    private final TorchProgram program;
    private final RuleSet rules;
    private final @Nullable TorchPart part;
    private final @Nullable TorchCut cut;

    /** Makes the copy of a whole model, whose program with rules is given. */
    TorchRuledCopy(TorchScriptModel model, TorchProgram program, RuleSet rules) {
        this(model, program, rules, null, null);
    }

    private TorchRuledCopy(
            TorchScriptModel model,
            TorchProgram program,
            RuleSet rules,
            @Nullable TorchPart part,
            @Nullable TorchCut cut) {
        this.model = model;
        this.program = program;
        this.rules = rules;
        this.part = part;
        this.cut = cut;
    }

    /** Returns the same rules for a part of the model. */
    RuledCopy of(TorchPart other) {
        return new TorchRuledCopy(model, program, rules, other, null);
    }

    @Override
    public RuleSet rules() {
        return rules;
    }

    @Override
    public ModelIdentity identity() {
        return (part == null ? model : part).identity().with(rules);
    }

    @Override
    public BackwardRun run(Inputs inputs) {
        program.module().check();
        if (cut != null) {
            return BackwardRun.byRules(cut.pullback(program, inputs));
        }
        Pullback pullback = part == null ? program.pullback(inputs) : part.pullback(program, inputs);
        if (model.takesGradients()) {
            requireSame(pullback, inputs);
        }
        return BackwardRun.byRules(pullback);
    }

    /** Rules stand in for derivatives, also for those that a program takes itself. */
    private void requireSame(Pullback pullback, Inputs inputs) {
        try (TensorScope scope = TensorScope.open()) {
            double[] ruled = pullback.output().toDoubleArray();
            double[] plain = (part == null ? model : part)
                    .forward(inputs.withoutReferences())
                    .toDoubleArray();
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
    public RuledCopy cut(List<CutPoint> points) {
        TorchCut ends =
                part == null ? model.cut(model, TorchPart.Rows.WHOLE, points) : model.cut(part, part.rows(), points);
        return new TorchRuledCopy(model, program, rules, part, ends);
    }

    @Override
    public String toString() {
        return (part == null ? model : part) + (cut == null ? "" : ", back to " + cut.points())
                + " under backward rules";
    }
}
