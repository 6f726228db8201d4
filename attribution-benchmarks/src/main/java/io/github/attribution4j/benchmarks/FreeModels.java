// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmarks;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.perturbation.Occlusion;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;

/** Perturbation methods on a model without cost, so that only the library is measured. */
final class FreeModels implements AutoCloseable {
    private static final int SIDE = 224;
    /** Walks over 16 groups. A coalition that several walks visit is evaluated once, so there are about 400 rows. */
    private static final int PERMUTATIONS = 30;

    private static final int COLUMNS = 30;
    private static final int COALITIONS = 1_000_000;

    private final Model free = Model.ofTensor(rows -> rows.slice(1, 0, 1)
            .slice(2, 0, 1)
            .slice(3, 0, 1)
            .reshape(rows.shape().dim(0)));
    private final Model freeOfTables =
            Model.ofTensor(rows -> rows.slice(1, 0, 1).reshape(rows.shape().dim(0)));
    private final KernelShap kernelShap = new KernelShap().samples(COALITIONS);
    private final Tensor image;
    private final Inputs inputs;
    private final ShapleySampling shapley;
    private final Occlusion occlusion;

    FreeModels() {
        image = Tensors.ofJava().of(BenchmarkModels.RESNET18.input(), 1, 3, SIDE, SIDE);
        inputs = Inputs.of(image);
        shapley = new ShapleySampling().samples(PERMUTATIONS).antithetic(false).mask(FeatureMask.grid(4, 4));
        occlusion = new Occlusion(3, 32, 32).stride(3, 10, 10);
    }

    /** Returns how many rows were evaluated. */
    long shapley() {
        try (Explanation explanation = shapley.attribute(free, inputs, Target.output())) {
            return explanation.counts().forwardRows();
        }
    }

    /** Explains one row of a table; returns how many rows were evaluated. */
    long coalitions() {
        try (Tensor row = Tensors.ofJava().full(Shape.of(1, COLUMNS), DataType.FLOAT32, 1);
                Explanation explanation = kernelShap.attribute(freeOfTables, Inputs.of(row), Target.output())) {
            return explanation.counts().forwardRows();
        }
    }

    /** Returns how many rows were evaluated. */
    long occlusion() {
        try (Explanation explanation = occlusion.attribute(free, inputs, Target.output())) {
            return explanation.counts().forwardRows();
        }
    }

    @Override
    public void close() {
        image.close();
        free.close();
        freeOfTables.close();
    }
}
