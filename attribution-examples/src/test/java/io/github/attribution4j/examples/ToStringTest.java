// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.mask.Filling;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.visual.BarChart;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The text of every object that a user can hold says in words what it is. */
class ToStringTest {
    private static final String PACKAGES = "io.github.attribution4j.";

    /** Names of types that users do not hold end like this. A builder is used in the expression that makes it. */
    private static final String BUILDER = "Builder";

    /** Held by a test framework. */
    private static final Set<String> HELD_BY_OTHERS = Set.of(
            "io.github.attribution4j.testkit.LeakExtension",
            "io.github.attribution4j.testkit.TensorAssert",
            "io.github.attribution4j.testkit.ExplanationAssert");

    @ParameterizedTest
    @ValueSource(classes = {Explanation.class, TorchScriptModel.class, BarChart.class, ReferenceModel.class})
    void whatAUserHoldsNamesItself(Class<?> ofModule) throws Exception {
        List<Class<?>> held = held(ofModule);
        assertThat(held).contains(ofModule);
        List<String> silent = new ArrayList<>();
        for (Class<?> type : held) {
            if (type.getMethod("toString").getDeclaringClass() == Object.class) {
                silent.add(type.getName());
            }
        }
        assertThat(silent).isEmpty();
    }

    private static List<Class<?>> held(Class<?> ofModule) throws IOException, URISyntaxException {
        Path place = Path.of(
                ofModule.getProtectionDomain().getCodeSource().getLocation().toURI());
        if (Files.isDirectory(place)) {
            return heldBelow(place, ofModule.getClassLoader());
        }
        try (FileSystem jar = FileSystems.newFileSystem(URI.create("jar:" + place.toUri()), Map.of())) {
            return heldBelow(jar.getPath("/"), ofModule.getClassLoader());
        }
    }

    private static List<Class<?>> heldBelow(Path root, ClassLoader loader) throws IOException {
        List<Class<?>> held = new ArrayList<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.sorted().toList()) {
                String name =
                        root.relativize(file).toString().replace('\\', '.').replace('/', '.');
                if (name.startsWith(PACKAGES) && name.endsWith(".class") && !name.contains(".internal.")) {
                    Class<?> type = load(name.substring(0, name.length() - ".class".length()), loader);
                    if (isHeld(type)) {
                        held.add(type);
                    }
                }
            }
        }
        return held;
    }

    private static Class<?> load(String name, ClassLoader loader) {
        try {
            return Class.forName(name, false, loader);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns whether there are objects of the class whose methods, or those of a public interface, users call. */
    private static boolean isHeld(Class<?> type) {
        boolean object = !type.isInterface()
                && !type.isAnonymousClass()
                && !type.isLocalClass()
                && !Modifier.isAbstract(type.getModifiers())
                && !Throwable.class.isAssignableFrom(type);
        boolean called =
                isPublic(type) && Arrays.stream(type.getDeclaredMethods()).anyMatch(ToStringTest::isApi);
        // Rows, and what fills them, are the plan of a method, which the evaluator uses at once.
        boolean behind = Stream.of(type.getInterfaces())
                .anyMatch(face -> isPublic(face)
                        && face.getName().startsWith(PACKAGES)
                        && !face.getName().contains(".internal.")
                        && !Rows.class.isAssignableFrom(face)
                        && !Filling.class.isAssignableFrom(face));
        return object
                && (called || behind)
                && !type.getName().endsWith(BUILDER)
                && HELD_BY_OTHERS.stream().noneMatch(type.getName()::startsWith);
    }

    private static boolean isPublic(Class<?> type) {
        Class<?> outer = type.getEnclosingClass();
        return Modifier.isPublic(type.getModifiers()) && (outer == null || isPublic(outer));
    }

    private static boolean isApi(Method method) {
        return Modifier.isPublic(method.getModifiers())
                && !Modifier.isStatic(method.getModifiers())
                && !method.isSynthetic();
    }
}
