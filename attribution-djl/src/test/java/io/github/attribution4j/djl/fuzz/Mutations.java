// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.fuzz;

import io.github.attribution4j.djl.internal.Zoo;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Makes damaged archives from good ones. A seed and a number always give the same bytes. */
final class Mutations {
    /**
     * A good archive.
     *
     * @param file where it is
     * @param inputs the shapes of its inputs
     * @param bound for whole numbers below it; 0 for real numbers
     */
    record Base(Path file, List<long[]> inputs, int bound) {
        String name() {
            return String.valueOf(file.getFileName());
        }
    }

    /** A damaged archive. */
    static final class Mutation {
        private final Base base;
        private final String what;
        private final byte[] bytes;
        private final boolean runs;

        Mutation(Base base, String what, byte[] bytes, boolean runs) {
            this.base = base;
            this.what = what;
            this.bytes = bytes;
            this.runs = runs;
        }

        /** Returns the good one that it was made from. */
        Base base() {
            return base;
        }

        /** Returns what was done to it. */
        String what() {
            return what;
        }

        /** Returns the file. */
        byte[] bytes() {
            return bytes;
        }

        /** Returns whether it is run after it was loaded. */
        boolean runs() {
            return runs;
        }
    }

    static final String DATA = "attribution.golden";

    static final List<Base> BASES = List.of(
            golden("mlp_softmax.scripted.pt", 3, 12),
            golden("mlp_softmax.traced.pt", 3, 12),
            golden("regression.scripted.pt", 3, 8),
            golden("timeseries_gru.scripted.pt", 3, 20, 4),
            golden("segmentation.traced.pt", 3, 3, 12, 12),
            golden("transformer_encoder.scripted.pt", 3, 7, 5),
            new Base(data().resolve("models/text_lstm.traced.pt"), List.of(new long[] {3, 9}), 5),
            special("plain.pt", 3, 6),
            special("total-output.pt", 3, 6),
            special("frozen.pt", 3, 6),
            special("reused-module.pt", 3, 6),
            special("stateful.pt", 3, 6),
            special("storages.pt", 3, 64),
            archive("cnn_frozen.pt", 2, 1, 8, 8),
            archive("cnn_script.pt", 2, 1, 8, 8),
            archive("control_script.pt", 2, 3),
            archive("language_script.pt", 2, 3),
            archive("interfaces_script.pt", 2, 3),
            archive("named_script.pt", 2, 3),
            archive("passing_trace.pt", 2, 3),
            archive("inplace_trace.pt", 2, 3));

    private Mutations() {}

    /** A child process runs in a folder of its own, and gets the path of the data. */
    static Path data() {
        String told = System.getProperty(DATA);
        return told == null ? GoldenData.data() : Path.of(told);
    }

    private static Base golden(String name, long... shape) {
        return new Base(data().resolve("models").resolve(name), List.of(shape), 0);
    }

    private static Base special(String name, long... shape) {
        return new Base(data().resolveSibling("special").resolve(name), List.of(shape), 0);
    }

    private static Base archive(String name, long... shape) {
        return new Base(Zoo.file(name), List.of(shape), 0);
    }

    static Mutation of(long seed, int number) {
        SplittableRandom random = new SplittableRandom(seed * 1_000_003 + number);
        Base base = BASES.get(random.nextInt(BASES.size()));
        byte[] good;
        try {
            good = Files.readAllBytes(base.file());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        int family = random.nextInt(20);
        if (family < 2) {
            return new Mutation(base, flipped(good, random), good, true);
        }
        Draft draft = new Draft(good, random);
        if (family == 2) {
            byte[] cut = Arrays.copyOf(good, random.nextInt(good.length));
            return new Mutation(base, "cut to " + cut.length + " bytes", cut, true);
        }
        String what;
        if (family < 7) {
            what = ZipMutations.mutate(draft);
        } else if (family < 12) {
            what = PickleMutations.mutate(draft);
        } else if (family < 18) {
            what = SourceMutations.mutate(draft);
        } else if (family < 19) {
            what = DataMutations.mutate(draft);
        } else {
            RawZip.Entry entry = draft.entry(".py", ".pkl");
            byte[] content = entry.stored.clone();
            what = entry.name + ": " + flipped(content, random) + ", checksum right";
            Draft.set(entry, content);
            draft.runs &= entry.name.endsWith(".pkl");
        }
        return new Mutation(base, what, draft.zip.bytes(), draft.runs);
    }

    private static String flipped(byte[] bytes, SplittableRandom random) {
        int count = 1 + random.nextInt(6);
        for (int i = 0; i < count; i++) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return count + " bits flipped";
    }
}
