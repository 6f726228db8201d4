// SPDX-License-Identifier: Apache-2.0
/** From options to an explanation, and what is shown of it: a report, pictures, a line of tokens. */
@NullMarked
package io.github.attribution4j.cli.answer;

import org.jspecify.annotations.NullMarked;
