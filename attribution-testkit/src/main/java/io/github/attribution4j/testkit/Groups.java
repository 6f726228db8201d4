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
package io.github.attribution4j.testkit;

import java.util.Arrays;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/** Functions of consecutive elements. */
final class Groups {
    private Groups() {}

    static double[] map(double[] values, int width, UnaryOperator<double[]> function) {
        return map(values, values, width, (group, same) -> function.apply(group));
    }

    static double[] map(double[] values, double[] others, int width, BinaryOperator<double[]> function) {
        double[] result = new double[values.length];
        for (int start = 0; start < result.length; start += width) {
            double[] part = function.apply(
                    Arrays.copyOfRange(values, start, start + width), Arrays.copyOfRange(others, start, start + width));
            System.arraycopy(part, 0, result, start, width);
        }
        return result;
    }
}
