// SPDX-License-Identifier: Apache-2.0
/**
 * libtorch through DJL: engine start, modules and their calls, tensors, parameters and failures. {@code TorchRuntime}
 * is the entry. This package knows archives, but no program. Internal: no compatibility is promised.
 */
@NullMarked
package io.github.attribution4j.djl.internal.engine;

import org.jspecify.annotations.NullMarked;
