# SPDX-License-Identifier: Apache-2.0
"""Cases of onnx_operators.py whose nodes have graphs of their own: choices, loops and scans."""

import numpy as np
import torch

from onnx_operator_cases import case, ints, r

ADDED = True
YES, NO = np.array(True), np.array(False)

CHOICE = (
    "y = If(c) <then_branch = t () => (float[a,b] p) { q = Mul(x, w) p = Sin(q) }, else_branch = e () => (float[a,b] p) { p = Exp(x) }>"
)
for name, c, f in [("then", YES, lambda x, w: (x * w).sin()), ("else", NO, lambda x, w: x.exp() + 0 * w)]:
    case(f"if_{name}", CHOICE, x=r(2, 3), w=r(3), given={"c": c}, torch=lambda x, w, c, f=f: f(x, w))
case("if_by_size", "n = Size(x); c = Greater(n, k); " + CHOICE, x=r(2, 3), w=r(3), const={"k": ints(5).reshape(())}, torch=lambda x, w, k: (x * w).sin())
case(
    "if_one_branch_constant",
    "z = If(c) <then_branch = t () => (float[a,b] p) { p = Identity(x) }, else_branch = e () => (float[a,b] p) { p = Identity(k) }>; y = Add(z, x)",
    x=r(2, 3), given={"c": NO}, const={"k": r(2, 3)}, torch=lambda x, c, k: x + k,
)
case(
    "if_two_results",
    "a, b = If(c) <then_branch = t () => (float[a,b] p, float[a] q) { p = Mul(x, x) q = ReduceSum <keepdims=0> (x, d) }, "
    "else_branch = e () => (float[a,b] p, float[a] q) { p = Neg(x) q = ReduceMax <keepdims=0> (x, d) }>; y = MatMul(b, a)",
    x=r(2, 3), given={"c": YES}, const={"d": ints(1)}, torch=lambda x, c, d: x.sum(1) @ (x * x),
)
case(
    "if_in_if",
    "y = If(c) <then_branch = t () => (float[a,b] p) { h = Sigmoid(x) p = If(e) <then_branch = t2 () => (float[a,b] q) { q = Mul(h, x) }, "
    "else_branch = e2 () => (float[a,b] q) { q = Neg(h) }> }, else_branch = e () => (float[a,b] p) { p = Exp(x) }>",
    x=r(2, 3), given={"c": YES, "e": YES}, torch=lambda x, c, e: x.sigmoid() * x,
)


def powers(x, w, steps):
    v, seen = x, []
    for _ in range(steps):
        v = torch.tanh(v * w + x)
        seen.append(v * v)
    return v, torch.stack(seen)


LOOP = "v, s = Loop(m, , x) <body = b (int64 i, bool c, float[a,b] u) => (bool k, float[a,b] t, float[a,b] o) { k = Identity(c) f = Mul(u, w) g = Add(f, x) t = Tanh(g) o = Mul(t, t) }>"
case("loop", f"{LOOP}; y = Neg(v)", x=r(2, 3), w=r(3), const={"m": ints(3).reshape(())}, torch=lambda x, w, m: -powers(x, w, 3)[0])
case("loop_collects", f"{LOOP}; y = Neg(s)", x=r(2, 3), w=r(3), given={"m": ints(3).reshape(())}, torch=lambda x, w, m: -powers(x, w, 3)[1])
case("loop_both", f"{LOOP}; y = Mul(s, v)", x=r(2, 3), w=r(3), given={"m": ints(4).reshape(())}, torch=lambda x, w, m: powers(x, w, 4)[0] * powers(x, w, 4)[1])
case("loop_never", f"{LOOP}; y = Mul(v, v)", x=r(2, 3), w=r(3), given={"m": ints(0).reshape(())}, torch=lambda x, w, m: x * x + 0 * w)
case(
    "loop_until",
    "y = Loop(, t, x) <body = b (int64 i, bool c, float[a,b] u) => (bool k, float[a,b] o) { k = Less(i, n) o = Sin(u) }>",
    x=r(2, 3), const={"t": YES}, given={"n": ints(2).reshape(())}, torch=lambda x, t, n: x.sin().sin().sin(),
)
case(
    "loop_grows",
    "v = Loop(m, , x) <body = b (int64 i, bool c, float[a,b] u) => (bool k, float[d,b] o) { k = Identity(c) f = Mul(u, u) o = Concat <axis=0> (f, x) }>; y = Neg(v)",
    x=r(2, 3), const={"m": ints(2).reshape(())}, torch=lambda x, m: -torch.cat([torch.cat([x * x, x]) ** 2, x]),
)
case(
    "loop_by_number",
    "s = Loop(m, t) <body = b (int64 i, bool c) => (bool k, float[b] o) { k = Identity(c) f = Gather <axis=0> (x, i) o = Exp(f) }>; y = Neg(s)",
    x=r(3, 2), const={"m": ints(3).reshape(()), "t": YES}, torch=lambda x, m, t: -x.exp(),
)
case(
    "if_in_loop",
    "y = Loop(m, , x) <body = b (int64 i, bool c, float[a,b] u) => (bool k, float[a,b] o) { k = Identity(c) e = Equal(i, one) "
    "o = If(e) <then_branch = t () => (float[a,b] p) { p = Mul(u, x) }, else_branch = g () => (float[a,b] p) { p = Sin(u) }> }>",
    x=r(2, 3), const={"m": ints(3).reshape(()), "one": ints(1).reshape(())}, torch=lambda x, m, one: (x.sin() * x).sin(),
)
case(
    "loop_in_loop",
    "y = Loop(m, , x) <body = b (int64 i, bool c, float[a,b] u) => (bool k, float[a,b] o) { k = Identity(c) "
    "v = Loop(m, , u) <body = b2 (int64 i2, bool c2, float[a,b] u2) => (bool k2, float[a,b] o2) { k2 = Identity(c2) o2 = Mul(u2, x) }> o = Sin(v) }>",
    x=r(2, 3, low=-1, high=1), const={"m": ints(2).reshape(())}, torch=lambda x, m: ((x * x * x).sin() * x * x).sin(),
)
case(
    "loop_hands_on_numbers",
    "n, v = Loop(m, , j, x) <body = b (int64 i, bool c, int64 e, float[a,b] u) => (bool k, int64 e2, float[a,b] o) { k = Identity(c) e2 = Add(e, e) "
    "f = Cast <to=1> (e2) o = Mul(u, f) }>; y = Neg(v)",
    x=r(2, 3), const={"m": ints(3).reshape(()), "j": ints(1).reshape(())}, torch=lambda x, m, j: -x * 2 * 4 * 8,
)


def cells(x, h, w, backwards=False):
    all_states = []
    for step in reversed(x) if backwards else x:
        h = torch.tanh(step @ w + h)
        all_states.append(h * h)
    return h, torch.stack(all_states)


BODY = "body = b (float[a,b] h, float[a,b] x) => (float[a,b] t, float[a,b] o) { f = MatMul(x, w) g = Add(f, h) t = Tanh(g) o = Mul(t, t) }"
XS, H, W = (4, 2, 3), (2, 3), (3, 3)
case("scan", f"v, s = Scan(h, xs) <num_scan_inputs=1, {BODY}>; y = Mul(v, s)", xs=r(*XS), h=r(*H), w=r(*W), torch=lambda x, h, w: cells(x, h, w)[0] * cells(x, h, w)[1])
case("scan_last", f"v, s = Scan(h, xs) <num_scan_inputs=1, {BODY}>; y = Neg(v)", xs=r(*XS), h=r(*H), w=r(*W), torch=lambda x, h, w: -cells(x, h, w)[0])
case(
    "scan_backwards", f"v, s = Scan(h, xs) <num_scan_inputs=1, scan_input_directions=[1], scan_output_directions=[1], {BODY}>; y = Mul(v, s)",
    xs=r(*XS), h=r(*H), w=r(*W), torch=lambda x, h, w: cells(x, h, w, True)[0] * cells(x, h, w, True)[1].flip(0),
)
case(
    "scan_axes", f"v, s = Scan(h, xs) <num_scan_inputs=1, scan_input_axes=[1], scan_output_axes=[-1], {BODY}>; y = Neg(s)",
    xs=r(2, 4, 3), h=r(*H), w=r(*W), torch=lambda x, h, w: -cells(x.transpose(0, 1), h, w)[1].permute(1, 2, 0),
)
case(
    "scan_two_inputs",
    "v, s = Scan(h, xs, zs) <num_scan_inputs=2, scan_input_directions=[0,1], body = b (float[a,b] h, float[a,b] x, float[a,b] z) => (float[a,b] t, float[a,b] o) "
    "{ f = Mul(x, z) t = Add(f, h) o = Sin(t) }>; y = Mul(v, s)",
    xs=r(*XS), zs=r(*XS), h=r(*H), torch=lambda x, z, h: (h + (x * z.flip(0)).sum(0)) * (h + (x * z.flip(0)).cumsum(0)).sin(),
)
case("scan_sum", "v = Scan(h, xs) <num_scan_inputs=1, body = b (float[a,b] h, float[a,b] x) => (float[a,b] t) { t = Add(x, h) }>; y = Sin(v)", xs=r(*XS), h=r(*H), torch=lambda x, h: (x.sum(0) + h).sin())
