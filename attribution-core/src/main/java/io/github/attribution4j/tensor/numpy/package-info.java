// SPDX-License-Identifier: Apache-2.0
/** NumPy's files: {@code .npy} and {@code .npz}. */
@NullMarked
package io.github.attribution4j.tensor.numpy;

import org.jspecify.annotations.NullMarked;
