// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.wire;

/** How much is added to an archive. Everything that a lower level has, a higher one has too. */
public enum Level {
    /** The entry that runs the untouched program. */
    FORWARD,
    /** The entry that taps and replaces what modules take and give. */
    MODULES,
    /** Also what operators and functions give inside methods. */
    VALUES
}
