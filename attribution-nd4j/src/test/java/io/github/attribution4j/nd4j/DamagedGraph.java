// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * A damaged SameDiff file, made from a good one. A seed and a number always give the same bytes.
 *
 * @param base the good one
 * @param what was done to it, in words
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
record DamagedGraph(Base base, String what, byte[] bytes) {
    /** A good graph and what it takes. */
    @SuppressWarnings("ImmutableEnumChecker") // the bytes are copied before they are damaged
    enum Base {
        MLP(() -> Graphs.mlp(DataType.FLOAT32), () -> Inputs.of(Graphs.random(2, DataType.FLOAT32, 6))),
        IMAGE(Graphs::image, () -> Inputs.of(Graphs.random(2, DataType.FLOAT32, 2, 6, 6))),
        SEVERAL(Graphs::several, () -> Graphs.severalInputs(2));

        private final byte[] good;
        private final Supplier<Inputs> inputs;

        Base(Supplier<SameDiff> graph, Supplier<Inputs> inputs) {
            ByteBuffer buffer = graph.get().asFlatBuffers(false);
            this.good = new byte[buffer.remaining()];
            buffer.get(good);
            this.inputs = inputs;
        }

        Inputs inputs() {
            return inputs.get();
        }
    }

    private static final int[] NUMBERS = {
        0, 1, 2, 3, 7, 16, 255, 999, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE, -1, -2
    };

    static DamagedGraph of(long seed, int number) {
        SplittableRandom random = new SplittableRandom(seed * 1_000_003 + number);
        Base base = Base.values()[random.nextInt(Base.values().length)];
        byte[] bytes = base.good.clone();
        return switch (random.nextInt(6)) {
            case 0 -> {
                int length = random.nextInt(bytes.length);
                yield new DamagedGraph(base, "cut after " + length + " bytes", Arrays.copyOf(bytes, length));
            }
            case 1 -> {
                int flips = 1 + random.nextInt(4);
                for (int i = 0; i < flips; i++) {
                    bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                }
                yield new DamagedGraph(base, flips + " bits flipped", bytes);
            }
            case 2 -> {
                int at = random.nextInt(bytes.length);
                int length = Math.min(bytes.length - at, 1 + random.nextInt(64));
                Arrays.fill(bytes, at, at + length, (byte) 0);
                yield new DamagedGraph(base, length + " zeros at " + at, bytes);
            }
            case 3 -> {
                int from = random.nextInt(bytes.length);
                int to = random.nextInt(bytes.length);
                int length = Math.min(bytes.length - Math.max(from, to), 1 + random.nextInt(200));
                System.arraycopy(base.good, from, bytes, to, length);
                yield new DamagedGraph(base, length + " bytes of " + from + " at " + to, bytes);
            }
            default -> {
                // Sizes, offsets, and extents of shapes are whole numbers of four or eight bytes.
                int at = random.nextInt(bytes.length / 4) * 4;
                int value = NUMBERS[random.nextInt(NUMBERS.length)];
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value);
                yield new DamagedGraph(base, "the number " + value + " at " + at, bytes);
            }
        };
    }
}
