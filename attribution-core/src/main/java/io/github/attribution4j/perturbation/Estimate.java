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

/**
 * Estimated attributions of the groups of one example.
 *
 * @param values for each group
 * @param errors standard error for each group; NaN where the sample is too small to tell
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
record Estimate(double[] values, double[] errors) {
    /** Returns attributions that are known exactly. */
    static Estimate exact(double[] values) {
        return new Estimate(values, new double[values.length]);
    }

    /** Returns the attribution of the only group: the whole difference of scores. */
    static Estimate single(double difference) {
        return exact(new double[] {difference});
    }

    boolean hasErrors() {
        for (double error : errors) {
            if (!Double.isFinite(error)) {
                return false;
            }
        }
        return true;
    }
}
