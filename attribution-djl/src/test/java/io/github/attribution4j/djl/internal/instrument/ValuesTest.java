// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.attribution4j.djl.internal.Zoo;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.program.ValueInfo;
import io.github.attribution4j.djl.internal.wire.Level;
import io.github.attribution4j.djl.internal.wire.Reply;
import io.github.attribution4j.djl.internal.wire.Request;
import io.github.attribution4j.djl.internal.wire.Row;
import io.github.attribution4j.djl.internal.wire.Toolbox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Values inside methods: looking at them, putting them back and making them leaves changes nothing; the gradient is the
 * same both ways.
 */
class ValuesTest {
    private static final float TOLERANCE = 2e-5f;

    private static LibTorch differentiator;

    @BeforeAll
    static void loadDifferentiator() {
        differentiator = new LibTorch(Toolbox.create());
    }

    @AfterAll
    static void closeDifferentiator() {
        differentiator.close();
    }

    static List<String> archives() {
        return Zoo.names();
    }

    private static float[] floats(NDArray array) {
        return array.toType(DataType.FLOAT32, true).toFloatArray();
    }

    private static void close(String what, NDArray actual, NDArray expected) {
        assertThat(actual.getShape()).as(what).isEqualTo(expected.getShape());
        float[] a = floats(actual);
        float[] e = floats(expected);
        float scale = 1e-3f;
        for (float v : e) {
            scale = Math.max(scale, Math.abs(v));
        }
        for (int i = 0; i < e.length; i++) {
            assertThat(a[i]).as("%s at %s", what, i).isCloseTo(e[i], Offset.offset(TOLERANCE * scale));
        }
    }

    private static NDArray gradient(Reply<NDArray> reply, NDArray at) {
        NDArray first = reply.outputs().get(0);
        float[] values = new float[(int) first.getShape().size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.cos(i);
        }
        NDArray cotangent =
                first.getManager().create(values, new Shape(first.getShape().getShape()));
        return differentiator
                .gradients(List.of(first), List.of(at), List.of(cotangent), false)
                .get(0);
    }

    @ParameterizedTest
    @MethodSource("archives")
    void everyValueCanBeTappedReplacedAndMadeALeaf(String archive) {
        Instrumented program = Copies.of(TorchArchive.read(Zoo.file(archive)), Level.VALUES);
        Expected expected = Expected.of(archive);
        assertThat(program.values()).isNotEmpty();
        try (LibTorch torch = new LibTorch(program.archive())) {
            Request<NDArray> all = request(program, expected, torch);
            for (int i = 0; i < all.tensors().size(); i++) {
                if (all.tensors().get(i).getDataType().isFloating()) {
                    all.want(i);
                }
            }
            program.values().forEach(v -> all.tap(new Row(v.module(), Row.EVERY_CALL, v.side(), 0, false)));
            Reply<NDArray> tapped = torch.run(program, Instrumented.RUN, all);
            sameOutput(archive + " with all values tapped", tapped, expected, torch);
            assertThat(tapped.taps()).isNotEmpty();
            List<Integer> done = new ArrayList<>();
            for (Reply.Tap<NDArray> tap : tapped.taps()) {
                if (done.contains(tap.row())) {
                    continue;
                }
                done.add(tap.row());
                ValueInfo value = program.values().get(tap.row());
                String what = archive + " " + value.module() + "/" + value.address() + "#" + tap.call();
                Row leaf = new Row(value.module(), tap.call(), value.side(), 0, true);
                boolean floating = tap.tensor().getDataType().isFloating();
                Reply<NDArray> replaced = torch.run(
                        program,
                        Instrumented.RUN,
                        request(program, expected, torch)
                                .replace(
                                        floating ? leaf : leaf.asLeaf(false),
                                        tap.tensor().duplicate()));
                sameOutput(what + " replaced", replaced, expected, torch);
                if (!floating) {
                    continue;
                }
                Request<NDArray> one = request(program, expected, torch).tap(leaf);
                Reply<NDArray> detached = torch.run(program, Instrumented.RUN, one);
                sameOutput(what + " as a leaf", detached, expected, torch);
                NDArray atLeaf = gradient(detached, detached.taps().get(0).tensor());
                NDArray atReplacement =
                        gradient(replaced, replaced.taps().get(0).tensor());
                assertThat(atLeaf == null).as(what).isEqualTo(atReplacement == null);
                if (atLeaf != null && !Arrays.equals(floats(atLeaf), floats(atReplacement))) {
                    close(what + " gradient", atLeaf, atReplacement);
                }
            }
        }
    }

    private static Request<NDArray> request(Instrumented program, Expected expected, LibTorch torch) {
        return new Request<>(program.signature(), expected.arguments(torch.manager()));
    }

    private static void sameOutput(String what, Reply<NDArray> reply, Expected expected, LibTorch torch) {
        for (int i = 0; i < reply.outputs().size(); i++) {
            close(
                    what + " output " + i,
                    reply.outputs().get(i),
                    Expected.tensor(torch.manager(), expected.outputs().get(i)));
        }
    }
}
