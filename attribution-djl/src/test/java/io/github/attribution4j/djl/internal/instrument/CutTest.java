// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import io.github.attribution4j.djl.internal.Zoo;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.program.ModuleInfo;
import io.github.attribution4j.djl.internal.wire.Reply;
import io.github.attribution4j.djl.internal.wire.Request;
import io.github.attribution4j.djl.internal.wire.Row;
import io.github.attribution4j.djl.internal.wire.Toolbox;
import io.github.attribution4j.djl.internal.wire.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What can be said with rows, on single archives inside libtorch 2.7.1. */
class CutTest {
    private static Instrumented program(String archive) {
        return Copies.of(TorchArchive.read(Zoo.file(archive)));
    }

    private static NDArray input(LibTorch torch, long... shape) {
        float[] values = new float[(int) new Shape(shape).size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.sin(1.7 * i + 0.3);
        }
        return torch.manager().create(values, new Shape(shape));
    }

    private static Request<NDArray> request(Instrumented program, NDArray... inputs) {
        List<Value<NDArray>> arguments = new ArrayList<>();
        for (NDArray input : inputs) {
            arguments.add(new Value.Tensor<>(input));
        }
        return new Request<>(program.signature(), arguments);
    }

    private static float[] run(LibTorch torch, Instrumented program, Request<NDArray> request) {
        return torch.run(program, Instrumented.RUN, request).outputs().get(0).toFloatArray();
    }

    @Test
    void argumentsOfACallAreTheResultOfTheCallBefore() {
        Instrumented program = program("mlp_script.pt");
        int fc1 = program.module("fc1").index();
        int act = program.module("act").index();
        try (LibTorch torch = new LibTorch(program.archive())) {
            NDArray x = input(torch, 2, 4);
            Request<NDArray> request = request(program, x)
                    .tap(Row.output(fc1, false))
                    .tap(new Row(act, 0, Row.ARGUMENTS, 0, false))
                    .tap(new Row(fc1, 0, Row.ARGUMENTS, 0, false));
            List<Reply.Tap<NDArray>> taps =
                    torch.run(program, Instrumented.RUN, request).taps();
            assertThat(taps).extracting(Reply.Tap::row).containsExactly(2, 0, 1);
            assertThat(taps.get(0).tensor().toFloatArray()).isEqualTo(x.toFloatArray());
            assertThat(taps.get(1).tensor().toFloatArray())
                    .isEqualTo(taps.get(2).tensor().toFloatArray());
            NDArray hidden = taps.get(1).tensor().mul(2);
            float[] byArgument =
                    run(torch, program, request(program, x).replace(new Row(act, 0, Row.ARGUMENTS, 0, false), hidden));
            float[] byResult = run(torch, program, request(program, x).replace(Row.output(fc1, false), hidden));
            assertThat(byArgument).isEqualTo(byResult);
            assertThat(byResult).isNotEqualTo(run(torch, program, request(program, x)));
        }
    }

    @Test
    void everyCallOfAReusedModuleIsATapOfItsOwn() {
        Instrumented program = program("reused_trace.pt");
        int fc = program.module("fc").index();
        try (LibTorch torch = new LibTorch(program.archive())) {
            NDArray x = input(torch, 2, 4);
            Reply<NDArray> all = torch.run(
                    program, Instrumented.RUN, request(program, x).tap(new Row(fc, Row.EVERY_CALL, 0, 0, false)));
            assertThat(all.taps()).extracting(Reply.Tap::call).containsExactly(0, 1, 2);
            for (int call = 0; call < 3; call++) {
                Reply<NDArray> one =
                        torch.run(program, Instrumented.RUN, request(program, x).tap(new Row(fc, call, 0, 0, false)));
                assertThat(one.taps().get(0).tensor().toFloatArray())
                        .isEqualTo(all.taps().get(call).tensor().toFloatArray());
            }
        }
    }

    @Test
    void rowsThatDoNotOccurAreNotInTheReply() {
        Instrumented program = program("mlp_script.pt");
        try (LibTorch torch = new LibTorch(program.archive())) {
            NDArray x = input(torch, 2, 4);
            Request<NDArray> request = request(program, x)
                    .tap(new Row(1, 1, Row.RESULT, 0, false))
                    .tap(new Row(1, 0, Row.RESULT, 1, false))
                    .tap(new Row(999, 0, Row.RESULT, 0, false));
            Reply<NDArray> reply = torch.run(program, Instrumented.RUN, request);
            assertThat(reply.taps()).isEmpty();
            assertThat(reply.outputs()).hasSize(1);
        }
    }

    @Test
    void modulesPickedByAComputedIndexAreSeenAndAWrongIndexStillFails() {
        Instrumented program = program("interfaces_script.pt");
        assertThat(program.module("steps.0").addressable()).isTrue();
        Row first = Row.output(program.module("steps.0").index(), false);
        Row second = Row.output(program.module("steps.1").index(), false);
        try (LibTorch torch = new LibTorch(program.archive())) {
            Value<NDArray> x = new Value.Tensor<>(input(torch, 2, 3));
            for (long k = 0; k < 2; k++) {
                List<Value<NDArray>> arguments = List.of(x, new Value.Scalar<>(k));
                Reply<NDArray> reply = torch.run(
                        program,
                        Instrumented.RUN,
                        new Request<>(program.signature(), arguments).tap(first).tap(second));
                assertThat(reply.taps())
                        .singleElement()
                        .extracting(Reply.Tap::row)
                        .isEqualTo((int) k);
                NDArray twice = reply.taps().get(0).tensor().mul(2);
                float[] changed = run(
                        torch,
                        program,
                        new Request<>(program.signature(), arguments).replace(k == 0 ? first : second, twice));
                assertThat(changed).isNotEqualTo(reply.outputs().get(0).toFloatArray());
                assertThat(torch.run(program, Instrumented.FORWARD, new Request<>(program.signature(), arguments))
                                .outputs()
                                .get(0)
                                .toFloatArray())
                        .isEqualTo(reply.outputs().get(0).toFloatArray());
            }
            Request<NDArray> wrong = new Request<>(program.signature(), List.of(x, new Value.Scalar<>(2L)));
            assertThatThrownBy(() -> torch.run(program, Instrumented.RUN, wrong))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("2");
        }
    }

    @Test
    void twoPointsAtOnceReplaceBoth() {
        Instrumented program = program("dict_script.pt");
        int a = program.module("a").index();
        int b = program.module("b").index();
        try (LibTorch torch = new LibTorch(program.archive())) {
            Expected expected = Expected.of("dict_script.pt");
            NDArray zero = torch.manager().zeros(new Shape(2, 4));
            NDArray one = torch.manager().ones(new Shape(2, 4));
            Request<NDArray> request = new Request<>(program.signature(), expected.arguments(torch.manager()))
                    .replace(Row.output(a, true), zero)
                    .replace(Row.output(b, true), one);
            Reply<NDArray> reply = torch.run(program, Instrumented.RUN, request);
            assertThat(reply.outputs().get(0).toFloatArray()).containsOnly(1f);
            assertThat(reply.outputNames()).containsExactly("['logits']", "['mean']");
            assertThat(((Value.Entries<NDArray>) reply.value()).entries()).containsOnlyKeys("logits", "mean");
        }
    }

    @Test
    void aReplacementOfAnotherBatchSizePassesOn() {
        Instrumented program = program("cnn_script.pt");
        int layer = program.module("layer2").index();
        try (LibTorch torch = new LibTorch(program.archive())) {
            NDArray activation = input(torch, 5, 4, 2, 2);
            Reply<NDArray> reply = torch.run(
                    program,
                    Instrumented.RUN,
                    request(program, input(torch, 2, 1, 8, 8)).replace(Row.output(layer, true), activation));
            assertThat(reply.outputs().get(0).getShape()).isEqualTo(new Shape(5, 3));
        }
    }

    @Test
    void scalarsDefaultsAndOptionalTensorsArePassed() {
        Instrumented program = program("optional_script.pt");
        try (LibTorch torch = new LibTorch(program.archive())) {
            NDArray x = input(torch, 2, 3);
            Value<NDArray> tensor = new Value.Tensor<>(x);
            float[] standard = run(torch, program, new Request<>(program.signature(), List.of(tensor)));
            float[] explicit = run(
                    torch,
                    program,
                    new Request<>(
                            program.signature(),
                            List.of(tensor, new Value.None<>(), new Value.Scalar<>(2.0), new Value.Scalar<>("plain"))));
            float[] half = run(
                    torch,
                    program,
                    new Request<>(program.signature(), Arrays.asList(tensor, null, new Value.Scalar<>(1.0))));
            float[] square = run(
                    torch,
                    program,
                    new Request<>(
                            program.signature(), Arrays.asList(tensor, null, null, new Value.Scalar<>("square"))));
            assertThat(explicit).isEqualTo(standard);
            for (int i = 0; i < standard.length; i++) {
                assertThat(half[i]).isEqualTo(standard[i] / 2);
                assertThat(square[i]).isEqualTo(standard[i] * standard[i]);
            }
        }
    }

    @Test
    void undefinedGradientsAreMarked() {
        Instrumented program = program("dict_script.pt");
        try (LibTorch torch = new LibTorch(program.archive());
                LibTorch differentiator = new LibTorch(Toolbox.create())) {
            NDArray used = input(torch, 2, 3);
            NDArray unused = input(torch, 2, 2);
            used.setRequiresGradient(true);
            unused.setRequiresGradient(true);
            NDArray output = used.mul(3);
            NDArray plain = input(torch, 2, 3);
            List<NDArray> gradients = differentiator.gradients(
                    List.of(output, plain),
                    List.of(used, unused, plain),
                    List.of(output.onesLike(), plain.onesLike()),
                    false);
            assertThat(gradients.get(0).toFloatArray()).containsOnly(3f);
            assertThat(gradients.get(1)).isNull();
            assertThat(gradients.get(2)).isNull();
        }
    }

    @Test
    void aMissingOperatorIsAnErrorOnlyWhereItRuns() {
        TorchArchive archive = TorchArchive.read(Zoo.file("resize_script.pt"));
        String file = archive.code().keySet().stream()
                .filter(k -> archive.code().get(k).contains("class Resize(Module)"))
                .findFirst()
                .orElseThrow();
        String text = archive.code().get(file);
        String direct = text.replaceAll(
                "return [^\\n]*", "return torch._upsample_lanczos2d_aa((self.conv).forward(x, ), [4, 4], False)");
        assertThat(direct).isNotEqualTo(text);
        Instrumented program = Copies.of(archive.withCode(Map.of(file, direct)));
        try (LibTorch torch = new LibTorch(program.archive())) {
            assertThatThrownBy(() -> run(torch, program, request(program, input(torch, 1, 1, 5, 5))))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("operator _upsample_lanczos2d_aa is not in libtorch 2.7.1");
        }
    }

    @Test
    void theOriginalForwardIsStillThere() {
        TorchArchive original = TorchArchive.read(Zoo.file("cnn_script.pt"));
        Instrumented program = Copies.of(original);
        try (LibTorch plain = new LibTorch(original);
                LibTorch torch = new LibTorch(program.archive())) {
            float[] expected =
                    plain.forward(new NDList(input(plain, 2, 1, 8, 8))).get(0).toFloatArray();
            assertThat(torch.forward(new NDList(input(torch, 2, 1, 8, 8)))
                            .get(0)
                            .toFloatArray())
                    .isEqualTo(expected);
            assertThat(run(torch, program, request(program, input(torch, 2, 1, 8, 8))))
                    .isEqualTo(expected);
        }
    }

    @Test
    void threadsThatAskForDifferentLayersDoNotMeet() throws Exception {
        Instrumented program = program("cnn_trace.pt");
        List<ModuleInfo> modules =
                program.modules().stream().filter(ModuleInfo::addressable).toList();
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try (LibTorch torch = new LibTorch(program.archive())) {
            List<float[]> single = new ArrayList<>();
            for (ModuleInfo module : modules) {
                single.add(tap(torch, program, module));
            }
            List<Future<List<float[]>>> futures = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                Callable<List<float[]>> task = () -> {
                    JniUtils.setGradMode(true);
                    JniUtils.setGraphExecutorOptimize(false);
                    List<float[]> taps = new ArrayList<>();
                    for (ModuleInfo module : modules) {
                        taps.add(tap(torch, program, module));
                    }
                    return taps;
                };
                futures.add(pool.submit(task));
            }
            for (Future<List<float[]>> future : futures) {
                List<float[]> taps = future.get();
                for (int i = 0; i < taps.size(); i++) {
                    assertThat(taps.get(i)).as(modules.get(i).path()).isEqualTo(single.get(i));
                }
            }
        } finally {
            pool.shutdown();
        }
    }

    private static float[] tap(LibTorch torch, Instrumented program, ModuleInfo module) {
        Request<NDArray> request = request(program, input(torch, 2, 1, 8, 8)).tap(Row.output(module.index(), false));
        List<Reply.Tap<NDArray>> taps =
                torch.run(program, Instrumented.RUN, request).taps();
        return taps.isEmpty() ? new float[0] : taps.get(0).tensor().toFloatArray();
    }
}
