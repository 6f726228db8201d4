// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit;

/**
 * Something that a test must leave as it found it. {@link LeakExtension} observes it before and after every test and
 * fails the test if the two differ.
 *
 * <p>A backend registers its own, such as the engine's gradient mode of the thread, as services of this type ({@code
 * META-INF/services/io.github.attribution4j.testkit.Invariant}), or gives them to {@link
 * LeakExtension#LeakExtension(Invariant...)}.
 */
public interface Invariant {
    /** Returns what is observed, such as {@code grad mode of this thread}. */
    String description();

    /** Returns the value now, compared by {@code equals}. */
    Object observe();

    /** Brings back a value observed before, so that the next test starts from it. */
    default void restore(Object before) {}
}
