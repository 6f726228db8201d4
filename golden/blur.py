# SPDX-License-Identifier: Apache-2.0
"""Blur integrated gradients (Xu, Venugopalan and Sundararajan, 2020) in PyTorch, point by point and in float64, on an image
model of golden/data.

    python golden/blur.py            writes golden/blur/blur.npz
    python golden/blur.py --check    computes again and compares

The path is the image under a Gaussian, cut at three standard deviations, whose edges go on. Each array is called
MODEL/STEPS/SIGMA/INPUT; targets are those that the test asks for.
"""

from pathlib import Path

import numpy as np
import torch
from scipy import ndimage

import stored

OUT = Path(__file__).resolve().parent / "blur" / "blur.npz"
TARGETS = {"cnn": 3}
SETTINGS = ((1, 2.0), (10, 5.0), (40, 20.0))


def blurred(planes, sigma):
    if sigma == 0:
        return planes
    radius = int(np.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    weights /= weights.sum()
    for axis in (-1, -2):
        planes = ndimage.correlate1d(planes, weights, axis=axis, mode="nearest")
    return planes


def attributions(model, image, target, steps, sigma):
    """Of one image: the integral of the gradient along the path, by trapezoids between neighboring blurs."""
    points, gradients = [], []
    for k in range(steps + 1):
        point = torch.tensor(blurred(image, sigma * (steps - k) / steps)).requires_grad_(True)
        gradients.append(torch.autograd.grad(model(point)[0, target], point)[0].numpy())
        points.append(point.detach().numpy())
    return sum((points[k + 1] - points[k]) * (gradients[k + 1] + gradients[k]) / 2 for k in range(steps))


def main():
    arrays = {}
    for model_name, model, inputs, attributed in stored.models(TARGETS):
        (name,) = attributed
        for steps, sigma in SETTINGS:
            each = [attributions(model, image[None].numpy(), TARGETS[model_name], steps, sigma) for image in inputs[name]]
            arrays[f"{model_name}/{steps}/{sigma}/{name}"] = np.concatenate(each)
    stored.keep(OUT, arrays, 1e-12)


if __name__ == "__main__":
    main()
