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
 * Sessions by the questions that they run, made when first needed, shared by threads. Of too many, the one that was not
 * used for longest is closed; one that runs is closed when it has run. Too many are those whose weights take more
 * memory than anyone expects of one model, since each session may hold copies of its own.
 */
public final class Sessions implements AutoCloseable {
    private static final long MOST_BYTES = 4L << 30;
    /** So many sessions are kept even for the largest models, because one explanation uses them in turns. */
    private static final int FEWEST = 4;

    private final Map<Object, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
    private final int most;
    private final long mostBytes;
    private boolean closed;

    /** Creates a collection of at most so many sessions. */
    public Sessions(int most) {
        this(most, MOST_BYTES);
    }

    Sessions(int most, long mostBytes) {
        this.most = most;
        this.mostBytes = mostBytes;
    }

    /** One session and the number of its users. */
    private static final class Entry {
        private @Nullable GraphSession session;
        private int users;
        private boolean gone;
        /** What it counts for; as long as it is being made, nothing. */
        private long bytes;

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
     * @param key the question that it runs
     * @param make makes the session if there is none
     * @param use runs the session
     */
    public <R> R use(Object key, Supplier<GraphSession> make, Function<GraphSession, R> use) {
        Entry entry;
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("this model was closed");
            }
            entry = entries.computeIfAbsent(key, k -> new Entry());
            entry.users++;
        }
        try {
            return use.apply(entry.session(() -> {
                long bytes = 0;
                try {
                    GraphSession made = make.get();
                    bytes = made.weights();
                    return made;
                } finally {
                    makeRoom(entry, bytes);
                }
            }));
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

    /** Closes the sessions that have not been used for the longest time, never the new one. */
    private void makeRoom(Entry made, long bytes) {
        List<Entry> idle = new ArrayList<>();
        synchronized (this) {
            made.bytes = bytes;
            long all = entries.values().stream().mapToLong(entry -> entry.bytes).sum();
            Iterator<Entry> oldest = entries.values().iterator();
            while (entries.size() > most || (all > mostBytes && entries.size() > FEWEST)) {
                Entry next = oldest.next();
                oldest.remove();
                all -= next.bytes;
                next.gone = true;
                if (next.users == 0) {
                    idle.add(next);
                }
            }
        }
        idle.forEach(Entry::close);
    }

    /** Whether the session was closed. */
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
