// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import io.github.attribution4j.text.TokenAttribution;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every method that goes back by rules, wherever a method can be applied. */
@ExtendWith(LeakExtension.class)
class PlacesTest {
    private static final int EXAMPLES = 3;
    private static final Target CLASSES = Target.indexes(2, 0, 1);
    private static final Target UNIT = Target.at(1);

    static Stream<Propagation<?>> methods() {
        return Stream.of(
                new GuidedBackprop(),
                GuidedBackprop.deconvolution(),
                new DeepLift().baseline(Baseline.constant(0.3)),
                new DeepLift().baseline(Baseline.constant(0.3)).rule(DeepLift.Rule.REVEAL_CANCEL),
                new DeepLiftShap(Baseline.constant(-0.2)),
                new Lrp(),
                new Lrp(Composites.attnLrp()));
    }

    /** Nothing goes past {@code act}. */
    private static ReferenceModel network() {
        return ReferenceModel.builder(DataType.FLOAT64, 7)
                .input("x", Shape.of(4))
                .linear("fc1", "x", 5)
                .activation("act", "fc1", Activation.RELU)
                .linear("fc2", "act", 4)
                .activation("act2", "fc2", Activation.RELU)
                .linear("fc3", "act2", 3)
                .build();
    }

    private static Inputs inputs() {
        return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 3, EXAMPLES, 4));
    }

    private static <M extends RuledModel> NoiseTunnel<M> quiet(Attribution<M> method) {
        return NoiseTunnel.smoothGrad(method).samples(1).stdev(0);
    }

    private static void same(Explanation actual, Explanation expected) {
        assertThat(actual.names()).isEqualTo(expected.names());
        assertThat(actual.attribution().toDoubleArray())
                .containsExactly(expected.attribution().toDoubleArray(), within(1e-12));
    }

    @ParameterizedTest
    @MethodSource("methods")
    @DisplayName("At a layer, by itself and in a noise tunnel, the same comes out")
    void layers(Propagation<?> method) {
        try (TensorScope scope = TensorScope.open();
                RuledModel model = network();
                Explanation own = method.at("act").attribute(model, inputs(), CLASSES);
                Explanation general = Attribution.at("act", method).attribute(model, inputs(), CLASSES);
                Explanation inside = Attribution.at("act", quiet(method)).attribute(model, inputs(), CLASSES);
                Explanation outside = quiet(method.at("act")).attribute(model, inputs(), CLASSES)) {
            assertThat(own.attribution().shape()).isEqualTo(Shape.of(EXAMPLES, 5));
            assertThat(general.attribution().toDoubleArray())
                    .containsExactly(own.attribution().toDoubleArray());
            assertThat(general.counts().forwardRows()).isEqualTo(own.counts().forwardRows());
            assertThat(general.counts().backwardRows()).isEqualTo(own.counts().backwardRows());
            assertThat(general.provenance().settings())
                    .isEqualTo(own.provenance().settings());
            same(inside, own);
            same(outside, own);
            assertThat(own.provenance().method()).isEqualTo(method.name() + " at layer");
            assertThat(inside.provenance().method()).isEqualTo("smooth-grad at layer");
            if (own.hasCompletenessGap()) {
                assertThat(inside.completenessGap()).containsExactly(own.completenessGap(), within(1e-9));
            }
            if (!(method instanceof DifferencePropagation<?>)) {
                assertThat(own.counts().forwardRows())
                        .as("one run gives the layer and what comes back to it")
                        .isEqualTo(EXAMPLES);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    @DisplayName("Towards a neuron a method is the method on the head, in a noise tunnel too, and takes no target")
    void neurons(Propagation<?> method) {
        try (TensorScope scope = TensorScope.open();
                RuledModel model = network();
                Explanation onHead = method.attribute(model.cut("act2").head(), inputs(), UNIT);
                Explanation own = method.towards("act2", UNIT).attribute(model, inputs());
                Explanation general = Attribution.towards("act2", UNIT, method).attribute(model, inputs());
                Explanation inside =
                        Attribution.towards("act2", UNIT, quiet(method)).attribute(model, inputs());
                Explanation outside = quiet(method.towards("act2", UNIT)).attribute(model, inputs())) {
            same(own, onHead);
            same(general, onHead);
            same(inside, onHead);
            same(outside, onHead);
            assertThat(outside.scores()).containsExactly(onHead.scores());
            assertThat(outside.provenance().model()).isEqualTo(model.identity());
            for (Attribution<RuledModel> asked :
                    List.of(method.towards("act2", UNIT), quiet(method.towards("act2", UNIT)))) {
                assertThatThrownBy(() -> asked.attribute(model, inputs(), CLASSES))
                        .isInstanceOf(InvalidRequestException.class)
                        .hasMessageContaining("is not used, since the unit of layer 'act2' is what is explained");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    @DisplayName("By token, what arrives at the vectors is added up")
    void tokens(Propagation<?> method) {
        try (TensorScope scope = TensorScope.open();
                RuledModel model = ReferenceModel.builder(DataType.FLOAT64, 7)
                        .integerInput("tokens", Shape.of(3))
                        .embedding("embedding", "tokens", 6, 4)
                        .linear("fc1", "embedding", 5)
                        .activation("act", "fc1", Activation.RELU)
                        .linear("fc2", "act", 3)
                        .build()) {
            Inputs ids = Inputs.none()
                    .attribute("tokens", Tensors.ofJava().of(new long[] {1, 5, 2, 3, 3, 4, 0, 1, 2}, EXAMPLES, 3));
            Attribution<RuledModel> byToken =
                    TokenAttribution.of(tokenwise(method)).at("embedding");
            try (Explanation vectors = tokenwise(method).at("embedding").attribute(model, ids, CLASSES);
                    Explanation tokens = byToken.attribute(model, ids, CLASSES)) {
                Tensor sums = vectors.attribution().sum(2);
                assertThat(tokens.attribution().shape()).isEqualTo(Shape.of(EXAMPLES, 3));
                assertThat(tokens.attribution().toDoubleArray()).containsExactly(sums.toDoubleArray());
                assertThat(tokens.provenance().method()).isEqualTo(method.name() + " by token");
            }
        }
    }

    /** Ids are compared with an id. */
    private static Propagation<?> tokenwise(Propagation<?> method) {
        return method instanceof DeepLift
                ? new DeepLift().baseline(Baseline.constant(2))
                : method instanceof DeepLiftShap ? new DeepLiftShap(Baseline.constant(2)) : method;
    }

    @Test
    @DisplayName("In a noise tunnel at a layer that something goes past, DeepLIFT adds up to the tail's own difference")
    void bypassed() {
        try (TensorScope scope = TensorScope.open();
                RuledModel model = ReferenceModels.residualCnn(DataType.FLOAT64, 3, 4)) {
            Inputs images = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 17, 2, 2, 4, 4));
            DeepLift method = new DeepLift().baseline(Baseline.constant(0.3));
            for (String layer : List.of("block.conv", "relu1")) {
                try (Explanation noisy = Attribution.at(
                                layer, NoiseTunnel.smoothGrad(method).samples(4).stdev(0.1))
                        .attribute(model, images, Target.index(1))) {
                    assertThat(noisy.completenessGap()).containsExactly(new double[2], within(1e-9));
                }
            }
        }
    }

    @Test
    @DisplayName("The baseline of DeepLIFT is one of the inputs: one that is lifted is refused")
    void liftedBaselines() {
        DeepLift lifted = new DeepLift().baseline(Baseline.zeros().throughHead());
        try (RuledModel model = network();
                TensorScope scope = TensorScope.open()) {
            for (Attribution<RuledModel> method :
                    List.of(lifted, lifted.at("act"), Attribution.at("act", quiet(lifted)))) {
                assertThatThrownBy(() -> method.attribute(model, inputs(), CLASSES))
                        .isInstanceOf(InvalidRequestException.class)
                        .hasMessageContaining("give the baseline without throughHead()");
            }
        }
    }
}
