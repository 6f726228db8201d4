// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.golden;

import io.github.attribution4j.testkit.internal.golden.MemoryGrowth;
import java.io.IOException;

/** {@link MemoryGrowth} on SameDiff graphs, by hand. */
final class LongMemory {
    private LongMemory() {}

    /** Arguments: as {@link MemoryGrowth#print} takes them. */
    public static void main(String[] arguments) throws IOException {
        System.exit(MemoryGrowth.print(GoldenGraphs.everyMethod(), arguments) ? 0 : 1);
    }
}
