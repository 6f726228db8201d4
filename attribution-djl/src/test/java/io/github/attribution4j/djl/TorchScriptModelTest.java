// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Inputs and outputs of every structure, and what is said when they do not fit. */
@ExtendWith(LeakExtension.class)
class TorchScriptModelTest {
    private TensorScope scope;
    private Tensor x;
    private Tensor y;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
        x = TestModels.tensors().of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        y = TestModels.tensors().of(new float[] {7, 8, 9, 10, 11, 12}, 2, 3);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static TorchScriptModel script(String signature, String... lines) {
        return TestModels.script(text(signature, lines));
    }

    private static String text(String signature, String... lines) {
        StringBuilder text = new StringBuilder("def forward(self: __torch__.M, " + signature + ":\n");
        for (String line : lines) {
            text.append("  ").append(line).append('\n');
        }
        return text.toString();
    }

    private static Tensor ones(Pullback pullback) {
        return pullback.output().mul(0).add(1);
    }

    @Test
    @DisplayName("Inputs are bound by name where all names are parameters, else in order")
    void binding() {
        try (TorchScriptModel model = script("a: Tensor, b: Tensor) -> Tensor", "return torch.sub(a, b)")) {
            assertThat(model.forward(Inputs.of(x, y))).hasValues(-6, -6, -6, -6, -6, -6);
            Inputs swapped = Inputs.none().attribute("b", x).attribute("a", y);
            assertThat(model.forward(swapped)).hasValues(6, 6, 6, 6, 6, 6);
            try (Pullback pullback = model.pullback(swapped)) {
                List<Tensor> gradients = pullback.vjpLast(ones(pullback));
                assertThat(gradients.get(0)).hasValues(-1, -1, -1, -1, -1, -1);
                assertThat(gradients.get(1)).hasValues(1, 1, 1, 1, 1, 1);
            }
            Assertions.assertThat(model.signature()).isEqualTo("forward(a: Tensor, b: Tensor) -> Tensor");
            Assertions.assertThat(model.parameterNames()).containsExactly("a", "b");
        }
    }

    @Test
    @DisplayName("Parameters that are tuples, lists, dicts and numbers; defaults; optional ones")
    void structures() {
        try (TorchScriptModel model = script(
                "pair: Tuple[Tensor, Tensor], more: List[Tensor]) -> Tensor",
                "a, b, = pair",
                "return torch.add(torch.mul(a, b), more[torch.sub(torch.len(more), 1)])")) {
            assertThat(model.forward(Inputs.of(x, y, x, y))).hasValues(14, 24, 36, 50, 66, 84);
            Inputs named =
                    Inputs.none().attribute("pair.0", x).attribute("pair.1", y).fixed("more.0", x);
            try (Pullback pullback = model.pullback(named)) {
                assertThat(pullback.output()).hasValues(8, 18, 30, 44, 60, 78);
                List<Tensor> gradients = pullback.vjp(ones(pullback));
                assertThat(gradients.get(0)).isBitEqualTo(y);
                assertThat(gradients.get(1)).isBitEqualTo(x);
            }
        }
        try (TorchScriptModel model = script(
                "batch: Dict[str, Tensor], scale: float=2.0, bias: Optional[Tensor]=None) -> Tensor",
                "y = torch.mul(batch[\"x\"], scale)",
                "if torch.__isnot__(bias, None):",
                "  z = torch.add(y, unchecked_cast(Tensor, bias))",
                "else:",
                "  z = y",
                "return z")) {
            assertThat(model.forward(Inputs.none().attribute("batch.x", x))).hasValues(2, 4, 6, 8, 10, 12);
            Tensor three = TestModels.tensors().full(Shape.scalar(), DataType.FLOAT32, 3);
            Inputs all = Inputs.none()
                    .attribute("batch.x", x)
                    .constant("scale", three)
                    .fixed("bias", y);
            assertThat(model.forward(all)).hasValues(10, 14, 18, 22, 26, 30);
        }
    }

    @Test
    @DisplayName("Of several outputs one is chosen, by name or position; without a choice they are listed")
    void outputs() {
        String text = text(
                "x: Tensor) -> Dict[str, Tensor]", "return {\"logits\": torch.mul(x, 2), \"hidden\": torch.neg(x)}");
        try (TorchScriptModel model = TestModels.script(text)) {
            assertThatThrownBy(() -> model.forward(Inputs.of(x)))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContainingAll("2 tensors", "logits (2, 3)", "hidden (2, 3)", "output(\"logits\")");
        }
        try (TorchScriptModel model =
                TestModels.script(text, TestModels.options().output("hidden"))) {
            assertThat(model.forward(Inputs.of(x))).hasValues(-1, -2, -3, -4, -5, -6);
            try (Pullback pullback = model.pullback(Inputs.of(x))) {
                assertThat(pullback.vjp(ones(pullback)).get(0)).hasValues(-1, -1, -1, -1, -1, -1);
            }
        }
        try (TorchScriptModel model =
                TestModels.script(text, TestModels.options().output(0))) {
            assertThat(model.forward(Inputs.of(x))).hasValues(2, 4, 6, 8, 10, 12);
        }
        try (TorchScriptModel model =
                TestModels.script(text, TestModels.options().output("logit"))) {
            assertThatThrownBy(() -> model.forward(Inputs.of(x))).hasMessageContainingAll("'logit'", "logits (2, 3)");
        }
    }

    @Test
    @DisplayName("Wrong arity, names, shape or type: one line, and the model stays usable")
    void misfits() {
        try (TorchScriptModel model = TestModels.golden("mlp_softmax.scripted.pt")) {
            Tensor good = TestModels.normal(model, DataType.FLOAT32, 2, 1, 12);
            Tensor before = model.forward(Inputs.of(good));
            assertThatThrownBy(() -> model.forward(Inputs.of(good, good)))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContainingAll(
                            "1 arguments", "2 inputs", "forward(x: Tensor)", "'input1' float32 (2, 12)");
            assertThatThrownBy(() -> model.forward(Inputs.of(x)))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("mat1 and mat2 shapes cannot be multiplied (2x3 and 12x32)")
                    .satisfies(
                            e -> Assertions.assertThat(e.getMessage().lines()).hasSize(1))
                    .cause()
                    .hasMessageContaining("Traceback");
            assertThatThrownBy(() -> model.pullback(Inputs.of(good.to(DataType.FLOAT64))))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContainingAll("weights are float32", "'input0' is float64", "to(DataType.FLOAT32)");
            assertThatThrownBy(() -> model.pullback(Inputs.of(good.to(DataType.INT64))))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContainingAll("'input0'", "int64");
            assertThat(model.forward(Inputs.of(good))).isBitEqualTo(before);
        }
    }

    @Test
    @DisplayName("Out of memory is an error of its own, and the model stays usable")
    void memory() {
        try (TorchScriptModel model =
                script("x: Tensor, n: int=1) -> Tensor", "z = torch.zeros([n])", "return torch.add(x, torch.sum(z))")) {
            Tensor many = TestModels.tensors().of(new long[] {1L << 50}, Shape.scalar());
            assertThatThrownBy(
                            () -> model.forward(Inputs.none().attribute("x", x).constant("n", many)))
                    .isInstanceOf(ModelException.OutOfMemory.class)
                    .hasMessageContaining("out of memory");
            assertThat(model.forward(Inputs.of(x))).isBitEqualTo(x);
        }
    }

    @Test
    @DisplayName("A model that writes into its input does not reach the caller's tensor, and has a gradient")
    void inPlace() {
        try (TorchScriptModel model =
                script("x: Tensor) -> Tensor", "y = torch.add_(x, 1)", "return torch.mul(y, y)")) {
            assertThat(model.forward(Inputs.of(x))).hasValues(4, 9, 16, 25, 36, 49);
            try (Pullback pullback = model.pullback(Inputs.of(x))) {
                assertThat(pullback.vjp(ones(pullback)).get(0)).hasValues(4, 6, 8, 10, 12, 14);
            }
            assertThat(x).hasValues(1, 2, 3, 4, 5, 6);
        }
    }

    @Test
    @DisplayName("Where the output does not depend on any input differentiably, that is said by name")
    void undefined() {
        try (TorchScriptModel model = script("x: Tensor) -> Tensor", "return torch.mul(torch.detach(x), 2)");
                Pullback pullback = model.pullback(Inputs.of(x))) {
            assertThatThrownBy(() -> pullback.vjp(ones(pullback)))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContainingAll("no gradient", "'input0'", "perturbation");
        }
    }

    @Test
    @DisplayName("Half precision comes out as float32")
    void half() {
        try (TorchScriptModel model = script("x: Tensor) -> Tensor", "return torch.to(x, 5)")) {
            assertThat(model.forward(Inputs.of(x))).hasType(DataType.FLOAT32).hasValues(1, 2, 3, 4, 5, 6);
        }
    }

    @Test
    @DisplayName("Token ids have no gradient, their embedding has")
    void tokens() {
        try (TorchScriptModel model = TestModels.golden("text_lstm.scripted.pt")) {
            Inputs ids = Inputs.of(TestModels.indexes(model, 2, 10, 9));
            assertThatThrownBy(() -> model.pullback(ids))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContainingAll("'input0'", "int64", "embedding");
            Cut cut = model.cut("embedding");
            Tensor embedded = cut.head().forward(ids);
            try (Pullback pullback = cut.tail().pullback(cut.tailInputs(ids, embedded))) {
                Tensor gradient = pullback.vjp(ones(pullback)).get(0);
                assertThat(gradient).hasShape(embedded.shape()).hasType(DataType.FLOAT32);
                Assertions.assertThat(gradient.abs().max().toDoubleArray()[0]).isPositive();
            }
        }
    }

    @Test
    @DisplayName("An unknown layer names near ones; one that cannot be cut says why")
    void layers() {
        try (TorchScriptModel model = TestModels.golden("cnn.traced.pt")) {
            assertThatThrownBy(() -> model.cut("layer2.0.con1")).hasMessageContaining("'layer2.0.conv1'");
            Assertions.assertThat(model.cutPoint("layer1.0.relu#1").call()).isEqualTo(1);
        }
    }
}
