// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import io.github.attribution4j.influence.Ranking.Ranked;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The highest and the lowest of scores that come one by one, in the order of their rows. */
final class TopRows {
    private final Heap highest;
    private final Heap lowest;

    /** Keeps so many of both. */
    TopRows(int most) {
        highest = new Heap(most, 1);
        lowest = new Heap(most, -1);
    }

    void add(long row, double score) {
        highest.add(row, score);
        lowest.add(row, score);
    }

    List<Ranked> highest() {
        return highest.sorted();
    }

    List<Ranked> lowest() {
        return lowest.sorted();
    }

    /** Keeps the largest of scores times a sign; the least of those kept is first. Of equal ones the first stay. */
    private static final class Heap {
        private final double[] scores;
        private final long[] rows;
        private final int sign;
        private int size;

        Heap(int most, int sign) {
            this.scores = new double[most];
            this.rows = new long[most];
            this.sign = sign;
        }

        void add(long row, double score) {
            double signed = sign * score;
            if (size < scores.length) {
                int at = size++;
                while (at > 0 && isLess(signed, row, (at - 1) / 2)) {
                    move((at - 1) / 2, at);
                    at = (at - 1) / 2;
                }
                put(at, signed, row);
            } else if (signed > scores[0]) {
                sink(signed, row);
            }
        }

        /** Puts a score in place of the least. */
        private void sink(double score, long row) {
            int at = 0;
            while (2 * at + 1 < size) {
                int child = 2 * at + 1;
                if (child + 1 < size && isLess(scores[child + 1], rows[child + 1], child)) {
                    child++;
                }
                if (isLess(score, row, child)) {
                    break;
                }
                move(child, at);
                at = child;
            }
            put(at, score, row);
        }

        /** Returns whether a score goes before the one at a place: it is less, or equal and of a later row. */
        private boolean isLess(double score, long row, int place) {
            return score < scores[place] || (score == scores[place] && row > rows[place]);
        }

        private void move(int from, int to) {
            put(to, scores[from], rows[from]);
        }

        private void put(int at, double score, long row) {
            scores[at] = score;
            rows[at] = row;
        }

        List<Ranked> sorted() {
            Integer[] order = IntStream.range(0, size).boxed().toArray(Integer[]::new);
            Arrays.sort(
                    order,
                    (left, right) -> scores[left] == scores[right]
                            ? Long.compare(rows[left], rows[right])
                            : Double.compare(scores[right], scores[left]));
            return Arrays.stream(order)
                    .map(at -> new Ranked(rows[at], sign * scores[at]))
                    .toList();
        }
    }
}
