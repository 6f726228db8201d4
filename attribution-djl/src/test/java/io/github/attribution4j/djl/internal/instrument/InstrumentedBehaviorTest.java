// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonElement;
import io.github.attribution4j.djl.internal.Zoo;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.program.ModuleInfo;
import io.github.attribution4j.djl.internal.wire.Reply;
import io.github.attribution4j.djl.internal.wire.Request;
import io.github.attribution4j.djl.internal.wire.Row;
import io.github.attribution4j.djl.internal.wire.Toolbox;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Instrumented archives inside libtorch 2.7.1, against what eager PyTorch computed with hooks. */
class InstrumentedBehaviorTest {
    private static final float TOLERANCE = 2e-5f;

    /** Values that eager hooks see and an archive does not have, each for a reason outside the rewriting. */
    private static final Map<String, Set<String>> ABSENT = Map.of(
            // A trace keeps only values that are used, and nothing of a module that returns its input.
            "lstm_trace.pt", Set.of("lstm#0[1]", "lstm#0[2]"),
            "text_trace.pt", Set.of("lstm#0[1]", "lstm#0[2]"),
            "passing_trace.pt", Set.of("identity#0[0]", "unused#0[0]"),
            // Values that pass through a module where the text does not identify them: a dropped result, and a
            // container of the user's own.
            "handing_trace.pt", Set.of("probe#0[0]", "empty.0.0#0[0]"),
            // A script stores a shared module once for each of its names.
            "passing_script.pt", Set.of("scale#1[0]"),
            "aliases_script.pt", Set.of("three#0[0]", "three#1[0]"));

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

    private static void close(String what, NDArray actual, JsonElement expected) {
        assertThat(actual).as(what).isNotNull();
        try (NDManager manager = actual.getManager().newSubManager()) {
            NDArray wanted = Expected.tensor(manager, expected);
            assertThat(actual.getShape()).as(what).isEqualTo(wanted.getShape());
            float[] a = actual.toType(DataType.FLOAT32, true).toFloatArray();
            float[] e = wanted.toType(DataType.FLOAT32, true).toFloatArray();
            float scale = 1e-3f;
            for (float v : e) {
                scale = Math.max(scale, Math.abs(v));
            }
            for (int i = 0; i < e.length; i++) {
                assertThat(a[i])
                        .as("%s at %s", what, i)
                        .isCloseTo(e[i], org.assertj.core.data.Offset.offset(TOLERANCE * scale));
            }
        }
    }

    private static NDArray cotangent(NDArray output) {
        float[] values = new float[(int) output.getShape().size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.cos(i);
        }
        return output.getManager().create(values, new Shape(output.getShape().getShape()));
    }

    private static Request<NDArray> request(Instrumented program, Expected expected, NDManager manager) {
        return new Request<>(program.signature(), expected.arguments(manager));
    }

    private static List<Integer> wantAll(Request<NDArray> request) {
        List<Integer> wants = new ArrayList<>();
        List<NDArray> tensors = request.tensors();
        for (int i = 0; i < tensors.size(); i++) {
            if (tensors.get(i).getDataType().isFloating()) {
                request.want(i);
                wants.add(i);
            }
        }
        return wants;
    }

    @ParameterizedTest
    @MethodSource("archives")
    void outputsAndInputGradientsAreThoseOfTheModel(String archive) {
        Instrumented program = Copies.of(TorchArchive.read(Zoo.file(archive)));
        Expected expected = Expected.of(archive);
        try (LibTorch torch = new LibTorch(program.archive())) {
            for (String method : List.of(Instrumented.FORWARD, Instrumented.RUN)) {
                for (int repetition = 0; repetition < 3; repetition++) {
                    Request<NDArray> request = request(program, expected, torch.manager());
                    List<float[]> before = request.tensors().stream()
                            .map(InstrumentedBehaviorTest::floats)
                            .toList();
                    Reply<NDArray> plain = torch.run(program, method, request);
                    assertThat(plain.outputs()).hasSameSizeAs(expected.outputs());
                    for (int i = 0; i < plain.outputs().size(); i++) {
                        close(
                                method + " output " + i,
                                plain.outputs().get(i),
                                expected.outputs().get(i));
                    }
                    wantAll(request);
                    Reply<NDArray> reply = torch.run(program, method, request);
                    assertThat(reply.leaves()).hasSameSizeAs(expected.gradients());
                    NDArray first = reply.outputs().get(0);
                    for (boolean retain : new boolean[] {true, false}) {
                        List<NDArray> gradients = differentiator.gradients(
                                List.of(first), reply.leaves(), List.of(cotangent(first)), retain);
                        for (int i = 0; i < gradients.size(); i++) {
                            close(
                                    method + " gradient " + i,
                                    gradients.get(i),
                                    expected.gradients().get(i));
                        }
                    }
                    List<NDArray> after = request.tensors();
                    for (int i = 0; i < after.size(); i++) {
                        assertThat(floats(after.get(i)))
                                .as("the caller's tensor")
                                .isEqualTo(before.get(i));
                    }
                }
            }
        }
    }

    private static float[] floats(NDArray array) {
        return array.toType(DataType.FLOAT32, true).toFloatArray();
    }

    @ParameterizedTest
    @MethodSource("archives")
    void tapsReplacementsAndTheirGradientsAreThoseOfEagerHooks(String archive) {
        Instrumented program = Copies.of(TorchArchive.read(Zoo.file(archive)));
        Expected expected = Expected.of(archive);
        Set<String> absent = new TreeSet<>();
        try (LibTorch torch = new LibTorch(program.archive())) {
            for (Expected.Call call : expected.calls()) {
                for (int element = 0; element < call.tensors().size(); element++) {
                    String what = call.path() + "#" + call.number() + "[" + element + "]";
                    ModuleInfo module = program.module(call.path());
                    if (module != null && !module.alias().isEmpty()) {
                        module = program.module(module.alias());
                    }
                    if (call.tensors().get(element).isJsonNull()) {
                        continue;
                    }
                    if (module == null
                            || !module.addressable()
                            || !matches(torch, program, expected, module, call, element, what)) {
                        absent.add(what);
                    }
                }
            }
        }
        if (archive.endsWith("_frozen.pt")) {
            assertThat(program.modules()).hasSize(1);
        } else {
            assertThat(absent).isEqualTo(ABSENT.getOrDefault(archive, Set.of()));
        }
    }

    private static boolean matches(
            LibTorch torch,
            Instrumented program,
            Expected expected,
            ModuleInfo module,
            Expected.Call call,
            int element,
            String what) {
        // Head: the tap differentiated by the inputs runs; tail: the output differentiated by the tap.
        Row row = new Row(module.index(), call.number(), Row.RESULT, element, false);
        Request<NDArray> head = request(program, expected, torch.manager()).tap(row);
        wantAll(head);
        Reply<NDArray> tapped = torch.run(program, Instrumented.RUN, head);
        if (tapped.taps().isEmpty()) {
            return false;
        }
        assertThat(tapped.taps()).hasSize(1);
        NDArray tap = tapped.taps().get(0).tensor();
        close(what, tap, call.tensors().get(element));
        assertThat(tapped.taps().get(0).call()).isEqualTo(call.number());
        if (dependsOnInputs(tapped, tap)) {
            gradient(
                    what + " gradient at the tap", tapped, tap, call.gradients().get(element));
        }
        sameOutput(what + " with a tap", tapped, expected);

        Row leaf = new Row(module.index(), call.number(), Row.RESULT, element, true);
        Reply<NDArray> detached = torch.run(
                program,
                Instrumented.RUN,
                request(program, expected, torch.manager()).tap(leaf));
        if (tap.getDataType().isFloating()) {
            gradient(
                    what + " gradient at a leaf",
                    detached,
                    detached.taps().get(0).tensor(),
                    call.gradients().get(element));
        }

        NDArray activation = Expected.tensor(torch.manager(), call.tensors().get(element));
        Reply<NDArray> replaced = torch.run(
                program,
                Instrumented.RUN,
                request(program, expected, torch.manager()).replace(leaf, activation));
        close(
                what + " replaced",
                replaced.taps().get(0).tensor(),
                call.tensors().get(element));
        sameOutput(what + " replaced", replaced, expected);
        gradient(
                what + " gradient at the replacement",
                replaced,
                replaced.taps().get(0).tensor(),
                call.gradients().get(element));
        assertThat(floats(activation))
                .isEqualTo(
                        floats(Expected.tensor(torch.manager(), call.tensors().get(element))));
        return true;
    }

    /** An embedding of tokens, say, has no graph when the parameters are frozen. */
    private static boolean dependsOnInputs(Reply<NDArray> reply, NDArray tap) {
        return differentiator.gradients(List.of(tap), reply.leaves(), List.of(tap.onesLike()), true).stream()
                .anyMatch(java.util.Objects::nonNull);
    }

    private static void sameOutput(String what, Reply<NDArray> reply, Expected expected) {
        for (int i = 0; i < reply.outputs().size(); i++) {
            close(
                    what + " output " + i,
                    reply.outputs().get(i),
                    expected.outputs().get(i));
        }
    }

    private static void gradient(String what, Reply<NDArray> reply, NDArray at, JsonElement expected) {
        NDArray first = reply.outputs().get(0);
        NDArray actual = differentiator
                .gradients(List.of(first), List.of(at), List.of(cotangent(first)), false)
                .get(0);
        if (expected.isJsonNull()) {
            assertThat(actual)
                    .as(what)
                    .satisfiesAnyOf(
                            g -> assertThat(g).isNull(),
                            g -> assertThat(floats(g)).containsOnly(0f));
        } else {
            close(what, actual, expected);
        }
    }
}
