// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.status;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A type that any release may change or remove.
 *
 * <p>Every other public type in an exported package is stable: a release changes it incompatibly only where the version
 * says so. Packages named {@code internal} are no API and have no status. The annotation goes for nested types too.
 */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.CLASS)
public @interface Experimental {}
