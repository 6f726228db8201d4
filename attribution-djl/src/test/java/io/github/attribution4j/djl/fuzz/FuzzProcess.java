// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.fuzz;

import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.internal.fuzz.DamagedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Tries damaged archives: load, run once, list the cut points, cut once with a gradient. A program that may never end,
 * or that asks for any amount of memory, by its own doing is loaded and listed, not run: TorchScript is a programming
 * language, and what a program does with its time is its author's business.
 */
final class FuzzProcess extends DamagedFile<Mutations.Mutation> {
    private FuzzProcess(Path folder) {
        super(folder);
    }

    /** Arguments: seed, first number, number after the last, folder for the archives. */
    public static void main(String[] arguments) throws IOException {
        new FuzzProcess(Path.of(arguments[3])).run(arguments);
    }

    @Override
    protected Mutations.Mutation damaged(long seed, int number) {
        return Mutations.of(seed, number);
    }

    @Override
    protected String describe(Mutations.Mutation damaged) {
        return damaged.base().name() + ": " + damaged.what();
    }

    @Override
    protected String tried(Mutations.Mutation damaged, Path folder) throws IOException {
        Path file = Files.write(folder.resolve("model.pt"), damaged.bytes());
        try (TorchScriptModel model =
                TorchScriptModel.load(file, LoadOptions.defaults().threads(1))) {
            return used(model, damaged);
        }
    }

    /** Runs, lists, cuts. */
    private static String used(TorchScriptModel model, Mutations.Mutation mutation) {
        List<Cut.Point> points = model.cutPoints();
        if (!mutation.runs()) {
            return "and not run, " + points.size() + " points";
        }
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, mutation.base());
            double[] values = model.forward(inputs).toDoubleArray();
            String done = "ran to " + values.length + " values";
            if (points.isEmpty()) {
                return done;
            }
            Cut.Point point = points.get(mutation.bytes().length % points.size());
            Cut cut = model.cut(point);
            Tensor activation = cut.head().forward(inputs);
            return done + ", " + gradient(cut.tail(), cut.tailInputs(inputs, activation)) + " gradients at " + point;
        } catch (ModelException e) {
            return judged(e, "and failed: ");
        } catch (RuntimeException | Error e) {
            return fault(e);
        }
    }

    private static int gradient(DifferentiableModel tail, Inputs inputs) {
        try (Pullback pullback = tail.pullback(inputs)) {
            Tensor output = pullback.output();
            return pullback.vjp(output.tensors().full(output.shape(), output.dataType(), 1))
                    .get(0)
                    .toDoubleArray()
                    .length;
        }
    }

    private static Inputs inputs(TorchScriptModel model, Mutations.Base base) {
        Inputs inputs = Inputs.none();
        int position = 0;
        for (long[] dims : base.inputs()) {
            Shape shape = Shape.of(dims);
            int size = Math.toIntExact(shape.size());
            String name = "input" + position++;
            if (base.bound() > 0) {
                long[] values = new long[size];
                for (int i = 0; i < size; i++) {
                    values[i] = i % base.bound();
                }
                inputs = inputs.fixed(name, model.tensors().of(values, shape));
            } else {
                float[] values = new float[size];
                for (int i = 0; i < size; i++) {
                    values[i] = (float) Math.cos(i);
                }
                inputs =
                        inputs.attribute(name, model.tensors().of(values, shape).to(DataType.FLOAT32));
            }
        }
        return inputs;
    }
}
