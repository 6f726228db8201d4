// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;
import static com.tngtech.archunit.library.GeneralCodingRules.THROW_GENERIC_EXCEPTIONS;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** What the module shows, and what it knows. */
class ArchitectureTest {
    private static final JavaClasses SPARK = new ClassFileImporter()
            .importUrl(
                    SparkExplainer.class.getProtectionDomain().getCodeSource().getLocation());

    @Test
    void no_engine_is_known() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "org.jspecify..",
                        "org.apache.spark..",
                        "scala..",
                        "io.github.attribution4j",
                        "io.github.attribution4j.spark",
                        "io.github.attribution4j.catalog",
                        "io.github.attribution4j.internal",
                        "io.github.attribution4j.model..",
                        "io.github.attribution4j.run",
                        "io.github.attribution4j.setting",
                        "io.github.attribution4j.table",
                        "io.github.attribution4j.target",
                        "io.github.attribution4j.tensor")
                .check(SPARK);
    }

    @Test
    void a_user_sees_three_types() {
        assertThat(SPARK.stream()
                        .filter(type ->
                                type.isTopLevelClass() && type.getModifiers().contains(JavaModifier.PUBLIC))
                        .map(JavaClass::getSimpleName))
                .containsExactlyInAnyOrder("ModelSource", "SparkExplainer", "SparkProgress");
    }

    @Test
    void nothing_prints_or_throws_generic_exceptions() {
        NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(SPARK);
        noClasses().should(THROW_GENERIC_EXCEPTIONS).check(SPARK);
        NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING.check(SPARK);
    }

    @Test
    void the_package_is_null_marked() {
        classes()
                .that()
                .haveSimpleName("package-info")
                .should()
                .beAnnotatedWith(NullMarked.class)
                .check(SPARK);
    }
}
