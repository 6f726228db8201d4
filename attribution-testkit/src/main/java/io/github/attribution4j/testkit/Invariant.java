// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit;

import io.github.attribution4j.status.Experimental;

/**
 * A state that a test must not change. {@link LeakExtension} reads it before and after every test and fails the test if
 * the two differ.
 *
 * <p>A backend registers invariants, such as the thread's gradient mode in the engine, as services of this type ({@code
 * META-INF/services/io.github.attribution4j.testkit.Invariant}), or gives them to {@link
 * LeakExtension#LeakExtension(Invariant...)}.
 */
@Experimental
public interface Invariant {
    /** Returns the name of the state, such as {@code grad mode of this thread}. */
    String description();

    /** Returns the current state, which is compared by {@code equals}. */
    Object observe();

    /** Restores an earlier state, from which the next test starts. */
    default void restore(Object before) {}
}
