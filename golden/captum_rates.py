# SPDX-License-Identifier: Apache-2.0
"""Captum's part of `Ratios captum`: explains whenever it is told so, in turns with the library, and says how long it took.

Started by the Java benchmark, which docs/benchmarks.md describes; it needs torch and captum 0.8 or later. First prints
a line: `ready` and the versions, or `missing` and what. Then a line of standard input is a command, answered by a line:

    open NAME ARCHIVE INPUT TARGET    takes the weights of a TorchScript archive into an eager network
    run CASE COUNT                    explains COUNT times; the seconds
    value CASE FILE                   writes attributions as .npy

One thread. Methods have Captum's defaults but for what the cases below name.
"""

import sys
import time
import warnings

MISSING = None
try:
    import captum
    import captum.attr as attr
    import numpy as np
    import torch
    from torch import nn
except ImportError as error:
    MISSING = error

STEPS = 20
BATCH = 10


def table():
    network = nn.Sequential()
    for i, (inputs, outputs) in enumerate(((30, 64), (64, 64), (64, 2)), 1):
        network.add_module(f"fc{i}", nn.Linear(inputs, outputs))
        if i < 3:
            network.add_module(f"relu{i}", nn.ReLU())
    return network


def resnet18():
    """The network that the benchmark has; no module is called twice, which Captum's DeepLIFT asks for."""

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(outputs)
            self.relu1 = nn.ReLU()
            self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(outputs)
            self.relu2 = nn.ReLU()
            self.downsample = None
            if stride != 1 or inputs != outputs:
                self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

        def forward(self, x):
            y = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
            return self.relu2(y + (x if self.downsample is None else self.downsample(x)))

    network = nn.Sequential()
    network.add_module("conv1", nn.Conv2d(3, 64, 7, 2, 3, bias=False))
    network.add_module("bn1", nn.BatchNorm2d(64))
    network.add_module("relu", nn.ReLU())
    network.add_module("maxpool", nn.MaxPool2d(3, 2, 1))
    inputs = 64
    for i, outputs in enumerate((64, 128, 256, 512), 1):
        blocks = nn.Sequential(Block(inputs, outputs, 1 if i == 1 else 2), Block(outputs, outputs, 1))
        network.add_module(f"layer{i}", blocks)
        inputs = outputs
    network.add_module("avgpool", nn.AdaptiveAvgPool2d(1))
    network.add_module("flatten", nn.Flatten())
    network.add_module("fc", nn.Linear(512, 1000))
    return network


class Explained:
    def __init__(self, name, archive, file, target):
        state = torch.jit.load(archive).state_dict()
        network = {"table": table, "resnet18": resnet18}[name]()
        network.load_state_dict(state)
        self.network = network.eval()
        self.input = torch.from_numpy(np.load(file))
        self.target = int(target)
        layers = dict(self.network.named_children())
        cases = {
            "saliency": lambda x, **given: attr.Saliency(network).attribute(x, abs=False, **given),
            "input-x-gradient": attr.InputXGradient(network).attribute,
            "deep-lift": attr.DeepLift(network).attribute,
            "integrated-gradients": attr.IntegratedGradients(network).attribute,
            # Antithetic walks come in pairs.
            "shapley-sampling": lambda x, **given: attr.ShapleyValueSampling(network).attribute(x, n_samples=24, **given),
            "kernel-shap": lambda x, **given: attr.KernelShap(network).attribute(x, n_samples=500, **given),
            "feature-ablation": attr.FeatureAblation(network).attribute,
        }
        if name == "resnet18":
            steps = {"n_steps": STEPS, "internal_batch_size": BATCH}
            cases["integrated-gradients"] = lambda x, **given: attr.IntegratedGradients(network).attribute(x, **steps, **given)
            cases["grad-cam layer4"] = attr.LayerGradCam(network, layers["layer4"]).attribute
            for layer in ("layer2", "layer4"):
                ig = attr.LayerIntegratedGradients(network, layers[layer])
                cases[f"integrated-gradients {layer}"] = lambda x, ig=ig, **given: ig.attribute(x, **steps, **given)
            conductance = attr.LayerConductance(network, layers["layer4"])
            cases["conductance layer4"] = lambda x, **given: conductance.attribute(x, **steps, **given)
        self.cases = cases

    def explain(self, case):
        values = self.cases[case](self.input.clone().requires_grad_(), target=self.target)
        return values.detach().numpy()

    def run(self, case, count):
        start = time.perf_counter()
        for _ in range(int(count)):
            self.explain(case)
        return time.perf_counter() - start


def main():
    if MISSING:
        print("missing", MISSING, flush=True)
        return
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    print(f"ready Captum {captum.__version__}, torch {torch.__version__}", flush=True)
    explained = None
    for line in sys.stdin:
        command, *words = line.rstrip("\n").split("\t")
        if command == "open":
            explained = Explained(*words)
            print("opened", flush=True)
        elif command == "run":
            print(explained.run(*words), flush=True)
        else:
            np.save(words[1], np.ascontiguousarray(explained.explain(words[0]), dtype=np.float32))
            print("written", flush=True)


if __name__ == "__main__":
    main()
