# SPDX-License-Identifier: Apache-2.0
"""All of Captum's Layer* and Neuron* classes that need no backward rules, at several layers of every model.

`everywhere` asks all of them at one place of a model; settings rotate from place to place, so that each setting stands on several models.
"""

from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple
from unittest import mock

import numpy as np
import torch
from captum import attr
from torch import Tensor

import reference
from methods import CAPTUM_RULES, named, with_delta
from reference import NONE, Context, Stored, Suite, Target

FROM_DOUBLE = 1e-6  # Captum rounds nodes and weights to float32, whatever the model's type
BYPASSED = "Captum's gap is that of the whole model; where something bypasses the layer, its share is part of the gap."


@dataclass(frozen=True)
class Unit:
    """Some numbers of a layer: coordinates, a selection in NumPy's words (summed), or a function."""

    coordinates: Optional[Tuple[int, ...]] = None
    slices: Optional[str] = None
    function: Optional[str] = None

    @property
    def json(self):
        if self.coordinates is not None:
            return list(self.coordinates)
        return {"slice": self.slices} if self.slices is not None else {"function": self.function}

    @property
    def selection(self) -> tuple:
        if self.coordinates is not None:
            return tuple(self.coordinates)
        chosen = eval(f"np.s_[{self.slices}]", {"np": np})  # noqa: S307 - text of this file
        return chosen if isinstance(chosen, tuple) else (chosen,)

    @property
    def captum(self):
        if self.function is not None:
            return lambda value: (value**2).reshape(value.shape[0], -1).sum(1)
        return self.selection[0] if self.coordinates is not None and len(self.coordinates) == 1 else self.selection


@dataclass(frozen=True)
class Place:
    """An input or output of a module."""

    path: str
    side: str = "output"

    @property
    def name(self) -> str:
        return self.path + (":in" if self.side == "input" else "")

    @property
    def to_input(self) -> bool:
        return self.side == "input"

    def where(self) -> Dict[str, str]:
        return {"layer": self.path, "side": self.side}


def value_at(s: Suite, place: Place) -> Tensor:
    c = s.context("value", NONE)
    c.target = Target("sum-of-squares")
    return reference.at_layer(c, place.path, place.side, c.inputs)[0]


def strongest(value: Tensor) -> Tuple[int, ...]:
    """The unit that is most active in its weakest example: one with a gradient to compare."""
    least = value.amin(0)
    return tuple(int(i) for i in np.unravel_index(int(least.argmax()), tuple(least.shape)))


def around(value: Tensor) -> str:
    """A selection that holds the strongest unit: its first coordinate, everything between, two or three values of the last axis."""
    unit = strongest(value)
    last = f"{max(0, unit[-1] - 1)}:{min(unit[-1] + 2, value.shape[-1])}"
    return last if len(unit) == 1 else ", ".join([str(unit[0])] + [":"] * (len(unit) - 2) + [last])


def quarters(place: Place, value: Tensor) -> List[Stored]:
    """Up to four groups along axis 1 of a layer."""
    extent = value.shape[1]
    ids = torch.arange(extent) // -(-extent // 4)
    shape = [1, extent] + [1] * (value.dim() - 2)
    return [Stored(f"mask.quarters.{extent}.{value.dim()}", ids.reshape(shape))]


def relative(s: Suite) -> Optional[float]:
    return FROM_DOUBLE if s.double else None


def fixed(c: Context) -> Dict[str, object]:
    return {"additional_forward_args": c.args["additional_forward_args"]}


def activation(s: Suite, place: Place) -> None:
    def compute(c: Context):
        return named(attr.LayerActivation(c.model, c.layer(place.path)).attribute(c.inputs, attribute_to_layer_input=place.to_input, **fixed(c)))

    s.add(f"LayerActivation-{place.name}", "layer-activation", compute, **place.where())


def gradient_x_activation(s: Suite, place: Place, target: Target, multiply: bool) -> None:
    def compute(c: Context):
        method = attr.LayerGradientXActivation(c.model, c.layer(place.path), multiply_by_inputs=multiply)
        return named(method.attribute(c.inputs, attribute_to_layer_input=place.to_input, **c.args))

    name = f"LayerGradientXActivation-{place.name}" + ("" if multiply else "-gradient-only")
    s.add(name, "gradient-x-activation", compute, {"multiply-by-inputs": multiply}, target, **place.where())


def several(s: Suite, paths: Sequence[str], target: Target, baselines, apart: bool) -> None:
    """A list of layers in one call; `apart`: none depends on another, so that a path can lead through all of them at once."""
    name = "+".join(paths)
    modules = lambda c: [c.layer(path) for path in paths]  # noqa: E731
    s.add(
        f"LayerActivation-{name}",
        "layer-activation",
        lambda c: named(attr.LayerActivation(c.model, modules(c)).attribute(c.inputs, **fixed(c))),
        layers=paths,
    )
    s.add(
        f"LayerGradientXActivation-{name}",
        "gradient-x-activation",
        lambda c: named(attr.LayerGradientXActivation(c.model, modules(c)).attribute(c.inputs, **c.args)),
        {"multiply-by-inputs": True},
        target,
        layers=paths,
    )
    if not apart:
        return

    def integrated(c: Context):
        method = attr.LayerIntegratedGradients(c.model, modules(c))
        return with_delta(method.attribute(c.inputs, baselines=c.baselines(baselines), n_steps=10, return_convergence_delta=True, **c.args))

    s.add(
        f"LayerIntegratedGradients-{name}",
        "integrated-gradients",
        integrated,
        {"steps": 10, "quadrature": "gauss-legendre", "multiply-by-inputs": True, "baseline-space": "input-through-head", "gap": "model"},
        target,
        baselines,
        layers=paths,
        note=BYPASSED,
    )


def integrated_gradients(s: Suite, place: Place, target: Target, baselines, steps: int, rule: str, multiply: bool) -> None:
    def compute(c: Context):
        result = attr.LayerIntegratedGradients(c.model, c.layer(place.path), multiply_by_inputs=multiply).attribute(
            c.inputs,
            baselines=c.baselines(baselines),
            n_steps=steps,
            method=CAPTUM_RULES[rule],
            return_convergence_delta=multiply,
            attribute_to_layer_input=place.to_input,
            **c.args,
        )
        return with_delta(result) if multiply else named(result)

    options = {"steps": steps, "quadrature": rule, "multiply-by-inputs": multiply, "baseline-space": "input-through-head", "gap": "model"}
    s.add(
        f"LayerIntegratedGradients-{place.name}",
        "integrated-gradients",
        compute,
        options,
        target,
        baselines,
        relative=relative(s),
        note=BYPASSED,
        **place.where(),
    )


def internal_influence(s: Suite, place: Place, target: Target, baselines, steps: int, rule: str, internal_batch: Optional[int] = None) -> None:
    def compute(c: Context):
        return named(
            attr.InternalInfluence(c.model, c.layer(place.path)).attribute(
                c.inputs,
                baselines=c.baselines(baselines),
                n_steps=steps,
                method=CAPTUM_RULES[rule],
                internal_batch_size=internal_batch,
                attribute_to_layer_input=place.to_input,
                **c.args,
            )
        )

    options = {"steps": steps, "quadrature": rule, "bypass": "follow"}
    if internal_batch is not None:
        options["internal-batch-rows"] = internal_batch
    s.add(f"InternalInfluence-{place.name}", "internal-influence", compute, options, target, baselines, relative=relative(s), **place.where())


def conductance(s: Suite, place: Place, target: Target, baselines, steps: int, rule: str, internal_batch: Optional[int] = None) -> None:
    def compute(c: Context):
        return with_delta(
            attr.LayerConductance(c.model, c.layer(place.path)).attribute(
                c.inputs,
                baselines=c.baselines(baselines),
                n_steps=steps,
                method=CAPTUM_RULES[rule],
                internal_batch_size=internal_batch,
                return_convergence_delta=True,
                attribute_to_layer_input=place.to_input,
                **c.args,
            )
        )

    options = {"steps": steps, "rule": "captum-" + rule.removeprefix("captum-"), "bypass": "follow"}
    if internal_batch is not None:
        options["internal-batch-rows"] = internal_batch
    s.add(
        f"LayerConductance-{place.name}",
        "conductance",
        compute,
        options,
        target,
        baselines,
        relative=relative(s),
        note="The gradient at the left end of each interval times the increment; the intervals lie between n + 1 nodes of the quadrature.",
        **place.where(),
    )


def own_gradient_x_activation(s: Suite, place: Place, target: Target) -> None:
    """At an argument that others read too: Captum's gradients are those of the shared tensor, its substitutions those of the argument."""

    def compute(c: Context):
        activation, gradient = reference.at_layer(c, place.path, place.side, c.inputs)
        return {"attribution_0": activation * gradient}

    s.add(
        f"gradient-x-activation-argument-{place.name}",
        "gradient-x-activation",
        compute,
        {"multiply-by-inputs": True},
        target,
        reference="formula",
        note="Through this reader alone.",
        **place.where(),
    )


def own_paths(s: Suite, place: Place, target: Target, baselines, steps: int) -> None:
    """Conductance and internal influence by formula: the trapezoid of the gradients, and what bypasses the layer held at the inputs."""
    where = place.where()
    for stay in (False, True):
        kind = "stay" if stay else "follow"
        s.add(
            f"conductance-trapezoid-{kind}-{place.name}",
            "conductance",
            lambda c, stay=stay: reference.conductance(c, place.path, place.side, steps, baselines, stay),
            {"steps": steps, "rule": "trapezoid", "bypass": kind},
            target,
            baselines,
            reference="formula",
            **where,
        )
    s.add(
        f"internal-influence-stay-{place.name}",
        "internal-influence",
        lambda c: reference.internal_influence(c, place.path, place.side, steps, "riemann-middle", baselines, True),
        {"steps": steps, "quadrature": "riemann-middle", "bypass": "stay"},
        target,
        baselines,
        reference="formula",
        **where,
    )


def dense(s: Suite, place: Place, target: Target, baselines, steps: int = 100, times: int = 10, allowed: float = 1e-3) -> None:
    """Conductance with many more steps: what the default must come near to, on a smooth model."""
    s.add(
        f"conductance-dense-{place.name}",
        "conductance",
        lambda c: reference.conductance(c, place.path, place.side, times * steps, baselines),
        {"steps": steps, "rule": "trapezoid", "bypass": "follow"},
        target,
        baselines,
        reference="formula",
        relative=allowed,
        note=f"With {times * steps} intervals: the integral, which {steps} approach.",
        **place.where(),
    )


def gradient_shap(s: Suite, place: Place, target: Target, baselines, samples: int, deviations: Sequence[float], multiply: bool) -> None:
    def compute(c: Context):
        with c.recorded_noise(samples, deviations):
            result = attr.LayerGradientShap(c.model, c.layer(place.path), multiply_by_inputs=multiply).attribute(
                c.inputs,
                c.baselines(baselines),
                n_samples=samples,
                stdevs=tuple(deviations),
                return_convergence_delta=multiply,
                attribute_to_layer_input=place.to_input,
                **c.args,
            )
            return with_delta(result) if multiply else named(result)

    s.add(
        f"LayerGradientShap-{place.name}",
        "layer-gradient-shap",
        compute,
        {"samples": samples, "stdev": list(deviations), "multiply-by-inputs": multiply},
        target,
        baselines,
        compare="with-draws",
        **place.where(),
    )


def grad_cam(s: Suite, place: Place, target: Target, relu: bool) -> None:
    def compute(c: Context):
        method = attr.LayerGradCam(c.model, c.layer(place.path))
        return named(method.attribute(c.inputs, relu_attributions=relu, attribute_to_layer_input=place.to_input, **c.args))

    s.add(f"LayerGradCam-{place.name}", "grad-cam", compute, {"relu": relu, "sum-channels": True}, target, **place.where())


def feature_ablation(s: Suite, place: Place, target: Target, masks, baselines, per_eval: int) -> None:
    def compute(c: Context):
        return named(
            attr.LayerFeatureAblation(c.model, c.layer(place.path)).attribute(
                c.inputs,
                layer_baselines=c.baselines(baselines),
                layer_mask=None if masks is None else tuple(m.tensor for m in masks),
                perturbations_per_eval=per_eval,
                attribute_to_layer_input=place.to_input,
                **c.args,
            )
        )

    options: Dict[str, object] = {"baseline-space": "layer"}
    if per_eval > 1:
        options["perturbations-per-evaluation"] = per_eval
    s.add(f"LayerFeatureAblation-{place.name}", "feature-ablation", compute, options, target, baselines, masks, **place.where())


def feature_permutation(s: Suite, place: Place, target: Target, masks, groups: int) -> None:
    """Captum's class applies a target twice, so the target is part of the function that it calls. Its permutations are replaced by single cycles."""

    def compute(c: Context):
        rng = np.random.RandomState(s.spec.seed * 13 + groups)
        drawn: List[np.ndarray] = []

        def cycle(count: int) -> Tensor:
            order = rng.permutation(count)
            permutation = np.empty(count, dtype=np.int64)
            permutation[order] = np.roll(order, -1)
            drawn.append(permutation)
            return torch.from_numpy(permutation)

        method = attr.LayerFeaturePermutation(lambda *args: c.target.select(c.model(*args)), c.layer(place.path))
        with mock.patch("torch.randperm", cycle):
            result = named(method.attribute(c.inputs, layer_mask=tuple(m.tensor for m in masks), **fixed(c)))
        c.draws["partners"] = np.stack(drawn)
        return result

    s.add(
        f"LayerFeaturePermutation-{place.name}",
        "feature-permutation",
        compute,
        {"shuffles": 1},
        target,
        masks=masks,
        compare="with-draws",
        note="The target is applied inside the function that Captum calls: given as its target, it is applied twice.",
        **place.where(),
    )


def neuron_gradient(s: Suite, place: Place, unit: Unit) -> None:
    def compute(c: Context):
        method = attr.NeuronGradient(c.model, c.layer(place.path))
        return named(method.attribute(c.inputs, unit.captum, attribute_to_neuron_input=place.to_input, **fixed(c)))

    s.add(f"NeuronGradient-{place.name}{suffix(unit)}", "saliency", compute, {"absolute": False}, unit=unit.json, **place.where())


def suffix(unit: Unit) -> str:
    return "" if unit.coordinates is not None else "-slices" if unit.slices is not None else "-function"


def neuron_integrated_gradients(s: Suite, place: Place, unit: Unit, baselines, steps: int, rule: str, multiply: bool) -> None:
    def compute(c: Context):
        return named(
            attr.NeuronIntegratedGradients(c.model, c.layer(place.path), multiply_by_inputs=multiply).attribute(
                c.inputs,
                unit.captum,
                baselines=c.baselines(baselines),
                n_steps=steps,
                method=CAPTUM_RULES[rule],
                attribute_to_neuron_input=place.to_input,
                **fixed(c),
            )
        )

    s.add(
        f"NeuronIntegratedGradients-{place.name}{suffix(unit)}",
        "integrated-gradients",
        compute,
        {"steps": steps, "quadrature": rule, "multiply-by-inputs": multiply},
        baselines=baselines,
        unit=unit.json,
        relative=relative(s),
        **place.where(),
    )


def neuron_conductance(
    s: Suite, place: Place, unit: Unit, target: Target, baselines, steps: int, rule: str, multiply: bool, internal_batch: Optional[int] = None
) -> None:
    def compute(c: Context):
        return named(
            attr.NeuronConductance(c.model, c.layer(place.path), multiply_by_inputs=multiply).attribute(
                c.inputs,
                unit.captum,
                baselines=c.baselines(baselines),
                n_steps=steps,
                method=CAPTUM_RULES[rule],
                internal_batch_size=internal_batch,
                attribute_to_neuron_input=place.to_input,
                **c.args,
            )
        )

    options = {"steps": steps, "quadrature": rule, "multiply-by-inputs": multiply, "units": "captum" if unit.coordinates is None else "apart"}
    if internal_batch is not None:
        options["internal-batch-rows"] = internal_batch
    s.add(
        f"NeuronConductance-{place.name}{suffix(unit)}",
        "neuron-conductance",
        compute,
        options,
        target,
        baselines,
        unit=unit.json,
        relative=relative(s),
        note=None if unit.coordinates is not None else "Captum multiplies the sum of the units' gradients by the gradient of their sum.",
        **place.where(),
    )


def own_neuron_conductance(s: Suite, place: Place, unit: Unit, target: Target, baselines, steps: int) -> None:
    s.add(
        f"neuron-conductance-{place.name}{suffix(unit)}",
        "neuron-conductance",
        lambda c: reference.neuron_conductance(c, place.path, place.side, unit.selection, steps, "gauss-legendre", baselines),
        {"steps": steps, "quadrature": "gauss-legendre", "multiply-by-inputs": True, "units": "apart"},
        target,
        baselines,
        unit=unit.json,
        reference="formula",
        note="The sum of the conductances of the units selected.",
        **place.where(),
    )


def neuron_gradient_shap(s: Suite, place: Place, unit: Unit, baselines, samples: int, deviations: Sequence[float]) -> None:
    def compute(c: Context):
        with c.recorded_noise(samples, deviations):
            return named(
                attr.NeuronGradientShap(c.model, c.layer(place.path)).attribute(
                    c.inputs,
                    unit.captum,
                    c.baselines(baselines),
                    n_samples=samples,
                    stdevs=tuple(deviations),
                    attribute_to_neuron_input=place.to_input,
                    **fixed(c),
                )
            )

    s.add(
        f"NeuronGradientShap-{place.name}{suffix(unit)}",
        "gradient-shap",
        compute,
        {"samples": samples, "stdev": list(deviations), "multiply-by-inputs": True},
        baselines=baselines,
        unit=unit.json,
        compare="with-draws",
        **place.where(),
    )


def neuron_feature_ablation(s: Suite, place: Place, unit: Unit, masks, baselines) -> None:
    def compute(c: Context):
        return named(
            attr.NeuronFeatureAblation(c.model, c.layer(place.path)).attribute(
                c.inputs,
                unit.captum,
                baselines=c.baselines(baselines),
                feature_mask=tuple(m.tensor for m in masks),
                attribute_to_neuron_input=place.to_input,
                **fixed(c),
            )
        )

    s.add(
        f"NeuronFeatureAblation-{place.name}{suffix(unit)}", "feature-ablation", compute, {}, NONE, baselines, masks, unit=unit.json, **place.where()
    )


def nowhere(value: Tensor) -> bool:
    return bool((value == 0).all())


RULES = ("gauss-legendre", "riemann-left", "riemann-right", "riemann-middle", "captum-trapezoid")


def layer_methods(s: Suite, place: Place, turn: int, target: Target, baselines, samples, deviations) -> None:
    """Every Layer* class at a place; `turn` rotates the settings."""
    value = value_at(s, place)
    masks = quarters(place, value)
    groups = 1 + int(masks[0].tensor.max())
    rule, other = RULES[turn % 5], RULES[(turn + 2) % 5]
    activation(s, place)
    gradient_x_activation(s, place, target, turn % 3 != 2)
    integrated_gradients(s, place, target, baselines, 6 + turn % 5, other, turn % 4 != 3)
    internal_influence(s, place, target, baselines, 7 + turn % 4, rule, 6 if turn % 3 == 1 else None)
    conductance(s, place, target, baselines, 8 + turn % 4, rule, 9 if turn % 3 == 2 else None)
    gradient_shap(s, place, target, samples, 4, deviations, turn % 4 != 2)
    if (s.spec.name, place.name) != ("timeseries_gru", "norm:in"):  # the sum over what layer norm is given cancels
        grad_cam(s, place, target, False)
    feature_ablation(s, place, target, masks, [0.25] if turn % 2 else None, 1 + 2 * (turn % 2) if target.kind == "index" else 1)
    if groups > 1 and not place.to_input:  # Captum has no such class at inputs
        feature_permutation(s, place, target, masks, groups)


def neuron_methods(s: Suite, place: Place, turn: int, target: Target, baselines, samples, deviations, masks, slices=None) -> None:
    """Every Neuron* class at a place, towards one unit or the sum of several in turn."""
    value = value_at(s, place)
    unit = Unit(coordinates=strongest(value)) if turn % 2 == 0 else Unit(slices=slices or around(value))
    rule, other = RULES[(turn + 4) % 5], RULES[(turn + 1) % 5]
    neuron_gradient(s, place, unit)
    neuron_integrated_gradients(s, place, unit, baselines, 6 + turn % 5, other, turn % 4 != 3)
    neuron_conductance(s, place, unit, target, baselines, 7 + turn % 4, rule, turn % 4 != 1, 6 if turn % 3 == 1 else None)
    neuron_gradient_shap(s, place, unit, samples, 4, deviations)
    neuron_feature_ablation(s, place, unit, masks, baselines)
