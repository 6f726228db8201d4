// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.notebook;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.dflib.jjava.jupyter.kernel.BaseKernel;
import org.dflib.jjava.jupyter.kernel.comm.CommManager;
import org.dflib.jjava.jupyter.messages.Message;
import org.dflib.jjava.jupyter.messages.request.ExecuteRequest;
import org.jspecify.annotations.Nullable;

/**
 * The run of one cell, as the front end asked for it. JJava has no call that tells it: it is read from where the kernel
 * keeps the request for the messages that answer it.
 */
final class Execution {
    private final Message<?> message;
    private final ExecuteRequest request;

    private Execution(Message<?> message, ExecuteRequest request) {
        this.message = message;
        this.request = request;
    }

    /** Returns what gives the run of the moment; it gives null where the kernel has none. */
    static Supplier<@Nullable Execution> of(BaseKernel kernel) throws ReflectiveOperationException {
        Field context = CommManager.class.getDeclaredField("context");
        context.setAccessible(true);
        return () -> {
            try {
                return context.get(kernel.getCommManager()) instanceof Message<?> message
                                && message.getContent() instanceof ExecuteRequest request
                        ? new Execution(message, request)
                        : null;
            } catch (IllegalAccessException e) {
                throw new AssertionError(e); // it was made accessible
            }
        };
    }

    /** Returns what gives the loader of the classes that a kernel's cells are made into. */
    static Supplier<@Nullable ClassLoader> classLoader(BaseKernel kernel) throws ReflectiveOperationException {
        Method getter = BaseKernel.class.getDeclaredMethod("getClassLoader");
        getter.setAccessible(true);
        return () -> {
            try {
                return (ClassLoader) getter.invoke(kernel);
            } catch (IllegalAccessException | InvocationTargetException e) {
                throw new IllegalStateException("the kernel has no class loader", e);
            }
        };
    }

    boolean isSameAs(Execution other) {
        return message == other.message;
    }

    /** Returns the front end's name of the cell; if it gives none, the cell's text. */
    Object cell() {
        Map<String, Object> metadata = message.getMetadata();
        Object id = metadata == null ? null : metadata.get("cellId");
        return id == null ? request.getCode() : id;
    }

    /** Returns the names of the cells that were deleted since the last run, if the front end tells them. */
    Collection<?> deletedCells() {
        Map<String, Object> metadata = message.getMetadata();
        return metadata != null && metadata.get("deletedCells") instanceof Collection<?> deleted ? deleted : List.of();
    }
}
