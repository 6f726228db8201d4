// SPDX-License-Identifier: Apache-2.0
/**
 * The requests and expected numbers of the repository's folder {@code golden}, for tests of this project's bindings.
 * Internal: no compatibility is promised.
 */
@NullMarked
package io.github.attribution4j.testkit.internal.golden;

import org.jspecify.annotations.NullMarked;
