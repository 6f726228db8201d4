// SPDX-License-Identifier: Apache-2.0
/** What "absent" means: {@link io.github.attribution4j.baseline.Baseline} and its kinds. */
@NullMarked
package io.github.attribution4j.baseline;

import org.jspecify.annotations.NullMarked;
