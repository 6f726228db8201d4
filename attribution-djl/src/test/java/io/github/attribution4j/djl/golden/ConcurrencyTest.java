// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Many threads on one model: every result has the bits that one thread alone gets. */
class ConcurrencyTest {
    private static final int THREADS = 8;
    private static final int EXPLANATIONS = 50;

    @Test
    void threadsShareAModel() throws Exception {
        long live = Lifetime.count();
        try (EveryMethod every = new EveryMethod()) {
            Map<String, List<Object>> alone = new LinkedHashMap<>();
            every.requests().forEach((name, request) -> alone.put(name, request.bits(Run.defaults())));
            ExecutorService pool = Executors.newFixedThreadPool(THREADS);
            try {
                List<Callable<List<String>>> tasks = new ArrayList<>();
                for (int thread = 0; thread < THREADS; thread++) {
                    int rotation = thread;
                    tasks.add(() -> differing(every, alone, rotation));
                }
                for (Future<List<String>> task : pool.invokeAll(tasks)) {
                    assertThat(task.get()).as("methods whose bits differ").isEmpty();
                }
            } finally {
                pool.shutdownNow();
            }
        }
        assertThat(Lifetime.count()).isEqualTo(live);
    }

    /** Explains by every method in turn, each thread beginning with another, so that different methods meet. */
    private static List<String> differing(EveryMethod every, Map<String, List<Object>> alone, int rotation) {
        List<String> names = new ArrayList<>(alone.keySet());
        Collections.rotate(names, rotation * names.size() / THREADS);
        List<String> differing = new ArrayList<>();
        for (int round = 0; round < EXPLANATIONS; round++) {
            for (String name : names) {
                if (!every.requests().get(name).bits(Run.defaults()).equals(alone.get(name))) {
                    differing.add(name + " in round " + round);
                }
            }
        }
        return differing;
    }
}
