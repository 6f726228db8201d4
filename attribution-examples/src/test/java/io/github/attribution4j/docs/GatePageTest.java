// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static io.github.attribution4j.testkit.ExplanationAssert.assertThat;
import static io.github.attribution4j.testkit.ExplanationAssert.random;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.metric.PerturbationCurve;
import io.github.attribution4j.metric.Sensitivity;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The test that docs/gate.md shows. */
class GatePageTest {
    private final Path demo = Demo.FILES;

    // tag::gate
    @Test
    void explanationsOfDigitsAreToBeTrusted() throws IOException {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(demo.resolve("digits.pt"))) {
            Inputs inputs = Inputs.of(NumpyFiles.readNpz(demo.resolve("digits.npz"), model.tensors())
                    .get("image")
                    .rows(0, 20));
            IntegratedGradients method = new IntegratedGradients();
            try (Explanation why = method.attribute(model, inputs, Target.argmax());
                    Explanation finer = method.steps(200).attribute(model, inputs, Target.argmax())) {
                assertThat(why)
                        .isCompleteWithin(0.05)
                        .agreesWith(finer, 0.95)
                        .of(model, inputs, Target.argmax())
                        .isMoreFaithfulThan(random(), PerturbationCurve.insertion())
                        .isRobustWithin(0.5, method, Sensitivity.max().samples(3));
            }
        }
    }
    // end::gate
}
