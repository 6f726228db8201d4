# SPDX-License-Identifier: Apache-2.0
"""Cases of onnx_operators.py: results that are read beside the first one, sizes that meet others, settings of one opset only."""

import numpy as np
import torch
import torch.nn.functional as F

from onnx_operator_cases import case, ints, r

ADDED = True

# Results without axes that go on

for kind, x, axes in [("vector", (5,), [0]), ("all", (2, 3), [0, -1])]:
    case(f"mean_of_{kind}_goes_on", "m = ReduceMean<keepdims=0>(x, d); y = Mul(x, m)", x=r(*x), const={"d": ints(*axes)}, torch=lambda x, d: x * x.mean())
for op, f in [("Max", torch.amax), ("L2", torch.linalg.vector_norm), ("LogSumExp", lambda x: torch.logsumexp(x, (0, 1))), ("Prod", torch.prod)]:
    case(f"reduce_{op.lower()}_of_all_goes_on", f"m = Reduce{op}<keepdims=0>(x, d); y = Mul(x, m)", x=r(2, 3, low=0.3), const={"d": ints(-2, 1)}, torch=lambda x, d, f=f: x * f(x))
case("gather_of_vector_goes_on", "g = Gather<axis=0>(x, i); y = Mul(g, x)", x=r(4), given={"i": ints(-2).reshape(())}, torch=lambda x, i: x[-2] * x)

# An axis of one element under the letter of a longer one

case("einsum_dots_of_one", 'y = Einsum<equation="...ij,...jk->...ik">(a, b)', a=r(1, 2, 3), b=r(4, 3, 2), torch=lambda a, b: a @ b)
case("einsum_letter_of_one", 'y = Einsum<equation="ij,jk->ik">(a, b)', a=r(2, 1), b=r(3, 4), torch=lambda a, b: a.expand(2, 3) @ b)
case("einsum_letter_of_one_summed", 'y = Einsum<equation="ij,jk->k">(a, b)', a=r(2, 1), b=r(3, 4), torch=lambda a, b: (a.expand(2, 3) @ b).sum(0))
case("einsum_of_itself", 'y = Einsum<equation="ij,ij->i">(a, a)', a=r(2, 3), torch=lambda a: (a * a).sum(1))

# Other results than the first one

case(
    "layer_norm_mean_and_deviation", "z, m, i = LayerNormalization<axis=-2>(x, s); t = Mul(m, m); u = Mul(i, x); v = Mul(u, t); y = Add(v, z)", x=r(2, 3, 4), s=r(3, 4),
    torch=lambda x, s: F.layer_norm(x, (3, 4)) * s + x.mean((1, 2), keepdim=True) ** 2 * x / torch.sqrt(x.var((1, 2), unbiased=False, keepdim=True) + 1e-5),
)
case("top_k_places_read", "v, i = TopK<axis=0>(x, k); f = Cast<to=1>(i); y = Mul(v, f)", x=r(5, 2), const={"k": ints(3)}, torch=lambda x, k: x.topk(3, 0)[0] * x.topk(3, 0)[1])
case(
    "loop_state_beside",
    "u, v = Loop(m, , x, w) <body = b (int64 i, bool c, float[a] p, float[a] q) => (bool k, float[a] o, float[a] z) { k = Identity(c) o = Mul(p, p) z = Sin(q) }>; y = Add(u, v)",
    x=r(3), given={"w": r(3)}, const={"m": ints(2).reshape(())}, torch=lambda x, w, m: (x * x) ** 2 + w.sin().sin(),
)
case(
    "scan_state_beside",
    "u, v = Scan<num_scan_inputs=1, body = b (float[a] p, float[a] t) => (float[a] o, float[a] z) { o = Add(p, p) z = Mul(t, t) }>(w, x); y = Add(u, v)",
    x=r(4, 3), given={"w": r(3)}, torch=lambda x, w: w * 16 + x * x,
)

# Settings of one opset

for opset in (17, 18, 19):
    case(f"stft_opset_{opset}", "y = STFT(x, s, w)", x=r(2, 12, 1), const={"s": ints(3).reshape(()), "w": r(6)}, linear=True, fixed="x", opset=opset)
case("stft_without_window", "y = STFT<onesided=0>(x, s, , n)", x=r(1, 11), const={"s": ints(3).reshape(()), "n": ints(4).reshape(())}, linear=True, fixed="x")
case("dft_length_of_32_bits", "y = DFT(x, n, d)", x=r(1, 4, 1), const={"n": np.int32(7), "d": ints(1).reshape(())}, linear=True, fixed="x")
NONE = np.array([], dtype=np.float32)
for opset, mode in [(11, "linear"), (12, "nearest"), (18, "cubic")]:
    case(f"resize_to_sizes_opset_{opset}", f'y = Resize<mode="{mode}">(x, roi, s, z)', x=r(1, 2, 3, 4), const={"roi": NONE, "s": NONE, "z": ints(1, 2, 5, 6)}, linear=True, opset=opset, fixed="x")
