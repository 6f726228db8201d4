// SPDX-License-Identifier: Apache-2.0
/**
 * A model in plain Java with gradients, layers and backward rules, in double precision if wanted: what the others are
 * compared with.
 */
@NullMarked
package io.github.attribution4j.testkit.reference;

import org.jspecify.annotations.NullMarked;
