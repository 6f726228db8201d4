// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sessions by what they answer, made when first needed, shared by threads. Of too many, the one that was not used for
 * longest is closed; one that runs is closed when it has run.
 */
public final class Sessions implements AutoCloseable {
    private static final int MOST = 32;

    private final Map<Object, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
    private boolean closed;

    /** One session and who uses it. */
    private static final class Entry {
        private @Nullable GraphSession session;
        private int users;
        private boolean gone;

        synchronized GraphSession session(Supplier<GraphSession> make) {
            GraphSession made = session;
            if (made == null) {
                made = make.get();
                session = made;
            }
            return made;
        }

        synchronized void close() {
            if (session != null) {
                session.close();
                session = null;
            }
        }
    }

    /**
     * Uses a session.
     *
     * @param key what it answers
     * @param make makes it if there is none
     * @param use runs it
     */
    public <R> R use(Object key, Supplier<GraphSession> make, Function<GraphSession, R> use) {
        Entry entry;
        List<Entry> idle = new ArrayList<>();
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("this model was closed");
            }
            entry = entries.computeIfAbsent(key, k -> new Entry());
            entry.users++;
            Iterator<Entry> oldest = entries.values().iterator();
            while (entries.size() > MOST) {
                Entry next = oldest.next();
                oldest.remove();
                next.gone = true;
                if (next.users == 0) {
                    idle.add(next);
                }
            }
        }
        idle.forEach(Entry::close);
        try {
            return use.apply(entry.session(make));
        } finally {
            boolean last;
            synchronized (this) {
                entry.users--;
                last = entry.gone && entry.users == 0;
            }
            if (last) {
                entry.close();
            }
        }
    }

    /** Whether it was closed. */
    public synchronized boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        List<Entry> idle = new ArrayList<>();
        synchronized (this) {
            closed = true;
            for (Entry entry : entries.values()) {
                entry.gone = true;
                if (entry.users == 0) {
                    idle.add(entry);
                }
            }
            entries.clear();
        }
        idle.forEach(Entry::close);
    }
}
