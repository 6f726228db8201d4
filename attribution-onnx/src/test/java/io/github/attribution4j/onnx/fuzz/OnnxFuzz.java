// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.fuzz;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.internal.fuzz.DamagedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Tries damaged files: load, run once with what the good file takes, go back, list the points, cut once. */
final class OnnxFuzz extends DamagedFile<Damage> {
    private static final long ROWS = 2;

    private OnnxFuzz(Path folder) {
        super(folder);
    }

    /** Arguments: seed, first number, number after the last, folder for the files. */
    public static void main(String[] arguments) throws IOException {
        new OnnxFuzz(Path.of(arguments[3])).run(arguments);
    }

    @Override
    protected Damage damaged(long seed, int number) {
        return Damage.of(seed, number);
    }

    @Override
    protected String describe(Damage damaged) {
        return damaged.base().getFileName() + ": " + damaged.what();
    }

    @Override
    protected String tried(Damage damaged, Path folder) throws IOException {
        Path file = Files.write(folder.resolve("model.onnx"), damaged.bytes());
        Files.write(folder.resolve("weights.bin"), new byte[256]);
        try (OnnxModel model = OnnxModel.load(file);
                TensorScope scope = TensorScope.open()) {
            return used(model, inputs(damaged.base()), damaged.bytes().length);
        }
    }

    /** The native library, unpacked. */
    @Override
    protected boolean isOfEngine(String name) {
        return name.startsWith("onnxruntime-java");
    }

    private static String used(OnnxModel model, Inputs inputs, int choice) {
        String done = "";
        try {
            List<Cut.Point> points = model.cutPoints();
            done = "ran to " + model.forward(inputs).toDoubleArray().length + " values";
            done += attributed(inputs) ? ", " + gradient(model, inputs) + " gradients" : "";
            if (!points.isEmpty()) {
                Cut.Point point = points.get(choice % points.size());
                Shape shape = model.forward(inputs).shape();
                try (Explanation why = new Saliency()
                        .at(point.toString())
                        .attribute(model, inputs, Target.at(new long[shape.rank() - 1]))) {
                    done += ", " + why.attribution().toDoubleArray().length + " inside";
                }
            }
            return done;
        } catch (ModelException | InvalidRequestException e) {
            return done + judged(e, " and failed: ");
        } catch (RuntimeException | Error e) {
            return done + fault(e);
        }
    }

    private static boolean attributed(Inputs inputs) {
        return inputs.attributed().stream().allMatch(tensor -> tensor.dataType().isFloating());
    }

    private static int gradient(DifferentiableModel model, Inputs inputs) {
        try (Pullback pullback = model.pullback(inputs)) {
            Tensor output = pullback.output();
            return pullback.vjp(output.tensors().full(output.shape(), output.dataType(), 1))
                    .get(0)
                    .toDoubleArray()
                    .length;
        }
    }

    /** What the good file takes. */
    private static Inputs inputs(Path base) {
        Inputs inputs = Inputs.none();
        try (OnnxFile file = OnnxFile.open(base)) {
            boolean tokens = file.graph().inputs().stream()
                    .allMatch(input -> input.type().element() == ElementType.INT64);
            for (ValueInfo input : file.graph().inputs()) {
                Shape shape = Shape.of(input.type().dims().stream()
                        .mapToLong(dim -> dim.known() ? dim.size() : ROWS)
                        .toArray());
                int size = Math.toIntExact(shape.size());
                if (input.type().element() == ElementType.INT64) {
                    long[] values = new long[size];
                    Arrays.fill(values, 1);
                    Tensor ids = Tensors.ofJava().of(values, shape);
                    inputs = tokens ? inputs.attribute(input.name(), ids) : inputs.fixed(input.name(), ids);
                } else {
                    float[] values = new float[size];
                    for (int i = 0; i < size; i++) {
                        values[i] = (float) Math.cos(i);
                    }
                    inputs = inputs.attribute(input.name(), Tensors.ofJava().of(values, shape));
                }
            }
        }
        return inputs;
    }
}
