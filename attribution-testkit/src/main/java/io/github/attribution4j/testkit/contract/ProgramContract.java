// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.model.program.Program.Place;
import io.github.attribution4j.model.program.Program.Question;
import io.github.attribution4j.model.program.Program.RowForm;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Program} promises, and with {@link CutContract} what core makes from it: the contract that a
 * binding with layers extends. A binding with rules also extends {@link RuledContract}, one whose models may have
 * unused inputs {@link UnusedInputContract}, and one with its own tensors {@link TensorContract}.
 */
@Experimental
public abstract class ProgramContract extends CutContract {
    /** For subclasses. */
    protected ProgramContract() {}

    /** Returns the program of a model that {@link #model} has opened. */
    protected abstract Program program(LayeredModel model);

    /** The objects of a test. */
    private record Setting(LayeredModel model, Program program, Inputs inputs, List<Place> places) {
        Cut.Point point(int number) {
            return places.get(number).point();
        }

        /** The inputs of the tail after a point, with the value there. */
        Inputs behind(int number, Tensor value) {
            return model.cut(point(number)).tailInputs(inputs, value);
        }

        List<Tensor> values() {
            return program.forward(new Question(inputs, List.of(), places, null));
        }

        Tensor value(int number) {
            return values().get(number);
        }

        List<Place> place(int number) {
            return List.of(places.get(number));
        }

        Tensor sent(Pullback pullback, long seed) {
            return FiniteDifferences.normal(
                    model, pullback.output().dataType(), pullback.output().shape(), seed);
        }
    }

    private interface ProgramTest {
        void check(Setting setting);
    }

    private void withProgram(ProgramTest test) {
        try (LayeredModel model = model();
                TensorScope scope = TensorScope.open()) {
            Program program = program(model);
            boolean alone = program.rowLayout() == Program.RowLayout.NONE;
            List<Place> places = layers().stream()
                    .map(model::cutPoint)
                    .map(point -> new Place(point, alone ? RowForm.ALONE : RowForm.ROWS))
                    .toList();
            test.check(new Setting(model, program, inputs(model, alone ? 1 : ROWS), places));
        }
    }

    private double rounding() {
        return Math.max(1e-12, 10 * batchTolerance());
    }

    @Test
    @DisplayName("A run shows the values of tapped places in order, or else the output, and leaves nothing else")
    void tapped() {
        withProgram(setting -> {
            long before = Lifetime.count();
            List<Tensor> values = setting.values();
            Assertions.assertThat(values).hasSameSizeAs(setting.places());
            Assertions.assertThat(Lifetime.count() - before).isEqualTo(values.size());
            for (int i = 0; i < values.size(); i++) {
                Tensor head = setting.model().cut(setting.point(i)).head().forward(setting.inputs());
                assertThat(values.get(i)).isCloseToWithin(batchTolerance(), head);
            }
            List<Tensor> output = setting.program().forward(Question.of(setting.inputs()));
            Assertions.assertThat(output).hasSize(1);
            assertThat(output.get(0)).isBitEqualTo(setting.model().forward(setting.inputs()));
        });
    }

    @Test
    @DisplayName("A value that is put in is what the place then has, and what the output is computed from")
    void replaced() {
        withProgram(setting -> {
            Tensor plain = setting.model().forward(setting.inputs());
            for (int i = 0; i < setting.places().size(); i++) {
                Tensor value = setting.value(i);
                for (Tensor given : List.of(value, value.mul(0.5).add(0.25))) {
                    Inputs inputs = setting.behind(i, given);
                    Tensor there = setting.program()
                            .forward(new Question(inputs, setting.place(i), setting.place(i), null))
                            .get(0);
                    assertThat(there).isBitEqualTo(given);
                    Tensor output = setting.program()
                            .forward(new Question(inputs, setting.place(i), List.of(), null))
                            .get(0);
                    boolean same = Arrays.equals(given.toDoubleArray(), value.toDoubleArray());
                    if (same) {
                        assertThat(output).isCloseToWithin(batchTolerance(), plain);
                    } else {
                        Assertions.assertThat(output.toDoubleArray()).isNotEqualTo(plain.toDoubleArray());
                    }
                }
            }
        });
    }

    @Test
    @DisplayName("A pullback goes back to tapped places any number of times, and shows their values")
    void toTappedPlaces() {
        withProgram(setting -> {
            for (int i = 0; i < setting.places().size(); i++) {
                Tensor value = setting.value(i);
                Question inside = new Question(setting.inputs(), List.of(), setting.place(i), null);
                Question behind = new Question(setting.behind(i, value), setting.place(i), List.of(), null);
                try (Pullback pullback = setting.program().pullback(inside);
                        Pullback tail = setting.program().pullback(behind)) {
                    Assertions.assertThat(pullback.activations()).hasSize(1);
                    assertThat(pullback.activations().get(0)).isCloseToWithin(batchTolerance(), value);
                    assertThat(pullback.output()).isCloseToWithin(batchTolerance(), tail.output());
                    Assertions.assertThat(tail.activations()).isEmpty();
                    Tensor first = setting.sent(pullback, 1);
                    Tensor second = setting.sent(pullback, 2);
                    Tensor arrived = pullback.vjp(first).get(0);
                    assertThat(pullback.vjp(second).get(0))
                            .isCloseToWithin(rounding(), tail.vjp(second).get(0));
                    assertThat(pullback.vjpLast(first).get(0)).isBitEqualTo(arrived);
                    assertThat(arrived)
                            .isCloseToWithin(rounding(), tail.vjp(first).get(0));
                }
            }
        });
    }

    @Test
    @DisplayName("A pullback from a place inside goes back to inputs, and to a place that it is computed from")
    void fromInside() {
        withProgram(setting -> {
            int count = setting.places().size();
            for (int end = 0; end < count; end++) {
                Place last = setting.places().get(end);
                Question whole = new Question(setting.inputs(), List.of(), List.of(), last);
                try (Pullback pullback = setting.program().pullback(whole)) {
                    assertThat(pullback.output()).isCloseToWithin(batchTolerance(), setting.value(end));
                    Assertions.assertThat(pullback.vjp(setting.sent(pullback, 1)))
                            .hasSameSizeAs(setting.inputs().attributed());
                }
                for (int leaf = 0; leaf < count; leaf++) {
                    if (leaf == end || !computed(setting, leaf).contains(last.point())) {
                        continue;
                    }
                    Question part = new Question(setting.inputs(), List.of(), setting.place(leaf), last);
                    Inputs behind = setting.behind(leaf, setting.value(leaf));
                    Question rest = new Question(behind, setting.place(leaf), List.of(), last);
                    try (Pullback inner = setting.program().pullback(part);
                            Pullback tail = setting.program().pullback(rest)) {
                        Tensor sent = setting.sent(inner, 3);
                        assertThat(inner.vjp(sent).get(0))
                                .isCloseToWithin(rounding(), tail.vjp(sent).get(0));
                    }
                }
            }
        });
    }

    private static Set<Cut.Point> computed(Setting setting, int source) {
        List<Cut.Point> points = setting.places().stream().map(Place::point).toList();
        return setting.program()
                .computedFrom(setting.point(source), points, setting.inputs().select(0));
    }

    @Test
    @DisplayName("What changes with a value is computed from it, and never the other way round")
    void computedFrom() {
        withProgram(setting -> {
            int count = setting.places().size();
            for (int source = 0; source < count; source++) {
                Set<Cut.Point> computed = computed(setting, source);
                List<Tensor> before = setting.values();
                Inputs changed =
                        setting.behind(source, before.get(source).mul(0.5).add(0.25));
                List<Cut.Point> moved = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    // The inside of a module whose result is replaced does not run.
                    boolean inside = setting.point(i)
                            .path()
                            .startsWith(setting.point(source).path() + ".");
                    if (i == source || inside) {
                        continue;
                    }
                    Tensor after = setting.program()
                            .forward(new Question(changed, setting.place(source), setting.place(i), null))
                            .get(0);
                    if (!Arrays.equals(after.toDoubleArray(), before.get(i).toDoubleArray())) {
                        moved.add(setting.point(i));
                    }
                    Assertions.assertThat(computed.contains(setting.point(i))
                                    && computed(setting, i).contains(setting.point(source)))
                            .as("%s and %s are computed from each other", setting.point(i), setting.point(source))
                            .isFalse();
                }
                Assertions.assertThat(computed).containsAll(moved);
            }
        });
    }

    @Test
    @DisplayName("An address that does not exist is refused before anything runs, known ones are not")
    void addressesAreChecked() {
        withProgram(setting -> {
            setting.places().forEach(place -> setting.program().check(place.point()));
            Cut.Point first = setting.point(0);
            Cut.Point unknown = new Cut.Point(first.path() + "-is-not-there", first.kind(), 0);
            assertThatThrownBy(() -> setting.program().check(unknown))
                    .isInstanceOf(UnknownLayerException.class)
                    .hasMessageContaining(first.path());
        });
    }

    @Test
    @DisplayName("A program ends with its model")
    void closedProgram() {
        withProgram(setting -> {
            Question whole = Question.of(setting.inputs());
            setting.model().close();
            for (ThrowingCallable use : List.<ThrowingCallable>of(
                    () -> setting.program().forward(whole),
                    () -> setting.program().pullback(whole),
                    () -> setting.program().check(setting.point(0)))) {
                assertThatThrownBy(use).isInstanceOf(IllegalStateException.class);
            }
        });
    }

    @Test
    @DisplayName("Many threads go back to a place at once and get the bits that one thread gets")
    void placesInThreads() throws InterruptedException, ExecutionException {
        try (LayeredModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, 2);
            InThreads.Computation gradient = () -> {
                try (Pullback pullback = model.cut(layers().get(0)).pullback(inputs)) {
                    Tensor sent = FiniteDifferences.normal(
                            model,
                            pullback.output().dataType(),
                            pullback.output().shape(),
                            1);
                    return pullback.vjpLast(sent).get(0);
                }
            };
            InThreads.run(gradient.run(), gradient);
        }
    }
}
