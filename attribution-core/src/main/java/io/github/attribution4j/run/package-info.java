// SPDX-License-Identifier: Apache-2.0
/** What all computations share: seed, batching, deadline, cancellation, progress, cost, and refusals. */
@NullMarked
package io.github.attribution4j.run;

import org.jspecify.annotations.NullMarked;
