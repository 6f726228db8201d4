// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A target of a model whose classes have names. Scores are those of the target. */
record NamedTarget(Target target, List<String> classes) implements Target {
    NamedTarget {
        classes = List.copyOf(classes);
        Set<String> seen = new HashSet<>();
        for (String name : classes) {
            if (name.isBlank() || !seen.add(name)) {
                throw new IllegalArgumentException("class names: "
                        + (name.isBlank() ? "one is blank" : "two are '" + name + "'") + "; give each one of its own");
            }
        }
    }

    @Override
    public Target unnamed() {
        return target;
    }

    @Override
    public Tensor score(Tensor output, long[] examples) {
        return target.score(output, examples);
    }

    @Override
    public Tensor cotangent(Tensor output, long[] examples) {
        return target.cotangent(output, examples);
    }

    @Override
    public void check(Shape output, long examples, Problems problems) {
        long outputs = output.rank() < 2 ? 1 : output.dim(1);
        problems.require(
                classes.size() == outputs,
                "class names: " + classes.size() + " given, and the model's output of shape " + output + " has "
                        + outputs
                        + (output.rank() < 2 ? " number for each row" : " classes on axis 1")
                        + "; give one for each, in order");
        target.check(output, examples, problems);
    }

    @Override
    public Target resolve(Tensor output) {
        Target resolved = target.resolve(output);
        return resolved == target ? this : new NamedTarget(resolved, classes);
    }

    @Override
    public Target forExamples(long[] examples) {
        return new NamedTarget(target.forExamples(examples), classes);
    }

    @Override
    public List<String> notices(Tensor output) {
        return target.notices(output);
    }

    @Override
    public String describe() {
        return String.join(", ", target.words(classes));
    }

    @Override
    public List<String> words(List<String> names) {
        return target.words(classes);
    }
}
