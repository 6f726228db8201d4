// SPDX-License-Identifier: Apache-2.0
/** How a computation goes on, whatever is computed: seed, batching, deadline, cancellation, progress, cost, and the refusals that every one shares. */
@NullMarked
package io.github.attribution4j.run;

import org.jspecify.annotations.NullMarked;
