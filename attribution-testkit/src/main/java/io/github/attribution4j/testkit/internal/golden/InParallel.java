// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.run.Run;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Many threads on one model: every result has the bits that one thread alone gets. */
public final class InParallel {
    private static final int THREADS = 8;

    private InParallel() {}

    /**
     * Explains by every method in threads that last and in new ones, and compares with what one thread gets.
     *
     * @param every the requests
     * @param explanations how often each thread explains by each method
     */
    public static void sameBits(EveryMethod every, int explanations) throws Exception {
        Map<String, List<Object>> alone = new LinkedHashMap<>();
        every.requests().forEach((name, request) -> alone.put(name, request.bits(Run.defaults())));
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        try {
            List<Callable<List<String>>> tasks = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                int rotation = thread;
                tasks.add(() -> differing(every, alone, rotation, explanations));
            }
            for (Future<List<String>> task : pool.invokeAll(tasks)) {
                assertThat(task.get()).as("methods whose bits differ").isEmpty();
            }
        } finally {
            pool.shutdownNow();
        }
        for (Map.Entry<String, List<Object>> expected : alone.entrySet()) {
            List<Object> first = new ArrayList<>();
            Thread fresh = new Thread(
                    () -> first.addAll(every.request(expected.getKey()).bits(Run.defaults())));
            fresh.start();
            fresh.join();
            assertThat(first).as(expected.getKey() + " in a new thread").isEqualTo(expected.getValue());
        }
    }

    /** Explains by every method in turn, each thread beginning with another, so that different methods meet. */
    private static List<String> differing(
            EveryMethod every, Map<String, List<Object>> alone, int rotation, int explanations) {
        List<String> names = new ArrayList<>(alone.keySet());
        Collections.rotate(names, rotation * names.size() / THREADS);
        List<String> differing = new ArrayList<>();
        for (int round = 0; round < explanations; round++) {
            for (String name : names) {
                if (!every.request(name).bits(Run.defaults()).equals(alone.get(name))) {
                    differing.add(name + " in round " + round);
                }
            }
        }
        return differing;
    }
}
