// SPDX-License-Identifier: Apache-2.0
/** The state of a program, which calls change: each call gets its own, and a state may be given or taken. Internal: no compatibility is promised. */
@NullMarked
package io.github.attribution4j.djl.internal.state;

import org.jspecify.annotations.NullMarked;
