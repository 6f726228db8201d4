/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A baseline of a model's inputs, pushed through the head of a cut. */
record LiftedBaseline(Baseline below, @Nullable Model head) implements Baseline {
    @Override
    public List<Tensor> rows(Inputs inputs, long[] examples, long[] samples, Run run) {
        Inputs.Origin origin = inputs.origin().orElseThrow(() -> new IllegalArgumentException(missing()));
        Inputs original = origin.inputs();
        List<Tensor> references = new ArrayList<>();
        for (Tensor reference : below.rows(original, examples, samples, run)) {
            references.add(reference.broadcast(reference.shape().withRows(examples.length)));
        }
        Inputs there = original.expand(references, examples);
        return head == null ? origin.cut().activations(there) : List.of(head.forward(there));
    }

    @Override
    public boolean isDistribution() {
        return below.isDistribution();
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
