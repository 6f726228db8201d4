// SPDX-License-Identifier: Apache-2.0
/** The score that is explained: {@link io.github.attribution4j.target.Target} and its kinds. */
@NullMarked
package io.github.attribution4j.target;

import org.jspecify.annotations.NullMarked;
