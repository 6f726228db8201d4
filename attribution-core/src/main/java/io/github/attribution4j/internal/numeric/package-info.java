// SPDX-License-Identifier: Apache-2.0
/** What core computes with numbers for several rooms: digests, noise, moments, least squares, superpixels. No API. */
@NullMarked
package io.github.attribution4j.internal.numeric;

import org.jspecify.annotations.NullMarked;
