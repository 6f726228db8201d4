# SPDX-License-Identifier: Apache-2.0
"""Writes golden/onnx/classical.npz: models as the converters of scikit-learn, LightGBM, XGBoost and TensorFlow write them, with what they compute and gradients.

    python golden/onnx_classical.py

The converters are not asked: the files are written by hand in the nodes, names and types that skl2onnx, onnxmltools and tf2onnx give them, around weights that
scikit-learn, LightGBM and PyTorch have fitted. Arrays of a case NAME: /model (its bytes), /x, /y, and if it has gradients /g (a gradient of y) and /d (that of x,
by PyTorch in float64 of the formulas of the model's own library). Of a pipeline with a step that has none there are /layer (the bytes of the name of the value
after its last such step), /g and /d, the gradient of that value.
"""

import zlib
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import lightgbm
import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR

HERE = Path(__file__).resolve().parent
ARRAYS: Dict[str, np.ndarray] = {}
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
ML = "ai.onnx.ml"
rng = np.random.default_rng(15)
X = rng.normal(size=(80, 4))
HARD = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)
THREE = np.digitize(X[:, 0] + X[:, 1] ** 2, [0.3, 1.2])
FEW = X[:5].astype(np.float32)


def t(array: Any) -> torch.Tensor:
    return torch.tensor(np.asarray(array)).double()


def model(nodes: List[onnx.NodeProto], outputs: Dict[str, Any], x: Any = ("X", FLOAT, [None, 4]), opset: int = 15, producer: str = "skl2onnx", **constants: Any) -> onnx.ModelProto:
    inputs = [helper.make_tensor_value_info(*x)]
    made = [kind if isinstance(kind, onnx.ValueInfoProto) else helper.make_tensor_value_info(name, *kind) for name, kind in outputs.items()]
    graph = helper.make_graph(nodes, "graph", inputs, made, [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid(ML, 3)], ir_version=8, producer_name=producer)


def save(name: str, made: onnx.ModelProto, x: np.ndarray, f: Optional[Callable[[torch.Tensor], torch.Tensor]], output: str = "", layer: str = "", near: float = 1e-4) -> None:
    """f computes the output from x, or from the value of the layer."""
    asked = output or made.graph.output[0].name
    tapped = onnx.ModelProto()
    tapped.CopyFrom(made)
    tapped.graph.output.extend(onnx.ValueInfoProto(name=value) for value in (output, layer) if value)
    found = onnxruntime.InferenceSession(tapped.SerializeToString(), providers=["CPUExecutionProvider"]).run([asked] + ([layer] if layer else []), {made.graph.input[0].name: x})
    arrays = {"model": np.frombuffer(made.SerializeToString(), np.uint8), "x": x, "y": found[0]}
    if layer:
        arrays["layer"] = np.frombuffer(layer.encode(), np.uint8)
    if output:
        arrays["output"] = np.frombuffer(output.encode(), np.uint8)
    if f:
        leaf = t(found[1] if layer else x).requires_grad_()
        y = f(leaf)
        if not np.allclose(y.detach().numpy(), found[0], rtol=1e-4, atol=near):
            raise ValueError(f"{name}: ONNX Runtime and the oracle disagree by {np.abs(y.detach().numpy() - found[0]).max()}")
        g = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(y.shape).astype(np.float32)
        (d,) = torch.autograd.grad((y * t(g)).sum(), leaf)
        arrays |= {"g": g, "d": d.numpy().astype(np.float32)}
    ARRAYS.update({f"{name}/{key}": array for key, array in arrays.items()})


def ml(kind: str, inputs: List[str], outputs: List[str], **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, outputs, name=f"{kind} {outputs[0]}", domain=ML, **attributes)


def one(name: str, node: onnx.NodeProto, f: Callable[[torch.Tensor], torch.Tensor], columns: int, x: np.ndarray = FEW, kind: int = FLOAT, **constants: Any) -> None:
    """A node alone, whose last output is explained."""
    save(name, model([node], {node.output[-1]: (FLOAT, [None, columns])}, ("X", kind, [None, x.shape[1]]), **constants), x, f)


# One operator

offset, scale = X.mean(0), 1 / X.std(0)
one("scaler", ml("Scaler", ["X"], ["variable"], offset=offset.tolist(), scale=scale.tolist()), lambda x: (x - t(offset)) * t(scale), 4)
one("scaler_of_one", ml("Scaler", ["X"], ["variable"], offset=[0.5], scale=[2.0]), lambda x: (x - 0.5) * 2, 4)
one("scaler_double", ml("Scaler", ["X"], ["variable"], offset=offset.tolist(), scale=scale.tolist()), lambda x: (x - t(offset)) * t(scale), 4, FEW.astype(np.float64), TensorProto.DOUBLE)
one("normalizer_l1", ml("Normalizer", ["X"], ["variable"], norm="L1"), lambda x: x / x.abs().sum(1, keepdim=True), 4)
one("normalizer_l2", ml("Normalizer", ["X"], ["variable"], norm="L2"), lambda x: x / x.norm(dim=1, keepdim=True), 4)
one("normalizer_max", ml("Normalizer", ["X"], ["variable"], norm="MAX"), lambda x: x / x.max(1, keepdim=True).values, 4)
ZERO = np.vstack([FEW, np.zeros((1, 4), np.float32)])
one("normalizer_of_zeros", ml("Normalizer", ["X"], ["variable"], norm="L1"), lambda x: x / torch.where(x.abs().sum(1, keepdim=True) == 0, 1.0, x.abs().sum(1, keepdim=True)), 4, ZERO)
GAPS = FEW.copy()
GAPS[1, 2] = GAPS[3, 0] = 7
one("imputer", ml("Imputer", ["X"], ["variable"], imputed_value_floats=[0.1, 0.2, 0.3, 0.4], replaced_value_float=7.0), lambda x: torch.where(x == 7, t([0.1, 0.2, 0.3, 0.4]), x), 4, GAPS)
one("imputer_of_nan", ml("Imputer", ["X"], ["variable"], imputed_value_floats=[0.5], replaced_value_float=float("nan")), lambda x: x * 1, 4)
one("columns", ml("ArrayFeatureExtractor", ["X", "places"], ["variable"]), lambda x: x[:, [2, 0]], 2, places=np.array([[2, 0]]))
save("joined", model([ml("FeatureVectorizer", ["X", "X"], ["variable"], inputdimensions=[4, 4])], {"variable": (FLOAT, [None, 8])}), FEW, lambda x: torch.cat([x, x], 1))

line = LinearRegression().fit(X, np.stack([X[:, 0] - X[:, 3], X[:, 1]], 1))
one("linear_regressor", ml("LinearRegressor", ["X"], ["variable"], coefficients=line.coef_.ravel().tolist(), intercepts=line.intercept_.tolist(), targets=2), lambda x: x @ t(line.coef_).T + t(line.intercept_), 2)
one(
    "linear_regressor_logistic", ml("LinearRegressor", ["X"], ["variable"], coefficients=line.coef_.ravel().tolist(), intercepts=line.intercept_.tolist(), targets=2, post_transform="LOGISTIC"),
    lambda x: torch.sigmoid(x @ t(line.coef_).T + t(line.intercept_)), 2,
)
# ONNX Runtime leaves a score that is alone as it is.
one("linear_regressor_of_one", ml("LinearRegressor", ["X"], ["variable"], coefficients=line.coef_[0].tolist(), intercepts=[0.3], post_transform="LOGISTIC"), lambda x: x @ t(line.coef_[:1]).T + 0.3, 1)
three = LogisticRegression().fit(X, THREE)
two = LogisticRegression().fit(X, HARD)


def classifier(coefficients: Any, intercepts: Any, labels: List[Any], after: str, kind: str = "ints") -> onnx.NodeProto:
    return ml(
        "LinearClassifier", ["X"], ["label", "probabilities"], coefficients=np.ravel(coefficients).tolist(), intercepts=np.ravel(intercepts).tolist(), multi_class=1, post_transform=after,
        **{f"classlabels_{kind}": labels},
    )


one("linear_classifier", classifier(three.coef_, three.intercept_, [0, 1, 2], "SOFTMAX"), lambda x: (x @ t(three.coef_).T + t(three.intercept_)).softmax(1), 3)
one("linear_classifier_texts", classifier(three.coef_, three.intercept_, ["a", "b", "c"], "NONE", "strings"), lambda x: x @ t(three.coef_).T + t(three.intercept_), 3)


def of_two(x: torch.Tensor) -> torch.Tensor:
    return x @ t(two.coef_).T + t(two.intercept_)


one("linear_classifier_two", classifier([-two.coef_, two.coef_], [-two.intercept_, two.intercept_], [0, 1], "LOGISTIC"), lambda x: torch.sigmoid(torch.cat([-of_two(x), of_two(x)], 1)), 2)
one("linear_classifier_one_row", classifier(two.coef_, two.intercept_, [0, 1], "LOGISTIC"), lambda x: torch.sigmoid(torch.cat([-of_two(x), of_two(x)], 1)), 2)
one("linear_classifier_one_score", classifier(two.coef_, two.intercept_, [0, 1], "NONE"), lambda x: torch.cat([1 - of_two(x), of_two(x)], 1), 2)

KERNELS = {"LINEAR": dict(kernel="linear"), "RBF": dict(kernel="rbf", gamma=0.3), "POLY": dict(kernel="poly", gamma=0.2, coef0=1.0, degree=3), "SIGMOID": dict(kernel="sigmoid", gamma=0.1, coef0=0.2)}


def kernel(kind: str, x: torch.Tensor, vectors: np.ndarray) -> torch.Tensor:
    how = KERNELS[kind]
    dot = x @ t(vectors).T
    if kind == "RBF":
        return torch.exp(-0.3 * ((x[:, None] - t(vectors)) ** 2).sum(-1))
    if kind == "POLY":
        return (0.2 * dot + 1) ** 3
    return torch.tanh(0.1 * dot + 0.2) if kind == "SIGMOID" else dot


def vectors(kind: str, fitted: Any) -> Dict[str, Any]:
    how = KERNELS[kind]
    return dict(
        kernel_type=kind, kernel_params=[how.get("gamma", 0.0), how.get("coef0", 0.0), float(how.get("degree", 3))], support_vectors=fitted.support_vectors_.ravel().tolist(),
        coefficients=fitted._dual_coef_.ravel().tolist(), rho=fitted._intercept_.tolist(),
    )


for kind, how in KERNELS.items():
    svr = SVR(**how, C=2).fit(X, np.sin(X[:, 0]) + X[:, 1])
    node = ml("SVMRegressor", ["X"], ["variable"], n_supports=len(svr.support_vectors_), **vectors(kind, svr))
    one(f"svm_regressor_{kind.lower()}", node, lambda x, k=kind, m=svr: kernel(k, x, m.support_vectors_) @ t(m._dual_coef_).T + t(m._intercept_), 1)
    assert np.allclose(ARRAYS[f"svm_regressor_{kind.lower()}/y"][:, 0], svr.predict(X[:5]), atol=1e-3)
one("svm_regressor_without_vectors", ml("SVMRegressor", ["X"], ["variable"], kernel_type="LINEAR", kernel_params=[0.0, 0.0, 0.0], coefficients=[0.5, 0.25, -1, 2], rho=[0.3], n_supports=0), lambda x: x @ t([[0.5], [0.25], [-1], [2]]) + 0.3, 1)

for name, labels in [("two", HARD), ("three", THREE)]:
    svc = SVC(**KERNELS["RBF"], decision_function_shape="ovo").fit(X, labels)

    def pairs(x: torch.Tensor, m: Any = svc) -> torch.Tensor:
        ks, ends = kernel("RBF", x, m.support_vectors_), np.cumsum([0, *m._n_support])
        dual = t(m._dual_coef_)
        found = []
        for i in range(len(m._n_support)):
            for j in range(i + 1, len(m._n_support)):
                a, b = slice(ends[i], ends[i + 1]), slice(ends[j], ends[j + 1])
                found.append(ks[:, a] @ dual[j - 1, a] + ks[:, b] @ dual[i, b] + m._intercept_[len(found)])
        return torch.stack(found, 1)

    count = len(svc._n_support)
    node = ml("SVMClassifier", ["X"], ["label", "probabilities"], classlabels_ints=list(range(count)), vectors_per_class=svc._n_support.tolist(), post_transform="NONE", **vectors("RBF", svc))
    one(f"svm_classifier_{name}", node, pairs if count > 2 else lambda x: torch.cat([-pairs(x), pairs(x)], 1), 3 if count > 2 else 2)

# Pipelines of scikit-learn, as skl2onnx writes them: labels, a ZipMap, an encoder, columns taken apart and joined

steps = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, THREE)
sc, lr = steps[0], steps[1]
label = helper.make_tensor_value_info("output_label", INT64, [None])
maps = helper.make_value_info("output_probability", helper.make_sequence_type_proto(helper.make_map_type_proto(INT64, helper.make_tensor_type_proto(FLOAT, []))))
save(
    "pipeline_of_scaler_and_classifier",
    model(
        [
            ml("Scaler", ["X"], ["variable"], offset=sc.mean_.tolist(), scale=(1 / sc.scale_).tolist()),
            ml("LinearClassifier", ["variable"], ["label", "probability_tensor"], coefficients=lr.coef_.ravel().tolist(), intercepts=lr.intercept_.tolist(), classlabels_ints=[0, 1, 2], multi_class=1, post_transform="SOFTMAX"),
            ml("Normalizer", ["probability_tensor"], ["probabilities"], norm="L1"),
            helper.make_node("Cast", ["label"], ["output_label"], "Cast", to=INT64),
            ml("ZipMap", ["probabilities"], ["output_probability"], classlabels_int64s=[0, 1, 2]),
        ],
        {"output_label": label, "output_probability": maps},
    ),
    FEW, lambda x: ((x - t(sc.mean_)) / t(sc.scale_) @ t(lr.coef_).T + t(lr.intercept_)).softmax(1), "probabilities",
)
assert np.allclose(ARRAYS["pipeline_of_scaler_and_classifier/y"], steps.predict_proba(X[:5]), atol=1e-5)

MIXED = np.column_stack([X, rng.integers(0, 3, 80)])
columns = ColumnTransformer([("numbers", StandardScaler(), [0, 1, 2, 3]), ("kinds", OneHotEncoder(sparse_output=False), [4])])
net = make_pipeline(columns, MLPClassifier(hidden_layer_sizes=(6,), random_state=0, max_iter=300)).fit(MIXED, THREE)
sc, mlp = net[0].named_transformers_["numbers"], net[1]


def dense(x: torch.Tensor, fitted: Any) -> torch.Tensor:
    for i, (w, b) in enumerate(zip(fitted.coefs_, fitted.intercepts_)):
        x = x @ t(w) + t(b)
        x = x.relu() if i + 1 < len(fitted.coefs_) else x
    return x


def layers(fitted: Any, first: str) -> Any:
    nodes, constants, value = [], {}, first
    for i, (w, b) in enumerate(zip(fitted.coefs_, fitted.intercepts_)):
        end = "" if i else "1"
        constants |= {f"coefficient{end}": w.astype(np.float32), f"intercepts{end}": b.astype(np.float32)}
        nodes += [
            helper.make_node("MatMul", [value, f"coefficient{end}"], [f"mul_result{end}"], f"MatMul{end}"),
            helper.make_node("Add", [f"mul_result{end}", f"intercepts{end}"], [f"add_result{end}"], f"Add{end}"),
        ]
        value = f"add_result{end}"
        if i + 1 < len(fitted.coefs_):
            nodes.append(helper.make_node("Relu", [value], ["next_activations"], "Relu"))
            value = "next_activations"
    return nodes, constants


nodes, constants = layers(mlp, "transformed_column")
taken = [
    ml("ArrayFeatureExtractor", ["X", "column_indices"], ["extracted_feature_columns"]),
    ml("ArrayFeatureExtractor", ["X", "column_indices1"], ["extracted_feature_columns1"]),
    ml("Scaler", ["extracted_feature_columns"], ["variable"], offset=sc.mean_.tolist(), scale=(1 / sc.scale_).tolist()),
    helper.make_node("Cast", ["extracted_feature_columns1"], ["variable1_cast"], "Cast1", to=INT64),
    ml("OneHotEncoder", ["variable1_cast"], ["variable1out"], cats_int64s=[0, 1, 2]),
    helper.make_node("Reshape", ["variable1out", "shape_tensor"], ["variable1"], "Reshape"),
    helper.make_node("Concat", ["variable", "variable1"], ["transformed_column"], "Concat", axis=-1),
]
indices = {"column_indices": np.array([0, 1, 2, 3]), "column_indices1": np.array([4]), "shape_tensor": np.array([-1, 3])}
save(
    "pipeline_with_encoder",
    model(taken + nodes + [helper.make_node("Softmax", ["add_result"], ["probabilities"], "Softmax", axis=-1)], {"probabilities": (FLOAT, [None, 3])}, ("X", FLOAT, [None, 5]), **constants, **indices),
    MIXED[:5].astype(np.float32), lambda v: dense(v, mlp).softmax(1), layer="transformed_column",
)
assert np.allclose(ARRAYS["pipeline_with_encoder/y"], net.predict_proba(MIXED[:5]), atol=1e-4)

binned = MLPRegressor(hidden_layer_sizes=(5,), random_state=0, max_iter=300).fit((X > 0).astype(float), X[:, 0])
nodes, constants = layers(binned, "binary")
save(
    "pipeline_of_binarizer", model([ml("Binarizer", ["X"], ["binary"], threshold=0.0)] + nodes, {"add_result": (FLOAT, [None, 1])}, **constants), FEW, lambda v: dense(v, binned), layer="binary",
)
steep = MLPRegressor(hidden_layer_sizes=(5,), random_state=0, max_iter=300).fit(X, X[:, 0])
nodes, constants = layers(steep, "variable")
save(
    "network_of_scikit_learn", model([ml("Scaler", ["X"], ["variable"], offset=offset.tolist(), scale=scale.tolist())] + nodes, {"add_result": (FLOAT, [None, 1])}, **constants), FEW,
    lambda x: dense((x - t(offset)) * t(scale), steep),
)

# Trees of LightGBM, as onnxmltools writes them: probabilities as sequences of maps

booster = lightgbm.LGBMClassifier(n_estimators=4, num_leaves=5, verbose=-1).fit(X.astype(np.float32), HARD)
trees: Dict[str, List[Any]] = {key: [] for key in "treeids nodeids featureids modes values truenodeids falsenodeids".split()}
leaves: Dict[str, List[Any]] = {key: [] for key in "treeids nodeids ids weights".split()}


def grow(tree: int, node: Dict[str, Any], counter: List[int]) -> int:
    own = counter[0]
    counter[0] += 1
    leaf = "leaf_value" in node
    at = {"treeids": tree, "nodeids": own, "featureids": node.get("split_feature", 0), "modes": "LEAF" if leaf else "BRANCH_LEQ", "values": node.get("threshold", 0.0), "truenodeids": 0, "falsenodeids": 0}
    for key, value in at.items():
        trees[key].append(value)
    place = len(trees["nodeids"]) - 1
    if leaf:
        for key, value in {"treeids": tree, "nodeids": own, "ids": 0, "weights": node["leaf_value"]}.items():
            leaves[key].append(value)
    else:
        trees["truenodeids"][place] = grow(tree, node["left_child"], counter)
        trees["falsenodeids"][place] = grow(tree, node["right_child"], counter)
    return own


for number, tree in enumerate(booster.booster_.dump_model()["tree_info"]):
    grow(number, tree["tree_structure"], [0])
zipped = helper.make_value_info("probabilities", helper.make_sequence_type_proto(helper.make_map_type_proto(INT64, helper.make_tensor_type_proto(FLOAT, []))))
save(
    "trees_of_lightgbm",
    model(
        [
            ml("TreeEnsembleClassifier", ["input"], ["label_tensor", "probability_tensor"], classlabels_int64s=[0, 1], post_transform="LOGISTIC", **{f"nodes_{k}": v for k, v in trees.items()}, **{f"class_{k}": v for k, v in leaves.items()}),
            helper.make_node("Cast", ["label_tensor"], ["label"], "Cast", to=INT64),
            ml("ZipMap", ["probability_tensor"], ["probabilities"], classlabels_int64s=[0, 1]),
        ],
        {"label": helper.make_tensor_value_info("label", INT64, [None]), "probabilities": zipped}, ("input", FLOAT, [None, 4]), producer="OnnxMLTools",
    ),
    FEW, None, "probability_tensor",
)
assert np.allclose(ARRAYS["trees_of_lightgbm/y"], booster.predict_proba(X[:5].astype(np.float32)), atol=1e-5)

# A network of Keras, as tf2onnx writes it: channels last, with transposes around each convolution, and names with colons and slashes

KERAS = "StatefulPartitionedCall/sequential"
torch.manual_seed(0)
conv, head = torch.nn.Conv2d(3, 4, 3, padding=1).double(), torch.nn.Linear(4 * 3 * 3, 5).double()


def keras(x: torch.Tensor) -> torch.Tensor:
    y = F.max_pool2d(conv(x.permute(0, 3, 1, 2)).relu(), 2).permute(0, 2, 3, 1).flatten(1)
    return head(y).softmax(1)


def narrow(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().numpy().astype(np.float32)


for given in (conv, head):
    for each in given.parameters():
        each.data = each.data.float().double()
save(
    "network_of_keras",
    model(
        [
            helper.make_node("Transpose", ["input_1"], [f"{KERAS}/conv2d/Conv2D__6:0"], f"{KERAS}/conv2d/Conv2D__6", perm=[0, 3, 1, 2]),
            helper.make_node("Conv", [f"{KERAS}/conv2d/Conv2D__6:0", f"{KERAS}/conv2d/Conv2D/ReadVariableOp:0", f"{KERAS}/conv2d/BiasAdd/ReadVariableOp:0"], [f"{KERAS}/conv2d/BiasAdd:0"], f"{KERAS}/conv2d/BiasAdd", auto_pad="SAME_UPPER", kernel_shape=[3, 3], strides=[1, 1], dilations=[1, 1], group=1),
            helper.make_node("Relu", [f"{KERAS}/conv2d/BiasAdd:0"], [f"{KERAS}/conv2d/Relu:0"], f"{KERAS}/conv2d/Relu"),
            helper.make_node("MaxPool", [f"{KERAS}/conv2d/Relu:0"], [f"{KERAS}/max_pooling2d/MaxPool:0"], f"{KERAS}/max_pooling2d/MaxPool", auto_pad="VALID", kernel_shape=[2, 2], strides=[2, 2]),
            helper.make_node("Transpose", [f"{KERAS}/max_pooling2d/MaxPool:0"], [f"{KERAS}/max_pooling2d/MaxPool__14:0"], f"{KERAS}/max_pooling2d/MaxPool__14", perm=[0, 2, 3, 1]),
            helper.make_node("Reshape", [f"{KERAS}/max_pooling2d/MaxPool__14:0", "const_fold_opt__23"], [f"{KERAS}/flatten/Reshape:0"], f"{KERAS}/flatten/Reshape"),
            helper.make_node("MatMul", [f"{KERAS}/flatten/Reshape:0", f"{KERAS}/dense/MatMul/ReadVariableOp:0"], [f"{KERAS}/dense/MatMul:0"], f"{KERAS}/dense/MatMul"),
            helper.make_node("Add", [f"{KERAS}/dense/MatMul:0", f"{KERAS}/dense/BiasAdd/ReadVariableOp:0"], [f"{KERAS}/dense/BiasAdd:0"], f"{KERAS}/dense/BiasAdd"),
            helper.make_node("Softmax", [f"{KERAS}/dense/BiasAdd:0"], ["dense"], f"{KERAS}/dense/Softmax", axis=-1),
        ],
        {"dense": (FLOAT, ["unk__24", 5])}, ("input_1", FLOAT, ["unk__23", 6, 6, 3]), opset=13, producer="tf2onnx",
        **{
            f"{KERAS}/conv2d/Conv2D/ReadVariableOp:0": narrow(conv.weight), f"{KERAS}/conv2d/BiasAdd/ReadVariableOp:0": narrow(conv.bias), "const_fold_opt__23": np.array([-1, 36]),
            f"{KERAS}/dense/MatMul/ReadVariableOp:0": narrow(head.weight.T), f"{KERAS}/dense/BiasAdd/ReadVariableOp:0": narrow(head.bias),
        },
    ),
    rng.normal(size=(2, 6, 6, 3)).astype(np.float32), keras,
)


def main() -> None:
    np.savez_compressed(HERE / "onnx" / "classical.npz", **ARRAYS)
    print(len({name.split("/")[0] for name in ARRAYS}), "models")


if __name__ == "__main__":
    main()
