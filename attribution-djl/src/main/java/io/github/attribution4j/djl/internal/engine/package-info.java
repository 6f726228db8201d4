// SPDX-License-Identifier: Apache-2.0
/** libtorch by way of DJL: engine start, modules and their calls, tensors, parameters and failures. Knows archives, and no program. Internal: no compatibility is promised. */
@NullMarked
package io.github.attribution4j.djl.internal.engine;

import org.jspecify.annotations.NullMarked;
