// SPDX-License-Identifier: Apache-2.0
/** What is promised of a type: {@link io.github.attribution4j.status.Experimental} promises less than the rest. */
@NullMarked
package io.github.attribution4j.status;

import org.jspecify.annotations.NullMarked;
