// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.djl.golden.TorchGolden;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Cuts at arguments, at elements of tuples, lists and dicts, at later calls of a module and inside a fork, compared
 * with eager PyTorch: the value, the gradient at it, and the outputs with the value and with another one in its place.
 */
class LayerElementsTest {
    private static final Path FOLDER = GoldenData.zoo().resolveSibling("elements");

    /**
     * A value inside an archive.
     *
     * @param number of its arrays
     */
    private record Place(String archive, String address, int number) {}

    @TestFactory
    Stream<DynamicTest> valuesGradientsAndSubstitutionsAreThoseOfEagerHooks() throws IOException {
        Map<String, List<Place>> places = new LinkedHashMap<>();
        String list = Files.readString(FOLDER.resolve("elements.json"));
        for (Place place : new Gson().fromJson(list, Place[].class)) {
            places.computeIfAbsent(place.archive(), key -> new ArrayList<>()).add(place);
        }
        List<ZooArchive> archives = ZooArchive.of(GoldenData.zoo());
        assertThat(archives).extracting(ZooArchive::file).containsAll(places.keySet());
        return archives.stream()
                .filter(archive -> places.containsKey(archive.file()))
                .map(archive -> DynamicTest.dynamicTest(archive.file(), () -> {
                    long live = Lifetime.count();
                    check(archive, places.get(archive.file()));
                    assertThat(Lifetime.count()).as("open tensors").isEqualTo(live);
                }));
    }

    private static void check(ZooArchive archive, List<Place> places) throws IOException {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(
                        archive.path(), TorchGolden.options().output(archive.output()))) {
            Map<String, Tensor> expected = NumpyFiles.readNpz(FOLDER.resolve("elements.npz"), Tensors.ofJava());
            Map<String, Tensor> arrays = archive.arrays();
            Inputs inputs = archive.inputs(arrays, model.tensors());
            for (Place place : places) {
                new Check(model, inputs, place.address(), arrays.get("output"))
                        .compare(
                                expected.get("value_" + place.number()),
                                expected.get("gradient_" + place.number()),
                                expected.get("changed_" + place.number()));
            }
        }
    }

    /** One value. */
    private record Check(TorchScriptModel model, Inputs inputs, String address, Tensor output) {
        void compare(Tensor value, Tensor gradient, Tensor changed) {
            Cut.Point point = model.cutPoint(address);
            List<Cut.Value> listed = point.isInside() ? model.innerValues(inputs) : model.values(inputs);
            assertThat(listed)
                    .filteredOn(each -> each.point().equals(point))
                    .singleElement()
                    .satisfies(each -> assertThat(each.shape()).isEqualTo(value.shape()));
            Cut cut = model.cut(point);
            Tensor activation = cut.activations(inputs).get(0);
            equal("value", activation, value);
            equal("output of the head", cut.head().forward(inputs), value);

            DifferentiableModel tail = cut.tail();
            Inputs behind = ZooCheck.behind(cut, inputs, activation);
            equal("output with the value put back", tail.forward(behind), output);
            Tensor other = activation.mul(0.5).add(0.25);
            equal("output with another value", tail.forward(ZooCheck.behind(cut, inputs, other)), changed);
            try (Pullback pullback = tail.pullback(behind)) {
                equal("output of the tail", pullback.output(), output);
                equal("gradient of the tail", last(pullback), gradient);
            }
            try (Pullback pullback = cut.pullback(inputs)) {
                equal("output of the cut", pullback.output(), output);
                equal("value with a gradient", pullback.activations().get(0), value);
                equal("gradient", last(pullback), gradient);
            }
        }

        private static Tensor last(Pullback pullback) {
            return pullback.vjpLast(ZooCheck.cotangent(pullback.output())).get(0);
        }

        private void equal(String what, Tensor actual, Tensor expected) {
            boolean copied = actual.shape().rank() == expected.shape().rank() + 1
                    && actual.shape().row().equals(expected.shape());
            if (copied && what.startsWith("gradient")) {
                // A value that serves all rows is given once for each: the gradients of its copies add up to its own.
                equal(what, actual.sum(0), expected);
                return;
            }
            if (copied) {
                for (long row = 0; row < actual.shape().dim(0); row++) {
                    equal(what, actual.rows(row, row + 1).reshape(expected.shape()), expected);
                }
                return;
            }
            assertThat(ZooCheck.error(actual, expected))
                    .as("%s at %s", what, address)
                    .isLessThanOrEqualTo(ZooCheck.TOLERANCE);
        }
    }
}
