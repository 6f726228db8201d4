// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.examples;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.github.attribution4j.visual.Picture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The arrows of the modules around the library; core and the binding test their own. */
class ArchitectureTest {
    private static final String BASE = "io.github.attribution4j";

    private static JavaClasses classesOf(String module) {
        return new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages(module);
    }

    @Test
    void rooms_of_the_command_line_use_those_after_them() {
        JavaClasses cli = classesOf(BASE + ".cli");
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("command")
                .definedBy(BASE + ".cli.command")
                .layer("doctor")
                .definedBy(BASE + ".cli.doctor")
                .layer("answer")
                .definedBy(BASE + ".cli.answer")
                .layer("question")
                .definedBy(BASE + ".cli.question")
                .layer("failure")
                .definedBy(BASE + ".cli")
                .whereLayer("command")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("doctor")
                .mayOnlyBeAccessedByLayers("command")
                .whereLayer("answer")
                .mayOnlyBeAccessedByLayers("command", "doctor")
                .whereLayer("question")
                .mayOnlyBeAccessedByLayers("command", "doctor", "answer")
                .check(cli);
    }

    @Test
    void only_the_command_line_knows_its_libraries() {
        noClasses()
                .that()
                .resideOutsideOfPackage(BASE + ".cli..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("picocli..", "me.tongfei..")
                .check(classesOf(BASE));
    }

    @Test
    void contracts_bring_no_second_model() {
        JavaClasses testkit = classesOf(BASE + ".testkit");
        noClasses()
                .that()
                .resideInAPackage(BASE + ".testkit.contract")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(BASE + ".testkit.reference")
                .check(testkit);
        slices().matching(BASE + ".testkit.(**)").should().beFreeOfCycles().check(testkit);
    }

    @Test
    void pictures_use_their_tools_and_not_the_reverse() {
        noClasses()
                .that()
                .resideInAPackage(BASE + ".visual.internal")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(BASE + ".visual")
                .check(classesOf(BASE + ".visual"));
    }

    @Test
    void examples_use_no_internals() {
        noClasses()
                .that()
                .resideInAPackage(BASE + ".examples..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("..internal..")
                .check(classesOf(BASE));
    }

    @ParameterizedTest
    @ValueSource(strings = {"core", "visual", "cli", "testkit", "djl", "onnx", "notebook", "examples", "benchmarks"})
    void packages_have_at_most_25_files(String module) throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("..", "attribution-" + module, "src", "main", "java"))) {
            assertThat(files.filter(file -> file.toString().endsWith(".java"))
                            .collect(Collectors.groupingBy(Path::getParent, Collectors.counting())))
                    .isNotEmpty()
                    .allSatisfy((room, number) -> assertThat(number).isLessThanOrEqualTo(25));
        }
    }

    @Test
    void charts_are_values_and_need_java_and_core_only() {
        JavaClasses visual = classesOf(BASE + ".visual");
        classes()
                .that()
                .haveNameMatching(
                        ".*\\.(BarChart|HeatMap|Histograms|MapGrid|TextTable|TimeSeriesChart|TokenText|Caption)")
                .should()
                .haveOnlyFinalFields()
                .check(visual);
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(BASE + "..", "java..", "javax.imageio..", "org.jspecify..")
                .check(visual);
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAPackage(BASE + ".djl..")
                .check(visual);
        classes()
                .that()
                .areAssignableTo(Picture.class)
                .should()
                .haveOnlyFinalFields()
                .check(visual);
    }
}
