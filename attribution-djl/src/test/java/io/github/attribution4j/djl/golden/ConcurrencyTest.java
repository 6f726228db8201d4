// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.testkit.internal.golden.EveryMethod;
import io.github.attribution4j.testkit.internal.golden.InParallel;
import org.junit.jupiter.api.Test;

/** Many threads on one model: every result has the bits that one thread alone gets. */
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
}
