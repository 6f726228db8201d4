// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A value of an archive's object tree. */
public sealed interface PickleValue {

    /** {@return what it is, for messages} */
    String kind();

    /**
     * None, a bool, an int, a float or a string.
     *
     * @param value null, {@link Boolean}, {@link Long}, {@link Double} or {@link String}
     */
    record Scalar(@Nullable Object value) implements PickleValue {
        @Override
        public String kind() {
            return value == null
                    ? "None"
                    : "a " + value.getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /**
     * A named class or function.
     *
     * @param name its qualified name
     */
    record Global(String name) implements PickleValue {
        @Override
        public String kind() {
            return "the class " + name;
        }
    }

    /**
     * A tensor, without its data.
     *
     * @param storage the name of its bytes below {@code data/}
     * @param type PyTorch's storage name, for example {@code FloatStorage}
     * @param offset index of its first element in the storage
     * @param shape its shape
     * @param strides steps in elements
     * @param requiresGrad whether it is marked as trainable
     */
    record TensorRef(
            String storage, String type, long offset, List<Long> shape, List<Long> strides, boolean requiresGrad)
            implements PickleValue {
        @Override
        public String kind() {
            return "a tensor";
        }
    }

    /**
     * A reference to raw bytes.
     *
     * @param type the storage class
     * @param key the entry below {@code data/}
     * @param count number of elements
     */
    record Storage(String type, String key, long count) implements PickleValue {
        @Override
        public String kind() {
            return "a storage";
        }
    }

    /**
     * The result of a function that is not known here, such as an enum member.
     *
     * @param function its name
     * @param arguments what it is called with
     */
    record Result(String function, PickleValue arguments) implements PickleValue {
        @Override
        public String kind() {
            return "a value made by " + function;
        }
    }

    /** A list or a tuple. */
    final class Sequence implements PickleValue {
        final List<PickleValue> items = new ArrayList<>();
        private final boolean tuple;

        Sequence(boolean tuple) {
            this.tuple = tuple;
        }

        /** {@return the items, in order} */
        public List<PickleValue> items() {
            return Collections.unmodifiableList(items);
        }

        @Override
        public String kind() {
            return tuple ? "a tuple" : "a list";
        }
    }

    /** A dictionary in insertion order. */
    final class Mapping implements PickleValue {
        final Map<Object, PickleValue> entries = new LinkedHashMap<>();

        /** {@return the entries; scalar keys stand for themselves} */
        public Map<Object, PickleValue> entries() {
            return Collections.unmodifiableMap(entries);
        }

        @Override
        public String kind() {
            return "a dictionary";
        }
    }

    /** An object: a module, a script class or a custom class. */
    final class Instance implements PickleValue {
        private final String type;

        @Nullable
        PickleValue state;

        Instance(String type) {
            this.type = type;
        }

        /** {@return the qualified name of its class} */
        public String type() {
            return type;
        }

        /** {@return what it was pickled with, or null if there is nothing} */
        public @Nullable PickleValue state() {
            return state;
        }

        /** {@return its attributes by name, in the order stored; empty if its state is not a dictionary} */
        public Map<String, PickleValue> attributes() {
            Map<String, PickleValue> attributes = new LinkedHashMap<>();
            if (state instanceof Mapping mapping) {
                mapping.entries.forEach((key, value) -> {
                    if (key instanceof String name) {
                        attributes.put(name, value);
                    }
                });
            }
            return attributes;
        }

        @Override
        public String kind() {
            return "an object of " + type;
        }
    }
}
