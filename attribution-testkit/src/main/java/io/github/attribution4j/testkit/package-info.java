// SPDX-License-Identifier: Apache-2.0

/**
 * Contract tests that every binding of attribution4j extends, assertions for tensors, and a check that nothing leaks.
 */
@NullMarked
package io.github.attribution4j.testkit;

import org.jspecify.annotations.NullMarked;
