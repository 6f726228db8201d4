// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Runs whose random bits were recorded elsewhere. It is in this package because {@link Run} shows the place where bits
 * come from to no one else.
 */
public final class ReplayedRun {
    private ReplayedRun() {}

    /**
     * Returns a run that takes the 64-bit words of each random stream from elsewhere.
     *
     * @param words for the key of a stream: purpose, key of the example, sample, ...
     */
    public static Run of(Run run, Function<long[], LongSupplier> words) {
        return run.bits(words);
    }
}
