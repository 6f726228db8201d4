// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.golden;

import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Tensor;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Captum's recorded draws, as the 64-bit words from which the library makes the same draws.
 *
 * <p>The method itself makes noise, positions, orders and coalitions, from words that lead to what Captum drew. A
 * stream fails the test if it is asked for more than was recorded, or for something that was not recorded.
 */
public final class RecordedDraws {
    /** The purposes in the first part of a stream's key. */
    private static final long NOISE = 0x6A55;

    private static final long POSITION = 0x905;
    private static final long PARTNERS = 0xF9E4;
    private static final long BASELINE = 0x5A3C;
    private static final long PERMUTATION = 0x5417;
    private static final long COALITIONS = 0x5A9;

    private final GoldenModel<?> model;
    private final GoldenCase given;

    private RecordedDraws(GoldenModel<?> model, GoldenCase given) {
        this.model = model;
        this.given = given;
    }

    public static Run replay(GoldenModel<?> model, GoldenCase given, Run run) {
        RecordedDraws draws = new RecordedDraws(model, given);
        Function<long[], LongSupplier> words = draws::words;
        try {
            // The source of bits is visible only in the package of Run.
            Method bits = Run.class.getDeclaredMethod("bits", Function.class);
            bits.setAccessible(true);
            return (Run) bits.invoke(run, words);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private LongSupplier words(long... key) {
        int example = Math.toIntExact(key[1]);
        if (key[0] == COALITIONS) {
            return coalitions(example);
        }
        if (key[0] == PARTNERS) {
            return cycle(array("partners").rows(key[1], key[1] + 1).toLongArray());
        }
        int sample = Math.toIntExact(key[2]);
        if (key[0] == NOISE) {
            return noise(example, sample, Math.toIntExact(key[3]));
        }
        if (key[0] == POSITION) {
            return new Words().uniform(row("alpha", example)[sample]);
        }
        if (key[0] == BASELINE) {
            return new Words().integer((int) row("baseline_index_0", example)[sample]);
        }
        if (key[0] == PERMUTATION) {
            return new Words()
                    .permutation(array("permutations").rows(sample, sample + 1).toLongArray());
        }
        throw new IllegalStateException("nothing is recorded for the random stream " + Arrays.toString(key));
    }

    /** The order in which a cycle visits the examples, from the first. */
    private static Words cycle(long[] partners) {
        long[] order = new long[partners.length];
        for (int i = 1; i < order.length; i++) {
            order[i] = partners[Math.toIntExact(order[i - 1])];
        }
        return new Words().permutation(order);
    }

    private Tensor array(String name) {
        return model.array(given.draws(name));
    }

    private double[] row(String name, int example) {
        return array(name).rows(example, example + 1).toDoubleArray();
    }

    private Words noise(int example, int sample, int input) {
        double[] deviations = given.options().numbers("stdev");
        double deviation = deviations[deviations.length == 1 ? 0 : input];
        double[] all = row("noise_" + input, example);
        int size = all.length / given.options().integer("samples");
        double[] noise = Arrays.copyOfRange(all, sample * size, (sample + 1) * size);
        return new Words()
                .gaussians(Arrays.stream(noise).map(value -> value / deviation).toArray());
    }

    /** Captum's first two coalitions, all and none, are not drawn. */
    private Words coalitions(int example) {
        long[] all = array("coalitions").rows(example, example + 1).toLongArray();
        int samples = given.options().integer("samples");
        int groups = all.length / samples;
        Words words = new Words();
        for (int sample = 2; sample < samples; sample++) {
            List<Integer> kept = new ArrayList<>();
            for (int group = 0; group < groups; group++) {
                if (all[sample * groups + group] != 0) {
                    kept.add(group);
                }
            }
            size(words, groups, kept.size());
            subset(words, groups, kept);
        }
        return words;
    }

    /** Sizes s are drawn by inversion of their distribution, proportional to 1 / (s (M − s)). */
    private static void size(Words words, int groups, int size) {
        double below = 0;
        double total = 0;
        for (int s = 1; s < groups; s++) {
            double weight = 1.0 / (s * (groups - s));
            total += weight;
            below += s < size ? weight : s == size ? weight / 2 : 0;
        }
        words.uniform(below / total);
    }

    /**
     * A subset is drawn by Floyd's method: a number of 0 ... last, or last itself if that number is in the
     * subset already.
     */
    private static void subset(Words words, int groups, List<Integer> kept) {
        List<Integer> early =
                kept.stream().filter(group -> group < groups - kept.size()).toList();
        int next = 0;
        for (int last = groups - kept.size(); last < groups; last++) {
            words.integer(kept.contains(last) ? last : early.get(next++));
        }
    }
}
