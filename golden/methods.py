# SPDX-License-Identifier: Apache-2.0
"""One function per method: what Captum (or an independent formula) says, written down as a case of a suite."""

from typing import Dict, Optional, Sequence

import numpy as np
import torch
from captum import attr
from torch import Tensor

import reference
from reference import NONE, Context, Stored, Suite, Target

CAPTUM_RULES = {
    "gauss-legendre": "gausslegendre",
    "riemann-left": "riemann_left",
    "riemann-right": "riemann_right",
    "riemann-middle": "riemann_middle",
    "captum-trapezoid": "riemann_trapezoid",
}
NOISE_TYPES = {"smoothgrad": "smoothgrad", "smoothgrad-squared": "smoothgrad_sq", "vargrad": "vargrad"}


def named(values) -> Dict[str, Tensor]:
    values = values if isinstance(values, (tuple, list)) else (values,)
    return {f"attribution_{k}": v.detach() for k, v in enumerate(values)}


def with_delta(values) -> Dict[str, Tensor]:
    attributions, delta = values
    return {**named(attributions), "delta": delta.detach()}


def output(s: Suite) -> None:
    def compute(c: Context):
        with torch.no_grad():
            return {"output": c.model(*c.inputs, *c.fixed)}

    s.add("output", "output", compute, reference="pytorch")


def pullback(s: Suite) -> None:
    """The gradient of sum(output * cotangent) for a cotangent with an entry for every output."""
    with torch.no_grad():
        shape = tuple(s.spec.model(*s.spec.attributed, *s.spec.fixed).shape)
    dtype = np.float64 if s.double else np.float32
    drawn = Stored("pullback.cotangent", torch.from_numpy(np.random.RandomState(s.spec.seed + 1).normal(0, 1, shape).astype(dtype)))

    def compute(c: Context):
        values = reference.gradients(c, c.inputs, lambda out: out * c.cast(drawn.tensor))
        return {f"gradient_{k}": g for k, g in enumerate(values)}

    s.add("pullback", "pullback", compute, given={"cotangent": drawn}, reference="pytorch")


def saliency(s: Suite, name: str, target: Target = NONE, absolute: bool = True) -> None:
    s.add(
        f"saliency-{name}",
        "saliency",
        lambda c: named(attr.Saliency(c.forward).attribute(c.inputs, abs=absolute, **c.args)),
        {"absolute": absolute},
        target,
    )


def input_x_gradient(s: Suite, name: str, target: Target = NONE) -> None:
    s.add(
        f"input-x-gradient-{name}",
        "input-x-gradient",
        lambda c: named(attr.InputXGradient(c.forward).attribute(c.inputs, **c.args)),
        {},
        target,
    )


def integrated_gradients(
    s: Suite,
    name: str,
    target: Target = NONE,
    steps: int = 50,
    rule: str = "gauss-legendre",
    baselines=None,
    multiply: bool = True,
    internal_batch: Optional[int] = None,
) -> None:
    options = {"steps": steps, "quadrature": rule, "multiply-by-inputs": multiply}
    own = s.double or rule == "trapezoid"
    if internal_batch is not None:
        options["internal-batch-rows"] = internal_batch

    def compute(c: Context):
        if own:
            return reference.integrated_gradients(c, steps, rule, baselines, multiply)
        result = attr.IntegratedGradients(c.forward, multiply).attribute(
            c.inputs,
            baselines=c.baselines(baselines),
            n_steps=steps,
            method=CAPTUM_RULES[rule],
            internal_batch_size=internal_batch,
            return_convergence_delta=multiply,
            **c.args,
        )
        return with_delta(result) if multiply else named(result)

    note = None
    if s.double:
        note = "Captum rounds nodes and weights to float32; this is the same formula in float64 throughout."
    elif rule == "trapezoid":
        note = "The composite trapezoid rule, whose weights sum to 1."
    elif rule == "captum-trapezoid":
        note = "Captum's weights sum to 1 - 1/steps, so the gap is large by design."
    s.add(
        f"integrated-gradients-{name}",
        "integrated-gradients",
        compute,
        options,
        target,
        baselines,
        reference="formula" if own else "captum",
        note=note,
    )


def gradient_shap(
    s: Suite,
    name: str,
    baselines: Sequence[Stored],
    target: Target = NONE,
    samples: int = 5,
    deviations: Sequence[float] = (),
    multiply: bool = True,
) -> None:
    deviations = list(deviations) or [0.0] * len(s.spec.attributed)

    def compute(c: Context):
        with c.recorded_noise(samples, deviations):
            # delta: one gap per example and sample, example-major, measured at the noisy input and the drawn baseline
            return with_delta(
                attr.GradientShap(c.forward, multiply).attribute(
                    c.inputs,
                    c.baselines(baselines),
                    n_samples=samples,
                    stdevs=tuple(deviations),
                    return_convergence_delta=True,
                    **c.args,
                )
            )

    s.add(
        f"gradient-shap-{name}",
        "gradient-shap",
        compute,
        {"samples": samples, "stdev": deviations, "multiply-by-inputs": multiply},
        target,
        baselines,
        compare="with-draws",
        note="Captum draws the baseline row of each input of a tuple independently and shares alpha between them.",
    )


def noise_tunnel(
    s: Suite,
    name: str,
    kind: str,
    inner: str,
    target: Target = NONE,
    samples: int = 5,
    deviations: Sequence[float] = (0.2,),
    batch: Optional[int] = None,
    inner_options: Optional[Dict[str, object]] = None,
    baselines=None,
    masks: Optional[Sequence[Stored]] = None,
    relative: Optional[float] = None,
) -> None:
    inner_options = dict(inner_options or {})
    deviations = list(deviations)
    if len(deviations) == 1:
        deviations = deviations * len(s.spec.attributed)

    def compute(c: Context):
        kwargs = {}
        if inner == "saliency":
            method, kwargs["abs"] = attr.Saliency(c.forward), inner_options["absolute"]
        elif inner == "input-x-gradient":
            method = attr.InputXGradient(c.forward)
        elif inner == "integrated-gradients":
            method, kwargs["n_steps"] = attr.IntegratedGradients(c.forward), inner_options["steps"]
        elif inner == "feature-ablation":
            method = attr.FeatureAblation(c.forward)
        else:
            method = attr.Occlusion(c.forward)
            kwargs["sliding_window_shapes"] = tuple(tuple(w) for w in inner_options["windows"])
            kwargs["strides"] = tuple(tuple(w) for w in inner_options["strides"])
        if baselines is not None:
            kwargs["baselines"] = c.baselines(baselines)
        if masks is not None:
            kwargs["feature_mask"] = tuple(m.tensor for m in masks)
        with c.recorded_noise(samples, deviations):
            result = attr.NoiseTunnel(method).attribute(
                c.inputs,
                nt_type=NOISE_TYPES[kind],
                nt_samples=samples,
                nt_samples_batch_size=batch,
                stdevs=tuple(float(d) for d in deviations),
                **kwargs,
                **c.args,
            )
        return named(result)

    options: Dict[str, object] = {"type": kind, "samples": samples, "stdev": deviations, "inner": inner, "inner-options": inner_options}
    if batch is not None:
        options["samples-per-batch"] = batch
    s.add(
        f"noise-tunnel-{name}",
        "noise-tunnel",
        compute,
        options,
        target,
        baselines,
        masks,
        relative=relative,
        compare="values" if all(d == 0 for d in deviations) else "with-draws",
    )


def feature_ablation(
    s: Suite,
    name: str,
    target: Target = NONE,
    masks: Optional[Sequence[Stored]] = None,
    baselines=None,
    per_eval: int = 1,
    mask_note: Optional[str] = None,
) -> None:
    options: Dict[str, object] = {}
    if per_eval != 1:
        options["perturbations-per-evaluation"] = per_eval
    if mask_note:
        options["mask"] = mask_note
    s.add(
        f"feature-ablation-{name}",
        "feature-ablation",
        lambda c: named(
            attr.FeatureAblation(c.forward).attribute(
                c.inputs,
                baselines=c.baselines(baselines),
                feature_mask=None if masks is None else tuple(m.tensor for m in masks),
                perturbations_per_eval=per_eval,
                **c.args,
            )
        ),
        options,
        target,
        baselines,
        masks,
    )


def occlusion(
    s: Suite,
    name: str,
    windows: Sequence[Sequence[int]],
    strides: Optional[Sequence[Sequence[int]]] = None,
    target: Target = NONE,
    baselines=None,
    per_eval: int = 1,
) -> None:
    options: Dict[str, object] = {"windows": [list(w) for w in windows]}
    options["strides"] = [list(w) for w in strides] if strides is not None else [[1] * len(w) for w in windows]
    if per_eval != 1:
        options["perturbations-per-evaluation"] = per_eval
    def compute(c: Context):
        if s.double:
            return reference.occlusion(c, options["windows"], options["strides"], baselines)
        return named(
            attr.Occlusion(c.forward).attribute(
                c.inputs,
                sliding_window_shapes=tuple(tuple(w) for w in windows),
                strides=None if strides is None else tuple(tuple(w) for w in strides),
                baselines=c.baselines(baselines),
                perturbations_per_eval=per_eval,
                **c.args,
            )
        )

    s.add(
        f"occlusion-{name}",
        "occlusion",
        compute,
        options,
        target,
        baselines,
        reference="formula" if s.double else "captum",
        note="Captum accumulates in float32." if s.double else None,
    )


def groups_of(masks: Sequence[Stored]) -> int:
    return 1 + max(int(m.tensor.max()) for m in masks)


def shapley_values(s: Suite, name: str, masks: Sequence[Stored], target: Target = NONE, baselines=None, own: bool = False) -> None:
    """Captum returns float32 whatever the model, so the formula stands in for float64 models."""
    own = own or s.double

    def compute(c: Context):
        formula = reference.shapley_exact(c, [m.tensor for m in masks], groups_of(masks), baselines)
        if own:
            return formula
        result = named(
            attr.ShapleyValues(c.forward).attribute(
                c.inputs, baselines=c.baselines(baselines), feature_mask=tuple(m.tensor for m in masks), **c.args
            )
        )
        for key, value in formula.items():
            gap = (value - result[key]).abs().max().item()
            if gap > 1e-5 * max(1.0, value.abs().max().item()):
                raise ValueError(f"{c.case}: Captum and the sum over coalitions differ by {gap}")
        return result

    s.add(
        f"shapley-values-{name}",
        "shapley-values",
        compute,
        {},
        target,
        baselines,
        masks,
        reference="formula" if own else "captum",
    )


def shapley_sampling(
    s: Suite,
    name: str,
    masks: Sequence[Stored],
    target: Target = NONE,
    samples: int = 25,
    baselines=None,
    converges: bool = False,
) -> None:
    """Captum's sampling with its permutations recorded; `converges` keeps instead the limit it must approach."""

    def compute(c: Context):
        if converges:
            return reference.shapley_exact(c, [m.tensor for m in masks], groups_of(masks), baselines)
        method = attr.ShapleyValueSampling(c.forward)
        drawn = np.stack([np.random.RandomState(s.spec.seed * 1000 + i).permutation(groups_of(masks)) for i in range(samples)])
        method.permutation_generator = lambda features, count: iter(drawn.tolist())
        c.draws["permutations"] = drawn.astype(np.int64)
        if s.double:
            return reference.permutation_walk(c, drawn, [m.tensor for m in masks], baselines)
        return named(
            method.attribute(
                c.inputs,
                baselines=c.baselines(baselines),
                feature_mask=tuple(m.tensor for m in masks),
                n_samples=samples,
                **c.args,
            )
        )

    s.add(
        f"shapley-sampling-{name}",
        "shapley-sampling",
        compute,
        {"samples": samples},
        target,
        baselines,
        masks,
        reference="formula" if converges or s.double else "captum",
        compare="limit" if converges else "with-draws",
        note="The exact Shapley values, which the sampling approaches: compare in standard errors." if converges else None,
    )


def kernel_shap(
    s: Suite,
    name: str,
    masks: Sequence[Stored],
    target: Target = NONE,
    samples: int = 100,
    baselines=None,
    mode: str = "captum",
) -> None:
    """mode: captum (coalitions recorded, trivial ones with weight 1e6), constrained (same coalitions, exact constraints), exact (all coalitions)."""
    count = groups_of(masks)
    tensors = [m.tensor for m in masks]

    def draw(examples: int) -> np.ndarray:
        """(examples, samples, groups): the trivial coalitions, then k with probability ~ 1/(k(M-k)) and a uniform subset of size k."""
        rng = np.random.RandomState(s.spec.seed * 77 + samples)
        sizes = np.arange(1, count)
        odds = 1.0 / (sizes * (count - sizes))
        drawn = np.zeros((examples, samples, count), dtype=np.int64)
        drawn[:, 0] = 1
        for i in range(examples):
            for j in range(2, samples):
                drawn[i, j, rng.permutation(count)[: rng.choice(sizes, p=odds / odds.sum())]] = 1
        return drawn

    def captum(c: Context):
        drawn = draw(c.inputs[0].shape[0])
        example = iter(range(len(drawn)))

        def generator(original, **kwargs):
            for row in drawn[next(example)]:
                yield torch.from_numpy(row)[None]

        method = attr.KernelShap(c.forward)
        method.perturb_func = generator
        c.draws["coalitions"] = drawn
        return named(
            method.attribute(
                c.inputs, baselines=c.baselines(baselines), feature_mask=tuple(tensors), n_samples=samples, **c.args
            )
        )

    def constrained(c: Context):
        drawn = draw(c.inputs[0].shape[0])
        c.draws["coalitions"] = drawn
        parts = []
        for i, rows in enumerate(drawn):
            result = reference.weighted_shapley(c, rows[2:], np.ones(samples - 2), tensors, baselines)
            parts.append({k: v[i : i + 1] for k, v in result.items()})
        return {k: torch.cat([p[k] for p in parts]) for k in parts[0]}

    def exact(c: Context):
        coalitions = reference.all_coalitions(count)[1:-1]
        sizes = coalitions.sum(1)
        binomials = np.array([reference.math.comb(count, int(k)) for k in sizes], dtype=np.float64)
        weights = (count - 1) / (binomials * sizes * (count - sizes))
        c.draws["coalitions"] = coalitions
        c.draws["weights"] = weights
        result = reference.weighted_shapley(c, coalitions, weights, tensors, baselines)
        formula = reference.shapley_exact(c, tensors, count, baselines)
        for key in result:
            if not torch.allclose(result[key], formula[key], atol=1e-5, rtol=1e-5):
                raise ValueError(f"{c.case}: the regression over all coalitions is not the Shapley value")
        return formula

    notes = {
        "captum": "The two trivial coalitions have weight 1e6 instead of being constraints: compare at 1e-3 where they are constraints.",
        "constrained": "The same coalitions with both trivial ones as exact constraints.",
        "exact": "All coalitions with the Shapley kernel's weights: the exact Shapley values.",
    }
    s.add(
        f"kernel-shap-{name}",
        "kernel-shap",
        {"captum": captum, "constrained": constrained, "exact": exact}[mode],
        {"samples": 2**count if mode == "exact" else samples, "sampling": {"captum": "captum", "constrained": "given", "exact": "all"}[mode]},
        target,
        baselines,
        masks,
        reference="captum" if mode == "captum" else "formula",
        compare="with-draws" if mode != "exact" else "values",
        relative=1e-3 if mode == "captum" else None,
        note=notes[mode],
    )


def grad_cam(
    s: Suite,
    name: str,
    layer: str,
    target: Target = NONE,
    relu: bool = False,
    channels: bool = True,
    upsample: Optional[Sequence[int]] = None,
    mode: str = "nearest",
    side: str = "output",
) -> None:
    options: Dict[str, object] = {"relu": relu, "sum-channels": channels}
    if upsample is not None:
        options["upsample"] = {"mode": mode, "size": list(upsample)}

    def compute(c: Context):
        result = attr.LayerGradCam(c.model, c.layer(layer)).attribute(
            c.inputs, relu_attributions=relu, attr_dim_summation=channels, attribute_to_layer_input=side == "input", **c.args
        )
        if upsample is not None:
            result = attr.LayerAttribution.interpolate(result, tuple(upsample), mode)
        return named(result)

    s.add(f"grad-cam-{name}", "grad-cam", compute, options, target, layer=layer, side=side)


# --- at a layer, and towards a unit of a layer -----------------------------------------------------------------------------------------------------


def activation(s: Suite, name: str, layer: str, side: str = "output") -> None:
    s.add(
        f"activation-{name}",
        "activation",
        lambda c: named(
            attr.LayerActivation(c.model, c.layer(layer)).attribute(
                c.inputs, additional_forward_args=c.args["additional_forward_args"], attribute_to_layer_input=side == "input"
            )
        ),
        layer=layer,
        side=side,
    )


def layer_gradient(s: Suite, name: str, layer: str, target: Target = NONE, side: str = "output") -> None:
    s.add(
        f"layer-saliency-{name}",
        "saliency",
        lambda c: named(
            attr.LayerGradientXActivation(c.model, c.layer(layer), multiply_by_inputs=False).attribute(
                c.inputs, attribute_to_layer_input=side == "input", **c.args
            )
        ),
        {"absolute": False},
        target,
        layer=layer,
        side=side,
    )


def layer_input_x_gradient(s: Suite, name: str, layer: str, target: Target = NONE, side: str = "output") -> None:
    s.add(
        f"layer-input-x-gradient-{name}",
        "input-x-gradient",
        lambda c: named(
            attr.LayerGradientXActivation(c.model, c.layer(layer)).attribute(
                c.inputs, attribute_to_layer_input=side == "input", **c.args
            )
        ),
        {},
        target,
        layer=layer,
        side=side,
    )


def layer_integrated_gradients(
    s: Suite,
    name: str,
    layer: str,
    target: Target = NONE,
    steps: int = 30,
    baselines=None,
    multiply: bool = True,
    rule: str = "gauss-legendre",
    side: str = "output",
) -> None:
    def compute(c: Context):
        result = attr.LayerIntegratedGradients(c.model, c.layer(layer), multiply_by_inputs=multiply).attribute(
            c.inputs,
            baselines=c.baselines(baselines),
            n_steps=steps,
            method=CAPTUM_RULES[rule],
            return_convergence_delta=multiply,
            attribute_to_layer_input=side == "input",
            **c.args,
        )
        return with_delta(result) if multiply else named(result)

    s.add(
        f"layer-integrated-gradients-{name}",
        "integrated-gradients",
        compute,
        {"steps": steps, "quadrature": rule, "multiply-by-inputs": multiply, "baseline-space": "input-through-head"},
        target,
        baselines,
        layer=layer,
        side=side,
        note="Captum measures the gap between the model at the inputs and at the baseline inputs; that is the model's, not the tail's, where something bypasses the layer.",
    )


def neuron_gradient(s: Suite, name: str, layer: str, unit: Sequence[int], side: str = "output") -> None:
    s.add(
        f"neuron-saliency-{name}",
        "saliency",
        lambda c: named(
            attr.NeuronGradient(c.model, c.layer(layer)).attribute(
                c.inputs,
                tuple(unit) if len(unit) > 1 else unit[0],
                additional_forward_args=c.args["additional_forward_args"],
                attribute_to_neuron_input=side == "input",
            )
        ),
        {"absolute": False},
        layer=layer,
        side=side,
        unit=unit,
    )


def neuron_integrated_gradients(
    s: Suite, name: str, layer: str, unit: Sequence[int], steps: int = 30, baselines=None, multiply: bool = True
) -> None:
    s.add(
        f"neuron-integrated-gradients-{name}",
        "integrated-gradients",
        lambda c: named(
            attr.NeuronIntegratedGradients(c.model, c.layer(layer), multiply_by_inputs=multiply).attribute(
                c.inputs,
                tuple(unit) if len(unit) > 1 else unit[0],
                baselines=c.baselines(baselines),
                n_steps=steps,
                additional_forward_args=c.args["additional_forward_args"],
            )
        ),
        {"steps": steps, "quadrature": "gauss-legendre", "multiply-by-inputs": multiply},
        baselines=baselines,
        layer=layer,
        unit=unit,
    )


def layer_feature_ablation(
    s: Suite, name: str, layer: str, target: Target = NONE, masks: Optional[Sequence[Stored]] = None, baselines=None
) -> None:
    """Ablates the layer's own values: baselines and masks have the shape of the activation, not of the input."""

    def compute(c: Context):
        return named(
            attr.LayerFeatureAblation(c.model, c.layer(layer)).attribute(
                c.inputs,
                layer_baselines=c.baselines(baselines),
                layer_mask=None if masks is None else tuple(m.tensor for m in masks),
                **c.args,
            )
        )

    s.add(
        f"layer-feature-ablation-{name}",
        "feature-ablation",
        compute,
        {"baseline-space": "layer"},
        target,
        baselines,
        masks,
        layer=layer,
    )


def neuron_feature_ablation(
    s: Suite, name: str, layer: str, unit: Sequence[int], masks: Optional[Sequence[Stored]] = None, baselines=None
) -> None:
    s.add(
        f"neuron-feature-ablation-{name}",
        "feature-ablation",
        lambda c: named(
            attr.NeuronFeatureAblation(c.model, c.layer(layer)).attribute(
                c.inputs,
                tuple(unit) if len(unit) > 1 else unit[0],
                baselines=c.baselines(baselines),
                feature_mask=None if masks is None else tuple(m.tensor for m in masks),
                additional_forward_args=c.args["additional_forward_args"],
            )
        ),
        {},
        NONE,
        baselines,
        masks,
        layer=layer,
        unit=unit,
    )


def neuron_gradient_shap(
    s: Suite, name: str, layer: str, unit: Sequence[int], baselines: Sequence[Stored], samples: int, deviations: Sequence[float]
) -> None:
    def compute(c: Context):
        with c.recorded_noise(samples, deviations):
            return named(
                attr.NeuronGradientShap(c.model, c.layer(layer)).attribute(
                    c.inputs,
                    tuple(unit) if len(unit) > 1 else unit[0],
                    c.baselines(baselines),
                    n_samples=samples,
                    stdevs=tuple(deviations),
                    additional_forward_args=c.args["additional_forward_args"],
                )
            )

    s.add(
        f"neuron-gradient-shap-{name}",
        "gradient-shap",
        compute,
        {"samples": samples, "stdev": list(deviations), "multiply-by-inputs": True},
        baselines=baselines,
        layer=layer,
        unit=unit,
        compare="with-draws",
    )
