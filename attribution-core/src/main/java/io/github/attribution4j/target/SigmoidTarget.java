// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/** The sigmoid of another target's score: p = 1 / (1 + exp(-z)), ∂p/∂output = p (1 - p) · ∂z/∂output. */
record SigmoidTarget(Target of) implements Target {
    @Override
    public Tensor score(Tensor output, long[] examples) {
        return sigmoid(of.score(output, examples));
    }

    @Override
    public Tensor cotangent(Tensor output, long[] examples) {
        Tensor probability = score(output, examples);
        Tensor slope = probability.sub(probability.mul(probability));
        Tensor inner = of.cotangent(output, examples);
        return inner.mul(slope.reshape(inner.shape().rowScale(examples.length)));
    }

    /** Computed from exp(-|z|), which does not overflow. */
    private static Tensor sigmoid(Tensor score) {
        Tensor small = score.abs().mul(-1).exp();
        Tensor one = score.tensors().full(score.shape(), score.dataType(), 1);
        Tensor ofMagnitude = one.div(small.add(1));
        return score.ge(0).where(ofMagnitude, small.mul(ofMagnitude));
    }

    @Override
    public void check(Shape output, long examples, Problems problems) {
        of.check(output, examples, problems);
    }

    @Override
    public Target resolve(Tensor output) {
        Target resolved = of.resolve(output);
        return resolved == of ? this : new SigmoidTarget(resolved);
    }

    @Override
    public Target forExamples(long[] examples) {
        return new SigmoidTarget(of.forExamples(examples));
    }

    @Override
    public List<String> notices(Tensor output) {
        return of.notices(output);
    }

    @Override
    public List<String> words(List<String> classes) {
        return CombinedTarget.within(of, of.words(classes)).stream()
                .map(words -> "sigmoid of " + words)
                .toList();
    }

    @Override
    public String describe() {
        return "sigmoid of " + CombinedTarget.within(of, List.of(of.describe())).get(0);
    }
}
