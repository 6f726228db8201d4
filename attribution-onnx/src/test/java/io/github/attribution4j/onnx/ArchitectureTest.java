// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;
import static com.tngtech.archunit.library.GeneralCodingRules.THROW_GENERIC_EXCEPTIONS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The arrows between packages, and who may touch the runtime. */
class ArchitectureTest {
    private static final String BASE = "io.github.attribution4j.onnx";
    private static final String INTERNAL = BASE + ".internal.";

    /** From the bottom up: no package sees one that comes after it. */
    private static final List<String> LAYERS =
            List.of("proto", "graph", "unfuse", "quantized", "gradient", "rule", "session");

    private static final JavaClasses ONNX = new ClassFileImporter()
            .importUrl(OnnxFile.class.getProtectionDomain().getCodeSource().getLocation());

    @Test
    void arrows_run_one_way() {
        LayeredArchitecture layers = layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("root")
                .definedBy(BASE)
                .whereLayer("root")
                .mayNotBeAccessedByAnyLayer();
        for (String layer : LAYERS) {
            layers = layers.layer(layer).definedBy(INTERNAL + layer);
        }
        for (int i = 0; i < LAYERS.size(); i++) {
            String[] above = LAYERS.subList(i + 1, LAYERS.size()).toArray(new String[LAYERS.size() - i]);
            above[above.length - 1] = "root";
            layers = layers.whereLayer(LAYERS.get(i)).mayOnlyBeAccessedByLayers(above);
        }
        layers.check(ONNX);
    }

    @Test
    void every_package_has_its_layer() {
        assertThat(ONNX.stream().map(JavaClass::getPackageName).distinct())
                .allMatch(name -> name.equals(BASE)
                        || (name.startsWith(INTERNAL) && LAYERS.contains(name.substring(INTERNAL.length()))));
    }

    @Test
    void packages_have_no_cycles() {
        slices().matching(BASE + ".(**)").should().beFreeOfCycles().check(ONNX);
    }

    @Test
    void packages_are_small() {
        assertThat(ONNX.stream()
                        .filter(type ->
                                type.isTopLevelClass() || type.getSimpleName().equals("package-info"))
                        .collect(groupingBy(JavaClass::getPackageName, counting())))
                .allSatisfy((name, files) -> assertThat(files).as(name).isLessThanOrEqualTo(25));
    }

    @Test
    void one_package_calls_the_runtime() {
        noClasses()
                .that()
                .resideInAPackage(BASE + ".internal..")
                .and()
                .resideOutsideOfPackage(INTERNAL + "session")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("ai.onnxruntime..")
                .check(ONNX);
    }

    @Test
    void a_user_sees_a_model_and_its_options() {
        assertThat(ONNX.stream()
                        .filter(type -> type.isTopLevelClass()
                                && type.getPackageName().equals(BASE)
                                && type.getModifiers().contains(JavaModifier.PUBLIC))
                        .map(JavaClass::getSimpleName))
                .containsExactlyInAnyOrder("OnnxModel", "OnnxOptions");
    }

    @Test
    void files_and_graphs_know_no_models() {
        noClasses()
                .that()
                .resideInAnyPackage(INTERNAL + "proto", INTERNAL + "graph")
                .should()
                .dependOnClassesThat(
                        resideInAPackage("io.github.attribution4j..").and(resideOutsideOfPackages(BASE + "..")))
                .check(ONNX);
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
                .haveSimpleNameNotEndingWith("package-info")
                .should()
                .haveModifier(JavaModifier.ABSTRACT)
                .orShould()
                .haveModifier(JavaModifier.FINAL)
                .check(ONNX);
    }

    @Test
    void nothing_prints_or_throws_generic_exceptions() {
        NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(ONNX);
        noClasses().should(THROW_GENERIC_EXCEPTIONS).check(ONNX);
        NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING.check(ONNX);
    }

    @Test
    void packages_are_null_marked() {
        classes()
                .that()
                .haveSimpleName("package-info")
                .should()
                .beAnnotatedWith(NullMarked.class)
                .check(ONNX);
        assertThat(ONNX.stream().map(JavaClass::getPackageName).distinct().count())
                .isEqualTo(ONNX.stream()
                        .filter(type -> type.getSimpleName().equals("package-info"))
                        .count());
    }
}
