// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.wire;

import io.github.attribution4j.djl.internal.rule.RuledTape;

/**
 * The text of the tape, which carries a request through a run, and of the port, the interface through which
 * instrumented methods see it.
 *
 * <p>libtorch inlines every call of a function or of a method of a class, but not of a method of an interface. Through
 * the port, a place costs one call, and the graph of the program hardly grows. All text here is compiled with every
 * model, so it is short, and parts that only some models need are left out for others.
 *
 * <p>A place tells what it shows by a number, {@code 4 * side + moment}. The moment is {@link #NEXT} for the next
 * element of a value, plus {@link #CALL} if another execution begins, plus {@link #FIRST} if elements count from 0
 * again.
 */
public final class TapeSource {
    public static final int NEXT = 0;
    public static final int CALL = 1;
    public static final int FIRST = 2;

    /** The text for every archive: reading a request, writing a reply. */
    private static final String BORDER = """
            def open(x: List[Tensor], values: List[Tensor], leaves: List[Tensor]) -> List[int]:
              first = torch.pop(x, 0)
              control = annotate(List[int], first.tolist())
              for v in x:
                torch.append(values, torch.contiguous(torch.detach(v)))
              torch.clear(x)
              for k in range(torch.pop(control, 0)):
                torch.append(leaves, torch.requires_grad_(values[torch.pop(control, 0)], True))
            ALONE
              return control
            def close(out: List[Tensor], taps: List[Tensor], leaves: List[Tensor], order: List[int], \
            layout: List[int]) -> List[Tensor]:
              header = [torch.len(out), torch.len(taps), torch.len(leaves)]
              torch.extend(header, order)
              torch.extend(header, layout)
              reply = [torch.tensor(header, dtype=4)]
              torch.extend(reply, RETURNED)
              torch.extend(reply, taps)
              torch.extend(reply, leaves)
              return reply
            def text(c: List[int]) -> str:
              s = ""
              for i in range(torch.pop(c, 0)):
                s = s + torch.chr(torch.pop(c, 0))
              return s
            def real(c: List[int]) -> float:
              mantissa = float(torch.pop(c, 0))
              exponent = torch.pop(c, 0)
              if exponent == 9999:
                return inf * mantissa
              return mantissa * torch.pow(2., exponent)
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
            def missing(x: Tensor, name: str) -> Tensor:
              ops.prim.RaiseException(torch.format("operator {} is not in libtorch 2.7.1; export the model without \
            it", name), "builtins.RuntimeError")
              return x
            """;

    /** The axis comes after the leaves are made, so that gradients have it too. */
    private static final String ALONE = """
              for k in range(torch.pop(control, 0)):
                i = torch.pop(control, 0)
                torch._set_item(values, i, torch.select(values[i], 0, 0))
            """;

    /**
     * Views of values whose axis 0 does not count rows, and back. Few models need them, and they take longer to compile
     * than everything else here.
     */
    private static final String VIEWED = """
              n = view // 8
              form = view % 8
              if form == 1:
                y = torch.unsqueeze(y, 0)
              elif form == 2:
                y = torch.reshape(y, [n, -1] + torch.slice(torch.size(y), 1, 99, 1))
              elif form == 3:
                y = torch.transpose(torch.reshape(y, [-1, n] + torch.slice(torch.size(y), 1, 99, 1)), 0, 1)
              elif form == 4:
                y = torch.movedim(y, n, 0)
            """;

    private static final String UNVIEWED = """
              form = view % 8
              if form == 1:
                x = torch.select(y, 0, 0)
              elif form == 2:
                x = torch.flatten(y, 0, 1)
              elif form == 3:
                x = torch.flatten(torch.transpose(y, 0, 1), 0, 1)
              elif form == 4:
                x = torch.contiguous(torch.movedim(y, 0, view // 8))
            """;

    /** The text between a value and its tap, for copies in which the two may differ. */
    private static final String BETWEEN = """
            def shown(x: Tensor, view: int, d: int) -> Tensor:
              y = x
              if d == 5 or d == 15:
                y = torch.to(x, 6)
            VIEWED
              return y
            def hidden(y: Tensor, view: int, d: int) -> Tensor:
              x = y
            UNVIEWED
              if ops.prim.dtype(x) != d:
                x = torch.to(x, d)
              return x
            """;

    /** Converts a replacement to the type of the original value. */
    private static final String CAST = """
                    if ops.prim.dtype(y) != d:
                      y = torch.to(y, d)
            """;

    private static final String TAPE = """
            def no_fast_path() -> bool:
              return False
            BETWEEN
            class Port(Interface):
              def show(self: PORT, b: int, o: int, k: int, x: Tensor) -> Tensor:
                pass
              def skip(self: PORT, p: int) -> int:
                pass
              def given(self: PORT, k: int) -> Tensor:
                pass
            NESTED
            class Tape:
              rows : List[int]
              modules : List[int]
              state : List[int]
              values : List[Tensor]
              taps : List[Tensor]
              order : List[int]
            ATTRIBUTES
              def __init__(self: TAPE, control: List[int], values: List[Tensor]) -> NoneType:
                n = torch.pop(control, 0)
                self.rows = torch.slice(control, 0, n * 7, 1)
                self.modules = torch.slice(control, 0, n * 7, 7)
                self.state = [0] * (2 * n)
                self.values = values
                self.taps = annotate(List[Tensor], [])
                self.order = annotate(List[int], [])
                for i in range(n * 7):
                  _0 = torch.pop(control, 0)
              def show(self: TAPE, b: int, o: int, k: int, x: Tensor) -> Tensor:
                y = x
                p = b + o
                if torch.__contains__(self.modules, p):
                  for r in range(torch.len(self.modules)):
                    if self.modules[r] == p:
                      y = self.visit(r, k, y)
                return y
              def visit(self: TAPE, r: int, k: int, x: Tensor) -> Tensor:
                module, call, side, element, replacement, leaf, view = torch.slice(self.rows, r * 7, r * 7 + 7, 1)
                y = x
                if side == k // 4 or (side < 2 and k < 8):
                  if k % 2 == 1:
                    torch._set_item(self.state, 2 * r, self.state[2 * r] + 1)
                  if k % 4 > 1:
                    torch._set_item(self.state, 2 * r + 1, 0)
                if side == k // 4:
                  e = self.state[2 * r + 1]
                  c = self.state[2 * r] - 1
                  torch._set_item(self.state, 2 * r + 1, e + 1)
                  if element == e and (call < 0 or call == c):
                    d = ops.prim.dtype(SEEN)
                    if replacement >= 0:
                      y = self.values[replacement]
                    else:
                      y = SHOWN
                    if leaf == 1:
                      y = torch.requires_grad_(torch.detach(y), True)
                    else:
                      y = torch.alias(y)
                    torch.append(self.taps, y)
                    torch.extend(self.order, [r, c, int(ops.prim.requires_grad(x))])
            CAST
                    y = PASSED
                return y
              def skip(self: TAPE, p: int) -> int:
                n = -1
                if torch.__contains__(self.modules, p):
                  for r in range(torch.len(self.modules)):
                    module, call, side, element, replacement, leaf, view = torch.slice(self.rows, r * 7, r * 7 + 7, 1)
                    if module == p and side == 0 and element == 0 and (call < 0 or call == self.state[2 * r] - 1):
                      n = SKIPPED
                return n
              def given(self: TAPE, k: int) -> Tensor:
                return self.values[k]
            """;

    /**
     * Quantized values: they are shown as the numbers that they stand for, and their replacement is quantized like
     * them.
     */
    private static final String QUANTIZED = """
            def plain(x: Tensor) -> Tensor:
              y = x
              if ops.prim.is_quantized(x):
                y = torch.dequantize(x)
              return y
            def alike(y: Tensor, x: Tensor) -> Tensor:
              z = y
              if ops.prim.is_quantized(x):
                if ops.prim.requires_grad(y):
                  ops.prim.RaiseException("the value at which the model is cut is a quantized one, \
            so no gradient passes it; cut the model at a layer after the quantized part, \
            or use a perturbation method", "builtins.RuntimeError")
                z = torch.quantize_per_tensor(y, torch.q_scale(x), torch.q_zero_point(x), ops.prim.dtype(x))
              return z
            def plain_all(out: List[Tensor]) -> NoneType:
              for i in range(torch.len(out)):
                torch._set_item(out, i, RUNTIME.plain(out[i], ))
              return None
            """;

    private static final String NESTED_PORT = """
              def begin(self: PORT, p: int, k: int) -> bool:
                pass
              def gap(self: PORT, p: int, k: int) -> NoneType:
                pass
            """;

    private static final String NESTED_TAPE = """
              def begin(self: TAPE, p: int, k: int) -> bool:
                wanted = torch.__contains__(self.modules, p)
                if wanted:
                  for r in range(torch.len(self.modules)):
                    side = self.rows[r * 7 + 2]
                    if self.modules[r] == p and (side == k // 4 or (side < 2 and k < 8)):
                      if k % 2 == 1:
                        torch._set_item(self.state, 2 * r, self.state[2 * r] + 1)
                      if k % 4 > 1:
                        torch._set_item(self.state, 2 * r + 1, 0)
                return wanted
              def gap(self: TAPE, p: int, k: int) -> NoneType:
                for r in range(torch.len(self.modules)):
                  if self.modules[r] == p and self.rows[r * 7 + 2] == k // 4:
                    torch._set_item(self.state, 2 * r + 1, self.state[2 * r + 1] + 1)
                return None
            """;

    private TapeSource() {}

    /**
     * Returns the functions that read a request and write a reply.
     *
     * @param unbatched whether inputs lose their first axis on the way in, and outputs gain one on the way out
     * @param quantized whether some tensors may be quantized
     */
    static String border(String module, boolean unbatched, boolean quantized) {
        return BORDER.replace("ALONE\n", unbatched ? ALONE : "")
                        .replace("RETURNED", unbatched ? "[torch.unsqueeze(y, 0) for y in out]" : "out")
                + (quantized ? QUANTIZED.replace("RUNTIME", module) : "");
    }

    /**
     * Returns the tape and the port.
     *
     * @param module the qualified name of the file
     * @param writes whether the program may write to tensors; then the tape keeps copies
     * @param nested whether some shown values are not plain tensors
     * @param quantized whether some tensors may be quantized
     * @param views whether some values have another {@link Row#view} than as is
     * @param narrow whether some values may have 16 bits; they are shown in 32, and converted back at the place where
     *     their type is known
     */
    static String tape(
            String module, boolean writes, boolean nested, boolean quantized, boolean views, boolean narrow) {
        return filled(module, writes, nested, quantized, views, narrow, "", "", "", !narrow);
    }

    /**
     * Returns the tape and the port of a copy that follows backward rules.
     *
     * @param narrow whether some values may have 16 bits
     * @param rules the rules' additions
     * @param skips whether calls whose result is replaced are left out, if nothing else forbids it
     */
    static String tape(
            String module,
            boolean writes,
            boolean nested,
            boolean quantized,
            boolean views,
            boolean narrow,
            RuledTape rules,
            boolean skips) {
        String more = rules.methods() + rules.functions();
        boolean skipped = skips && !narrow;
        return filled(
                module, writes, nested, quantized, views, narrow, rules.port(), rules.attributes(), more, skipped);
    }

    private static String filled(
            String module,
            boolean writes,
            boolean nested,
            boolean quantized,
            boolean views,
            boolean narrow,
            String port,
            String attributes,
            String methods,
            boolean skips) {
        boolean between = views || narrow;
        String put = between ? "RUNTIME.hidden(y, view, d, )" : "y";
        String text = TAPE.replace("BETWEEN\n", between ? BETWEEN : "")
                        .replace("NESTED\n", (nested ? NESTED_PORT : "") + port)
                        .replace("ATTRIBUTES\n", attributes)
                        .replace("UNVIEWED\n", views ? UNVIEWED : "")
                        .replace("VIEWED\n", views ? VIEWED : "")
                        .replace("SHOWN", between ? "RUNTIME.shown(KEPT(SEEN), view, d, )" : "KEPT(SEEN)")
                        .replace("CAST\n", between ? "" : CAST)
                        .replace("SEEN", quantized ? "RUNTIME.plain(x, )" : "x")
                        .replace("PASSED", quantized ? "RUNTIME.alike(KEPT(" + put + "), x, )" : "KEPT(" + put + ")")
                        // A replacement is quantized like the original value, which must therefore be computed.
                        .replace("SKIPPED", skips && !quantized ? "replacement" : "-1")
                + (nested ? NESTED_TAPE : "")
                + methods;
        return text.replace("PORT", module + ".Port")
                .replace("TAPE", module + ".Tape")
                .replace("RUNTIME", module)
                .replace("KEPT", writes ? "torch.clone" : "");
    }
}
