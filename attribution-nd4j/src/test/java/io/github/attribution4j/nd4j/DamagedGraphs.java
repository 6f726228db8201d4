// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.internal.fuzz.DamagedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tries damaged SameDiff files: load, run with what the good file takes, go back, list the points. */
final class DamagedGraphs extends DamagedFile<DamagedGraph> {
    private DamagedGraphs(Path folder) {
        super(folder);
    }

    /** Arguments: seed, first number, number after the last, folder for the files. */
    public static void main(String[] arguments) throws IOException {
        new DamagedGraphs(Path.of(arguments[3])).run(arguments);
    }

    @Override
    protected DamagedGraph damaged(long seed, int number) {
        return DamagedGraph.of(seed, number);
    }

    @Override
    protected String describe(DamagedGraph damaged) {
        return damaged.base() + ": " + damaged.what();
    }

    @Override
    protected String tried(DamagedGraph damaged, Path folder) throws IOException {
        Path file = Files.write(folder.resolve("model.fb"), damaged.bytes());
        try (SameDiffModel model = SameDiffModel.load(file);
                TensorScope scope = TensorScope.open()) {
            return used(model, damaged.base().inputs());
        }
    }

    private static String used(SameDiffModel model, Inputs inputs) {
        String done = "";
        try {
            done = model.cutPoints().size() + " points, ran to "
                    + model.forward(inputs).toDoubleArray().length + " values";
            try (Pullback pullback = model.pullback(inputs)) {
                Tensor output = pullback.output();
                done += ", "
                        + pullback.vjp(output.tensors().full(output.shape(), output.dataType(), 1))
                                .size()
                        + " gradients";
            }
            return done;
        } catch (ModelException | InvalidRequestException e) {
            return done + judged(e, " and failed: ");
        } catch (RuntimeException | Error e) {
            return done + fault(e);
        }
    }
}
