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

/** Which coalitions of one example {@link KernelShap} evaluates, and what follows from their scores. */
interface CoalitionDesign {
    /** Returns how many coalitions there are, neither empty nor full, each once. */
    int count();

    /** Fills in a coalition; {@code kept} is {@code false} everywhere before. */
    void fill(int coalition, boolean[] kept);

    /**
     * Returns the attributions.
     *
     * @param empty score of no group
     * @param scores score of each coalition, those from {@code at} on
     * @param full score of all groups
     */
    Estimate estimate(double empty, double[] scores, int at, double full);
}
