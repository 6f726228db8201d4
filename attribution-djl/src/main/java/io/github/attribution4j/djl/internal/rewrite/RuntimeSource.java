/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.djl.internal.rewrite;

import io.github.attribution4j.djl.internal.script.Type;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Builds the one file that is added to an instrumented archive: the tape that carries a request through a run, and functions that walk values of the types that
 * occur. It is written in ordinary TorchScript, which libtorch reads as well as the serialized form.
 */
final class RuntimeSource {
    /** Path below {@code code/}. */
    static final String PATH = "__torch__/a4j_runtime.py";

    static final String MODULE = "__torch__.a4j_runtime";
    static final String TAPE = MODULE + ".Tape";

    private static final String TAPE_SOURCE = """
            class Tape:
              control : List[int]
              values : List[Tensor]
              at : int
              used : int
              rows : List[int]
              wanted : List[int]
              seen : List[int]
              taps : List[Tensor]
              order : List[int]
              leaves : List[Tensor]
              def __init__(self: TAPE, x: List[Tensor]) -> NoneType:
                control = annotate(List[int], x[0].tolist())
                self.control = control
                inputs = control[0]
                wants = control[1]
                values = annotate(List[Tensor], [])
                leaves = annotate(List[Tensor], [])
                for i in range(inputs):
                  value = torch.detach(x[i + 1])
                  for k in range(wants):
                    if control[2 + k] == i:
                      value = torch.requires_grad_(value, True)
                  torch.append(values, value)
                for k in range(wants):
                  torch.append(leaves, values[control[2 + k]])
                count = control[2 + wants]
                rows = annotate(List[int], [])
                wanted = annotate(List[int], [])
                seen = annotate(List[int], [])
                for k in range(count * 6):
                  field = control[3 + wants + k]
                  torch.append(rows, field)
                  if k % 6 == 0:
                    torch.append(wanted, field)
                    torch.append(seen, 0)
                for i in range(inputs + 1, torch.len(x)):
                  torch.append(values, torch.detach(x[i]))
                self.values = values
                self.leaves = leaves
                self.used = 0
                self.rows = rows
                self.wanted = wanted
                self.seen = seen
                self.taps = annotate(List[Tensor], [])
                self.order = annotate(List[int], [])
                self.at = 3 + wants + count * 6
              def number(self: TAPE) -> int:
                n = self.control[self.at]
                self.at = self.at + 1
                return n
              def tensor(self: TAPE) -> Tensor:
                x = self.values[self.used]
                self.used = self.used + 1
                return COPY(x)
              def text(self: TAPE) -> str:
                n = self.number()
                s = ""
                for i in range(n):
                  s = s + torch.chr(self.number())
                return s
              def real(self: TAPE) -> float:
                mantissa = float(self.number())
                exponent = self.number()
                if exponent == 9999:
                  return inf * mantissa
                return mantissa * torch.pow(2., exponent)
              def enter(self: TAPE, p: int) -> int:
                c = -1
                if torch.__contains__(self.wanted, p):
                  for r in range(torch.len(self.wanted)):
                    if self.wanted[r] == p:
                      c = self.seen[r]
                      torch._set_item(self.seen, r, c + 1)
                return c
              def hit(self: TAPE, r: int, p: int, c: int, s: int, e: int) -> bool:
                k = r * 6
                call = self.rows[k + 1]
                return self.rows[k] == p and (call == c or call < 0) and self.rows[k + 2] == s and self.rows[k + 3] == e
              def replaced(self: TAPE, p: int, c: int) -> int:
                n = -1
                if c >= 0:
                  for r in range(torch.len(self.wanted)):
                    if self.hit(r, p, c, 0, 0):
                      if self.rows[r * 6 + 4] > 0:
                        n = self.rows[r * 6 + 4] - 1
                return n
              def value(self: TAPE, p: int, c: int, s: int, e: int, x: Tensor) -> Tensor:
                y = x
                if c >= 0:
                  for r in range(torch.len(self.wanted)):
                    if self.hit(r, p, c, s, e):
                      y = self.take(r, c, y)
                return y
              def take(self: TAPE, r: int, c: int, x: Tensor) -> Tensor:
                k = r * 6
                y = x
                if self.rows[k + 4] > 0:
                  y = self.values[self.rows[k + 4] - 1]
                if self.rows[k + 5] == 1:
                  y = torch.requires_grad_(torch.detach(y), True)
                else:
                  y = torch.alias(y)
                torch.append(self.taps, y)
                torch.append(self.order, r)
                torch.append(self.order, c)
                return COPY(y)
            def open(x: List[Tensor]) -> TAPE:
              y = torch.slice(x, 0, 9223372036854775807, 1)
              torch.clear(x)
              t = TAPE.__new__(TAPE)
              _0 = (t).__init__(y, )
              return t
            def close(t: TAPE, out: List[Tensor], layout: List[int]) -> List[Tensor]:
              header = [torch.len(out), torch.len(t.taps), torch.len(t.leaves)]
              for i in t.order:
                torch.append(header, i)
              for i in layout:
                torch.append(header, i)
              reply = [torch.tensor(header, dtype=4)]
              for y in out:
                torch.append(reply, y)
              for y in t.taps:
                torch.append(reply, y)
              for y in t.leaves:
                torch.append(reply, y)
              return reply
            def write_text(layout: List[int], s: str) -> NoneType:
              torch.append(layout, torch.len(s))
              for i in range(torch.len(s)):
                torch.append(layout, torch.ord(s[i]))
              return None
            def write_real(layout: List[int], v: float) -> NoneType:
              if torch.isnan(v):
                torch.append(layout, 0)
                torch.append(layout, 9999)
              elif torch.isinf(v):
                torch.append(layout, 1 if v > 0. else -1)
                torch.append(layout, 9999)
              else:
                mantissa, exponent, = torch.frexp(v)
                torch.append(layout, int(mantissa * 9007199254740992.))
                torch.append(layout, exponent - 53)
              return None
            def no_fast_path() -> bool:
              return False
            def missing(x: Tensor, name: str) -> Tensor:
              ops.prim.RaiseException(torch.format("operator {} is not in libtorch 2.7.1; export the model without it", name), "builtins.RuntimeError")
              return x
            """;

    private final boolean inPlace;
    private final StringBuilder functions = new StringBuilder();
    private final Set<String> arguments = new HashSet<>();
    private final Map<Structure, String> visitors = new HashMap<>();
    private final Map<Structure, String> writers = new HashMap<>();
    private final Map<Structure, String> readers = new HashMap<>();

    /** {@code inPlace}: whether the program may write to tensors, so that what is kept must be a copy. */
    RuntimeSource(boolean inPlace) {
        this.inPlace = inPlace;
    }

    String text() {
        String tape = TAPE_SOURCE.replace("TAPE", TAPE).replace("COPY", inPlace ? "torch.clone" : "");
        return tape + functions;
    }

    /** Name of a function {@code (tape, module, call, side, element, value) -> (value, next element)} that taps and replaces. */
    String visitor(Structure structure) {
        String known = visitors.get(structure);
        if (known != null) {
            return known;
        }
        String name = "visit_" + visitors.size();
        visitors.put(structure, MODULE + "." + name);
        Type type = typeOf(structure);
        StringBuilder body = new StringBuilder();
        if (structure instanceof Structure.Tensor) {
            body.append("  return ((t).value(p, c, s, e, v, ), e + 1)\n");
        } else if (structure instanceof Structure.Optional optional) {
            body.append("  r : ").append(type).append(" = None\n  n = e + 1\n  if v is not None:\n    w = v\n");
            visit(body, "    ", optional.item(), "w", "e");
            body.append("    r = w\n  return (r, n)\n");
        } else if (structure instanceof Structure.ListOf list) {
            body.append("  r = annotate(").append(type).append(", [])\n  n = e\n  for x in v:\n    w = x\n");
            visit(body, "    ", list.item(), "w", "n");
            body.append("    torch.append(r, w)\n  return (r, n)\n");
        } else if (structure instanceof Structure.DictOf dict) {
            body.append("  r = annotate(").append(type).append(", {})\n  n = e\n");
            body.append("  for k in torch.keys(v):\n    w = v[k]\n");
            visit(body, "    ", dict.item(), "w", "n");
            body.append("    torch._set_item(r, k, w)\n  return (r, n)\n");
        } else if (structure instanceof Structure.TupleOf tuple) {
            body.append("  n = e\n");
            StringBuilder parts = new StringBuilder();
            for (int i = 0; i < tuple.items().size(); i++) {
                body.append("  x")
                        .append(i)
                        .append(" = ")
                        .append(part(tuple, i))
                        .append('\n');
                visit(body, "  ", tuple.items().get(i), "x" + i, "n");
                parts.append('x').append(i).append(", ");
            }
            body.append("  return (")
                    .append(tuple.className())
                    .append('(')
                    .append(parts)
                    .append("), n)\n");
        } else {
            throw new IllegalArgumentException("no tensors in " + type);
        }
        functions.append("def ").append(name).append("(t: ").append(TAPE);
        functions.append(", p: int, c: int, s: int, e: int, v: ").append(type);
        functions.append(") -> Tuple[").append(type).append(", int]:\n");
        if (!(structure instanceof Structure.Tensor)) {
            // Nothing is wanted of this call: the value passes as it is, not as a rebuilt list.
            functions.append("  if c < 0:\n    return (v, e)\n");
        }
        functions.append(body);
        return MODULE + "." + name;
    }

    /** One line that visits a variable in place, starting at element {@code e}, and leaves the next element in {@code n}. */
    private void visit(StringBuilder body, String indent, Structure item, String variable, String e) {
        if (item.hasTensors()) {
            body.append(indent).append(variable).append(", n, = ").append(visitor(item));
            body.append("(t, p, c, s, ").append(e).append(", ").append(variable).append(", )\n");
        }
    }

    private static String part(Structure.TupleOf tuple, int i) {
        return tuple.names().isEmpty() ? "(v)[" + i + "]" : "v." + tuple.names().get(i);
    }

    /** The type that a structure came from. */
    static Type typeOf(Structure structure) {
        if (structure instanceof Structure.Tensor) {
            return Type.TENSOR;
        }
        if (structure instanceof Structure.Scalar scalar) {
            return Type.of(scalar.type());
        }
        if (structure instanceof Structure.Optional optional) {
            return Type.generic("Optional", typeOf(optional.item()));
        }
        if (structure instanceof Structure.ListOf list) {
            return Type.generic("List", typeOf(list.item()));
        }
        if (structure instanceof Structure.DictOf dict) {
            return Type.generic("Dict", Type.of(dict.key()), typeOf(dict.item()));
        }
        if (structure instanceof Structure.TupleOf tuple) {
            return tuple.className().isEmpty()
                    ? new Type(
                            "Tuple",
                            tuple.items().stream().map(RuntimeSource::typeOf).toList(),
                            true)
                    : Type.of(tuple.className());
        }
        return ((Structure.Opaque) structure).type();
    }

    /** Name of a function {@code (tensors, layout, value)} that takes a value apart. */
    String writer(Structure structure) {
        String known = writers.get(structure);
        if (known != null) {
            return known;
        }
        String name = "write_" + writers.size();
        writers.put(structure, MODULE + "." + name);
        StringBuilder body = new StringBuilder();
        if (structure instanceof Structure.Tensor) {
            body.append("  torch.append(out, v)\n");
        } else if (structure instanceof Structure.Scalar scalar) {
            body.append(
                    switch (scalar.type()) {
                        case "int" -> "  torch.append(layout, v)\n";
                        case "bool" -> "  torch.append(layout, int(v))\n";
                        case "float" -> "  " + MODULE + ".write_real(layout, v, )\n";
                        case "str" -> "  " + MODULE + ".write_text(layout, v, )\n";
                        default -> "";
                    });
        } else if (structure instanceof Structure.Optional optional) {
            body.append("  if v is not None:\n    torch.append(layout, 1)\n    ");
            body.append(writer(optional.item())).append("(out, layout, v, )\n  else:\n    torch.append(layout, 0)\n");
        } else if (structure instanceof Structure.ListOf list) {
            body.append("  torch.append(layout, torch.len(v))\n  for x in v:\n    ");
            body.append(writer(list.item())).append("(out, layout, x, )\n");
        } else if (structure instanceof Structure.DictOf dict) {
            body.append("  torch.append(layout, torch.len(v))\n  for k in torch.keys(v):\n    ");
            body.append(writer(new Structure.Scalar(dict.key()))).append("(out, layout, k, )\n    ");
            body.append(writer(dict.item())).append("(out, layout, v[k], )\n");
        } else if (structure instanceof Structure.TupleOf tuple) {
            for (int i = 0; i < tuple.items().size(); i++) {
                body.append("  ").append(writer(tuple.items().get(i)));
                body.append("(out, layout, ").append(part(tuple, i)).append(", )\n");
            }
        }
        functions.append("def ").append(name);
        functions
                .append("(out: List[Tensor], layout: List[int], v: ")
                .append(typeOf(structure))
                .append(") -> NoneType:\n");
        functions.append(body).append("  return None\n");
        return MODULE + "." + name;
    }

    /** Name of a function {@code (tape) -> value} that puts a value together. */
    String reader(Structure structure) {
        String known = readers.get(structure);
        if (known != null) {
            return known;
        }
        String name = "read_" + readers.size();
        readers.put(structure, MODULE + "." + name);
        String type = typeOf(structure).toString();
        StringBuilder body = new StringBuilder();
        if (structure instanceof Structure.Tensor) {
            body.append("  return t.tensor()\n");
        } else if (structure instanceof Structure.Scalar scalar) {
            body.append(
                    switch (scalar.type()) {
                        case "int" -> "  return t.number()\n";
                        case "bool" -> "  return t.number() != 0\n";
                        case "float" -> "  return t.real()\n";
                        case "str" -> "  return t.text()\n";
                        default -> "  return None\n";
                    });
        } else if (structure instanceof Structure.Optional optional) {
            body.append("  r : ").append(type).append(" = None\n  if t.number() != 0:\n    r = ");
            body.append(reader(optional.item())).append("(t, )\n  return r\n");
        } else if (structure instanceof Structure.ListOf list) {
            body.append("  r = annotate(")
                    .append(type)
                    .append(", [])\n  for i in range(t.number()):\n    torch.append(r, ");
            body.append(reader(list.item())).append("(t, ))\n  return r\n");
        } else if (structure instanceof Structure.DictOf dict) {
            body.append("  r = annotate(").append(type).append(", {})\n  for i in range(t.number()):\n    k = ");
            body.append(reader(new Structure.Scalar(dict.key()))).append("(t, )\n    torch._set_item(r, k, ");
            body.append(reader(dict.item())).append("(t, ))\n  return r\n");
        } else if (structure instanceof Structure.TupleOf tuple) {
            StringBuilder parts = new StringBuilder();
            for (int i = 0; i < tuple.items().size(); i++) {
                body.append("  x")
                        .append(i)
                        .append(" = ")
                        .append(reader(tuple.items().get(i)))
                        .append("(t, )\n");
                parts.append('x').append(i).append(", ");
            }
            body.append("  return ")
                    .append(tuple.className())
                    .append('(')
                    .append(parts)
                    .append(")\n");
        } else {
            throw new IllegalArgumentException("cannot be read: " + type);
        }
        functions.append("def ").append(name);
        functions
                .append("(t: ")
                .append(TAPE)
                .append(") -> ")
                .append(type)
                .append(":\n")
                .append(body);
        return MODULE + "." + name;
    }

    /** Name of a function {@code (tape) -> value} for a parameter of the root; null if its values cannot be passed. */
    @Nullable
    String argument(int number, Signature.Parameter parameter) {
        boolean readable = !parameter.structure().hasOpaque();
        if (!readable && !parameter.hasDefault()) {
            return null;
        }
        String name = "argument_" + number;
        if (!arguments.add(name)) {
            return MODULE + "." + name;
        }
        StringBuilder body = new StringBuilder();
        String preset = "annotate(" + parameter.type() + ", " + parameter.preset() + ")";
        if (!parameter.hasDefault()) {
            body.append("  return ").append(reader(parameter.structure())).append("(t, )\n");
        } else if (!readable) {
            body.append("  given = t.number()\n  return ").append(preset).append('\n');
        } else {
            body.append("  if t.number() != 0:\n    r = ").append(reader(parameter.structure()));
            body.append("(t, )\n  else:\n    r = ").append(preset).append("\n  return r\n");
        }
        functions.append("def ").append(name).append("(t: ").append(TAPE).append(") -> ");
        functions.append(parameter.type()).append(":\n").append(body);
        return MODULE + "." + name;
    }
}
