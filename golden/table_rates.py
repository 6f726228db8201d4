# SPDX-License-Identifier: Apache-2.0
"""Rows of a table explained in a second, by SHAP and by the library: the same network, rows, background and evaluations,
in turns on the same machine.

    python golden/table_rates.py CLASSPATH [ROWS [BUDGET [ROUNDS]]]

CLASSPATH is that of attribution-benchmarks; docs/benchmarks.md says how it is made. The network is the demo's for tumors, 30
features, as a TorchScript archive and, if onnx is installed, as ONNX. Each row is compared with 100 rows of the training
data; BUDGET evaluations of coalitions (610, ten walks of SHAP's permutations), each of 100 rows, for each of ROWS rows (1000).
Each explainer runs once before it is measured. Prints a line of docs/benchmarks.md for each, and how far the values of an
explainer are from those of another that computes the same.
"""

import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import shap
import torch
from sklearn.datasets import load_breast_cancer

MODEL = Path(__file__).resolve().parent.parent / "attribution-cli" / "src" / "main" / "resources" / "demo" / "breast-cancer.pt"
SEED = 20
WARM_UP = 30


class Library:
    """The Java process; it waits while SHAP runs."""

    def __init__(self, classpath, model, data, budget, folder):
        self.folder = folder
        self.process = subprocess.Popen(
            ["java", "-cp", classpath, "io.github.attribution4j.benchmarks.TableRates", str(model), str(data), str(budget)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def explain(self, method, rows):
        out = self.folder / "values.npy"
        self.process.stdin.write(f"{method} {rows} {out}\n")
        self.process.stdin.flush()
        seconds = float(self.process.stdout.readline())
        return seconds, np.load(out)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def onnx_of(model, folder):
    """The same network as ONNX, or None without an exporter."""
    try:
        import onnx
        from onnx import helper, numpy_helper
    except ImportError:
        return None
    state = {name: value.detach().numpy() for name, value in [*model.named_parameters(), *model.named_buffers()]}
    nodes = [helper.make_node("Sub", ["row", "mean"], ["centred"]), helper.make_node("Div", ["centred", "scale"], ["x0"])]
    for i in (1, 2, 3):
        nodes.append(helper.make_node("Gemm", [f"x{i - 1}", f"fc{i}.weight", f"fc{i}.bias"], [f"y{i}"], transB=1))
        if i < 3:
            nodes.append(helper.make_node("Relu", [f"y{i}"], [f"x{i}"]))
    graph = helper.make_graph(
        nodes, "mlp",
        [helper.make_tensor_value_info("row", onnx.TensorProto.FLOAT, ["n", 30])],
        [helper.make_tensor_value_info("y3", onnx.TensorProto.FLOAT, ["n", 2])],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in state.items()])
    file = folder / "breast-cancer.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), file)
    return file


def main():
    warnings.filterwarnings("ignore")
    classpath = sys.argv[1]
    count, budget, rounds = (int(text) for text in (sys.argv[2:] + ["1000", "610", "3"][len(sys.argv) - 2:]))
    random = np.random.default_rng(SEED)
    table = load_breast_cancer().data.astype(np.float32)
    background = table[random.choice(len(table), 100, replace=False)]
    # A little noise, so that no two of the rows are the same.
    rows = table[random.choice(len(table), count)] * (1 + 0.01 * random.normal(size=(count, 30))).astype(np.float32)
    model = torch.jit.load(str(MODEL)).eval()

    @torch.inference_mode()
    def score(x):
        return model(torch.from_numpy(np.asarray(x, dtype=np.float32)))[:, 0].numpy()

    def kernel(n):
        explainer = shap.KernelExplainer(score, background)
        return explainer.shap_values(rows[:n], nsamples=budget, l1_reg=0, silent=True)

    def permutation(n):
        masker = shap.maskers.Independent(background, max_samples=len(background))
        return shap.PermutationExplainer(score, masker, seed=SEED)(rows[:n], max_evals=budget, silent=True).values

    def timed(explain):
        def run(n):
            start = time.perf_counter()
            values = explain(n)
            return time.perf_counter() - start, values
        return run

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = folder / "data.npz"
        np.savez(data, rows=rows, background=background)
        files = {"TorchScript": MODEL, "ONNX": onnx_of(model, folder)}
        libraries = {engine: Library(classpath, file, data, budget, folder) for engine, file in files.items() if file}
        explainers = {"SHAP KernelExplainer": timed(kernel), "SHAP PermutationExplainer": timed(permutation)}
        for engine, library in libraries.items():
            for method in ("kernel-shap", "shapley-sampling"):
                explainers[f"{method}, {engine}"] = lambda n, library=library, method=method: library.explain(method, n)
        for explain in explainers.values():
            explain(min(count, WARM_UP))
        seconds = {name: [] for name in explainers}
        values = {}
        for _ in range(rounds):
            for name, explain in explainers.items():
                took, values[name] = explain(count)
                seconds[name].append(took)
        for library in libraries.values():
            library.close()
    exact = score(rows) - score(background).mean()
    print(f"| explainer | rows a second: median of {rounds} (range) | off from the others |")
    print("|---|---|---|")
    middle = np.mean(list(values.values()), axis=0)
    spread = np.sqrt((middle**2).mean())
    for name, took in seconds.items():
        rates = sorted(count / one for one in took)
        off = np.sqrt(((values[name] - middle) ** 2).mean()) / spread
        gap = np.abs(values[name].sum(1) - exact).max()
        print(f"| {name} | {np.median(rates):.1f} ({rates[0]:.1f} to {rates[-1]:.1f}) | {100 * off:.1f} %, gap {gap:.1e} |")


if __name__ == "__main__":
    main()
