// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal;

/** Divides groups of rows among calls. */
public final class RowGroups {
    private RowGroups() {}

    /**
     * Returns the number of rows of the next call, such that a call has whole groups, or equal parts of one group.
     *
     * @param wanted the most rows
     * @param group how many consecutive rows belong together
     * @param done rows evaluated before
     * @param total all rows
     */
    public static int next(int wanted, long group, long done, long total) {
        long within = done % group;
        if (within == 0 && wanted >= group) {
            return (int) Math.min(wanted - wanted % group, total - done);
        }
        long left = group - within;
        long calls = (left + wanted - 1) / wanted;
        return (int) ((left + calls - 1) / calls);
    }
}
