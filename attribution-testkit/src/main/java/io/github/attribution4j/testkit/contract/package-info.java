// SPDX-License-Identifier: Apache-2.0
/**
 * Contract tests that every binding of attribution4j extends: tensors, models, pullbacks, cuts, backward
 * rules, methods.
 */
@NullMarked
package io.github.attribution4j.testkit.contract;

import org.jspecify.annotations.NullMarked;
