// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal;

import java.util.function.Consumer;

/**
 * The fields of an immutable value whose setters return changed copies. The fields are assigned only while a copy is
 * made; the value that holds them never changes them.
 *
 * @param <F> the class of the fields itself
 */
public abstract class Fields<F extends Fields<F>> implements Cloneable {
    /** Returns a copy of the fields after this change to it. */
    @SuppressWarnings("unchecked") // a clone has the class of the original
    public final F with(Consumer<F> change) {
        try {
            F copy = (F) clone();
            change.accept(copy);
            return copy;
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }
}
