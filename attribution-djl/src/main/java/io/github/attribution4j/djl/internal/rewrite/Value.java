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
package io.github.attribution4j.djl.internal.rewrite;

import java.util.List;
import java.util.Map;

/**
 * A nested value with tensors of any kind in it: what a model takes and gives.
 *
 * @param <T> what stands for a tensor
 */
public sealed interface Value<T> {

    /**
     * A tensor.
     *
     * @param tensor the tensor
     * @param <T> what stands for a tensor
     */
    record Tensor<T>(T tensor) implements Value<T> {}

    /**
     * A list or a tuple.
     *
     * @param items the items
     * @param <T> what stands for a tensor
     */
    record Items<T>(List<Value<T>> items) implements Value<T> {
        public Items {
            items = List.copyOf(items);
        }
    }

    /**
     * A dictionary in order.
     *
     * @param entries the entries; keys are {@link String} or {@link Long}
     * @param <T> what stands for a tensor
     */
    record Entries<T>(Map<Object, Value<T>> entries) implements Value<T> {}

    /**
     * An int ({@link Long}), float ({@link Double}), bool ({@link Boolean}) or str ({@link String}).
     *
     * @param value the value
     * @param <T> what stands for a tensor
     */
    record Scalar<T>(Object value) implements Value<T> {}

    /**
     * None, or a value that cannot be looked into.
     *
     * @param <T> what stands for a tensor
     */
    record None<T>() implements Value<T> {}
}
