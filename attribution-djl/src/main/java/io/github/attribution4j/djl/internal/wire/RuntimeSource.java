// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.wire;

import io.github.attribution4j.djl.internal.program.AddedNames;
import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.djl.internal.program.Structure;
import io.github.attribution4j.djl.internal.rule.RuleSource;
import io.github.attribution4j.djl.internal.rule.RuledTape;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Builds the one file that is added to an instrumented archive: the tape that carries a request through a run, and
 * functions that walk values of the types that occur. Its text is ordinary TorchScript, which libtorch reads as well as
 * the serialized form. A function for a type is written only when it is first asked for.
 */
public final class RuntimeSource {
    /** Path below {@code code/}. */
    public static final String PATH = "__torch__/a4j_runtime.py";

    public static final String TAPE = AddedNames.RUNTIME + ".Tape";
    public static final String PORT = AddedNames.RUNTIME + ".Port";

    private final BitSet writtenInputs;
    private final boolean writes;
    private final boolean taped;
    private final boolean unbatched;
    private final boolean narrow;
    private final boolean quantized;
    private final @Nullable RuleSource rules;
    private final Set<String> called = new LinkedHashSet<>();
    private final StringBuilder functions = new StringBuilder();
    private final Set<String> arguments = new HashSet<>();
    private final Map<Structure, String> visitors = new HashMap<>();
    private final Map<String, Type> visited = new HashMap<>();
    private final Map<Structure, String> walkers = new HashMap<>();
    private final Map<Structure, String> writers = new HashMap<>();
    private final Map<Reader, String> readers = new HashMap<>();

    /**
     * Starts a file.
     *
     * @param writtenInputs the numbers of the root's parameters that the program may write to; it must get copies of
     *     these
     * @param writes whether the program may write to tensors at all; then the tape keeps copies
     * @param taped whether there is a tape
     * @param unbatched whether the program takes one example without an axis of rows
     * @param narrow whether the program holds 16-bit values; then a replacement is converted at the place where the
     *     type of the original value is known
     * @param quantized whether some tensors may be quantized
     * @param rules the library of backward rules; null if there is none
     */
    public RuntimeSource(
            BitSet writtenInputs,
            boolean writes,
            boolean taped,
            boolean unbatched,
            boolean narrow,
            boolean quantized,
            @Nullable RuleSource rules) {
        this.writtenInputs = writtenInputs;
        this.writes = writes;
        this.taped = taped;
        this.unbatched = unbatched;
        this.narrow = narrow;
        this.quantized = quantized;
        this.rules = rules;
    }

    /**
     * Returns the file.
     *
     * @param views whether some values have another view than {@link Row#AS_IS}
     */
    public String text(boolean views) {
        boolean nested = !visitors.isEmpty();
        String tape = !taped
                ? ""
                : rules == null
                        ? TapeSource.tape(AddedNames.RUNTIME, writes, nested, quantized, views, narrow)
                        : TapeSource.tape(
                                AddedNames.RUNTIME,
                                writes,
                                nested,
                                quantized,
                                views,
                                narrow,
                                RuledTape.of(rules, called),
                                rules.skips());
        return TapeSource.border(AddedNames.RUNTIME, unbatched, quantized) + tape + functions;
    }

    /** Returns a statement that makes ordinary tensors of quantized outputs; empty if none is quantized. */
    public String plain(String outputs) {
        return quantized ? "  a4j_plain = " + AddedNames.RUNTIME + ".plain_all(" + outputs + ", )\n" : "";
    }

    /** Records that the program calls a method of the rule library. */
    public void addCall(String method) {
        called.add(method);
    }

    /**
     * Returns the name of a function {@code (port, module, offset, place, value) -> value} that shows the tensors of a
     * value to the tape.
     */
    public String visitor(Structure structure) {
        String known = visitors.get(structure);
        if (known != null) {
            return known;
        }
        String name = "visit_" + visitors.size();
        visitors.put(structure, AddedNames.RUNTIME + "." + name);
        String walker = walker(structure);
        Type type = typeOf(structure);
        visited.put(AddedNames.RUNTIME + "." + name, type);
        functions.append("def ").append(name).append("(t: ").append(PORT);
        functions
                .append(", b: int, o: int, k: int, v: ")
                .append(type)
                .append(") -> ")
                .append(type);
        // A value that nobody asks for passes as it is, not as a rebuilt list.
        functions.append(":\n  y = v\n  if (t).begin(b + o, k, ):\n    y = ").append(walker);
        functions.append("(t, b + o, 4 * (k // 4), v, )\n  return y\n");
        return AddedNames.RUNTIME + "." + name;
    }

    /** Returns the result type of a visitor; null if there is none of this name. */
    public @Nullable Type visited(String name) {
        return visited.get(name);
    }

    /**
     * Returns the name of a function {@code (port, module, place, value) -> value} that shows every element in order.
     */
    private String walker(Structure structure) {
        String known = walkers.get(structure);
        if (known != null) {
            return known;
        }
        String name = "walk_" + walkers.size();
        walkers.put(structure, AddedNames.RUNTIME + "." + name);
        Type type = typeOf(structure);
        StringBuilder body = new StringBuilder();
        if (structure instanceof Structure.Optional optional) {
            body.append("  r : ").append(type).append(" = None\n  if v is not None:\n    r = ");
            body.append(walk(optional.item(), "v")).append("\n  else:\n    _0 = (t).gap(p, k, )\n  return r\n");
        } else if (structure instanceof Structure.ListOf list) {
            body.append("  r = annotate(").append(type).append(", [])\n  for x in v:\n    torch.append(r, ");
            body.append(walk(list.item(), "x")).append(")\n  return r\n");
        } else if (structure instanceof Structure.DictOf dict) {
            body.append("  r = annotate(").append(type).append(", {})\n");
            body.append("  for key in torch.keys(v):\n    torch._set_item(r, key, ");
            body.append(walk(dict.item(), "v[key]")).append(")\n  return r\n");
        } else if (structure instanceof Structure.TupleOf tuple) {
            StringBuilder parts = new StringBuilder();
            for (int i = 0; i < tuple.items().size(); i++) {
                body.append("  x").append(i).append(" = ");
                body.append(walk(tuple.items().get(i), part(tuple, i))).append('\n');
                parts.append('x').append(i).append(", ");
            }
            body.append("  return ")
                    .append(tuple.className())
                    .append('(')
                    .append(parts)
                    .append(")\n");
        } else {
            throw new IllegalArgumentException("no tensors in " + type);
        }
        functions.append("def ").append(name).append("(t: ").append(PORT);
        functions
                .append(", p: int, k: int, v: ")
                .append(type)
                .append(") -> ")
                .append(type)
                .append(":\n");
        functions.append(body);
        return AddedNames.RUNTIME + "." + name;
    }

    private String walk(Structure item, String value) {
        if (item instanceof Structure.Tensor) {
            return "(t).show(p, 0, k, " + value + ", )";
        }
        return item.hasTensors() ? walker(item) + "(t, p, k, " + value + ", )" : value;
    }

    private static String part(Structure.TupleOf tuple, int i) {
        return tuple.names().isEmpty() ? "(v)[" + i + "]" : "v." + tuple.names().get(i);
    }

    /** Returns the type from which a structure was read. */
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

    /** Returns a statement that takes a value apart into two variables, a list of tensors and a list of numbers. */
    public String write(Structure structure, String tensors, String layout, String value) {
        return structure instanceof Structure.Tensor
                ? "torch.append(" + tensors + ", " + value + ")"
                : writer(structure) + "(" + tensors + ", " + layout + ", " + value + ", )";
    }

    /** Returns the name of a function {@code (tensors, layout, value)} that takes a value apart. */
    String writer(Structure structure) {
        String known = writers.get(structure);
        if (known != null) {
            return known;
        }
        String name = "write_" + writers.size();
        writers.put(structure, AddedNames.RUNTIME + "." + name);
        StringBuilder body = new StringBuilder();
        if (structure instanceof Structure.Tensor) {
            body.append("  torch.append(out, v)\n");
        } else if (structure instanceof Structure.Scalar scalar) {
            body.append(
                    switch (scalar.type()) {
                        case "int" -> "  torch.append(layout, v)\n";
                        case "bool" -> "  torch.append(layout, int(v))\n";
                        case "float" -> "  " + AddedNames.RUNTIME + ".write_real(layout, v, )\n";
                        case "str" -> "  " + AddedNames.RUNTIME + ".write_text(layout, v, )\n";
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
        return AddedNames.RUNTIME + "." + name;
    }

    /** A function that puts a value together. It uses copies of the tensors or the tensors themselves. */
    private record Reader(Structure structure, boolean copies) {}

    private static String tensor(String list, boolean copy) {
        return (copy ? "torch.clone(" : "(") + "torch.pop(" + list + ", 0))";
    }

    /** Returns the name of a function {@code (numbers, tensors) -> value} that puts a value together. */
    private String reader(Structure structure, boolean copies) {
        Reader reader = new Reader(structure, copies);
        String known = readers.get(reader);
        if (known != null) {
            return known;
        }
        String name = "read_" + readers.size();
        readers.put(reader, AddedNames.RUNTIME + "." + name);
        String type = typeOf(structure).toString();
        StringBuilder body = new StringBuilder();
        if (structure instanceof Structure.Tensor) {
            body.append("  return ").append(tensor("x", copies)).append('\n');
        } else if (structure instanceof Structure.Scalar scalar) {
            body.append(
                    switch (scalar.type()) {
                        case "int" -> "  return torch.pop(c, 0)\n";
                        case "bool" -> "  return torch.pop(c, 0) != 0\n";
                        case "number" ->
                            "  if torch.pop(c, 0) != 0:\n    r : number = " + AddedNames.RUNTIME
                                    + ".real(c, )\n  else:\n    r : number = torch.pop(c, 0)\n  return r\n";
                        case "float" -> "  return " + AddedNames.RUNTIME + ".real(c, )\n";
                        case "str" -> "  return " + AddedNames.RUNTIME + ".text(c, )\n";
                        default -> "  return None\n";
                    });
        } else if (structure instanceof Structure.Optional optional) {
            body.append("  r : ").append(type).append(" = None\n  if torch.pop(c, 0) != 0:\n    r = ");
            body.append(reader(optional.item(), copies)).append("(c, x, )\n  return r\n");
        } else if (structure instanceof Structure.ListOf list) {
            body.append("  r = annotate(")
                    .append(type)
                    .append(", [])\n  for i in range(torch.pop(c, 0)):\n    torch.append(r, ");
            body.append(reader(list.item(), copies)).append("(c, x, ))\n  return r\n");
        } else if (structure instanceof Structure.DictOf dict) {
            body.append("  r = annotate(").append(type).append(", {})\n  for i in range(torch.pop(c, 0)):\n    k = ");
            body.append(reader(new Structure.Scalar(dict.key()), copies))
                    .append("(c, x, )\n    torch._set_item(r, k, ");
            body.append(reader(dict.item(), copies)).append("(c, x, ))\n  return r\n");
        } else if (structure instanceof Structure.TupleOf tuple) {
            StringBuilder parts = new StringBuilder();
            for (int i = 0; i < tuple.items().size(); i++) {
                body.append("  x")
                        .append(i)
                        .append(" = ")
                        .append(reader(tuple.items().get(i), copies))
                        .append("(c, x, )\n");
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
                .append("(c: List[int], x: List[Tensor]) -> ")
                .append(type)
                .append(":\n")
                .append(body);
        return AddedNames.RUNTIME + "." + name;
    }

    /**
     * Returns an expression for the argument of a parameter of the root, read from the variables {@code a4j_c} and
     * {@code a4j_v}; null if values of its type cannot be passed.
     */
    public @Nullable String argument(int number, Signature.Parameter parameter) {
        boolean copies = writtenInputs.get(number);
        boolean readable = !parameter.structure().hasOpaque();
        if (!readable && !parameter.hasDefault()) {
            return null;
        }
        if (parameter.structure() instanceof Structure.Tensor && !parameter.hasDefault()) {
            return tensor("a4j_v", copies);
        }
        String name = "argument_" + number;
        if (!arguments.add(name)) {
            return AddedNames.RUNTIME + "." + name + "(a4j_c, a4j_v, )";
        }
        StringBuilder body = new StringBuilder();
        // libtorch has no constant None of a union's type.
        Type type = readable && parameter.preset().equals("None") ? typeOf(parameter.structure()) : parameter.type();
        String preset = "annotate(" + type + ", " + parameter.preset() + ")";
        if (!parameter.hasDefault()) {
            body.append("  return ")
                    .append(reader(parameter.structure(), copies))
                    .append("(c, x, )\n");
        } else if (!readable) {
            body.append("  given = torch.pop(c, 0)\n  return ").append(preset).append('\n');
        } else {
            String typed = "    r : " + type + " = ";
            body.append("  if torch.pop(c, 0) != 0:\n").append(typed).append(reader(parameter.structure(), copies));
            body.append("(c, x, )\n  else:\n").append(typed).append(preset).append("\n  return r\n");
        }
        functions.append("def ").append(name).append("(c: List[int], x: List[Tensor]) -> ");
        functions.append(type).append(":\n").append(body);
        return AddedNames.RUNTIME + "." + name + "(a4j_c, a4j_v, )";
    }
}
