// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.notebook;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.VarSnippet;
import org.jspecify.annotations.Nullable;

/**
 * The values of a notebook's variables. JShell tells them as text only; each is a static field of the class that JShell
 * wrapped around the declaration.
 */
final class Variables {
    private final JShell shell;
    private final Supplier<@Nullable ClassLoader> loader;
    private final Method wrapper;

    /**
     * Creates a view of the variables.
     *
     * @param loader of the classes that JShell makes
     * @throws ReflectiveOperationException if this JDK does not tell the names of these classes
     * @throws RuntimeException if the kernel was started without {@code --add-opens jdk.jshell/jdk.jshell=ALL-UNNAMED},
     *     which JJava always has
     */
    Variables(JShell shell, Supplier<@Nullable ClassLoader> loader) throws ReflectiveOperationException {
        this.shell = shell;
        this.loader = loader;
        this.wrapper = Snippet.class.getDeclaredMethod("classFullName");
        wrapper.setAccessible(true);
    }

    /** Returns the value of a variable; empty if it has none. */
    Optional<Object> value(VarSnippet variable) {
        try {
            return Optional.ofNullable(
                    field(wrapperOf(variable), variable.name()).get(null));
        } catch (ReflectiveOperationException | LinkageError e) {
            return Optional.empty(); // its class was never made: the declaration failed
        }
    }

    /** Returns the values of the chosen variables, and those of the static fields of the notebook's classes. */
    List<Object> values(Predicate<VarSnippet> chosen) {
        List<Object> values = new ArrayList<>();
        shell.variables().filter(chosen).forEach(variable -> value(variable).ifPresent(values::add));
        shell.types().forEach(type -> {
            try {
                Class<?> declared = load(wrapper.invoke(type) + "$" + type.name());
                for (Field field : declared.getDeclaredFields()) {
                    if (Modifier.isStatic(field.getModifiers())
                            && !field.getType().isPrimitive()) {
                        Object value = field(declared, field.getName()).get(null);
                        if (value != null) {
                            values.add(value);
                        }
                    }
                }
            } catch (ReflectiveOperationException | LinkageError e) {
                // A class that cannot be loaded holds nothing.
            }
        });
        return values;
    }

    private Class<?> wrapperOf(Snippet snippet) throws ReflectiveOperationException {
        return load((String) wrapper.invoke(snippet));
    }

    private Class<?> load(String name) throws ClassNotFoundException {
        return Class.forName(name, false, loader.get());
    }

    private static Field field(Class<?> holder, String name) throws NoSuchFieldException {
        Field field = holder.getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }
}
