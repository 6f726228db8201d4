// SPDX-License-Identifier: Apache-2.0
/**
 * How a method describes itself, once: {@link io.github.attribution4j.setting.Description} has its name, its claim,
 * what it needs of a model, and each {@link io.github.attribution4j.setting.Setting} with kind, default, meaning and
 * range. {@link io.github.attribution4j.setting.Description.Settings} are the values that one method has. Provenance,
 * checks, help, trials and the tables of the documentation follow from them.
 */
@NullMarked
package io.github.attribution4j.setting;

import org.jspecify.annotations.NullMarked;
