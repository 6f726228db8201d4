// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.baseline;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Evaluator.Recipe;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A baseline of a model's inputs, pushed through the head of a cut. */
record LiftedBaseline(Baseline below, @Nullable Model head) implements Baseline {
    @Override
    public List<Tensor> rows(Inputs inputs, long[] examples, long[] samples, Run run) {
        Inputs original = origin(inputs).inputs();
        List<Tensor> references = below.rows(original, examples, samples, run);
        boolean shared = references.stream().allMatch(tensor -> tensor.shape().dim(0) == 1)
                && original.all().stream().noneMatch(input -> input.role() == Inputs.Role.FIXED);
        Rows rows = shared ? Rows.of(references, 1) : new ReferenceRows(references, examples);
        return lifted(inputs, rows, run);
    }

    private Inputs.Origin origin(Inputs inputs) {
        return inputs.origin().orElseThrow(() -> new IllegalArgumentException(missing()));
    }

    private List<Tensor> lifted(Inputs inputs, Rows rows, Run run) {
        Inputs.Origin origin = origin(inputs);
        Inputs original = origin.inputs();
        Model lift = head == null ? origin.cut().head(0) : head;
        Evaluator runner = Evaluator.onBehalf(new Lifting(), lift, original, run);
        List<Tensor> lifted = head == null ? runner.activations(origin.cut(), rows) : List.of(runner.outputs(rows));
        run.count(runner.counts());
        return lifted;
    }

    /** The recipe of the evaluation. */
    private record Lifting() implements Recipe {
        @Override
        public String name() {
            return "baseline";
        }

        @Override
        public Map<String, Object> settings() {
            return Map.of();
        }

        @Override
        public Need need() {
            return Need.FORWARD;
        }
    }

    /** References as rows to be evaluated; for each its example. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves this class
    private record ReferenceRows(List<Tensor> references, long[] examples) implements Rows {
        @Override
        public long count() {
            return examples.length;
        }

        @Override
        public long example(long row) {
            return examples[Math.toIntExact(row)];
        }

        @Override
        public List<Tensor> attributed(long from, long to) {
            return Rows.of(references, examples.length).attributed(from, to);
        }
    }

    @Override
    public boolean isDistribution() {
        return below.isDistribution();
    }

    @Override
    public long sampleCount() {
        return below.sampleCount();
    }

    @Override
    public List<Tensor> samples(Inputs inputs, Run run) {
        if (sampleCount() == 0) {
            return List.of();
        }
        List<Tensor> samples = below.samples(origin(inputs).inputs(), run);
        return lifted(inputs, Rows.of(samples, sampleCount()), run);
    }

    @Override
    public double[] weights() {
        return below.weights();
    }

    @Override
    public void checkListed(String method, Inputs inputs, Problems problems) {
        Baseline.super.checkListed(method, inputs, problems);
        boolean fixed = inputs.origin().stream()
                .flatMap(origin -> origin.inputs().all().stream())
                .anyMatch(input -> input.role() == Inputs.Role.FIXED);
        problems.require(
                sampleCount() == 0 || !fixed,
                "baseline " + describe() + ": the model has fixed inputs, so samples have another activation in each"
                        + " example; give one reference for each example");
    }

    @Override
    public void check(Inputs inputs, Problems problems) {
        inputs.origin()
                .ifPresentOrElse(origin -> below.check(origin.inputs(), problems), () -> problems.add(missing()));
    }

    private String missing() {
        return "baseline " + describe()
                + " is lifted through the head of a cut, but the method is not applied at a layer; "
                + "use it with method.at(layer), or give the baseline without throughHead()";
    }

    @Override
    public String describe() {
        return below.describe() + " through head";
    }
}
