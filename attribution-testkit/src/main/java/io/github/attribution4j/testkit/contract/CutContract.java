// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What every {@link LayeredModel} promises in addition to {@link PullbackContract}: head and tail of each
 * {@link #layers} layer are models that together compute what the model computes, and a cut does not change the model.
 */
@Experimental
public abstract class CutContract extends PullbackContract {
    /** For subclasses. */
    protected CutContract() {}

    @Override
    protected abstract LayeredModel model();

    /** Returns paths of layers to cut at, whose activations are of a floating type; at least one. */
    protected abstract List<String> layers();

    private interface CutTest {
        void check(LayeredModel model, Cut cut);
    }

    private void atEachLayer(CutTest test) {
        Assertions.assertThat(layers()).isNotEmpty();
        try (LayeredModel model = model()) {
            for (String layer : layers()) {
                try (TensorScope scope = TensorScope.open()) {
                    test.check(model, model.cut(layer));
                } catch (AssertionError e) {
                    throw new AssertionError("layer '" + layer + "': " + e.getMessage(), e);
                }
            }
        }
    }

    @Test
    @DisplayName("Cut points have different addresses and are found by them")
    void addresses() {
        try (LayeredModel model = model()) {
            List<Cut.Point> points = model.cutPoints();
            Assertions.assertThat(points).extracting(Cut.Point::toString).doesNotHaveDuplicates();
            Assertions.assertThat(points).extracting(Cut.Point::path).containsAll(layers());
            for (String layer : layers()) {
                Cut.Point point = model.cutPoint(layer);
                Assertions.assertThat(points).contains(point);
                Assertions.assertThat(model.cut(point).point()).isEqualTo(point);
            }
        }
    }

    @Test
    @DisplayName("The tail of the head is the model, for any number of rows")
    void tailOfHead() {
        atEachLayer((model, cut) -> {
            for (int rows : new int[] {1, 2, ROWS}) {
                Inputs inputs = inputs(model, rows);
                Tensor activation = cut.head().forward(inputs);
                Assertions.assertThat(activation.shape().dim(0)).isEqualTo(rows);
                assertThat(cut.tail().forward(cut.tailInputs(inputs, activation)))
                        .isCloseToWithin(batchTolerance(), model.forward(inputs));
            }
        });
    }

    @Test
    @DisplayName("Another activation gives another output, and afterwards the model is as it was")
    void intervention() {
        atEachLayer((model, cut) -> {
            Inputs inputs = inputs(model, ROWS);
            Tensor before = model.forward(inputs);
            Tensor activation = cut.head().forward(inputs);
            double[] kept = activation.toDoubleArray();
            Tensor changed = cut.tail()
                    .forward(cut.tailInputs(inputs, activation.mul(0.5).add(0.25)));
            Assertions.assertThat(changed.toDoubleArray()).isNotEqualTo(before.toDoubleArray());
            assertThat(activation).hasValues(kept);
            assertThat(model.forward(inputs)).isBitEqualTo(before);
        });
    }

    @Test
    @DisplayName("Rows of head and tail are independent")
    void cutRowsAreIndependent() {
        atEachLayer((model, cut) -> {
            Inputs inputs = inputs(model, ROWS);
            Tensor activation = cut.head().forward(inputs);
            Inputs tailInputs = cut.tailInputs(inputs, activation);
            Tensor output = cut.tail().forward(tailInputs);
            for (int row = 0; row < ROWS; row++) {
                assertThat(cut.head().forward(inputs.select(row)))
                        .isCloseToWithin(batchTolerance(), activation.rows(row, row + 1));
                assertThat(cut.tail().forward(tailInputs.select(row)))
                        .isCloseToWithin(batchTolerance(), output.rows(row, row + 1));
            }
        });
    }

    @Test
    @DisplayName("Heads and tails can be cut again, and their parts compose to the model")
    void partsAreCutAgain() {
        atEachLayer((model, cut) -> {
            Inputs inputs = inputs(model, ROWS);
            Tensor activation = cut.head().forward(inputs);
            Inputs unchanged = cut.tailInputs(inputs, activation);
            Inputs changed = cut.tailInputs(inputs, activation.mul(0.5).add(0.25));
            for (String layer : layers()) {
                String point = cut.point().toString();
                // The inside of a module whose output is replaced is not computed.
                if (layer.equals(point) || layer.startsWith(point + ".")) {
                    continue;
                }
                Tensor above = model.cut(layer).head().forward(inputs);
                if (!dependsOn(cut.tail(), layer, changed, above)) {
                    continue;
                }
                Cut inTail = cut.tail().cut(layer);
                for (Inputs given : List.of(unchanged, changed)) {
                    Tensor inner = inTail.activations(given).get(0);
                    assertThat(inTail.head().forward(given)).isCloseToWithin(batchTolerance(), inner);
                    assertThat(inTail.tail().forward(inTail.tailInputs(given, inner)))
                            .isCloseToWithin(batchTolerance(), cut.tail().forward(given));
                }
                Cut inHead = model.cut(layer).head().cut(cut.point());
                assertThat(inHead.tail().forward(inHead.tailInputs(inputs, activation)))
                        .isCloseToWithin(batchTolerance(), above);
                Tensor sent = FiniteDifferences.normal(model, above.dataType(), above.shape(), 7);
                try (Pullback within = inHead.pullback(inputs);
                        Pullback through = inHead.tail().pullback(inHead.tailInputs(inputs, activation))) {
                    assertThat(within.activations().get(0)).isCloseToWithin(batchTolerance(), activation);
                    assertThat(within.vjp(sent).get(0))
                            .isCloseToWithin(batchTolerance(), through.vjp(sent).get(0));
                }
            }
        });
    }

    private static boolean dependsOn(LayeredModel tail, String layer, Inputs changed, Tensor before) {
        return !Arrays.equals(tail.cut(layer).activations(changed).get(0).toDoubleArray(), before.toDoubleArray());
    }

    @Test
    @DisplayName("Gradients of head and tail agree with central differences")
    void cutFiniteDifferences() {
        atEachLayer((model, cut) -> {
            Inputs inputs = inputs(model, 2);
            checkGradients(cut.head(), inputs);
            checkGradients(cut.tail(), cut.tailInputs(inputs, cut.head().forward(inputs)));
        });
    }

    @Test
    @DisplayName("Chain rule: the gradient through tail and head, and past the cut, is the model's")
    void chainRule() {
        atEachLayer((model, cut) -> {
            Inputs inputs = inputs(model, ROWS);
            try (Pullback whole = model.pullback(inputs);
                    Pullback head = cut.head().pullback(inputs)) {
                Inputs tailInputs = cut.tailInputs(inputs, head.output());
                Inputs both = Inputs.none().with(tailInputs.all().get(0));
                for (Inputs.Input input : inputs.all()) {
                    both = both.with(input);
                }
                try (Pullback tail = cut.tail().pullback(both)) {
                    Tensor cotangent = FiniteDifferences.normal(
                            model, whole.output().dataType(), whole.output().shape(), 3);
                    List<Tensor> expected = whole.vjp(cotangent);
                    List<Tensor> behind = tail.vjp(cotangent);
                    List<Tensor> before = head.vjp(behind.get(0));
                    for (int i = 0; i < expected.size(); i++) {
                        Tensor chained = before.get(i).add(behind.get(i + 1));
                        assertThat(chained).isCloseToWithin(Math.max(1e-12, 10 * batchTolerance()), expected.get(i));
                    }
                }
            }
        });
    }

    @Test
    @DisplayName("A pullback at the cut is one run: the model's output, the head's activation, the tail's gradient")
    void layerPullback() {
        atEachLayer((model, cut) -> {
            Inputs inputs = inputs(model, ROWS);
            Tensor activation = cut.head().forward(inputs);
            assertThat(cut.activations(inputs).get(0)).isBitEqualTo(activation);
            try (Pullback layer = cut.pullback(inputs);
                    Pullback tail = cut.tail().pullback(cut.tailInputs(inputs, activation))) {
                assertThat(layer.output()).isCloseToWithin(batchTolerance(), model.forward(inputs));
                assertThat(layer.activations().get(0)).isCloseToWithin(batchTolerance(), activation);
                Tensor cotangent = FiniteDifferences.normal(
                        model, layer.output().dataType(), layer.output().shape(), 5);
                List<Tensor> gradients = layer.vjp(cotangent);
                Assertions.assertThat(gradients).hasSize(1);
                assertThat(gradients.get(0))
                        .isCloseToWithin(
                                Math.max(1e-12, 10 * batchTolerance()),
                                tail.vjp(cotangent).get(0));
            }
        });
    }

    @Test
    @DisplayName("A pullback at the cut leaves nothing when it is closed")
    void layerPullbackLeavesNothing() {
        atEachLayer((model, cut) -> {
            Inputs inputs = inputs(model, 2);
            long before = Lifetime.count();
            try (TensorScope scope = TensorScope.open();
                    Pullback layer = cut.pullback(inputs)) {
                layer.vjpLast(layer.output().mul(2));
            }
            Assertions.assertThat(Lifetime.count()).isEqualTo(before);
        });
    }

    @Test
    @DisplayName("Values that a run has are listed with the shapes that heads give")
    void values() {
        try (LayeredModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, 2);
            List<Cut.Value> values = model.values(inputs);
            Assertions.assertThat(values).extracting(Cut.Value::point).doesNotHaveDuplicates();
            for (String layer : layers()) {
                Cut.Point point = model.cutPoint(layer);
                Tensor activation = model.cut(point).head().forward(inputs);
                Assertions.assertThat(values).contains(new Cut.Value(point, activation.dataType(), activation.shape()));
            }
            for (Cut.Value value : values) {
                Tensor activation = model.cut(value.point()).activations(inputs).get(0);
                Assertions.assertThat(activation.shape()).isEqualTo(value.shape());
                Assertions.assertThat(model.cutPoint(value.point().toString())).isEqualTo(value.point());
            }
        }
    }

    /** Returns addresses of activations that do not depend on each other, for a cut at all of them; may be empty. */
    protected List<String> independentLayers() {
        return List.of();
    }

    @Test
    @DisplayName("A cut at several values gives what cuts at each give, and its tail goes on from all of them")
    void severalPoints() {
        String[] layers = independentLayers().toArray(String[]::new);
        Assumptions.assumeTrue(layers.length > 1, "no independent layers");
        try (LayeredModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, ROWS);
            Cut cut = model.cut(layers);
            List<Tensor> activations = cut.activations(inputs);
            for (int i = 0; i < layers.length; i++) {
                assertThat(activations.get(i))
                        .isBitEqualTo(model.cut(layers[i]).head().forward(inputs));
                assertThat(cut.head(i).forward(inputs)).isBitEqualTo(activations.get(i));
            }
            Inputs tailInputs = cut.tailInputs(inputs, activations);
            assertThat(cut.tail().forward(tailInputs)).isCloseToWithin(batchTolerance(), model.forward(inputs));
            checkGradients(cut.tail(), tailInputs);
            try (Pullback layer = cut.pullback(inputs)) {
                Tensor cotangent = FiniteDifferences.normal(
                        model, layer.output().dataType(), layer.output().shape(), 7);
                List<Tensor> together = layer.vjp(cotangent);
                for (int i = 0; i < layers.length; i++) {
                    try (Pullback alone = model.cut(layers[i]).pullback(inputs)) {
                        assertThat(together.get(i))
                                .isCloseToWithin(
                                        Math.max(1e-12, 10 * batchTolerance()),
                                        alone.vjp(cotangent).get(0));
                    }
                }
            }
        }
    }

    /** Returns addresses of two activations, the second computed from the first; may be empty. */
    protected List<String> dependentLayers() {
        return List.of();
    }

    @Test
    @DisplayName("A cut at a value and at one computed from it is refused, naming both")
    void dependentPoints() {
        List<String> layers = dependentLayers();
        Assumptions.assumeTrue(layers.size() > 1, "no dependent layers");
        try (LayeredModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, 2);
            for (List<String> order : List.of(layers, List.of(layers.get(1), layers.get(0)))) {
                Cut cut = model.cut(order.toArray(String[]::new));
                for (ThrowingCallable use :
                        List.<ThrowingCallable>of(() -> cut.activations(inputs), () -> cut.pullback(inputs))) {
                    assertThatThrownBy(use)
                            .isInstanceOf(ModelException.class)
                            .hasMessageContainingAll("'" + layers.get(0) + "'", "'" + layers.get(1) + "'");
                }
            }
        }
    }

    @Test
    @DisplayName("Head and tail leave one tensor each")
    void cutLeavesOutputsOnly() {
        atEachLayer((model, cut) -> {
            Inputs inputs = inputs(model, 2);
            long before = Lifetime.count();
            Tensor activation = cut.head().forward(inputs);
            cut.tail().forward(cut.tailInputs(inputs, activation));
            Assertions.assertThat(Lifetime.count() - before).isEqualTo(2);
        });
    }

    @Test
    @DisplayName("Many threads run head and tail at once and get the bits that one thread gets")
    void cutThreads() throws InterruptedException, ExecutionException {
        try (LayeredModel model = model();
                TensorScope scope = TensorScope.open()) {
            Cut cut = model.cut(layers().get(0));
            Inputs inputs = inputs(model, ROWS);
            InThreads.Computation composed =
                    () -> cut.tail().forward(cut.tailInputs(inputs, cut.head().forward(inputs)));
            InThreads.run(composed.run(), composed);
        }
    }

    @Test
    @DisplayName("An unknown layer is refused, naming near ones")
    void unknownLayer() {
        try (LayeredModel model = model()) {
            for (String layer : layers()) {
                assertThatThrownBy(() -> model.cut(layer + "x"))
                        .isInstanceOf(UnknownLayerException.class)
                        .hasMessageContainingAll("'" + layer + "x'", "'" + layer + "'");
            }
            assertThatThrownBy(() -> model.cut(new Cut.Point(layers().get(0), "Nothing", 1_000)))
                    .isInstanceOf(UnknownLayerException.class);
        }
    }

    @Test
    @DisplayName("Head and tail end with their model")
    void cutOfClosedModel() {
        try (LayeredModel model = model();
                TensorScope scope = TensorScope.open()) {
            List<Runnable> uses = new ArrayList<>();
            Inputs inputs = inputs(model, 2);
            for (String layer : layers()) {
                Cut cut = model.cut(layer);
                Inputs tailInputs = cut.tailInputs(inputs, cut.head().forward(inputs));
                uses.add(() -> cut.head().forward(inputs));
                uses.add(() -> cut.tail().forward(tailInputs));
                uses.add(() -> model.cut(layer));
            }
            model.close();
            for (Runnable use : uses) {
                assertThatThrownBy(use::run).isInstanceOf(IllegalStateException.class);
            }
        }
    }
}
