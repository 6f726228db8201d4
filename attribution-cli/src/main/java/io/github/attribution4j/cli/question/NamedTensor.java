// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.tensor.Tensor;

/** An array of a file, and its name there. */
public record NamedTensor(String name, Tensor tensor) {}
