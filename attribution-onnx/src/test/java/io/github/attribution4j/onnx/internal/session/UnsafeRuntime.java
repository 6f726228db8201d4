// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import ai.onnxruntime.OnnxTensor;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.session.GraphSession.Optimization;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.DoubleStream;

/** What may end a process; {@link UnsafeRuntimeTest} runs it in processes of its own. */
final class UnsafeRuntime {
    private UnsafeRuntime() {}

    public static void main(String[] arguments) throws InterruptedException {
        switch (arguments[0]) {
            case "optimizers" -> optimizers();
            case "exit" -> exit(arguments[1]);
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    /** Runs every graph at every level and prints what differs. */
    private static void optimizers() {
        Golden golden = Golden.read("optimizers.npz");
        for (String name : golden.cases()) {
            for (Optimization level : Optimization.values()) {
                System.out.println(name + " " + level + ": " + compared(golden, name, level));
            }
        }
    }

    private static String compared(Golden golden, String name, Optimization level) {
        Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
        golden.below(name + "/in/").forEach((input, tensor) -> inputs.put(input, OrtTensors.of(tensor)));
        try (TensorScope scope = TensorScope.open();
                OnnxFile file = OnnxFile.of(golden.bytes(name + "/model"));
                GraphSession session = new GraphSession(file, file.graph(), level);
                GraphSession.Outputs outputs = session.run(inputs)) {
            for (Map.Entry<String, Tensor> each : golden.below(name + "/out/").entrySet()) {
                Tensor found = OrtTensors.tensor(outputs.get(each.getKey()));
                Tensor expected = each.getValue();
                if (!found.shape().equals(expected.shape())) {
                    return found.shape() + " for " + expected.shape();
                }
                double[] a = found.toDoubleArray();
                double[] b = expected.toDoubleArray();
                double near = (found.dataType() == DataType.FLOAT64 ? 1e-13 : 1e-6)
                        * DoubleStream.of(b).map(Math::abs).max().orElse(0);
                for (int i = 0; i < a.length; i++) {
                    if (!(Math.abs(a[i] - b[i]) <= near)) {
                        return Arrays.toString(a) + " for " + Arrays.toString(b);
                    }
                }
            }
            return "right";
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    /** Leaves while a thread is inside the runtime. */
    private static void exit(String how) throws InterruptedException {
        Golden golden = Golden.read("models.npz");
        String largest = golden.cases().stream()
                .max(Comparator.comparing(name -> golden.bytes(name + "/model").length))
                .orElseThrow();
        OnnxFile file = OnnxFile.of(golden.bytes(largest + "/model"));
        CountDownLatch inside = new CountDownLatch(1);
        Thread busy = new Thread(() -> {
            while (true) {
                try (GraphSession session = new GraphSession(file, file.graph(), Optimization.ALL)) {
                    session.inputs();
                    inside.countDown();
                }
            }
        });
        busy.setDaemon(true);
        busy.start();
        inside.await();
        if (how.equals("return")) {
            return;
        }
        Runtime.getRuntime().exit(how.equals("fail") ? 3 : 0);
    }
}
