// SPDX-License-Identifier: Apache-2.0
/**
 * Damaged files tried in another JVM, which has to survive them, for the tests of our own bindings. Internal: no
 * compatibility is promised.
 */
@NullMarked
package io.github.attribution4j.testkit.internal.fuzz;

import org.jspecify.annotations.NullMarked;
