// SPDX-License-Identifier: Apache-2.0
/** What core computes with tensors for several rooms: digests and noise. No API. */
@NullMarked
package io.github.attribution4j.internal.numeric;

import org.jspecify.annotations.NullMarked;
