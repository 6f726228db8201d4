// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.GuidedBackprop;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.TensorScope;
import java.io.ByteArrayInputStream;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Operands that come out of classes, containers, functions and tasks follow the same rules as in a model that computes
 * them directly.
 */
class OperandTypesTest {
    private static final String DEFINITIONS = """
            class Box:
              a : Tensor
              b : Tensor
              def __init__(self: __torch__.Box, a: Tensor, b: Tensor) -> NoneType:
                self.a = torch.tanh(a)
                self.b = b
                return None
              def first(self: __torch__.Box) -> Tensor:
                a = self.a
                return torch.mul(a, torch.relu(a))
              def both(self: __torch__.Box) -> Tuple[Tensor, Tensor]:
                return ((self).first(), self.b)
            class Sum:
              total : Tensor
              parts : List[Tensor]
              n : int
              def __init__(self: __torch__.Sum, a: Tensor) -> NoneType:
                self.total = torch.mul(a, 1.5)
                self.parts = annotate(List[Tensor], [])
                self.n = 1
                return None
              def grow(self: __torch__.Sum, b: Tensor) -> NoneType:
                total = self.total
                self.total = torch.mul_(total, b)
                parts = self.parts
                _0 = torch.append(parts, torch.relu(b))
                n = self.n
                self.n = torch.add(n, 1)
                return None
              def mean(self: __torch__.Sum) -> Tensor:
                return torch.div(torch.add(self.total, torch.sum(torch.stack(self.parts), [0])), self.n)
            class Pair(NamedTuple):
              p : Tensor
              n : int
              q : Tensor
            class Scale(Enum):
              LOW = 0.5
              HIGH = 2.
            def free(a: Tensor, b: Tensor) -> Tuple[Tensor, Tensor]:
              return (torch.tanh(a), torch.mul(b, b))
            def perhaps(a: Tensor, given: bool) -> Optional[Tensor]:
              r : Optional[Tensor] = None
              if given:
                r = torch.tanh(a)
              return r
            def whatever(v: Any) -> Tensor:
              r = torch.zeros([1], dtype=7)
              if isinstance(v, Tensor):
                r = unchecked_cast(Tensor, v)
              return r
            def either(v: Union[Tensor, List[Tensor]]) -> Tensor:
              if isinstance(v, Tensor):
                r = torch.tanh(unchecked_cast(Tensor, v))
              else:
                w = unchecked_cast(List[Tensor], v)
                r = torch.mul(w[0], w[1])
              return r
            def scaled(x: Tensor, s: __torch__.Scale) -> Tensor:
              return torch.mul(x, s.value)
            """;

    /** Ways in which a program can obtain its operands p and q; then the same computed directly from a and b. */
    private static final List<String[]> KINDS = List.of(
            kind("o = BOX\n_0 = (o).__init__(a, b, )\np = o.a\nq = o.b", "p = torch.tanh(a)\nq = b"),
            kind(
                    "o = BOX\n_0 = (o).__init__(a, b, )\np = (o).first()\nr, q, = (o).both()",
                    "t = torch.tanh(a)\np = torch.mul(t, torch.relu(t))\nq = b"),
            kind(
                    "o = BOX\n_0 = (o).__init__(a, b, )\nos = [o, o]\np = (os[1]).first()\nq = (os[0]).a",
                    "q = torch.tanh(a)\np = torch.mul(q, torch.relu(q))"),
            kind(
                    "o = __torch__.Sum.__new__(__torch__.Sum)\n_0 = (o).__init__(a, )\n_1 = (o).grow(b, )\n_2 ="
                            + " (o).grow(a, )\n"
                            + "p = (o).mean()\nq = torch.add(o.total, b)",
                    "t = torch.mul(torch.mul(torch.mul(a, 1.5), b), a)\np = torch.div(torch.add(t,"
                            + " torch.sum(torch.stack([torch.relu(b), torch.relu(a)]), [0])), 3)\nq = torch.add(t, b)"),
            kind(
                    "ps = [a, b, torch.tanh(b)]\nqs = [b, a, a]\np = a\nfor i in range(ops.prim.min([torch.len(ps),"
                            + " torch.len(qs)])):\n"
                            + "  u = ps[i]\n  v = qs[i]\n  p = torch.add(p, torch.mul(torch.mul(u, v), i))\nq = b",
                    "p = torch.add(a, torch.mul(torch.mul(a, b), 0))\np = torch.add(p, torch.mul(b, a))\n"
                            + "p = torch.add(p, torch.mul(torch.mul(torch.tanh(b), a), 2))\nq = b"),
            kind("o = __torch__.Pair(a, 3, b)\np = o.p\nq = torch.mul(o.q, o.n)", "p = a\nq = torch.mul(b, 3)"),
            kind("p, n, q, = __torch__.Pair(a, 3, b)", "p = a\nq = b"),
            kind("o = ((a, 2), [b, a])\np = ((o)[0])[0]\nq = ((o)[1])[0]", "p = a\nq = b"),
            kind(
                    "l = annotate(List[Tensor], [])\n_0 = torch.append(l, b)\n_1 = torch.append(l, a)\np ="
                            + " torch.pop(l)\n"
                            + "q = l[-1]",
                    "p = a\nq = b"),
            kind(
                    "l = [[a], [b]]\nq = b\np = a\nfor i in range(torch.len(l)):\n  q = torch.mul(q, (l[i])[0])",
                    "p = a\n" + "q = torch.mul(torch.mul(b, a), b)"),
            kind(
                    "d = {\"a\": a, \"b\": b}\ntorch._set_item(d, \"c\", a)\nq = d[\"b\"]\np = torch.pop(d, \"c\")",
                    "p = a\nq" + " = b"),
            kind(
                    "d = {1: a}\np = a\nq = b\nvs = torch.values(d)\nfor i in range(torch.len(vs)):\n  p ="
                            + " torch.mul(p, vs[i])\n"
                            + "ts = torch.items(d)\nfor j in range(torch.len(ts)):\n  k, v, = ts[j]\n  q ="
                            + " torch.add(q, torch.mul(v, k))",
                    "p = torch.mul(a, a)\nq = torch.add(b, a)"),
            kind(
                    "d = {\"a\": a}\ng = torch.get(d, \"a\")\nq = torch.get(d, \"z\", b)\nif torch.__isnot__(g,"
                            + " None):\n  p ="
                            + " unchecked_cast(Tensor, g)\nelse:\n  p = b",
                    "p = a\nq = b"),
            kind("o = __torch__.perhaps(a, True, )\np = torch._unwrap_optional(o)\nq = b", "p = torch.tanh(a)\nq = b"),
            kind(
                    "o : Optional[Tensor] = None\nfor i in range(2):\n  if torch.__is__(o, None):\n    r = a\n  else:\n"
                            + "    r = torch.mul(unchecked_cast(Tensor, o), b)\n  o = r\nq = b\np ="
                            + " torch._unwrap_optional(o)",
                    "p = torch.mul(a, b)\nq = b"),
            kind("p = __torch__.scaled(a, __torch__.Scale.HIGH, )\nq = b", "p = torch.mul(a, 2.)\nq = b"),
            kind("p, q, = __torch__.free(a, b, )", "p = torch.tanh(a)\nq = torch.mul(b, b)"),
            kind(
                    "def __forked_function():\n  return __torch__.free(a, b, )\nf = fork(__forked_function)\np, q, ="
                            + " torch.wait(f)",
                    "p = torch.tanh(a)\nq = torch.mul(b, b)"),
            kind(
                    "fs = annotate(List[Future[Tensor]], [])\nfor i in range(2):\n  def __forked_function():\n   "
                            + " return"
                            + " torch.mul(a, b)\n  _1 = fork(__forked_function)\n  _2 = torch.append(fs, _1)\np ="
                            + " torch.wait(fs[0])\nq ="
                            + " b",
                    "p = torch.mul(a, b)\nq = b"),
            kind("p = __torch__.whatever(a, )\nq = unchecked_cast(Tensor, annotate(Any, b))", "p = a\nq = b"),
            kind("p = __torch__.either(a, )\nq = __torch__.either([a, b], )", "p = torch.tanh(a)\nq = torch.mul(a, b)"),
            kind(
                    "o = annotate(Optional[Tensor], a)\np = torch._unwrap_optional(o)\nls = [(a, b), (b, a)]\nq ="
                            + " (ls[0])[1]",
                    "p = a\nq = b"));

    private static String[] kind(String script, String plain) {
        return new String[] {script.replace("BOX", "__torch__.Box.__new__(__torch__.Box)"), plain};
    }

    private static TorchScriptModel model(String operands, String result) {
        String body = "a = torch.sub(torch.mul(x, 0.7), torch.flip(x, [1]))\nb = torch.mul(torch.flip(x, [1]), 0.4)\n"
                + operands + "\ny = " + result + "\nreturn torch.sum(torch.reshape(y, [2, -1]), [1])\n";
        String forward = "def forward(self: __torch__.M, x: Tensor) -> Tensor:\n" + body.indent(2);
        return TorchScriptModel.load(
                new ByteArrayInputStream(TestModels.archive(DEFINITIONS, forward)), TestModels.options());
    }

    private static double[] explained(RuledModel model, Attribution<? super RuledModel> method, Inputs inputs) {
        try (Explanation explanation = method.attribute(model, inputs, Target.output())) {
            return explanation.attribution().toDoubleArray();
        }
    }

    /** What sums, products, concatenations and the like make of them. */
    private static final List<String> RESULTS = List.of(
            "torch.add(p, q, alpha=2)",
            "torch.sub(torch.mul(p, q), p)",
            "torch.matmul(p, torch.transpose(q, 1, 2))",
            "torch.cat([p, torch.mul(q, q)], 1)",
            "torch.sum(torch.stack([p, q, p], 1), [1])",
            "torch.where(torch.gt(torch.arange(4), 1), p, torch.relu(q))",
            "torch.div(p, torch.add(torch.exp(q), 1.))",
            "torch.einsum(\"bij,bkj->bik\", [p, q])",
            "torch.softmax(torch.add(torch.relu(p), torch.sigmoid(q)), 2)",
            "torch.mul(torch.linear(p, torch.ones([4, 4], dtype=7)), q)",
            "torch.layer_norm(torch.mul(p, q), [4], None, None, 1.0e-05)",
            "torch.mul_(torch.add_(torch.clone(p), q), p)");

    static Stream<String> kinds() {
        return KINDS.stream().map(kind -> kind[0]);
    }

    @DisplayName("Relevance, multipliers and guided gradients are those of the model written plainly")
    @ParameterizedTest
    @MethodSource("kinds")
    void asPlain(String kind) {
        String plain =
                KINDS.stream().filter(each -> each[0].equals(kind)).findFirst().orElseThrow()[1];
        String all = RESULTS.stream()
                .map(result -> "torch.reshape(" + result + ", [2, -1])")
                .collect(Collectors.joining(", ", "torch.cat([", "], 1)"));
        String result = "torch.mul(" + all + ", torch.cos(torch.arange(150)))";
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel scripted = model(kind, result);
                TorchScriptModel written = model(plain, result)) {
            Inputs inputs = Inputs.of(TestModels.normal(written, DataType.FLOAT64, 2, 5, 3, 4));
            for (Attribution<? super RuledModel> method :
                    List.of(new Lrp(Composites.epsilon(0)), new DeepLift(), new GuidedBackprop())) {
                assertThat(explained(scripted, method, inputs))
                        .containsExactly(explained(written, method, inputs), Offset.offset(1e-10));
            }
        }
    }

    @DisplayName("An operand whose type the text does not show is refused by name where it depends on the input, and"
            + " only there")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "torch.add(p, u)",
                "torch.add(u, u)",
                "torch.mul(u, p)",
                "torch.sum(u, [2])",
                "torch.matmul(u, torch.transpose(p, 1, 2))",
                "torch.sqrt(u)",
                "torch.softmax(torch.mul(u, 2.), 2)",
                "torch.remainder(u, 3.)"
            })
    void untyped(String result) {
        String dict = "p = a\nd = torch.dict([(\"u\", %s)])\nu = d[\"u\"]";
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel dependent = model(dict.formatted("torch.exp(a)"), result);
                TorchScriptModel constant = model(
                        dict.formatted("torch.ones([2, 3, 4], dtype=7)"), "torch.mul(torch.sum(" + result + "), p)")) {
            Inputs inputs = Inputs.of(TestModels.normal(constant, DataType.FLOAT64, 2, 5, 3, 4));
            String operator = result.substring(6, result.indexOf('('));
            for (Attribution<? super RuledModel> method :
                    List.<Attribution<? super RuledModel>>of(new Lrp(Composites.epsilon(0)), new DeepLift())) {
                boolean linear = method instanceof DeepLift && operator.matches("add|sum");
                if (!linear) {
                    assertThatThrownBy(() -> explained(dependent, method, inputs))
                            .isInstanceOf(UnsupportedModelException.class)
                            .hasMessageContaining(operator.equals("softmax") ? "mul" : operator)
                            .hasMessageContaining("shows neither the types of its operands");
                }
            }
            assertThat(explained(constant, new Lrp(Composites.epsilon(0)), inputs))
                    .isNotEmpty();
            assertThat(dependent.forward(inputs).shape().dim(0)).isEqualTo(2);
        }
    }

    @DisplayName("Weights, slopes and bounds that depend on the input are refused by name, not taken for constants")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "torch.prelu(p, torch.select(torch.select(q, 0, 0), 1, 0))",
                "torch.layer_norm(p, [4], torch.select(torch.select(q, 0, 0), 0, 0), None)",
                "torch.batch_norm(p, torch.select(torch.select(q, 0, 0), 1, 0), None, torch.zeros([3], dtype=7),"
                        + " torch.ones([3], dtype=7), False, 0.1, 1.0e-05, False)",
                "torch.addmm(torch.flatten(p, 1), torch.flatten(q, 1), torch.ones([12, 12], dtype=7), beta=2, alpha=3)"
            })
    void weights(String result) {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = model("p = a\nq = b", result)) {
            Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT64, 2, 5, 3, 4));
            assertThatThrownBy(() -> explained(model, new Lrp(Composites.epsilon(0)), inputs))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining(result.substring(6, result.indexOf('(')));
        }
    }

    @Test
    @DisplayName("Numbers that come out of lists, sizes and arithmetic are factors")
    void numbers() {
        String script = """
                l = [1.5, 2.5]
                n = torch.add(torch.mul(torch.size(x, 1), 2), ops.prim.max([1, 2]))
                s = torch.sum(l)
                p = torch.mul(torch.mul(a, n), s)
                q = torch.div(torch.mul(b, ops.prim.min(l)), torch.sqrt(4))
                for i in range(3):
                  q = torch.mul(q, i)
                  q = torch.add(q, torch.mul(b, torch.floordiv(n, 2)))
                """;
        String plain = """
                p = torch.mul(torch.mul(a, 8), 4.)
                q = torch.mul(torch.div(torch.mul(b, 1.5), 2.), 0)
                q = torch.add(q, torch.mul(b, 4))
                q = torch.add(torch.mul(q, 1), torch.mul(b, 4))
                q = torch.add(torch.mul(q, 2), torch.mul(b, 4))
                """;
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel scripted = model(script, "torch.mul(p, q)");
                TorchScriptModel written = model(plain, "torch.mul(p, q)")) {
            Inputs inputs = Inputs.of(TestModels.normal(written, DataType.FLOAT64, 2, 5, 3, 4));
            for (Attribution<? super RuledModel> method :
                    List.<Attribution<? super RuledModel>>of(new Lrp(Composites.epsilon(0)), new DeepLift())) {
                assertThat(explained(scripted, method, inputs))
                        .containsExactly(explained(written, method, inputs), Offset.offset(1e-9));
            }
        }
    }
}
