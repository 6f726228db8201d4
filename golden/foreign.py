# SPDX-License-Identifier: Apache-2.0
"""Writes golden/foreign: archives that other versions of PyTorch, tools for phones, and traces made on a GPU leave, with what PyTorch computes in float64.

    python golden/foreign.py

No version before the one in requirements.txt can be had any more. The archives of PyTorch 1.3 to 2.12 and those of `optimize_for_mobile`, whose
operators this build of PyTorch does not have, are therefore written by hand after what those versions wrote: the same text, the same pickles, the same
records. What a version is imitated in is said at `dialect`. The values come from the same weights in an eager model of today, in float64.
"""

import json
import warnings
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import archive
import handwritten
from handwritten import Device, IntList, Object

HERE = Path(__file__).resolve().parent
OUT = HERE / "foreign"


class Writer:
    def __init__(self) -> None:
        self.arrays: Dict[str, np.ndarray] = {}
        self.listed: List[Dict[str, object]] = []
        self.rng = np.random.RandomState(11)

    def normal(self, *shape: int) -> np.ndarray:
        return self.rng.normal(0, 1, shape).astype(np.float32)

    def expect(self, name: str, x: np.ndarray, run: Callable[[Tensor, Dict[str, Tensor]], Tensor], about: str, **more: object) -> None:
        """Keeps input, output, the gradient of the sum of output column 1, and values of layers that `run` puts into its second argument."""
        leaf = torch.from_numpy(x).double().requires_grad_()
        layers: Dict[str, Tensor] = {}
        output = run(leaf, layers)
        (gradient,) = torch.autograd.grad(output[:, 1].sum(), leaf)
        self.arrays[f"{name}.input"] = x
        self.arrays[f"{name}.output"] = output.detach().numpy()
        self.arrays[f"{name}.gradient"] = gradient.numpy()
        for k, value in enumerate(layers.values()):
            self.arrays[f"{name}.layer_{k}"] = value.detach().numpy()
        entry: Dict[str, object] = {"name": name, "about": about, "layers": list(layers)}
        entry.update(more)
        self.listed.append(entry)


# ---- versions ----


def dialect(minor: str) -> Dict[str, object]:
    """What the archives of a version look like.

    1.3: `import` lines and `op_version_set` in every file, calls of submodules put in place, `None` for NoneType, parts of tuples with a colon,
    `unchecked_unwrap_optional`; storage ids of six parts. 1.4: classes of traces are all called Module; no `import` lines. 1.5: format version 2, no
    `op_version_set`, `__buffers__` not yet. 1.6: format version 3. 1.8: `_is_full_backward_hook`. 2.1: byteorder and serialization_id.
    2.7: .format_version and .storage_alignment.
    """
    number = tuple(int(part) for part in minor.split("."))
    return {
        "parts": 6 if number < (1, 5) else 5,
        "version": "1" if number < (1, 5) else "2" if number < (1, 6) else "3",
        "head": "op_version_set = 1\n" if number < (1, 5) else "",
        "buffers": "  __buffers__ = []\n" if number >= (1, 6) else "",
        "hook": "  _is_full_backward_hook : Optional[bool]\n" if number >= (1, 8) else "",
        "records": {
            **({"byteorder": b"little"} if number >= (2, 1) else {}),
            **({".data/serialization_id": b"0" * 40} if number >= (2, 1) else {}),
            **({".format_version": b"1", ".storage_alignment": b"64"} if number >= (2, 7) else {}),
        },
    }


LINEAR = "__torch__.torch.nn.modules.linear"


def mlp(w: Writer) -> Dict[str, np.ndarray]:
    return {"fc1.weight": w.normal(5, 4), "fc1.bias": w.normal(5), "fc2.weight": w.normal(3, 5), "fc2.bias": w.normal(3)}


def run_mlp(weights: Dict[str, np.ndarray], names: Sequence[str]) -> Callable[[Tensor, Dict[str, Tensor]], Tensor]:
    """The network of the versions; `names`: how its values are addressed."""
    t = {key: torch.from_numpy(value).double() for key, value in weights.items()}

    def run(x: Tensor, layers: Dict[str, Tensor]) -> Tensor:
        values = [F.linear(x, t["fc1.weight"], t["fc1.bias"])]
        values.append(F.relu(values[0]))
        values.append(F.linear(values[1], t["fc2.weight"], t["fc2.bias"]))
        for name, value in zip(names, values):
            if name:
                layers[name] = value
        return values[2]

    return run


def objects(weights: Dict[str, np.ndarray], root: str, linears: Tuple[str, str], relu: Optional[str], training: bool, hook: bool) -> Object:
    extra = {"training": training, **({"_is_full_backward_hook": None} if hook else {})}

    def linear(name: str, k: int) -> Object:
        return Object(linears[k], {"weight": weights[f"{name}.weight"], "bias": weights[f"{name}.bias"], **extra})

    state = {**extra, "fc1": linear("fc1", 0)}
    if relu:
        state["relu"] = Object(relu, dict(extra))
    return Object(root, {**state, "fc2": linear("fc2", 1)})


def version_1_3(w: Writer) -> None:
    """Scripted: the bodies of submodules stand in the root's forward."""
    d = dialect("1.3")
    weights = mlp(w)
    code = {
        "__torch__.py": f"""op_version_set = 1
import {LINEAR}
import {LINEAR}.___torch_mangle_0
import __torch__.helpers
class Net(Module):
  __parameters__ = []
  __constants__ : List[str]
  training : bool
  fc1 : {LINEAR}.Linear
  fc2 : {LINEAR}.___torch_mangle_0.Linear
  def forward(self: __torch__.Net,
    x: Tensor,
    scale: Optional[float]=None) -> Tensor:
    _0 = self.fc1
    _1 = _0.weight
    _2 = _0.bias
    if torch.eq(torch.dim(x), 2):
      _3 = torch.__isnot__(_2, None)
    else:
      _3 = False
    if _3:
      bias = ops.prim.unchecked_unwrap_optional(_2)
      hidden = torch.addmm(bias, x, torch.t(_1), beta=1, alpha=1)
    else:
      hidden = torch.matmul(x, torch.t(_1))
    if torch.__is__(scale, None):
      scale0 = 1.
    else:
      scale0 = ops.prim.unchecked_unwrap_optional(scale)
    state = (torch.relu(hidden), hidden, scale0)
    pair = (state)[0:2]
    _4, _5, = pair
    _6 = __torch__.helpers.check(_4, )
    _7 = self.fc2
    output = torch.addmm(_7.bias, _4, torch.t(_7.weight), beta=1, alpha=1)
    result = torch.mul(output, (state)[2])
    return result
  def names(self: __torch__.Net) -> List[str]:
    return self.__constants__
""",
        "__torch__/helpers.py": """op_version_set = 1
def check(x: Tensor) -> None:
  if torch.lt(torch.dim(x), 1):
    ops.prim.RaiseException("Exception")
  else:
    pass
  return None
""",
    }
    for path, type_name in (("linear.py", "Linear"), ("linear/___torch_mangle_0.py", "___torch_mangle_0.Linear")):
        code[f"__torch__/torch/nn/modules/{path}"] = f"""op_version_set = 1
class Linear(Module):
  __parameters__ = ["weight", "bias", ]
  weight : Tensor
  bias : Tensor
  training : bool
  def forward(self: {LINEAR}.{type_name},
    input: Tensor) -> Tensor:
    return torch.addmm(self.bias, input, torch.t(self.weight), beta=1, alpha=1)
"""
    root = objects(weights, "__torch__.Net", (f"{LINEAR}.Linear", f"{LINEAR}.___torch_mangle_0.Linear"), None, False, False)
    root.state = {"__constants__": ["a", "b"], **root.state}
    archive.write(OUT / "torch-1.3.pt", handwritten.archive(root, code, "1", parts=int(d["parts"])), "torch-1.3")
    w.expect("torch-1.3", w.normal(3, 4), run_mlp(weights, ["/addmm#0", "/relu#0", "/result"]), "PyTorch 1.3, scripted.")


def version_1_4(w: Writer) -> None:
    """Traced: every class is called Module, and activations write to what they are given."""
    weights = mlp(w)
    base = "__torch__.torch.nn.modules.module"
    head = "op_version_set = 1\n"
    linear = """class Module(Module):
  __parameters__ = ["weight", "bias", ]
  weight : Tensor
  training : bool
  bias : Tensor
  def forward(self: %s.Module,
    input: Tensor) -> Tensor:
    input0 = torch.addmm(self.bias, input, torch.t(self.weight), beta=1, alpha=1)
    return input0
"""
    folder = "__torch__/torch/nn/modules/module"
    code = {
        f"{folder}.py": head + linear % base,
        f"{folder}/___torch_mangle_1.py": f"""{head}class Module(Module):
  __parameters__ = []
  training : bool
  def forward(self: {base}.___torch_mangle_1.Module,
    argument_1: Tensor) -> Tensor:
    return torch.relu_(argument_1)
""",
        f"{folder}/___torch_mangle_2.py": head + linear % f"{base}.___torch_mangle_2",
        f"{folder}/___torch_mangle_3.py": f"""{head}class Module(Module):
  __parameters__ = []
  training : bool
  fc1 : {base}.Module
  relu : {base}.___torch_mangle_1.Module
  fc2 : {base}.___torch_mangle_2.Module
  def forward(self: {base}.___torch_mangle_3.Module,
    input: Tensor) -> Tensor:
    _0 = self.fc2
    _1 = (self.relu).forward((self.fc1).forward(input, ), )
    return (_0).forward(_1, )
""",
    }
    types = (f"{base}.Module", f"{base}.___torch_mangle_2.Module")
    root = objects(weights, f"{base}.___torch_mangle_3.Module", types, f"{base}.___torch_mangle_1.Module", False, False)
    archive.write(OUT / "torch-1.4.pt", handwritten.archive(root, code, "1", parts=6), "torch-1.4")
    w.expect("torch-1.4", w.normal(3, 4), run_mlp(weights, ["fc1", "relu", "fc2"]), "PyTorch 1.4, traced.", rules=True)


def later(w: Writer, minor: str) -> None:
    """Scripted, with calls of submodules."""
    d = dialect(minor)
    weights = mlp(w)
    head = f"  __parameters__ = []\n{d['buffers']}  training : bool\n{d['hook']}"
    linear = "torch.linear(input, weight, bias)"
    if minor < "1.9" and len(minor) == 3:
        linear = "torch.addmm(bias, input, torch.t(weight), beta=1, alpha=1)"
    linears = f"""class Linear(Module):
  __parameters__ = ["weight", "bias", ]
{d['buffers']}  weight : Tensor
  bias : Tensor
  training : bool
{d['hook']}  def forward(self: {LINEAR}.%s,
    input: Tensor) -> Tensor:
    weight = self.weight
    bias = self.bias
    return {linear}
"""
    code = {
        "__torch__.py": f"""class Net(Module):
{head}  fc1 : {LINEAR}.Linear
  relu : __torch__.torch.nn.modules.activation.ReLU
  fc2 : {LINEAR}.___torch_mangle_0.Linear
  def forward(self: __torch__.Net,
    x: Tensor) -> Tensor:
    fc1 = self.fc1
    hidden = (fc1).forward(x, )
    relu = self.relu
    hidden0 = (relu).forward(hidden, )
    fc2 = self.fc2
    return (fc2).forward(hidden0, )
""",
        "__torch__/torch/nn/modules/linear.py": linears % "Linear",
        "__torch__/torch/nn/modules/linear/___torch_mangle_0.py": linears % "___torch_mangle_0.Linear",
        "__torch__/torch/nn/modules/activation.py": f"""class ReLU(Module):
{head}  def forward(self: __torch__.torch.nn.modules.activation.ReLU,
    input: Tensor) -> Tensor:
    _0 = __torch__.torch.nn.functional.relu(input, False, )
    return _0
""",
        "__torch__/torch/nn/functional.py": """def relu(input: Tensor,
    inplace: bool=False) -> Tensor:
  if inplace:
    result = torch.relu_(input)
  else:
    result = torch.relu(input)
  return result
""",
    }
    types = (f"{LINEAR}.Linear", f"{LINEAR}.___torch_mangle_0.Linear")
    root = objects(weights, "__torch__.Net", types, "__torch__.torch.nn.modules.activation.ReLU", False, bool(d["hook"]))
    content = handwritten.archive(root, code, str(d["version"]), **d["records"])
    archive.write(OUT / f"torch-{minor}.pt", content, f"torch-{minor}")
    w.expect(f"torch-{minor}", w.normal(3, 4), run_mlp(weights, ["fc1", "relu", "fc2"]), f"PyTorch {minor}, scripted.", rules=True)


def historic(w: Writer) -> None:
    """Operators that meant something else before PyTorch 1.6 and 1.7: libtorch goes by the archive's format version, which has to stay."""
    code = {
        "__torch__.py": """class Net(Module):
  __parameters__ = []
  training : bool
  def forward(self: __torch__.Net,
    x: Tensor) -> Tensor:
    places = torch.arange(torch.size(x, 1), dtype=4, layout=None, device=ops.prim.device(x), pin_memory=False)
    halves = torch.div(places, 2)
    ones = torch.full([torch.size(x, 1)], 1, dtype=None, layout=None, device=None, pin_memory=None)
    weights = torch.add(torch._cast_Float(halves, False), torch.div(ones, 4), alpha=1)
    shares = torch.div(x, 8)
    return torch.mul(torch.add(x, shares, alpha=1), weights)
"""
    }
    content = handwritten.archive(Object("__torch__.Net", {"training": False}), code, "2")
    archive.write(OUT / "historic-operators.pt", content, "historic-operators")

    def run(x: Tensor, layers: Dict[str, Tensor]) -> Tensor:
        weights = torch.div(torch.arange(x.shape[1]), 2, rounding_mode="trunc").double() + 0.25
        layers["/shares"] = x / 8
        return (x + x / 8) * weights

    w.expect("historic-operators", w.normal(3, 4), run, "Format version 2: the quotient of whole numbers is whole, and full gives float32.", rules=True)


# ---- phones ----

XNNPACK = "__torch__.torch.classes.xnnpack"


class Mobile(nn.Module):
    """One of each packed operator, with every kind of bounds."""

    def __init__(self, bounds: Sequence[Tuple[Optional[float], Optional[float]]]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, stride=2, padding=1)
        self.grouped = nn.Conv2d(4, 6, (1, 2), dilation=(1, 2), groups=2, bias=False)
        self.up = nn.ConvTranspose2d(6, 4, 2, stride=(2, 1), padding=(1, 0), output_padding=(1, 0), groups=2)
        self.fc1 = nn.Linear(4, 5)
        self.fc2 = nn.Linear(5, 3, bias=False)
        self.bounds = bounds

    def layers(self) -> List[nn.Module]:
        return [self.conv, self.grouped, self.up, self.fc1, self.fc2]

    def contexts(self) -> List[Object]:
        """What `optimize_for_mobile` packs them into."""
        packed = []
        for layer, bounds in zip(self.layers(), self.bounds):
            weight = layer.weight.detach().numpy()
            bias = None if layer.bias is None else layer.bias.detach().numpy()
            if isinstance(layer, nn.Linear):
                packed.append(Object(f"{XNNPACK}.LinearOpContext", (weight, bias, *bounds)))
            elif isinstance(layer, nn.ConvTranspose2d):
                lists = [IntList(v) for v in (layer.stride, layer.padding, layer.output_padding, layer.dilation)]
                packed.append(Object(f"{XNNPACK}.TransposeConv2dOpContext", (weight, bias, *lists, layer.groups, *bounds)))
            else:
                lists = [IntList(v) for v in (layer.stride, layer.padding, layer.dilation)]
                packed.append(Object(f"{XNNPACK}.Conv2dOpContext", (weight, bias, *lists, layer.groups, *bounds)))
        return packed


def mobile(w: Writer, name: str, bounds: Sequence[Tuple[Optional[float], Optional[float]]], attributes: bool, names: Sequence[str], about: str) -> None:
    model = Mobile(bounds)
    for parameter in model.parameters():
        parameter.data = torch.from_numpy(w.normal(*parameter.shape) * 0.5)
    contexts = model.contexts()
    place = "self.packed_%d" if attributes else "CONSTANTS.c%d"
    declared = "".join(f"  packed_{k} : {context.type_name}\n" for k, context in enumerate(contexts)) if attributes else ""
    code = {
        "__torch__/___torch_mangle_7.py": f"""class Mobile(Module):
  __parameters__ = []
  __buffers__ = []
  mobile_optimized : bool
{declared}  def forward(self: __torch__.___torch_mangle_7.Mobile,
    x: Tensor) -> Tensor:
    _0 = ops.prepacked.conv2d_clamp_run(x, {place % 0})
    input = ops.prepacked.conv2d_clamp_run(_0, {place % 1})
    _1 = ops.prepacked.conv2d_transpose_clamp_run(input, {place % 2})
    _2 = torch._add_relu(torch.mean(_1, [2, 3]), torch.amax(_1, [2, 3]))
    _3 = ops.prepacked.linear_clamp_run(_2, {place % 3})
    return ops.prepacked.linear_clamp_run(_3, {place % 4})
""",
        "__torch__/torch/classes/xnnpack.py": "",
    }
    state = {"mobile_optimized": True, **({f"packed_{k}": context for k, context in enumerate(contexts)} if attributes else {})}
    root = Object("__torch__.___torch_mangle_7.Mobile", state)
    content = handwritten.archive(root, code, constants=() if attributes else tuple(contexts), **{"bytecode.pkl": b"\x80\x02(K\x08t.", "byteorder": b"little"})
    archive.write(OUT / f"{name}.ptl", content, name)
    wide = model.double()

    def bounded(value: Tensor, k: int) -> Tensor:
        low, high = bounds[k]
        return value if low is None and high is None else torch.clamp(value, low, high)

    def run(x: Tensor, layers: Dict[str, Tensor]) -> Tensor:
        values = [wide.conv(x)]
        values.append(wide.grouped(bounded(values[0], 0)))
        values.append(wide.up(bounded(values[1], 1)))
        up = bounded(values[2], 2)
        values.append(wide.fc1(torch.relu(up.mean([2, 3]) + up.amax([2, 3]))))
        values.append(wide.fc2(bounded(values[3], 3)))
        for address, value in zip(names, values):
            layers[address] = value
        return bounded(values[4], 4)

    w.expect(name, w.normal(2, 2, 7, 8), run, about, file=f"{name}.ptl", repairs=["prepacked.linear_clamp_run", "prepacked.conv2d_clamp_run", "_add_relu"])


# ---- devices ----


class Devices(nn.Module):
    """Constant devices of every kind."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.where = torch.device("cuda:1")
        self.several = [torch.device("cuda:0"), torch.device("cpu")]
        self.named = "cuda"

    def forward(self, x: Tensor, device: torch.device = torch.device("mps")) -> Tensor:
        y = x.to("cuda:0") + x.cuda() + x.to(self.where) + x.to(torch.device(self.named)) + x.to(self.several[0])
        y = y + torch.ones([4], device="cuda:1") + torch.zeros_like(x, device="xla:0") + torch.arange(4, device=device)
        return self.fc(y + x.to(device=torch.device("cuda", 1), dtype=x.dtype))


def devices(w: Writer) -> None:
    model = Devices().eval()
    for parameter in model.parameters():
        parameter.data = torch.from_numpy(w.normal(*parameter.shape))
    archive.save(torch.jit.script(model), OUT / "devices.pt", "devices")
    weight, bias = model.fc.weight.detach().double(), model.fc.bias.detach().double()

    def run(x: Tensor, layers: Dict[str, Tensor]) -> Tensor:
        layers["fc"] = F.linear(6 * x + 1 + torch.arange(4), weight, bias)
        return layers["fc"]

    names = ["cuda", "cuda:0", "cuda:1", "mps", "xla:0"]
    w.expect("devices", w.normal(3, 4), run, Devices.__doc__ or "", repairs=[f"constant device {name} becomes" for name in names], cpu=True)


class Made(nn.Module):
    """A trace that makes a tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.fc(x) + torch.ones(x.size(0), 3, device=x.device))


def traced_on_gpu(w: Writer) -> None:
    """No GPU is needed: the device is written into what a trace on the CPU left."""
    model = Made().eval()
    for parameter in model.parameters():
        parameter.data = torch.from_numpy(w.normal(*parameter.shape))
    content = archive.entries(archive.script_bytes(archive.trace(model, torch.zeros(3, 4))))
    for entry, data in content.items():
        data = data.replace(b'torch.device("cpu")', b'torch.device("cuda:0")')
        content[entry] = data.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0") if entry.endswith(".pkl") else data
    archive.write(OUT / "traced-on-gpu.pt", content, "traced-on-gpu")
    wide = model.double()

    def run(x: Tensor, layers: Dict[str, Tensor]) -> Tensor:
        layers["fc"] = wide.fc(x)
        return torch.tanh(layers["fc"] + 1)

    w.expect("traced-on-gpu", w.normal(3, 4), run, "Traced on cuda:0.", repairs=["constant device cuda:0 becomes"], rules=True, cpu=True)


# ---- hooks ----


class Hooked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.l = nn.Linear(4, 5)
        self.r = nn.ReLU()
        self.o = nn.Linear(5, 3)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.o(self.r(self.l(x + y)))


class HookedRoot(nn.Module):
    """Scripted hooks and pre-hooks: several, on the root, that return nothing, that change the type, on a module called again by a hook."""

    def __init__(self) -> None:
        super().__init__()
        self.s = Hooked()
        self.o = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.o(self.s(x, x))


def after(self, inp: Tuple[Tensor], out: Tensor) -> Tensor:
    return out + inp[0].sum(1, keepdim=True)


def after_silent(self, inp: Tuple[Tensor], out: Tensor):
    if self.training:
        raise RuntimeError("never")


def before(self, inp: Tuple[Tensor]) -> Tuple[Tensor]:
    return (inp[0] * 0.5,)


def before_plain(self, inp: Tuple[Tensor]) -> Tensor:
    return torch.tanh(inp[0])


def before_silent(self, inp: Tuple[Tensor]) -> None:
    if self.training:
        raise RuntimeError("never")


def before_two(self, inp: Tuple[Tensor, Tensor]) -> Tuple[Tensor, Tensor]:
    return inp[0] * 3.0, inp[1]


def after_pair(self, inp: Tuple[Tensor, Tensor], out: Tensor) -> Tuple[Tensor, Tensor]:
    return out, inp[1]


def after_sum(self, inp: Tuple[Tensor, Tensor], out: Tuple[Tensor, Tensor]) -> Tensor:
    return self.l(out[1]).sum(1, keepdim=True) + out[0]


def hooks(w: Writer) -> None:
    model = HookedRoot().eval()
    for parameter in model.parameters():
        parameter.data = torch.from_numpy(w.normal(*parameter.shape))
    model.s.l.register_forward_hook(after)
    model.s.l.register_forward_hook(after_silent)
    model.s.l.register_forward_pre_hook(before)
    model.s.l.register_forward_pre_hook(before_plain)
    model.s.r.register_forward_pre_hook(before_silent)
    model.s.register_forward_pre_hook(before_two)
    model.s.register_forward_hook(after_pair)
    model.s.register_forward_hook(after_sum)
    model.register_forward_pre_hook(before_plain)
    model.register_forward_hook(after)
    archive.save(torch.jit.script(model), OUT / "hooks.pt", "hooks")
    wide = model.double()

    def run(x: Tensor, layers: Dict[str, Tensor]) -> Tensor:
        def keep(name: str, module: nn.Module) -> None:
            calls = [0]

            def see(module, inp, out) -> None:
                layers[name if calls[0] == 0 else f"{name}#{calls[0]}"] = out
                calls[0] += 1

            module.register_forward_hook(see)

        for name, module in wide.named_modules():
            if name:
                keep(name, module)
        return wide(x)

    w.expect("hooks", w.normal(3, 4), run, HookedRoot.__doc__ or "", rules=True)


# ---- names ----

NAMES = ["from", "async", "lambda", "inf", "nan", "a", "a/relu", "a/relu#0", "a:in", "a#1", "a[0]", "relu_#3", ":in", "x/y:out#3[1]", "1", "a b", "/b", "c/"]


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.l = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.l(x))


class Named(nn.Module):
    """Modules with names that are words of Python, or hold what addresses are made of."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleDict({name: Block() for name in NAMES})
        self.nan = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        for part in self.parts.values():
            x = 0.5 * part(x) + x
        return x + self.nan


def named(w: Writer) -> None:
    model = Named().eval()
    for parameter in model.parameters():
        parameter.data = torch.from_numpy(w.normal(*parameter.shape) * 0.2)
    for part in model.parts.values():
        part.l.bias.data += 0.5
    archive.save(torch.jit.script(model), OUT / "names.pt", "names")
    archive.save(archive.trace(model, torch.zeros(2, 3)), OUT / "names-traced.pt", "names-traced")
    wide = model.double()

    def run(x: Tensor, layers: Dict[str, Tensor]) -> Tensor:
        for name, part in wide.parts.items():
            inner = part.l(x)
            layers[f"parts.{name}"] = torch.relu(inner)
            layers[f"parts.{name}.l"] = inner
            layers[f"parts.{name}#0"] = torch.relu(inner)
            layers[f"parts.{name}#0:in"] = x
            x = 0.5 * torch.relu(inner) + x
        layers["parts.a//relu#0"] = layers["parts.a"]
        return x + wide.nan

    x = w.normal(2, 3)
    w.expect("names", x, run, Named.__doc__ or "", rules=True)
    w.expect("names-traced", x, run, "The same, traced.", rules=True)


# ---- quantized ----


class Static(nn.Module):
    """Statically quantized to int8: layers show the numbers that the integers stand for."""

    def __init__(self) -> None:
        super().__init__()
        self.q = torch.ao.quantization.QuantStub()
        self.c = nn.Conv2d(1, 4, 3)
        self.r = nn.ReLU()
        self.p = nn.MaxPool2d(2)
        self.f = nn.Linear(16, 3)
        self.dq = torch.ao.quantization.DeQuantStub()
        self.h = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.h(self.dq(self.f(self.p(self.r(self.c(self.q(x)))).flatten(1))))


def quantized(w: Writer) -> None:
    model = Static().eval()
    for parameter in model.parameters():
        parameter.data = torch.from_numpy(w.normal(*parameter.shape))
    for part in (model.q, model.c, model.r, model.p, model.f, model.dq):
        part.qconfig = torch.ao.quantization.get_default_qconfig("fbgemm")
    x = w.normal(2, 1, 6, 6)
    model = torch.ao.quantization.prepare(model)
    model(torch.from_numpy(x))
    model = torch.ao.quantization.convert(model)
    archive.save(torch.jit.script(model), OUT / "static-int8.pt", "static-int8")
    names: List[str] = []

    def see(name: str):
        def hook(module, inp, out) -> None:
            names.append(name)
            w.arrays[f"static-int8.layer_{len(names) - 1}"] = (out.dequantize() if out.is_quantized else out).detach().numpy()

        return hook

    for name, module in model.named_children():
        module.register_forward_hook(see(name))
    w.arrays["static-int8.output"] = model(torch.from_numpy(x)).detach().numpy()
    w.arrays["static-int8.input"] = x
    w.listed.append(
        {"name": "static-int8", "about": Static.__doc__, "layers": names, "quantized": True, "repairs": ["quantize_per_tensor has no derivative"]}
    )


def write() -> None:
    w = Writer()
    version_1_3(w)
    version_1_4(w)
    for minor in [f"1.{k}" for k in range(5, 14)] + [f"2.{k}" for k in range(13)]:
        later(w, minor)
    historic(w)
    unbounded = [(None, None)] * 5
    names = ["/conv2d#0", "/conv2d#1", "/conv_transpose2d#0", "/linear#0", "/linear#1"]
    mobile(w, "mobile", unbounded, False, names, "Packed operators without bounds.")
    bounds = [(0.0, None), (-0.5, 1.5), (None, 0.75), (0.0, 6.0), (-2.0, None)]
    mobile(w, "mobile-bounds", bounds, False, names, "Packed operators with bounds of every kind.")
    mobile(w, "mobile-attributes", bounds, True, [], "Packed operators whose contexts are attributes.")
    devices(w)
    traced_on_gpu(w)
    hooks(w)
    named(w)
    quantized(w)
    np.savez_compressed(OUT / "arrays.npz", **w.arrays)
    lines = ",\n".join("  " + json.dumps(entry) for entry in w.listed)
    (OUT / "foreign.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8", newline="\n")
    print(len(w.listed), "archives")


def main() -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    OUT.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    write()


if __name__ == "__main__":
    main()
