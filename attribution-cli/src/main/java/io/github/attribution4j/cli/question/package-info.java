// SPDX-License-Identifier: Apache-2.0
/** The question: options, and the model, inputs, texts and targets read from files. */
@NullMarked
package io.github.attribution4j.cli.question;

import org.jspecify.annotations.NullMarked;
