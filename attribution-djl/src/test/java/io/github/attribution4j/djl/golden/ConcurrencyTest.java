// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.testkit.internal.golden.EveryMethod;
import io.github.attribution4j.testkit.internal.golden.InParallel;
import io.github.attribution4j.testkit.internal.golden.Planned;
import org.junit.jupiter.api.Test;

/** Every method: in many threads on one model to the bit, and with the rows that were planned. */
class ConcurrencyTest {
    private static final int EXPLANATIONS = 50;

    @Test
    void threadsShareAModel() throws Exception {
        long live = Lifetime.count();
        try (EveryMethod every = TorchGolden.everyMethod()) {
            InParallel.sameBits(every, EXPLANATIONS);
        }
        assertThat(Lifetime.count()).isEqualTo(live);
    }

    @Test
    void plansHaveTheRowsThatExplanationsCount() {
        long live = Lifetime.count();
        try (EveryMethod every = TorchGolden.everyMethod()) {
            Planned.rows(every);
        }
        assertThat(Lifetime.count()).isEqualTo(live);
    }
}
