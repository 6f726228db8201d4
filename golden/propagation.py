# SPDX-License-Identifier: Apache-2.0
"""Writes golden/propagation: guided backprop, deconvolution, guided Grad-CAM, DeepLIFT and LRP, at inputs, at layers and towards neurons.

    python golden/propagation.py            writes golden/propagation

The format is that of golden/data (see README.md). On the models of `propagation_models.exact` the numbers are those of Captum's eager classes; on those of
`own` they come from `propagation_oracle`, because Captum is wrong there by construction.
"""

import argparse
import copy
import json
import platform
import shutil
import sys
import warnings
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import captum
import numpy as np
import torch
import torch.nn.functional as F
from captum import attr
from captum.attr._utils.lrp_rules import Alpha1_Beta0_Rule, EpsilonRule, GammaRule
from torch import Tensor, nn

import archive
import models
import propagation_models
import propagation_oracle
from cases import drawn
from generate import CAPTUM_COMMIT, FORMAT, _inputs_json, _readable, _write_arrays
from inside import Place, Unit, around, strongest, suffix, value_at
from methods import named, with_delta
from reference import NONE, Context, Stored, Suite, Target, gradients, index, indices

HERE = Path(__file__).resolve().parent
EPSILON = 1e-9  # Captum's default
LRP_RELATIVE = 1e-3
RECTIFIERS = {
    "guided-backprop": (attr.GuidedBackprop, attr.NeuronGuidedBackprop),
    "deconvolution": (attr.Deconvolution, attr.NeuronDeconvolution),
}


def fixed(c: Context) -> Dict[str, object]:
    return {"additional_forward_args": c.args["additional_forward_args"]}


# --- guided backprop, deconvolution, guided Grad-CAM -----------------------------------------------------------------------------------------------


def rectifiers(s: Suite, name: str, target: Target) -> None:
    for method, (whole, _) in RECTIFIERS.items():
        s.add(f"{whole.__name__}-{name}", method, lambda c, whole=whole: named(whole(c.model).attribute(c.inputs, **c.args)), {}, target)


def neuron_rectifiers(s: Suite, place: Place, unit: Unit) -> None:
    for method, (_, neuron) in RECTIFIERS.items():

        def compute(c: Context, neuron=neuron):
            explained = neuron(c.model, c.layer(place.path))
            return named(explained.attribute(c.inputs, unit.captum, attribute_to_neuron_input=place.to_input, **fixed(c)))

        s.add(f"{neuron.__name__}-{place.name}{suffix(unit)}", method, compute, {}, unit=unit.json, **place.where())


def guided_grad_cam(s: Suite, place: Place, target: Target) -> None:
    def compute(c: Context):
        method = attr.GuidedGradCam(c.model, c.layer(place.path))
        return named(method.attribute(c.inputs, interpolate_mode="nearest", attribute_to_layer_input=place.to_input, **c.args))

    s.add(f"GuidedGradCam-{place.name}", "guided-grad-cam", compute, {"mode": "nearest"}, target, **place.where())


# --- DeepLIFT --------------------------------------------------------------------------------------------------------------------------------------


def deep_lift(s: Suite, name: str, target: Target, baselines, multiply: bool = True) -> None:
    def compute(c: Context):
        method = attr.DeepLift(c.model, multiply_by_inputs=multiply)
        result = method.attribute(c.inputs, c.baselines(baselines), return_convergence_delta=multiply, **c.args)
        return with_delta(result) if multiply else named(result)

    s.add(f"DeepLift-{name}", "deep-lift", compute, {"multiply-by-inputs": multiply}, target, baselines)


def deep_lift_shap(s: Suite, name: str, target: Target, baselines, multiply: bool = True) -> None:
    def compute(c: Context):
        return named(attr.DeepLiftShap(c.model, multiply_by_inputs=multiply).attribute(c.inputs, c.baselines(baselines), **c.args))

    s.add(f"DeepLiftShap-{name}", "deep-lift-shap", compute, {"multiply-by-inputs": multiply}, target, baselines)


def layer_deep_lift(s: Suite, place: Place, target: Target, baselines, multiply: bool = True) -> None:
    """At a layer: the differences are those of the activations that inputs and baselines give."""

    def compute(c: Context):
        method = attr.LayerDeepLift(c.model, c.layer(place.path), multiply_by_inputs=multiply)
        return named(method.attribute(c.inputs, c.baselines(baselines), attribute_to_layer_input=place.to_input, **c.args))

    options = {"multiply-by-inputs": multiply, "baseline-space": "input-through-head"}
    s.add(f"LayerDeepLift-{place.name}", "deep-lift", compute, options, target, baselines, **place.where())


def layer_deep_lift_shap(s: Suite, place: Place, target: Target, baselines) -> None:
    def compute(c: Context):
        method = attr.LayerDeepLiftShap(c.model, c.layer(place.path))
        return named(method.attribute(c.inputs, c.baselines(baselines), attribute_to_layer_input=place.to_input, **c.args))

    options = {"multiply-by-inputs": True, "baseline-space": "input-through-head"}
    s.add(f"LayerDeepLiftShap-{place.name}", "deep-lift-shap", compute, options, target, baselines, **place.where())


def neuron_deep_lift(s: Suite, place: Place, unit: Unit, baselines, multiply: bool = True) -> None:
    def compute(c: Context):
        method = attr.NeuronDeepLift(c.model, c.layer(place.path), multiply_by_inputs=multiply)
        return named(method.attribute(c.inputs, unit.captum, c.baselines(baselines), attribute_to_neuron_input=place.to_input, **fixed(c)))

    options = {"multiply-by-inputs": multiply}
    s.add(f"NeuronDeepLift-{place.name}{suffix(unit)}", "deep-lift", compute, options, baselines=baselines, unit=unit.json, **place.where())


def neuron_deep_lift_shap(s: Suite, place: Place, unit: Unit, baselines) -> None:
    def compute(c: Context):
        method = attr.NeuronDeepLiftShap(c.model, c.layer(place.path))
        return named(method.attribute(c.inputs, unit.captum, c.baselines(baselines), attribute_to_neuron_input=place.to_input, **fixed(c)))

    options = {"multiply-by-inputs": True}
    s.add(f"NeuronDeepLiftShap-{place.name}{suffix(unit)}", "deep-lift-shap", compute, options, baselines=baselines, unit=unit.json, **place.where())


# --- LRP -------------------------------------------------------------------------------------------------------------------------------------------


WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d)


def _rule(rule: Dict[str, object]):
    kind = rule["rule"]
    if kind == "epsilon":
        result = EpsilonRule()
    elif kind == "gamma":
        result = GammaRule(rule["gamma"], set_bias_to_zero=rule["bias"] == "zero")
    elif kind == "positive-weights":
        result = Alpha1_Beta0_Rule(set_bias_to_zero=rule["bias"] == "zero")
    else:
        raise ValueError(kind)
    result.STABILITY_FACTOR = rule["epsilon"]
    return result


def epsilon(value: float = EPSILON) -> Dict[str, object]:
    return {"rule": "epsilon", "epsilon": value}


def gamma(value: float, bias: str = "value", stabiliser: float = EPSILON) -> Dict[str, object]:
    return {"rule": "gamma", "gamma": value, "bias": bias, "epsilon": stabiliser}


def positive_weights(bias: str = "value", stabiliser: float = 0.05) -> Dict[str, object]:
    """Captum's Alpha1_Beta0_Rule: the positive weights, whatever the sign of the activations, and the whole bias. Sums of both signs may vanish."""
    return {"rule": "positive-weights", "bias": bias, "epsilon": stabiliser}


def ruled(model: nn.Module, rules: Sequence[Dict[str, object]]) -> nn.Module:
    """The first rule whose module's name begins the path (or that names none) for every operation with weights; epsilon for pools, norms and additions."""
    for path, module in model.named_modules():
        if isinstance(module, WEIGHTED):
            module.rule = _rule(next(r for r in rules if path.startswith(r.get("module", ""))))
        elif isinstance(module, (propagation_models.Add, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.BatchNorm2d)):
            module.rule = EpsilonRule(EPSILON)
    return model


def merged(model: nn.Module) -> nn.Module:
    """A copy with every batch norm folded into the convolution before it and replaced by nothing."""
    result = copy.deepcopy(model)
    previous: Optional[nn.Conv2d] = None
    for module in list(result.modules()):
        if isinstance(module, nn.Conv2d):
            previous = module
        elif isinstance(module, nn.BatchNorm2d):
            folded = torch.nn.utils.fusion.fuse_conv_bn_eval(previous, module)
            previous.weight, previous.bias = folded.weight, folded.bias
            module.reset_parameters()
            module.running_mean.zero_()
            module.running_var.fill_(1 - module.eps)
    return _without_norms(result)


def _without_norms(model: nn.Module) -> nn.Module:
    for name, module in model.named_children():
        if isinstance(module, nn.BatchNorm2d):
            setattr(model, name, nn.Dropout())
        else:
            _without_norms(module)
    return model.eval()


def surrogate(c: Context, rules: Sequence[Dict[str, object]]) -> Dict[str, Tensor]:
    """Relevance as input times the gradient of a network of rectifiers whose weighted layers keep their values and get derivatives by their rules.

    Of y = f(x) with y = z and the rule's q: dy/dx = z / stab(q) dq/dx, so that a relevance R = c y of y becomes c x z / stab(q) dq/dx.
    """
    model = merged(c.model)
    for path, module in model.named_modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            module.forward = _surrogate(module, next(r for r in rules if path.startswith(r.get("module", ""))))
    leaves = [x.detach().clone().requires_grad_(True) for x in c.inputs]
    found = torch.autograd.grad(c.target.select(model(*leaves, *c.fixed)).sum(), leaves)
    return named([x.detach() * g for x, g in zip(leaves, found)])


def _surrogate(module: nn.Module, rule: Dict[str, object]) -> Callable[[Tensor], Tensor]:
    def forward(x: Tensor) -> Tensor:
        def operation(w: Tensor, b: Optional[Tensor]) -> Tensor:
            return F.linear(x, w, b) if isinstance(module, nn.Linear) else F.conv2d(x, w, b, module.stride, module.padding)

        weight, bias = module.weight.detach(), module.bias.detach()
        if rule["rule"] == "gamma":
            weight = weight + rule["gamma"] * weight.clamp(min=0)
        elif rule["rule"] == "positive-weights":
            weight = weight.clamp(min=0)
        z = operation(module.weight, module.bias).detach()
        q = operation(weight, None if rule.get("bias") == "zero" else bias)
        held = q.detach()
        return z + (q - held) * z / (held + rule["epsilon"] * torch.where(held < 0, -1.0, 1.0))

    return forward


def lrp(s: Suite, name: str, target: Target, rules: Sequence[Dict[str, object]], own: bool = False, place: Optional[Place] = None) -> None:
    def compute(c: Context):
        if own:
            return surrogate(c, rules)
        model = ruled(copy.deepcopy(c.model), rules)
        if place is None:
            return named(attr.LRP(model).attribute(c.inputs, **c.args))
        return named(attr.LayerLRP(model, model.get_submodule(place.path)).attribute(c.inputs, attribute_to_layer_input=place.to_input, **c.args))

    s.add(
        f"{'LRP' if place is None else 'LayerLRP'}-{name}",
        "lrp",
        compute,
        {"rules": list(rules)},
        target,
        relative=LRP_RELATIVE,
        reference="formula" if own else "captum",
        note="Of the model with its batch norms folded in." if own else None,
        **({} if place is None else place.where()),
    )


# --- what is asked of each model -------------------------------------------------------------------------------------------------------------------


def places(*names: str) -> List[Place]:
    return [Place(name.removesuffix(":in"), "input" if name.endswith(":in") else "output") for name in names]


def units(s: Suite, *names: str) -> List[Tuple[Place, Unit]]:
    """At each place the strongest unit, or in turn the sum of a few."""
    found = []
    for turn, place in enumerate(places(*names)):
        value = value_at(s, place)
        found.append((place, Unit(coordinates=strongest(value)) if turn % 2 == 0 else Unit(slices=around(value))))
    return found


def comparisons(s: Suite, targets: Sequence[Target], zero, one, each, many) -> None:
    """DeepLIFT at the inputs with baselines of every form."""
    deep_lift(s, "zeros", targets[0], None)
    deep_lift(s, "constant", targets[1], zero)
    deep_lift(s, "one-row", targets[0], one)
    deep_lift(s, "per-example", targets[1], each)
    deep_lift(s, "multipliers", targets[0], one, multiply=False)
    deep_lift_shap(s, "samples", targets[0], many)
    deep_lift_shap(s, "per-example-targets", targets[1], many)


def inside(s: Suite, at_layers: Sequence[Place], towards: Sequence[Tuple[Place, Unit]], target: Target, one, many, rectify: bool) -> None:
    for turn, place in enumerate(at_layers):
        layer_deep_lift(s, place, target, one, multiply=turn % 3 != 2)
        layer_deep_lift_shap(s, place, target, many)
    for turn, (place, unit) in enumerate(towards):
        neuron_deep_lift(s, place, unit, one, multiply=turn % 3 != 2)
        neuron_deep_lift_shap(s, place, unit, many)
        if rectify:
            neuron_rectifiers(s, place, unit)


def _baselines(s: Suite):
    shapes = [tuple(x.shape[1:]) for x in s.spec.attributed]
    names = [i.name for i in s.spec.inputs if i.role == "attributed"]
    make = lambda kind, rows: [drawn(s, f"baseline.{kind}.{n}", (rows, *shape)) for n, shape in zip(names, shapes)]  # noqa: E731
    return [0.25] * len(shapes), make("one-row", 1), make("per-example", 3), make("samples", 4)


def convolutional(s: Suite) -> None:
    zero, one, each, many = _baselines(s)
    targets = [index(1), indices(3, 0, 2)]
    rectifiers(s, "index", targets[0])
    rectifiers(s, "per-example-targets", targets[1])
    comparisons(s, targets, zero, one, each, many)
    layers = places("relu1", "conv2", "conv3:in", "conv3", "avgpool", "fc1")
    inside(s, layers, units(s, "conv2", "conv3", "relu3", "fc1"), targets[0], one, many, True)
    for place in places("conv2", "conv3", "relu3"):
        guided_grad_cam(s, place, targets[0])
    lrp(s, "epsilon", targets[0], [epsilon()])
    lrp(s, "epsilon-0.25", targets[1], [epsilon(0.25)])
    lrp(s, "gamma", targets[0], [gamma(0.25)])
    lrp(s, "gamma-without-bias", targets[1], [gamma(0.5, "zero")])
    lrp(s, "positive-weights", targets[0], [positive_weights("zero")])
    lrp(s, "gamma-surrogate", targets[0], [gamma(0.25)], own=True)  # where Captum is exact, this is too
    lrp(s, "by-layer", targets[0], [{"module": "conv1", **positive_weights()}, {"module": "conv", **gamma(0.25)}, {"module": "fc", **epsilon(0.1)}])
    for place in places("conv2", "conv3", "avgpool", "fc1"):
        lrp(s, place.name, targets[0], [gamma(0.25)], place=place)


def shortcut(s: Suite) -> None:
    zero, one, each, many = _baselines(s)
    targets = [index(2), indices(0, 2, 1)]
    rectifiers(s, "index", targets[0])
    rectifiers(s, "per-example-targets", targets[1])
    comparisons(s, targets, zero, one, each, many)
    layers = places("relu", "block1", "block2.bn1", "block2.conv2", "avgpool")
    inside(s, layers, units(s, "block1", "block1.bn2", "block2.conv2", "fc"), targets[0], one, many, True)
    for place in places("relu", "block1", "block2.bn2"):
        guided_grad_cam(s, place, targets[0])
    lrp(s, "epsilon", targets[0], [epsilon()])
    lrp(s, "epsilon-0.1", targets[1], [epsilon(0.1)], own=True)
    lrp(s, "gamma", targets[0], [gamma(0.25)], own=True)
    lrp(s, "by-layer", targets[1], [{"module": "conv", **positive_weights("zero")}, {"module": "block1", **gamma(0.5)}, epsilon(0.05)], own=True)


def activations(s: Suite) -> None:
    zero, one, each, many = _baselines(s)
    targets = [index(1), indices(0, 1, 2)]
    comparisons(s, targets, zero, one, each, many)
    inside(s, places("relu", "fc3", "leaky", "fc5:in", "tanh", "fc7:in"), units(s, "fc2", "leaky", "fc5", "softplus"), targets[0], one, many, False)


def tabular(s: Suite) -> None:
    zero, one, each, many = _baselines(s)
    targets = [index(0), indices(2, 1, 0)]
    rectifiers(s, "index", targets[0])
    comparisons(s, targets, zero, one, each, many)
    inside(s, places("relu1", "fc2", "fc3:in", "relu2"), units(s, "relu1", "fc2", "fc3", "fc4"), targets[0], one, many, True)
    lrp(s, "epsilon", targets[0], [epsilon()])
    lrp(s, "epsilon-0.1", targets[1], [epsilon(0.1)])
    lrp(s, "gamma", targets[0], [gamma(0.25)])
    lrp(s, "by-layer", targets[1], [{"module": "fc1", **gamma(1.0)}, {"module": "fc2", **positive_weights()}, epsilon(0.01)])
    for place in places("fc1", "fc2", "fc3"):
        lrp(s, place.name, targets[0], [epsilon(0.1)], place=place)


def pair(s: Suite) -> None:
    zero, one, each, many = _baselines(s)
    targets = [index(1), indices(0, 1, 2)]
    rectifiers(s, "index", targets[0])
    comparisons(s, targets, zero, one, each, many)
    inside(s, places("signal", "relu", "hidden:in", "hidden"), units(s, "hidden", "out"), targets[0], one, many, True)


def segmentation(s: Suite) -> None:
    """One logit for each class and pixel."""
    zero, one, each, many = _baselines(s)
    targets = [Target("at", [2, 5, 6]), Target("at-each", [[1, 4, 4], [0, 0, 11], [3, 8, 2]])]
    rectifiers(s, "pixel", targets[0])
    rectifiers(s, "pixel-per-example", targets[1])
    deep_lift(s, "pixel", targets[0], one)
    deep_lift(s, "pixel-per-example", targets[1], each)
    deep_lift_shap(s, "pixel", targets[0], many)
    layer_deep_lift(s, Place("encode2"), targets[0], one)
    layer_deep_lift(s, Place("relu2"), targets[1], one)
    for place, unit in units(s, "encode2", "up"):
        neuron_deep_lift(s, place, unit, one)
        neuron_rectifiers(s, place, unit)
    for name, target in (("pixel", targets[0]), ("pixel-per-example", targets[1])):
        s.add(
            f"LRP-epsilon-{name}",
            "lrp",
            lambda c: named([x * g for x, g in zip(c.inputs, gradients(c, c.inputs, c.target.select))]),
            {"rules": [epsilon()]},
            target,
            reference="formula",
            relative=LRP_RELATIVE,
            note="Input times gradient, which the epsilon rule tends to on rectifiers. Captum multiplies twice by what a module and a function read.",
        )


def mlp_double(s: Suite) -> None:
    """In float64, where only the formula counts."""
    zero, one, each, many = _baselines(s)
    targets = [index(1), indices(0, 1, 2)]
    rectifiers(s, "index", targets[0])
    comparisons(s, targets, zero, one, each, many)
    inside(s, places("tanh", "fc2"), units(s, "fc2", "fc3"), targets[0], one, many, True)


# --- where Captum is not exact ---------------------------------------------------------------------------------------------------------------------


def oracle(s: Suite, c: Context, references: Sequence[Tensor], unit: Callable[[int], Tuple[int, ...]], place: str, to: str, multiply: bool = True) -> Tensor:
    """Attributions at `place` for one element of `to` for each example."""
    rows = []
    model = copy.deepcopy(c.model).double()
    with torch.no_grad():
        inputs = [x.double() for x in c.inputs]
        for example in range(inputs[0].shape[0]):
            tape = propagation_oracle.DeepLift()
            nodes = propagation_oracle.PROGRAMS[s.spec.name](model, tape, tape.leaf(inputs[0][example], references[example]))
            tape.explain(nodes[to], unit(example))
            node = nodes[place]
            rows.append(node.multiplier * node.difference if multiply else node.multiplier)
    return torch.stack(rows).to(c.dtype)


def _references(c: Context, baselines) -> List[Tensor]:
    values = c.baselines(baselines)[0]
    return [values[i % values.shape[0]].double() for i in range(c.inputs[0].shape[0])]


def own(s: Suite, at_layers: Sequence[str], towards: Sequence[str], targets: Sequence[Target], why: str) -> None:
    _, one, each, many = _baselines(s)
    chosen = lambda t: (lambda i: (t.value if t.kind == "index" else t.value[i],))  # noqa: E731
    source = s.spec.inputs[0].name

    def values(name: str, target: Target, baselines, multiply: bool) -> None:
        def compute(c: Context):
            references = _references(c, baselines)
            result = {"attribution_0": oracle(s, c, references, chosen(target), source, "output", multiply)}
            if multiply:
                scores = lambda x: c.target.select(c.model(x.to(c.dtype)))  # noqa: E731
                with torch.no_grad():
                    change = scores(c.inputs[0]) - scores(torch.stack(references))
                result["delta"] = torch.zeros_like(change)
                gap = (result["attribution_0"].reshape(len(references), -1).sum(1) - change).abs().max().item()
                if gap > 1e-5 * float(result["attribution_0"].abs().sum()):
                    raise ValueError(f"{s.spec.name}/{name}: the oracle misses completeness by {gap}")
            return result

        options = {"multiply-by-inputs": multiply}
        s.add(f"DeepLift-{name}", "deep-lift", compute, options, target, baselines, reference="formula", note=why)

    values("one-row", targets[0], one, True)
    values("per-example", targets[1], each, True)
    values("multipliers", targets[0], one, False)

    def shap(c: Context):
        rows = c.baselines(many)[0]
        each_row = [oracle(s, c, [r.double()] * c.inputs[0].shape[0], chosen(targets[0]), source, "output") for r in rows]
        return {"attribution_0": torch.stack(each_row).mean(0)}

    s.add("DeepLiftShap-samples", "deep-lift-shap", shap, {"multiply-by-inputs": True}, targets[0], many, reference="formula", note=why)
    for path in at_layers:
        s.add(
            f"LayerDeepLift-{path}",
            "deep-lift",
            lambda c, path=path: {"attribution_0": oracle(s, c, _references(c, one), chosen(targets[0]), path, "output")},
            {"multiply-by-inputs": True, "baseline-space": "input-through-head"},
            targets[0],
            one,
            reference="formula",
            note=why,
            **Place(path).where(),
        )
    for path in towards:
        unit = Unit(coordinates=strongest(value_at(s, Place(path))))
        s.add(
            f"NeuronDeepLift-{path}",
            "deep-lift",
            lambda c, path=path, unit=unit: {"attribution_0": oracle(s, c, _references(c, one), lambda i: unit.coordinates, source, path)},
            {"multiply-by-inputs": True},
            baselines=one,
            unit=unit.json,
            reference="formula",
            note=why,
            **Place(path).where(),
        )
    for method, (whole, _) in RECTIFIERS.items() if s.spec.name != "gated" else ():  # which has no ReLU
        for target in targets:

            def compute(c: Context, guided=method == "guided-backprop"):
                return named(propagation_oracle.rectified(c.model, c.inputs, c.target.select, guided))

            name = f"{whole.__name__}-{'index' if target.kind == 'index' else 'per-example-targets'}"
            s.add(name, method, compute, {}, target, reference="formula", note="Every ReLU has the rule, those called as functions too.")


def pooled(s: Suite) -> None:
    why = "Captum adds up to something else where a max pool follows a ReLU or overlaps, and refuses modules that are called twice."
    own(s, ["conv1", "maxpool1", "conv2", "fc1"], ["conv2", "fc1"], [index(1), indices(2, 0, 1)], why)


def functional(s: Suite) -> None:
    why = "Captum takes functions, GELU, SiLU and the first of two activations in sequence for linear."
    own(s, ["fc1", "fc2", "fc4"], ["fc3", "fc4"], [index(2), indices(0, 1, 2)], why)


def gated(s: Suite) -> None:
    why = "Captum takes layer norm and the product for linear, and normalises its softmax over the batch and the baselines."
    own(s, ["fc1", "norm", "fc2", "fc3"], ["norm", "fc3"], [index(1), indices(3, 1, 0)], why)


SUITES: Dict[str, Callable[[Suite], None]] = {
    f.__name__: f for f in (convolutional, shortcut, activations, tabular, pair, segmentation, mlp_double, pooled, functional, gated)
}


# --- files -----------------------------------------------------------------------------------------------------------------------------------------


def _archives(spec: models.Spec, folder: Path) -> Dict[str, str]:
    """Scripted, traced and frozen; each must give the eager model's output for several batch sizes."""
    arguments = tuple(i.tensor for i in spec.inputs)
    scripted = archive.script(spec.model)
    result = {}
    for kind, module in (("scripted", scripted), ("traced", archive.trace(spec.model, arguments)), ("frozen", torch.jit.freeze(scripted))):
        path = folder / f"{spec.name}.{kind}.pt"
        archive.save(module, path, spec.name)
        loaded = torch.jit.load(str(path))
        for rows in (1, 2, 3):
            batch = tuple(t[:rows] for t in arguments)
            with torch.enable_grad():
                gap = (loaded(*batch) - spec.model(*batch)).abs().max().item()
            if gap > 2e-6:
                raise ValueError(f"{path.name}: differs from the eager model by {gap} for {rows} rows")
        result[kind] = f"models/{path.name}"
    return result


def _of_data(name: str) -> Tuple[models.Spec, Dict[str, str]]:
    """A model whose archives and inputs stand in golden/data already."""
    spec = next(s for s in models.build() if s.name == name)
    stored = np.load(HERE / "data" / name / "inputs.npz")
    for one in spec.inputs:
        if not np.array_equal(stored[one.name], one.tensor.numpy()):
            raise ValueError(f"{name}: golden/data holds other inputs; run generate.py first")
    return spec, {kind: f"../data/models/{name}.{kind}.pt" for kind in ("scripted", "traced")}


def generate(target: Path, only: Sequence[str]) -> Dict[str, object]:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True, warn_only=True)  # Captum un-pools, which has no such form; one thread keeps its order
    warnings.simplefilter("ignore")
    (target / "models").mkdir(parents=True, exist_ok=True)
    described = []
    made = [(spec, _archives(spec, target / "models")) for spec in propagation_models.exact() + propagation_models.own()]
    for spec, archives in made + [_of_data("segmentation"), _of_data("mlp_double")]:
        if only and spec.name not in only:
            continue
        suite = Suite(spec)
        SUITES[spec.name](suite)
        folder = target / spec.name
        folder.mkdir(exist_ok=True)
        inputs_file = f"{spec.name}/inputs.npz"
        if archives["scripted"].startswith("models/"):
            _write_arrays(folder / "inputs.npz", {i.name: i.tensor.numpy() for i in spec.inputs})
        else:
            inputs_file = f"../data/{inputs_file}"
        _write_arrays(folder / "cases.npz", suite.arrays)
        worst = max(suite.worst.items(), key=lambda item: item[1], default=("-", 0.0))
        print(f"{spec.name}: {len(suite.cases)} cases; furthest from float64: {worst[0]} {worst[1]:.1g}", file=sys.stderr)
        described.append(
            {
                "name": spec.name,
                "description": spec.description,
                "seed": spec.seed,
                "archives": archives,
                "inputs": _inputs_json(spec),
                "inputs_file": inputs_file,
                "arrays_file": f"{spec.name}/cases.npz",
                "cases": suite.cases,
            }
        )
    versions = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "captum": captum.__version__,
        "captum_commit": CAPTUM_COMMIT,
        "numpy": np.__version__,
    }
    manifest = {"format": FORMAT, "versions": versions, "models": described}
    (target / "manifest.json").write_text(_readable(json.loads(json.dumps(manifest))), encoding="utf-8", newline="\n")
    print(f"{sum(len(m['cases']) for m in described)} cases on {len(described)} models", file=sys.stderr)
    return manifest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE / "propagation", help="folder to write (default: golden/propagation)")
    parser.add_argument("--only", nargs="*", default=[], help="names of models, while working on a case; the manifest then holds only these")
    options = parser.parse_args()
    if not options.only and options.out.exists():
        shutil.rmtree(options.out)
    generate(options.out, options.only)


if __name__ == "__main__":
    main()
