// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.ParameterizedModel.Parameter;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What every {@link ParameterizedModel} promises: each parameter is listed once with its type and shape; copies have
 * the values that they were given, and share the others; nothing changes the model; copies and model are closed in
 * any order.
 */
@Experimental
@ExtendWith(LeakExtension.class)
public abstract class ParameterizedContract {
    private static final int ROWS = 3;

    /** For subclasses. */
    protected ParameterizedContract() {}

    /** Opens a model, whose gradients depend on at least one of its parameters; the test closes it. */
    protected abstract ParameterizedModel model();

    /** Makes inputs, owned by the current scope, the same at every call. */
    protected abstract Inputs inputs(Model model, int rows);

    /** Returns the names of the learned parameters, in the order from input to output. */
    protected abstract List<String> learned();

    private Tensor output(Model model) {
        return model.forward(inputs(model, ROWS));
    }

    private Tensor gradient(ParameterizedModel model) {
        try (Pullback pullback = model.pullback(inputs(model, ROWS))) {
            return pullback.vjp(pullback.output()).get(0);
        }
    }

    private static Tensor scaled(ParameterizedModel model, String name, double factor) {
        return model.weight(name).mul(factor);
    }

    private Map<String, Tensor> changes(ParameterizedModel model, double factor) {
        Map<String, Tensor> changes = new LinkedHashMap<>();
        learned().forEach(name -> changes.put(name, scaled(model, name, factor)));
        return changes;
    }

    @Test
    @DisplayName("Parameters are listed from input to output, each once, with the type and shape of their weight")
    void list() {
        try (ParameterizedModel model = model();
                TensorScope scope = TensorScope.open()) {
            List<Parameter> all = model.parameters();
            Assertions.assertThat(all.stream().filter(Parameter::isLearned).map(Parameter::name))
                    .containsExactlyElementsOf(learned());
            List<String> names = new ArrayList<>();
            for (Parameter parameter : all) {
                names.add(parameter.name());
                names.addAll(parameter.otherNames());
                Tensor weight = model.weight(parameter.name());
                assertThat(weight).hasShape(parameter.shape()).hasType(parameter.dataType());
                parameter
                        .otherNames()
                        .forEach(other -> Assertions.assertThat(
                                        model.parameter(other).name())
                                .isEqualTo(parameter.name()));
            }
            Assertions.assertThat(names).doesNotHaveDuplicates();
            Assertions.assertThat(model.weightNames()).containsAll(names);
        }
    }

    @Test
    @DisplayName("A copy has the given values and keeps the others; the model keeps all")
    void changed() {
        try (ParameterizedModel model = model();
                TensorScope scope = TensorScope.open()) {
            Tensor before = output(model);
            for (String name : learned()) {
                Tensor weight = model.weight(name);
                Tensor other = weight.mul(-0.5).add(0.25);
                try (ParameterizedModel copy = model.withParameters(Map.of(name, other))) {
                    assertThat(copy.weight(name)).isBitEqualTo(other);
                    for (String same : learned()) {
                        if (!same.equals(name)) {
                            assertThat(copy.weight(same)).isBitEqualTo(model.weight(same));
                        }
                    }
                    assertThat(model.weight(name)).isBitEqualTo(weight);
                    assertThat(output(model)).isBitEqualTo(before);
                    Assertions.assertThat(output(copy).toDoubleArray())
                            .as("output after a change of %s", name)
                            .isNotEqualTo(before.toDoubleArray());
                    Assertions.assertThat(copy.identity()).isNotEqualTo(model.identity());
                    Assertions.assertThat(copy.parameters()).isEqualTo(model.parameters());
                }
            }
        }
    }

    @Test
    @DisplayName("A copy is of the class of its model, and has the same cuts; its gradients are its own")
    void sameLayers() {
        try (ParameterizedModel model = model();
                TensorScope scope = TensorScope.open();
                ParameterizedModel copy = model.withParameters(changes(model, 0.5))) {
            Assertions.assertThat(copy).isInstanceOf(model.getClass());
            Assertions.assertThat(copy.cutPoints()).isEqualTo(model.cutPoints());
            Inputs inputs = inputs(model, ROWS);
            Tensor output = output(copy);
            for (Cut.Point point : model.cutPoints()) {
                Cut cut = copy.cut(point);
                if (copy.values(inputs).stream()
                        .anyMatch(value ->
                                value.point().equals(point) && value.dataType().isFloating())) {
                    Tensor activation = cut.activations(inputs).get(0);
                    assertThat(cut.tail().forward(cut.tailInputs(inputs, activation)))
                            .isCloseTo(output, 1e-5 * (1 + output.abs().max().toDoubleArray()[0]));
                    break;
                }
            }
            Assertions.assertThat(gradient(copy).toDoubleArray())
                    .isNotEqualTo(gradient(model).toDoubleArray());
        }
    }

    @Test
    @DisplayName("Values put back into a copy give the bits of the model; equal copies have equal identities")
    void putBack() {
        try (ParameterizedModel model = model();
                TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> original = changes(model, 1);
            Map<String, Tensor> halves = changes(model, 0.5);
            try (ParameterizedModel copy = model.withParameters(halves);
                    ParameterizedModel back = copy.withParameters(original);
                    ParameterizedModel again = back.withParameters(halves);
                    ParameterizedModel none = model.withParameters(Map.of())) {
                assertThat(output(back)).isBitEqualTo(output(model));
                assertThat(gradient(back)).isBitEqualTo(gradient(model));
                assertThat(output(again)).isBitEqualTo(output(copy));
                Assertions.assertThat(again.identity()).isEqualTo(copy.identity());
                Assertions.assertThat(none.identity()).isEqualTo(model.identity());
                assertThat(output(none)).isBitEqualTo(output(model));
            }
        }
    }

    @Test
    @DisplayName("Model and copy are closed in any order")
    void closed() {
        try (ParameterizedModel model = model();
                TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> changes = changes(model, 0.5);
            ParameterizedModel first = model.withParameters(changes);
            Tensor expected = output(first);
            first.close();
            first.close();
            assertThatThrownBy(() -> output(first)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> first.withParameters(changes)).isInstanceOf(IllegalStateException.class);
            output(model);
            try (ParameterizedModel second = model.withParameters(changes)) {
                model.close();
                assertThat(output(second)).isBitEqualTo(expected);
                gradient(second);
                second.weight(learned().get(0));
            }
            assertThatThrownBy(() -> model.withParameters(changes)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    @DisplayName("Values of another type are converted; other shapes, unknown names and one tensor twice are refused")
    void refusals() {
        try (ParameterizedModel model = model();
                TensorScope scope = TensorScope.open()) {
            String name = learned().get(0);
            Tensor weight = model.weight(name);
            DataType other = weight.dataType() == DataType.FLOAT64 ? DataType.FLOAT32 : DataType.FLOAT64;
            try (ParameterizedModel copy =
                    model.withParameters(Map.of(name, weight.mul(0.5).to(other)))) {
                assertThat(copy.weight(name)).hasType(weight.dataType());
            }
            Tensor wrong = Tensors.ofJava().zeros(weight.shape().prepend(2), weight.dataType());
            assertThatThrownBy(() -> model.withParameters(Map.of(name, wrong)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(name)
                    .hasMessageContaining(wrong.shape().toString())
                    .hasMessageContaining(weight.shape().toString());
            Tensor one = Tensors.ofJava().zeros(Shape.of(1), weight.dataType());
            assertThatThrownBy(() -> model.withParameters(Map.of(name + "x", one)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("parameter '" + name + "x' does not exist")
                    .hasMessageContaining(name);
            for (Parameter parameter : model.parameters()) {
                for (String twin : parameter.otherNames()) {
                    Tensor value = model.weight(parameter.name());
                    assertThatThrownBy(() -> model.withParameters(Map.of(parameter.name(), value, twin, value)))
                            .isInstanceOf(IllegalArgumentException.class)
                            .hasMessageContaining("are one tensor");
                }
            }
        }
    }

    @Test
    @DisplayName("Threads make copies and run them at the same time, with the bits of one thread")
    void threads() throws InterruptedException, ExecutionException {
        try (ParameterizedModel model = model();
                TensorScope scope = TensorScope.open();
                ParameterizedModel copy = model.withParameters(changes(model, 0.5))) {
            InThreads.run(gradient(copy), () -> gradient(copy));
            List<Thread> threads = new ArrayList<>();
            List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());
            double[] expected = output(copy).toDoubleArray();
            for (int i = 0; i < 4; i++) {
                threads.add(new Thread(() -> {
                    try (TensorScope own = TensorScope.open();
                            ParameterizedModel another = model.withParameters(changes(model, 0.5))) {
                        Assertions.assertThat(output(another).toDoubleArray()).isEqualTo(expected);
                    } catch (RuntimeException | Error e) {
                        failures.add(e);
                    }
                }));
            }
            threads.forEach(Thread::start);
            for (Thread thread : threads) {
                thread.join();
            }
            Assertions.assertThat(failures).isEmpty();
        }
    }
}
