// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Parameters of the model whose type leaves a choice of what is passed. */
class ParameterTypesTest {
    private static float[] run(String forward, Map<String, Tensor> constants) {
        try (TorchScriptModel model = TestModels.script(forward);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.none().attribute("x", model.tensors().of(new float[] {1, 2, 3}, 1, 3));
            for (Map.Entry<String, Tensor> one : constants.entrySet()) {
                inputs = inputs.constant(one.getKey(), one.getValue());
            }
            float[] plain = model.forward(inputs).toFloatArray();
            try (Pullback pullback = model.pullback(inputs)) {
                assertThat(pullback.output().toFloatArray()).isEqualTo(plain);
                assertThat(pullback.vjp(pullback.output()).get(0).shape()).isEqualTo(Shape.of(1, 3));
            }
            return plain;
        }
    }

    @Test
    void aNumberIsWholeOrRealAsItIsGiven() {
        String forward = """
                def forward(self: __torch__.M, x: Tensor, k: number) -> Tensor:
                  if isinstance(k, int):
                    y = torch.mul(x, 10.)
                  else:
                    y = torch.mul(x, k)
                  return y
                """;
        try (TensorScope scope = TensorScope.open()) {
            Tensors tensors = TestModels.tensors();
            assertThat(run(forward, Map.of("k", tensors.of(new double[] {0.5}, 1))))
                    .containsExactly(0.5f, 1, 1.5f);
            assertThat(run(forward, Map.of("k", tensors.of(new long[] {7}, 1)))).containsExactly(10, 20, 30);
        }
        assertThat(run(forward.replace("k: number", "k: number=2."), Map.of())).containsExactly(2, 4, 6);
    }

    @Test
    void ofTypesThatLeaveAChoiceATensorIsPassed() {
        String forward = """
                def forward(self: __torch__.M, x: TYPE) -> Tensor:
                  if isinstance(x, Tensor):
                    y = torch.mul(unchecked_cast(Tensor, x), 2.)
                  else:
                    y = torch.zeros([1])
                  return y
                """;
        for (String type : List.of(
                "Any", "Union[Tensor, int]", "Union[List[Tensor], Tensor]", "Union[Tensor, List[Tensor], NoneType]")) {
            assertThat(run(forward.replace("TYPE", type), Map.of())).as(type).containsExactly(2, 4, 6);
        }
    }

    @Test
    void aChoiceThatIsNotGivenTakesItsDefault() {
        String forward = """
                def forward(self: __torch__.M, x: Tensor, w: Union[Tensor, List[Tensor], NoneType]=None) -> Tensor:
                  if isinstance(w, Tensor):
                    y = torch.mul(x, unchecked_cast(Tensor, w))
                  else:
                    y = torch.neg(x)
                  return y
                """;
        String required = forward.replace("=None", "");
        assertThat(run(forward, Map.of())).containsExactly(-1, -2, -3);
        assertThat(run(required, Map.of())).containsExactly(-1, -2, -3);
        String named = required.replace("Union[Tensor, List[Tensor], NoneType]", "Tensor");
        assertThatThrownBy(() -> run(named, Map.of()))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("argument 'w' of type Tensor is missing");
        try (TensorScope scope = TensorScope.open()) {
            Tensor w = TestModels.tensors().of(new float[] {3}, 1);
            assertThat(run(forward, Map.of("w", w))).containsExactly(3, 6, 9);
            assertThat(run(required, Map.of("w", w))).containsExactly(3, 6, 9);
        }
    }

    @Test
    void anOptionalValueThatIsNotGivenIsNoneWhereverItStands() {
        String forward = """
                def forward(self: __torch__.M, s: Optional[Tuple[Tensor, Tensor]], x: Tensor, k: Optional[int], \
                t: NoneType) -> Tensor:
                  if torch.__is__(s, None):
                    y = torch.neg(x)
                  else:
                    pair = unchecked_cast(Tuple[Tensor, Tensor], s)
                    y = torch.add(torch.mul(x, (pair)[0]), (pair)[1])
                  if torch.__is__(k, None):
                    z = y
                  else:
                    z = torch.mul(y, unchecked_cast(int, k))
                  return z
                """;
        assertThat(run(forward, Map.of())).containsExactly(-1, -2, -3);
        try (TensorScope scope = TensorScope.open()) {
            Tensor two = TestModels.tensors().of(new float[] {2}, 1);
            assertThat(run(forward, Map.of("k", TestModels.tensors().of(new long[] {3}, 1))))
                    .containsExactly(-3, -6, -9);
            assertThat(run(forward, new TreeMap<>(Map.of("s.0", two, "s.1", two))))
                    .containsExactly(4, 6, 8);
        }
    }

    @Test
    void whatCannotBePassedIsNamed() {
        String forward = """
                def forward(self: __torch__.M, x: Tensor, where: Device) -> Tensor:
                  return torch.to(x, where)
                """;
        assertThatThrownBy(() -> TestModels.script(forward))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("parameter 'where' of the model has type Device, which cannot be passed");
        String union = forward.replace("where: Device", "where: Union[Device, Dict[float, Tensor]]");
        assertThatThrownBy(() -> TestModels.script(union))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("parameter 'where' of the model has type Union[Device, Dict[float, Tensor]]");
    }

    private static float[] product(String type, String left, String right, String... names) {
        String forward = "def forward(self: __torch__.M, q: " + type + ") -> Tensor:\n  return torch.mul(" + left + ", "
                + right + ")\n";
        try (TorchScriptModel model = TestModels.script(forward);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.none();
            for (int i = 0; i < names.length; i++) {
                inputs = inputs.attribute(names[i], model.tensors().of(new float[] {i + 2, i + 3}, 1, 2));
            }
            return model.forward(inputs).toFloatArray();
        }
    }

    @ParameterizedTest
    @DisplayName("Parts of nested arguments, by the parameter's name and without it")
    @CsvSource(
            delimiter = '|',
            value = {
                "Dict[str, List[Tensor]] | (q[\"x\"])[0] | (q[\"x\"])[1] | q.x.0 q.x.1",
                "Dict[str, List[Tensor]] | (q[\"x\"])[0] | (q[\"x\"])[1] | x.0 x.1",
                "Dict[str, List[Tensor]] | (q[\"x\"])[0] | (q[\"y\"])[0] | x y",
                "Dict[str, Dict[str, Tensor]] | (q[\"x\"])[\"u\"] | (q[\"x\"])[\"v\"] | x.u x.v",
                "Dict[str, Dict[str, Tensor]] | (q[\"x\"])[\"u\"] | (q[\"y\"])[\"v\"] | q.x.u q['y']['v']",
                "Dict[str, Tuple[Tensor, Tensor]] | (q[\"x\"])[0] | (q[\"x\"])[1] | x.0 x.1",
                "List[Dict[str, Tensor]] | (q[0])[\"u\"] | (q[1])[\"v\"] | 0.u 1.v",
                "List[List[Tensor]] | (q[0])[0] | (q[1])[0] | q.0.0 q.1.0",
                "List[Tensor] | q[0] | q[1] | a b",
                "List[Tensor] | q[0] | q[1] | a.1 a.2",
                "Tuple[Tensor, Tensor] | q[0] | q[1] | a b",
                "Tuple[Tensor, Dict[str, Tensor]] | q[0] | (q[1])[\"m\"] | q.0 q.1.m",
                "Dict[str, Tensor] | q[\"a.b\"] | q[\"c\"] | a.b c",
                "Dict[int, Tensor] | q[3] | q[5] | 3 5"
            })
    void partsOfNestedArguments(String type, String left, String right, String names) {
        assertThat(product(type, left, right, names.split(" "))).containsExactly(6, 12);
    }

    @ParameterizedTest
    @DisplayName("What nested arguments lack is said with the names that inputs have")
    @CsvSource(
            delimiter = '|',
            value = {
                "Dict[str, List[Tensor]] | (q[\"x\"])[0] | (q[\"x\"])[1] | a b | KeyError: x; inputs are bound by"
                        + " names such as 'q.x.0', 'q.x.1': "
                        + "forward(q: Dict[str, List[Tensor]]) -> Tensor; given: 'a' float32 (1, 2), 'b' float32"
                        + " (1, 2)",
                "Dict[str, List[Tensor]] | (q[\"x\"])[0] | (q[\"x\"])[1] | q.x | list index out of range; inputs"
                        + " are bound by names such as "
                        + "'q.KEY.0', 'q.KEY.1'",
                "Dict[str, Tensor] | q[\"ids\"] | q[\"mask\"] | ids msk | KeyError: mask; inputs are bound by names"
                        + " such as 'q.mask'",
                "Dict[str, Optional[Tensor]] | unchecked_cast(Tensor, q[\"u\"]) | unchecked_cast(Tensor, q[\"v\"])"
                        + " | u | KeyError: v; inputs are bound by names such as 'q.v'",
                "List[Tensor] | q[0] | q[1] | a | list index out of range; inputs are bound by names such as 'q.0',"
                        + " 'q.1'",
                "Tuple[Tensor, Tensor] | q[0] | q[1] | a | was given 1 inputs; bind them by names such as 'q.0', 'q.1'",
                "Tuple[Tensor, Dict[str, Tensor]] | q[0] | (q[1])[\"m\"] | a b | bind them by names such as 'q.0',"
                        + " 'q.1.KEY'",
                "Dict[str, Dict[str, Tensor]] | (q[\"x\"])[\"u\"] | (q[\"x\"])[\"v\"] | a b | name its parts, such"
                        + " as 'q['a'].KEY'",
                "List[Tuple[Tensor, Tensor]] | (q[0])[0] | (q[0])[1] | a b | name its parts, such as 'q[0].0',"
                        + " 'q[0].1'",
                "Dict[int, Tensor] | q[3] | q[5] | a b | argument 'q' has whole numbers as keys, and not 'a'"
            })
    void whatNestedArgumentsLack(String type, String left, String right, String names, String message) {
        assertThatThrownBy(() -> product(type, left, right, names.split(" ")))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining(message);
    }
}
