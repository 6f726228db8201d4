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
package io.github.attribution4j.perturbation;

/** All coalitions: the regression has become the definition, and is solved by it. */
record EveryCoalition(int groups) implements CoalitionDesign {
    @Override
    public int count() {
        return (1 << groups) - 2;
    }

    @Override
    public void fill(int coalition, boolean[] kept) {
        ExactShapley.fill(coalition + 1, kept);
    }

    @Override
    public Estimate estimate(double empty, double[] scores, int at, double full) {
        double[] values = new double[count() + 1];
        values[0] = empty;
        System.arraycopy(scores, at, values, 1, count());
        return Estimate.exact(ExactShapley.values(groups, values, 0, full));
    }
}
