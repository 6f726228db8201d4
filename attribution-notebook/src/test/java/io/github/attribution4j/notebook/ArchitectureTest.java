// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.notebook;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final String BASE = "io.github.attribution4j";

    private final JavaClasses all = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(BASE);

    @Test
    void the_notebook_knows_core_pictures_the_kernel_and_jshell() {
        classes()
                .that()
                .resideInAPackage(BASE + ".notebook..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        BASE,
                        BASE + ".notebook..",
                        BASE + ".run",
                        BASE + ".tensor",
                        BASE + ".view",
                        BASE + ".visual",
                        "java..",
                        "jdk.jshell..",
                        "org.dflib.jjava.jupyter..",
                        "org.jspecify..")
                .check(all);
    }

    @Test
    void no_other_module_knows_a_kernel() {
        noClasses()
                .that()
                .resideOutsideOfPackage(BASE + ".notebook..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.dflib..", "jdk.jshell..", BASE + ".notebook..")
                .check(all);
    }
}
