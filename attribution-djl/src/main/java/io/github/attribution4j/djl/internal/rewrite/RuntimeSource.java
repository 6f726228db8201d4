// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.rewrite;

import io.github.attribution4j.djl.internal.script.Type;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
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
    static final String PORT = MODULE + ".Port";

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
     * @param writtenInputs the numbers of the root's parameters that the program may write to, so that it must be given copies
     * @param writes whether it may write to tensors at all, so that what is kept must be a copy
     * @param taped whether there is a tape
     * @param unbatched whether the program takes one example without an axis of rows
     * @param narrow whether it holds values of 16 bits, so that what takes a value's place is put there where the type is known that stood there
     * @param quantized whether some tensors may be quantized
     * @param rules the library of backward rules; null if there is none
     */
    RuntimeSource(
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
     * @param views whether values are seen otherwise than they are
     */
    String text(boolean views) {
        boolean nested = !visitors.isEmpty();
        String tape = !taped
                ? ""
                : rules == null
                        ? TapeSource.tape(MODULE, writes, nested, quantized, views, narrow)
                        : TapeSource.tape(
                                MODULE,
                                writes,
                                nested,
                                quantized,
                                views,
                                narrow,
                                RuledTape.of(rules, called),
                                rules.skips());
        return TapeSource.border(MODULE, unbatched, quantized) + tape + functions;
    }

    /** A statement that makes ordinary tensors of the outputs; nothing where they are. */
    String plain(String outputs) {
        return quantized ? "  a4j_plain = " + MODULE + ".plain_all(" + outputs + ", )\n" : "";
    }

    /** Notes that the program calls a method of the rule library. */
    void calls(String method) {
        called.add(method);
    }

    /** Name of a function {@code (port, module, offset, place, value) -> value} that shows the tensors of a value to the tape. */
    String visitor(Structure structure) {
        String known = visitors.get(structure);
        if (known != null) {
            return known;
        }
        String name = "visit_" + visitors.size();
        visitors.put(structure, MODULE + "." + name);
        String walker = walker(structure);
        Type type = typeOf(structure);
        visited.put(MODULE + "." + name, type);
        functions.append("def ").append(name).append("(t: ").append(PORT);
        functions
                .append(", b: int, o: int, k: int, v: ")
                .append(type)
                .append(") -> ")
                .append(type);
        // Where nothing is wanted the value passes as it is, not as a rebuilt list.
        functions.append(":\n  y = v\n  if (t).begin(b + o, k, ):\n    y = ").append(walker);
        functions.append("(t, b + o, 4 * (k // 4), v, )\n  return y\n");
        return MODULE + "." + name;
    }

    /** The type of what a visitor returns; null if there is none of this name. */
    @Nullable
    Type visited(String name) {
        return visited.get(name);
    }

    /** Name of a function {@code (port, module, place, value) -> value} that shows every element in order. */
    private String walker(Structure structure) {
        String known = walkers.get(structure);
        if (known != null) {
            return known;
        }
        String name = "walk_" + walkers.size();
        walkers.put(structure, MODULE + "." + name);
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
        return MODULE + "." + name;
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

    /** A statement that takes a value apart into variables with a list of tensors and a list of numbers. */
    String write(Structure structure, String tensors, String layout, String value) {
        return structure instanceof Structure.Tensor
                ? "torch.append(" + tensors + ", " + value + ")"
                : writer(structure) + "(" + tensors + ", " + layout + ", " + value + ", )";
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

    /** A function that puts a value together, of copies or of the tensors themselves. */
    private record Reader(Structure structure, boolean copies) {}

    private static String tensor(String list, boolean copy) {
        return (copy ? "torch.clone(" : "(") + "torch.pop(" + list + ", 0))";
    }

    /** Name of a function {@code (numbers, tensors) -> value} that puts a value together. */
    private String reader(Structure structure, boolean copies) {
        Reader reader = new Reader(structure, copies);
        String known = readers.get(reader);
        if (known != null) {
            return known;
        }
        String name = "read_" + readers.size();
        readers.put(reader, MODULE + "." + name);
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
                            "  if torch.pop(c, 0) != 0:\n    r : number = " + MODULE
                                    + ".real(c, )\n  else:\n    r : number = torch.pop(c, 0)\n  return r\n";
                        case "float" -> "  return " + MODULE + ".real(c, )\n";
                        case "str" -> "  return " + MODULE + ".text(c, )\n";
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
        return MODULE + "." + name;
    }

    /** An expression for the value of a parameter of the root, which the variables {@code a4j_c} and {@code a4j_v} hold; null if its values cannot be passed. */
    @Nullable
    String argument(int number, Signature.Parameter parameter) {
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
            return MODULE + "." + name + "(a4j_c, a4j_v, )";
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
        return MODULE + "." + name + "(a4j_c, a4j_v, )";
    }
}
