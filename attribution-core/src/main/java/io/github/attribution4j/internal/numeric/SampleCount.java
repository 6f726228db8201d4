// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

/** How many samples an example has, each of which follows from its number and is evaluated once. */
public final class SampleCount implements Rounds.Growing {
    private final long enough;
    private int count;

    /**
     * Starts with none.
     *
     * @param enough from how many on errors are good to stop by
     */
    public SampleCount(long enough) {
        this.enough = enough;
    }

    @Override
    public long enough() {
        return enough;
    }

    @Override
    public void grow(long evaluations) {
        count = Math.toIntExact(evaluations);
    }

    @Override
    public boolean isExhausted() {
        return false;
    }

    @Override
    public int count() {
        return count;
    }
}
