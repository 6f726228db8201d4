// SPDX-License-Identifier: Apache-2.0
/** The commands: each reads its options, computes, and prints. */
@NullMarked
package io.github.attribution4j.cli.command;

import org.jspecify.annotations.NullMarked;
