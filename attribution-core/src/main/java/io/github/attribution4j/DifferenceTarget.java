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

import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** One target's score minus another's. */
record DifferenceTarget(Target of, Target minus) implements Target {
    @Override
    public Tensor score(Tensor output, long[] examples) {
        return of.score(output, examples).sub(minus.score(output, examples));
    }

    @Override
    public Tensor cotangent(Tensor output, long[] examples) {
        return of.cotangent(output, examples).sub(minus.cotangent(output, examples));
    }

    @Override
    public void check(Shape output, long examples, Problems problems) {
        of.check(output, examples, problems);
        minus.check(output, examples, problems);
    }

    @Override
    public Target resolve(Tensor output) {
        return new DifferenceTarget(of.resolve(output), minus.resolve(output));
    }

    @Override
    public Target forExamples(long[] examples) {
        return new DifferenceTarget(of.forExamples(examples), minus.forExamples(examples));
    }

    @Override
    public List<String> words(List<String> classes) {
        List<String> first = of.words(classes);
        List<String> second = minus.words(classes);
        List<String> both = new ArrayList<>();
        for (int i = 0; i < Math.max(first.size(), second.size()); i++) {
            both.add(first.get(first.size() == 1 ? 0 : i) + " minus " + second.get(second.size() == 1 ? 0 : i));
        }
        return both;
    }

    @Override
    public String describe() {
        return of.describe() + " minus " + minus.describe();
    }
}
