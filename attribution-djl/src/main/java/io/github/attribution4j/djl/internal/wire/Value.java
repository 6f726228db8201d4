// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.wire;

import java.util.List;
import java.util.Map;

/**
 * A nested value that holds tensors of any kind: an argument or a result of a model.
 *
 * @param <T> the type of a tensor
 */
public sealed interface Value<T> {

    /**
     * A tensor.
     *
     * @param tensor the tensor
     * @param <T> the type of a tensor
     */
    record Tensor<T>(T tensor) implements Value<T> {}

    /**
     * A list or a tuple.
     *
     * @param items the items
     * @param <T> the type of a tensor
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
     * @param <T> the type of a tensor
     */
    record Entries<T>(Map<Object, Value<T>> entries) implements Value<T> {}

    /**
     * An int ({@link Long}), float ({@link Double}), bool ({@link Boolean}) or str ({@link String}).
     *
     * @param value the value
     * @param <T> the type of a tensor
     */
    record Scalar<T>(Object value) implements Value<T> {}

    /**
     * None, or a value whose content is unknown.
     *
     * @param <T> the type of a tensor
     */
    record None<T>() implements Value<T> {}
}
