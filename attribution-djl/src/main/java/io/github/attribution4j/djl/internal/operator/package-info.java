// SPDX-License-Identifier: Apache-2.0
/**
 * What libtorch's operators are and return, by their names: kind, result type, canonical call. This package knows no
 * program. Internal: no compatibility is promised.
 */
@NullMarked
package io.github.attribution4j.djl.internal.operator;

import org.jspecify.annotations.NullMarked;
