// SPDX-License-Identifier: Apache-2.0
/** What only the modules of this library use, and stands on nothing else: no API. */
@NullMarked
package io.github.attribution4j.internal;

import org.jspecify.annotations.NullMarked;
