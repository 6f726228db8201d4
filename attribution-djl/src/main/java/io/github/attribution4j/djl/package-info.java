// SPDX-License-Identifier: Apache-2.0

/**
 * Models that the Deep Java Library runs: TorchScript archives with gradients, and models of any other engine,
 * forward only.
 */
@NullMarked
package io.github.attribution4j.djl;

import org.jspecify.annotations.NullMarked;
