// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.internal.golden.MemoryGrowth;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A service that explains all day does not grow. {@link LongMemory} is the long version, with resident memory. */
@ExtendWith(LeakExtension.class)
class MemoryTest {
    private static final int EXPLANATIONS = 480;

    @Test
    void nothingStaysOpen() throws Exception {
        List<String> heard = new ArrayList<>();
        MemoryGrowth.grow(
                TorchGolden.everyMethod(), EXPLANATIONS, EXPLANATIONS / 2, "", MemoryGrowth::resident, heard::add);
        assertThat(heard).isNotEmpty();
    }
}
