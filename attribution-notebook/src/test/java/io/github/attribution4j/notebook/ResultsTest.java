// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.notebook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.testkit.LeakExtension;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What cells leave open, on a model that is a function; each tensor is counted by the testkit. */
@ExtendWith(LeakExtension.class)
class ResultsTest {
    private static final String EXPLAIN =
            "new ShapleyValues().attribute(model, Inputs.of(Tensors.ofJava().of(new double[] {1, 2}, 1, 2)),"
                    + " Target.output())";

    private TestKernel kernel;
    private long before;

    @BeforeEach
    void start() throws ReflectiveOperationException {
        kernel = TestKernel.start();
        before = Lifetime.count();
        kernel.run("""
            import io.github.attribution4j.*;
            import io.github.attribution4j.model.*;
            import io.github.attribution4j.shapley.*;
            import io.github.attribution4j.target.*;
            import io.github.attribution4j.tensor.*;
            import io.github.attribution4j.visual.*;
            import java.util.function.*;
            import java.util.stream.*;
            Model model = Model.of(rows -> Arrays.stream(rows)
                    .map(row -> new double[] {row[0] * row[1]}).toArray(double[][]::new));
            """);
    }

    /** The end of the kernel closes what is left, whatever the test did. */
    @AfterEach
    void end() {
        kernel.close(); // a second time, where a test did so
        assertThat(Lifetime.count()).isEqualTo(before);
    }

    private long open() {
        return Lifetime.count() - before;
    }

    @ParameterizedTest
    @DisplayName("A hundred runs of a cell leave open what one run leaves")
    @ValueSource(
            strings = {
                "var why = EXPLAIN; why",
                "EXPLAIN",
                "for (int i = 0; i < 3; i++) { Explanation why = EXPLAIN; why.top(1); }"
            })
    void hundredRuns(String code) {
        rerun(code, 99);
    }

    @ParameterizedTest
    @DisplayName("However a cell comes to its results, running it again leaves open what one run leaves")
    @ValueSource(
            strings = {
                "Explanation why = EXPLAIN;",
                "Explanation why; why = EXPLAIN;",
                "EXPLAIN.top(1)",
                "EXPLAIN.attribution()",
                "List<Explanation> all = new ArrayList<>(); for (int i = 0; i < 3; i++) { all.add(EXPLAIN); } all",
                "Explanation[] pair = {EXPLAIN, EXPLAIN};",
                "Map<String, Explanation> named = Map.of(\"a\", EXPLAIN);",
                "record Pair(Explanation one, double two) {} Pair pair = new Pair(EXPLAIN, 2);",
                "class Holder { static Explanation kept; } Holder.kept = EXPLAIN;",
                "Supplier<Explanation> later = () -> EXPLAIN; later.get().top(1)",
                "Tensor x = Tensors.ofJava().of(new double[] {1, 2}, 1, 2); Tensor y = x.mul(2).add(1); y",
                "Explanation why = EXPLAIN; BarChart.of(why, 0)",
                "BarChart.of(EXPLAIN, 0)",
                "IntStream.range(0, 4).parallel().mapToObj(i -> EXPLAIN).toList()"
            })
    void everyWay(String code) {
        rerun(code, 4);
    }

    private void rerun(String code, int times) {
        String cell = code.replace("EXPLAIN", EXPLAIN);
        kernel.run("cell", cell);
        long once = open();
        assertThat(once).isPositive();
        for (int i = 0; i < times; i++) {
            kernel.run("cell", cell);
            assertThat(open()).as("after run %s", i + 2).isLessThanOrEqualTo(once);
        }
    }

    @Test
    @DisplayName("What was closed by hand or by a scope is no result, however much of it there is")
    void closedByHand() {
        kernel.run("for (int i = 0; i < 3000; i++) { try (Explanation why = EXPLAIN) { why.top(1); } }"
                .replace("EXPLAIN", "new ShapleyValues().attribute(model, inputs, Target.output())")
                .replace("for", "Inputs inputs = Inputs.of(Tensors.ofJava().of(new double[] {1, 2}, 1, 2));\nfor"));
        assertThat(open()).isEqualTo(1); // the input
    }

    @Test
    @DisplayName("An explanation that another cell's variable leads to outlives the next run of its own, and no longer")
    void usedElsewhere() {
        for (String holder : List.of(
                "Explanation kept = why;",
                "List<Explanation> kept = List.of(why);",
                "Optional<Explanation> kept = Optional.of(why);",
                "Map<String, List<Explanation>> kept = Map.of(\"a\", List.of(why));",
                "record Keeper(Explanation one) {} Keeper kept = new Keeper(why);",
                "class Box { Explanation one; } Box kept = new Box(); kept.one = why;",
                "class Shelf { static Explanation one; } Shelf.one = why;",
                "class Line extends ArrayList<Explanation> {} Line kept = new Line(); kept.add(why);",
                "Explanation[] kept = {why};",
                "Supplier<Explanation> kept = ((Function<Explanation, Supplier<Explanation>>) e -> () -> e)"
                        + ".apply(why);",
                "CompletableFuture<Explanation> kept = CompletableFuture.completedFuture(why);",
                "Tensor kept = why.attribution();")) {
            kernel.run("makes", "Explanation why = " + EXPLAIN + ";");
            kernel.run("holds", holder);
            kernel.run("makes", "Explanation why = null;");
            assertThat(open()).as(holder).isEqualTo(1); // its attributions; the input is closed
            kernel.run("holds", "Object kept = null; class Shelf {}");
            kernel.run("makes", "Explanation why = null;");
            assertThat(open()).as("after " + holder).isZero();
        }
    }

    @Test
    @DisplayName("An explanation that nothing leads to any more is closed, and says so clearly when it is used")
    void closedWithItsCell() {
        kernel.run("makes", "Explanation why = " + EXPLAIN + ";");
        // A thread is no variable.
        kernel.run(
                "hides",
                "Thread keeper = new Thread() { Explanation one = why;"
                        + " public void run() { one.attribution().toDoubleArray(); } };");
        kernel.run("makes", "Explanation why = " + EXPLAIN + ";");
        assertThatThrownBy(() -> kernel.run("uses", "keeper.run();"))
                .hasMessageContaining("this tensor was closed")
                .hasMessageContaining("in a notebook because its cell was run again")
                .hasMessageContaining("compute it again");
        assertThatCode(() -> kernel.run("uses now", "why.top(1)")).doesNotThrowAnyException();
    }

    @Test
    @DisplayName(
            "A cell that fails keeps what its variables hold, and closes what its failed run made when it runs again")
    void failure() {
        kernel.run("cell", "Explanation why = " + EXPLAIN + ";");
        long once = open();
        String failing = EXPLAIN + "; Explanation other = " + EXPLAIN
                + "; if (true) throw new RuntimeException(\"on purpose\");";
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(() -> kernel.run("cell", failing)).hasMessageContaining("on purpose");
        }
        assertThat(open()).isLessThanOrEqualTo(3 * once);
        assertThatCode(() -> kernel.run("other", "why.top(1)")).doesNotThrowAnyException();
    }

    @Test
    @DisplayName("An edited cell is the same cell where the front end names it; else only a cell of the same text is")
    void identity() {
        kernel.run("cell", EXPLAIN + ".top(1)");
        long once = open();
        kernel.run("cell", "2 + 2");
        assertThat(open()).isZero();
        kernel.run(EXPLAIN + ".top(1)");
        kernel.run(EXPLAIN + ".top(2)");
        assertThat(open()).isEqualTo(2 * once);
        kernel.run(EXPLAIN + ".top(2)");
        assertThat(open()).isEqualTo(2 * once);
    }

    @Test
    @DisplayName("The results of a deleted cell are closed at the next run of any cell")
    void deletion() {
        kernel.run("first", EXPLAIN + ".top(1)");
        assertThat(open()).isPositive();
        kernel.run(Map.of("cellId", "second", "deletedCells", List.of("first")), "1 + 1");
        assertThat(open()).isZero();
    }

    @Test
    @DisplayName("The value of a cell that no variable names can be used until the cell is run again")
    void valueOfCell() {
        kernel.run("cell", EXPLAIN);
        kernel.run("other", "1 + 1");
        String name = kernel.getJShell()
                .variables()
                .filter(variable -> variable.typeName().equals("Explanation"))
                .findFirst()
                .orElseThrow()
                .name();
        assertThatCode(() -> kernel.run("uses", name + ".top(1)")).doesNotThrowAnyException();
        kernel.run("cell", EXPLAIN);
        assertThatThrownBy(() -> kernel.run("uses", name + ".attribution().toDoubleArray()"))
                .hasMessageContaining("because its cell was run again");
    }

    @ParameterizedTest
    @DisplayName("A model is closed when its cell is run again, unless another variable holds it, and with the kernel")
    @ValueSource(strings = {"CountedModel loaded = new CountedModel();", "loaded = new CountedModel();"})
    void models(String load) {
        kernel.run("import io.github.attribution4j.notebook.CountedModel;");
        kernel.run("declares", "CountedModel loaded = null;");
        for (int i = 0; i < 10; i++) {
            kernel.run("loads", load);
            assertThat(CountedModel.open).isEqualTo(1);
        }
        kernel.run("keeps", "Function<Inputs, Tensor> kept = loaded::forward;");
        kernel.run("loads", load);
        assertThat(CountedModel.open).isEqualTo(2);
        kernel.run("keeps", "1");
        kernel.run("forgets", "kept = null");
        kernel.run("loads", load);
        assertThat(CountedModel.open).isEqualTo(1);
        kernel.close();
        assertThat(CountedModel.open).isZero();
    }
}
