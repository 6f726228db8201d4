// SPDX-License-Identifier: Apache-2.0
/** The libraries of backward rules, as TorchScript, and the table of which place follows which rule. Internal: no compatibility is promised. */
@NullMarked
package io.github.attribution4j.djl.internal.rule;

import org.jspecify.annotations.NullMarked;
