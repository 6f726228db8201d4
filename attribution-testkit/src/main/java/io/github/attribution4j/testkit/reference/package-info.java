// SPDX-License-Identifier: Apache-2.0
/**
 * A model in plain Java with gradients, layers and backward rules, in double precision if wanted, with which other
 * implementations are compared.
 */
@NullMarked
package io.github.attribution4j.testkit.reference;

import org.jspecify.annotations.NullMarked;
