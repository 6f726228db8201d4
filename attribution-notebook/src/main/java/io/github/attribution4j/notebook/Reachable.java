// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.notebook;

import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Looks for objects from others. The fields of all classes but the JDK's are followed, those of lambdas and records
 * too; of the JDK's, arrays, collections, maps, optionals, atomic references and futures. What is near is looked at
 * first, and the search ends when all are found: results hang near their variables, while models hold many objects.
 */
final class Reachable {
    private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Object> missing = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Deque<Object> open = new ArrayDeque<>();
    private final Map<Class<?>, List<Field>> fields = new HashMap<>();

    private Reachable() {}

    /**
     * Returns those of the objects to which nothing leads.
     *
     * @param roots where to start
     * @param wanted what to look for
     */
    static Set<Object> unreached(Collection<?> roots, Collection<?> wanted) {
        Reachable search = new Reachable();
        search.missing.addAll(wanted);
        roots.forEach(search::see);
        while (!search.open.isEmpty() && !search.missing.isEmpty()) {
            search.follow(search.open.remove());
        }
        return search.missing;
    }

    private void see(@Nullable Object object) {
        if (object != null && !isLeaf(object) && seen.add(object)) {
            missing.remove(object);
            open.add(object);
        }
    }

    private static boolean isLeaf(Object object) {
        return object instanceof String
                || object instanceof Number
                || object instanceof Boolean
                || object instanceof Class
                || object instanceof Thread
                || object instanceof ClassLoader
                || (object.getClass().isArray()
                        && object.getClass().getComponentType().isPrimitive());
    }

    private void follow(Object object) {
        if (object instanceof Object[] array) {
            for (Object element : array) {
                see(element);
            }
            return;
        }
        for (Field field : fields.computeIfAbsent(object.getClass(), Reachable::fieldsOf)) {
            try {
                see(field.get(object));
            } catch (IllegalAccessException e) {
                throw new AssertionError(e); // it was made accessible
            }
        }
        try {
            followJdk(object);
        } catch (RuntimeException e) {
            // Another thread of the user's changes it, or it is a collection that cannot be listed: what was seen is
            // what it held.
        }
    }

    private void followJdk(Object object) {
        Class<?> type = object.getClass();
        while (!isOfJdk(type)) {
            type = type.getSuperclass();
        }
        if (type == Object.class) {
            return;
        }
        if (object instanceof Collection<?> collection) {
            collection.forEach(this::see);
        } else if (object instanceof Map<?, ?> map) {
            map.forEach((key, value) -> {
                see(key);
                see(value);
            });
        } else if (object instanceof Map.Entry<?, ?> entry) {
            see(entry.getKey());
            see(entry.getValue());
        } else if (object instanceof Optional<?> optional) {
            see(optional.orElse(null));
        } else if (object instanceof AtomicReference<?> reference) {
            see(reference.get());
        } else if (object instanceof AtomicReferenceArray<?> array) {
            for (int i = 0; i < array.length(); i++) {
                see(array.get(i));
            }
        } else if (object instanceof CompletableFuture<?> future && !future.isCompletedExceptionally()) {
            see(future.getNow(null));
        }
    }

    private static boolean isOfJdk(Class<?> type) {
        ClassLoader loader = type.getClassLoader();
        return loader == null || loader == ClassLoader.getPlatformClassLoader();
    }

    private static List<Field> fieldsOf(Class<?> type) {
        List<Field> fields = new ArrayList<>();
        for (Class<?> at = type; at != null && !isOfJdk(at); at = at.getSuperclass()) {
            for (Field field : at.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers()) && !field.getType().isPrimitive()) {
                    try {
                        field.setAccessible(true);
                        fields.add(field);
                    } catch (InaccessibleObjectException e) {
                        // A field of a named module that hides it: not followed.
                    }
                }
            }
        }
        return fields;
    }
}
