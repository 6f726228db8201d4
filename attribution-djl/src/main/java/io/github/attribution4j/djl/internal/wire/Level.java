// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.wire;

/** How much is added to an archive. Each level includes all lower ones. A lower level compiles faster. */
public enum Level {
    /** The entry that runs the untouched program. */
    FORWARD,
    /** Also the entry that taps and replaces arguments and results of modules. */
    MODULES,
    /** Also the results of operators and functions inside methods. */
    VALUES
}
