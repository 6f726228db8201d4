// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.internal.golden.GoldenCase;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * DeepLIFT on the random networks of {@code golden/rules} and on the operators of {@code golden/rules_operators}, which
 * together hold every operation that has a rule: complete, equal to a slow oracle, and for each example as if it were
 * alone. Relevance on those of the latter in which nothing else can take it: all of the score comes back.
 */
@ExtendWith(LeakExtension.class)
class DeepLiftNetworksTest {
    private static final Path OPERATORS = GoldenData.folder().resolve("rules_operators");

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Array(double[] values, Shape shape) {}

    /** One network, with the arrays of all. */
    private record Network(Path folder, JsonObject json, Map<String, Array> arrays) {
        String name() {
            return json.get("name").getAsString();
        }

        Tensor array(TorchScriptModel model, String key, DataType type) {
            Array stored = arrays.get(name() + "." + key);
            return model.tensors().of(stored.values(), type, stored.shape());
        }

        double[] expected(String key) {
            return arrays.get(name() + "." + key).values();
        }

        TorchScriptModel load(DataType type) {
            return TorchScriptModel.load(
                    folder.resolve(name() + ".pt"), TorchGolden.options().dataType(type));
        }

        Target target() {
            return Target.index(json.get("target").getAsInt());
        }
    }

    private static List<Network> networks() {
        return Stream.of(GoldenData.rules(), OPERATORS)
                .flatMap(folder -> networks(folder).stream())
                .toList();
    }

    private static List<Network> networks(Path folder) {
        Map<String, Array> arrays = new HashMap<>();
        try (TensorScope scope = TensorScope.open()) {
            NumpyFiles.readNpz(folder.resolve("rules.npz"), Tensors.ofJava())
                    .forEach((key, tensor) -> arrays.put(key, new Array(tensor.toDoubleArray(), tensor.shape())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        JsonObject list = GoldenData.read(folder.resolve("rules.json")).getAsJsonObject();
        return GoldenCase.objects(list.get("networks")).stream()
                .map(json -> new Network(folder, json, arrays))
                .toList();
    }

    /** Attributions; sums that are off by more than the tolerance are errors of the method itself. */
    private static double[] attribute(
            TorchScriptModel model, Network network, Tensor x, Tensor reference, DataType type) {
        DeepLift method =
                new DeepLift().baseline(Baseline.of(reference)).tolerance(type == DataType.FLOAT64 ? 1e-8 : 1e-3);
        try (Explanation explanation = method.attribute(model, Inputs.of(x), network.target())) {
            return explanation.attribution().toDoubleArray();
        }
    }

    private static void check(Network network, DataType type, double completeness, double agreement, double alone) {
        try (TorchScriptModel model = network.load(type);
                TensorScope scope = TensorScope.open()) {
            Tensor x = network.array(model, "x", type);
            Tensor reference = network.array(model, "reference", type);
            double[] actual = attribute(model, network, x, reference, type);
            double[] expected = network.expected("attribution");
            double[] differences = network.expected("difference");
            int width = actual.length / differences.length;
            double largest = 0;
            for (double value : expected) {
                largest = Math.max(largest, Math.abs(value));
            }
            for (int row = 0; row < differences.length; row++) {
                double sum = 0;
                double off = 0;
                for (int i = row * width; i < (row + 1) * width; i++) {
                    sum += actual[i];
                    off = Math.max(off, Math.abs(actual[i] - expected[i]));
                }
                assertThat(Math.abs(sum - differences[row]))
                        .as("%s: sum of example %d", network.name(), row)
                        .isLessThanOrEqualTo(completeness * Math.abs(differences[row]));
                assertThat(off).as("%s: example %d", network.name(), row).isLessThanOrEqualTo(agreement * largest);
                double[] single = attribute(model, network, x.rows(row, row + 1), reference.rows(row, row + 1), type);
                for (int i = 0; i < width; i++) {
                    assertThat(Math.abs(single[i] - actual[row * width + i]))
                            .as("%s: example %d alone", network.name(), row)
                            .isLessThanOrEqualTo(alone * largest);
                }
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> singlePrecision() {
        return networks().stream()
                .map(network -> DynamicTest.dynamicTest(
                        network.name() + " " + network.json().get("form").getAsString(),
                        () -> check(network, DataType.FLOAT32, 1e-3, 1e-4, 1e-4)));
    }

    @TestFactory
    Stream<DynamicTest> doublePrecision() {
        return networks().stream()
                .map(network -> DynamicTest.dynamicTest(
                        network.name() + " " + network.json().get("form").getAsString(),
                        () -> check(network, DataType.FLOAT64, 1e-8, 1e-8, 1e-10)));
    }

    private static void conserve(Network network) {
        try (TorchScriptModel model = network.load(DataType.FLOAT64);
                TensorScope scope = TensorScope.open();
                Explanation why = new Lrp(Composites.epsilon(0))
                        .attribute(model, Inputs.of(network.array(model, "x", DataType.FLOAT64)), network.target())) {
            double[] relevance = why.attribution().toDoubleArray();
            double[] scores = why.scores();
            int width = relevance.length / scores.length;
            for (int row = 0; row < scores.length; row++) {
                double sum =
                        Arrays.stream(relevance, row * width, (row + 1) * width).sum();
                assertThat(sum)
                        .as("%s: relevance of example %d", network.name(), row)
                        .isCloseTo(scores[row], Offset.offset(1e-9 * Math.abs(scores[row])));
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> relevance() {
        List<Network> conserving = networks(OPERATORS).stream()
                .filter(network -> network.json().get("conserves").getAsBoolean())
                .toList();
        assertThat(conserving).hasSizeGreaterThanOrEqualTo(16);
        return conserving.stream().map(network -> DynamicTest.dynamicTest(network.name(), () -> conserve(network)));
    }

    @Test
    void enoughNetworks() {
        assertThat(networks()).hasSizeGreaterThanOrEqualTo(60);
    }
}
