// SPDX-License-Identifier: Apache-2.0
/** What the operators of libtorch are and give, by their names: kind, result, canonical form. Knows no program. Internal: no compatibility is promised. */
@NullMarked
package io.github.attribution4j.djl.internal.operator;

import org.jspecify.annotations.NullMarked;
