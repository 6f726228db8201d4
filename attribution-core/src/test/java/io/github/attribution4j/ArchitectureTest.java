// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;
import static com.tngtech.archunit.library.GeneralCodingRules.THROW_GENERIC_EXCEPTIONS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import io.github.attribution4j.status.Experimental;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The arrows between packages, and what no class of the library does. */
class ArchitectureTest {
    private static final String BASE = "io.github.attribution4j";
    private static final JavaClasses CORE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(ArchitectureTest::isCore)
            .importPackages(BASE);

    private static boolean isCore(Location location) {
        return !location.contains("/testkit/");
    }

    @Test
    void arrows_run_one_way() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .withOptionalLayers(true)
                .layer("catalog")
                .definedBy(BASE + ".catalog..")
                .layer("benchmark")
                .definedBy(BASE + ".benchmark..")
                .layer("methods")
                .definedBy(
                        BASE + ".gradient..",
                        BASE + ".cam..",
                        BASE + ".perturbation..",
                        BASE + ".shapley..",
                        BASE + ".text..",
                        BASE + ".propagation..",
                        BASE + ".metric..",
                        BASE + ".influence..",
                        BASE + ".robust..",
                        BASE + ".concept..",
                        BASE + ".view..")
                .layer("path")
                .definedBy(BASE + ".path..")
                .layer("mask")
                .definedBy(BASE + ".mask..")
                .layer("root")
                .definedBy(BASE)
                .layer("baseline")
                .definedBy(BASE + ".baseline..")
                .layer("evaluation")
                .definedBy(BASE + ".evaluation..")
                .layer("target")
                .definedBy(BASE + ".target..")
                .layer("run")
                .definedBy(BASE + ".run..")
                .layer("setting")
                .definedBy(BASE + ".setting..")
                .layer("model")
                .definedBy(BASE + ".model..")
                .layer("tensor")
                .definedBy(BASE + ".tensor..")
                .layer("internal numeric")
                .definedBy(BASE + ".internal.numeric")
                .layer("internal")
                .definedBy(BASE + ".internal")
                .whereLayer("internal")
                .mayNotAccessAnyLayer()
                .whereLayer("internal numeric")
                .mayOnlyAccessLayers("run", "setting", "model", "tensor", "internal")
                .whereLayer("catalog")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("benchmark")
                .mayOnlyBeAccessedByLayers("catalog")
                .whereLayer("methods")
                .mayOnlyBeAccessedByLayers("catalog", "benchmark")
                .whereLayer("path")
                .mayOnlyBeAccessedByLayers("catalog", "benchmark", "methods")
                .whereLayer("mask")
                .mayOnlyBeAccessedByLayers("catalog", "benchmark", "methods")
                .whereLayer("root")
                .mayOnlyBeAccessedByLayers("catalog", "benchmark", "methods", "path", "mask")
                .whereLayer("baseline")
                .mayOnlyBeAccessedByLayers("catalog", "benchmark", "methods", "path", "mask", "root")
                .whereLayer("evaluation")
                .mayOnlyBeAccessedByLayers("catalog", "benchmark", "methods", "path", "mask", "root", "baseline")
                .whereLayer("target")
                .mayOnlyBeAccessedByLayers(
                        "catalog", "benchmark", "methods", "path", "mask", "root", "baseline", "evaluation")
                .whereLayer("run")
                .mayOnlyBeAccessedByLayers(
                        "catalog",
                        "benchmark",
                        "methods",
                        "path",
                        "mask",
                        "root",
                        "baseline",
                        "evaluation",
                        "target",
                        "internal numeric")
                .whereLayer("setting")
                .mayOnlyBeAccessedByLayers(
                        "catalog",
                        "benchmark",
                        "methods",
                        "path",
                        "mask",
                        "root",
                        "baseline",
                        "evaluation",
                        "target",
                        "run",
                        "internal numeric")
                .whereLayer("model")
                .mayOnlyBeAccessedByLayers(
                        "catalog",
                        "benchmark",
                        "methods",
                        "path",
                        "mask",
                        "root",
                        "baseline",
                        "evaluation",
                        "target",
                        "run",
                        "setting",
                        "internal numeric")
                .check(CORE);
    }

    @Test
    void method_packages_do_not_see_each_other() {
        slices().matching(BASE
                        + ".(gradient|cam|perturbation|shapley|text|propagation|metric|influence|robust|concept)..")
                .should()
                .notDependOnEachOther()
                .allowEmptyShould(true)
                .check(CORE);
    }

    @Test
    void packages_have_no_cycles() {
        slices().matching(BASE + ".(**)").should().beFreeOfCycles().check(CORE);
    }

    @Test
    void only_the_classes_of_json_know_gson() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName(BASE + ".ExplanationJson")
                .and()
                .doNotHaveFullyQualifiedName(BASE + ".LabelsJson")
                .and()
                .doNotHaveFullyQualifiedName(BASE + ".internal.Json")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.google.gson..")
                .check(CORE);
    }

    @Test
    void core_needs_java_gson_and_annotations_only() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        BASE + "..", "java..", "com.google.gson..", "org.jspecify..", "com.google.errorprone..")
                .check(CORE);
    }

    @Test
    void nothing_prints_or_throws_generic_exceptions() {
        NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(CORE);
        noClasses()
                .that()
                // It makes a Throwable for its stack trace and never throws it.
                .doNotHaveFullyQualifiedName(BASE + ".tensor.Tensor$Lifetime")
                .should(THROW_GENERIC_EXCEPTIONS)
                .check(CORE);
        NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING.check(CORE);
    }

    @Test
    void classes_are_abstract_or_final() {
        classes()
                .that()
                .areTopLevelClasses()
                .and()
                .areNotInterfaces()
                .and()
                .areNotEnums()
                .and()
                .doNotHaveFullyQualifiedName(BASE + ".model.ModelException")
                .and()
                .haveSimpleNameNotEndingWith("package-info")
                .should()
                .haveModifier(JavaModifier.ABSTRACT)
                .orShould()
                .haveModifier(JavaModifier.FINAL)
                .check(CORE);
    }

    @Test
    void methods_are_immutable() {
        classes()
                .that()
                .implement(Attribution.class)
                .and()
                .areNotInterfaces()
                .or()
                .resideInAPackage(BASE + ".setting..")
                .should()
                .haveOnlyFinalFields()
                .check(CORE);
    }

    @Test
    void types_for_authors_of_methods_and_bindings_are_experimental() {
        classes()
                .that()
                .areTopLevelClasses()
                .and()
                .arePublic()
                .and()
                .resideInAnyPackage(BASE + ".evaluation", BASE + ".setting", BASE + ".model.program")
                .should()
                .beAnnotatedWith(Experimental.class)
                .check(CORE);
    }

    @Test
    void packages_are_null_marked() {
        classes()
                .that()
                .haveSimpleName("package-info")
                .should()
                .beAnnotatedWith(NullMarked.class)
                .allowEmptyShould(true)
                .check(CORE);
    }
}
