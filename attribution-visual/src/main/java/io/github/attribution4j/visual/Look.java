// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The settings of a chart. Fields are set in a new copy before it is returned, and never afterwards. */
abstract class Look implements Cloneable {
    Caption caption = Caption.NONE;

    /** Returns a copy with a change. */
    @SuppressWarnings("unchecked") // a clone is of the class of what is cloned
    static <L extends Look> L with(L look, Consumer<L> change) {
        try {
            L copy = (L) look.clone();
            change.accept(copy);
            return copy;
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns a list with one more element at its end. */
    static <E> List<E> plus(List<E> list, E last) {
        return Stream.concat(list.stream(), Stream.of(last)).toList();
    }
}
