// SPDX-License-Identifier: Apache-2.0
/** Computes an explanation from options, and shows it as a report, pictures or a line of tokens. */
@NullMarked
package io.github.attribution4j.cli.answer;

import org.jspecify.annotations.NullMarked;
