// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.fuzz;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A JVM with this class path, for what would end or change the test's own. */
public final class ChildJvm {
    private ChildJvm() {}

    /**
     * Returns how to start one; errors are in its output.
     *
     * @param options of the JVM
     * @param main the class to run
     */
    public static ProcessBuilder of(List<String> options, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // Settings of the engines that the parent was given.
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("ai.djl.") || name.startsWith("org.slf4j."))
                .sorted()
                .forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
        command.add("-XX:-CreateCoredumpOnCrash");
        command.addAll(options);
        command.add(main.getName());
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        // By the environment: the class path may be longer than an argument may be.
        String separator = System.getProperty("path.separator");
        String classPath = Stream.of(System.getProperty("java.class.path").split(Pattern.quote(separator)))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(separator));
        builder.environment().put("CLASSPATH", classPath);
        return builder;
    }
}
