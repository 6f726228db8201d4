// SPDX-License-Identifier: Apache-2.0
/** What a TorchScript program is: its classes, modules, signatures, static types and calls, read from its files. Rewrites nothing. Internal: no compatibility is promised. */
@NullMarked
package io.github.attribution4j.djl.internal.program;

import org.jspecify.annotations.NullMarked;
