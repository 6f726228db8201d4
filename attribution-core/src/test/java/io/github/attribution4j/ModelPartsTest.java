// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Methods of one class of models, which parts of such a model are not of. */
@ExtendWith(LeakExtension.class)
class ModelPartsTest {
    /** Public, because a proxy of an interface that is not would be of this package. */
    public interface Own extends LayeredModel {}

    private static final class OfOwn implements Attribution<Own> {
        @Override
        public Explanation attribute(Own model, Inputs inputs, Target target, Run run) {
            throw new AssertionError("asked about a part");
        }

        @Override
        public String name() {
            return "of-own";
        }

        @Override
        public Map<String, Object> settings() {
            return Map.of();
        }
    }

    @Test
    void they_are_refused_at_layers_and_towards_neurons() {
        ReferenceModel model = ReferenceModels.mlp(DataType.FLOAT64, 3, Activation.TANH, 4, 8, 3);
        Own own = (Own) Proxy.newProxyInstance(
                Own.class.getClassLoader(),
                new Class<?>[] {Own.class},
                (proxy, method, arguments) -> method.invoke(model, arguments));
        String refusal =
                "of-own explains a Own; at a layer or towards a neuron it gets a part of the model, which is not one;"
                        + " let it take a LayeredModel, or explain the whole model";
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, 2, 4));
            Attribution<Own> noisy = NoiseTunnel.smoothGrad(new OfOwn());
            for (Attribution<Own> method : List.of(new OfOwn(), noisy)) {
                assertThatThrownBy(() -> Attribution.<Own>at("act1", method).attribute(own, inputs, Target.index(0)))
                        .isInstanceOf(UnsupportedModelException.class)
                        .hasMessage(refusal);
                assertThatThrownBy(() -> Attribution.<Own>towards("act1", Target.index(0), method)
                                .attribute(own, inputs))
                        .isInstanceOf(UnsupportedModelException.class)
                        .hasMessage(refusal);
            }
        }
    }
}
