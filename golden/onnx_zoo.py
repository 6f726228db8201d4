# SPDX-License-Identifier: Apache-2.0
"""Writes the zoo of ONNX files: architectures of torchvision, timm, transformers and of this file, as both exporters of PyTorch write them, with what PyTorch computes.

    python golden/onnx_zoo.py FOLDER [NAME ...]

Weights are random, drawn from a seed; heads that begin at zero get weights too. Beside each NAME.script.onnx (torch.onnx.export with dynamo=False, opset 17) and
NAME.dynamo.onnx (dynamo=True, opset 18) lies a .npz: `in/x0`, `in/x1`, ..., the inputs; `y`, the output; `g`, a cotangent; `d/x0` or `d/MODULE`, the gradient of sum(y * g)
with respect to a float input, or to the value of an embedding; `act/MODULE`, what up to eight modules return in their first call (the first tensor of a tuple), spread
evenly over the run; `folded/MODULE`, what up to two convolutions return that an exporter joins with the batch norm behind them. All of the eager model in float64, rounded.
What an exporter cannot write is named on the standard error and in failed.txt. requirements-zoo.txt names the libraries.
"""

import copy
import logging
import sys
import types
import warnings
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import Tensor, nn

sys.modules.setdefault("torchvision._meta_registrations", types.ModuleType("torchvision._meta_registrations"))
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
torch.backends.mha.set_fastpath_enabled(False)  # its kernel is no operator that an exporter knows

LAYERS = 8
SKIPPED = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Identity, nn.BatchNorm1d, nn.BatchNorm2d, nn.Flatten)


class Made:
    """A model, inputs of two rows, the axes other than rows that are open, and the embedding that is attributed where inputs are tokens."""

    def __init__(self, model: nn.Module, inputs: Tuple[Tensor, ...], open_axes: Optional[Dict[int, List[int]]] = None, at: str = "") -> None:
        self.model, self.inputs, self.open_axes, self.at = model, inputs, open_axes or {}, at


ZOO: Dict[str, Callable[[], Made]] = {}


def zoo(make: Callable[[], Made]) -> Callable[[], Made]:
    ZOO[make.__name__] = make
    return make


def images(size: int, channels: int = 3) -> Tuple[Tensor, ...]:
    return (torch.randn(2, channels, size, size),)


def tokens(length: int = 7, top: int = 60) -> Tensor:
    return torch.randint(5, top, (2, length))


def of_torchvision(name: str, size: int = 32, **options: Any) -> None:
    def make() -> Made:
        import torchvision

        return Made(getattr(torchvision.models, name)(weights=None, num_classes=10, **options), images(size))

    ZOO[name] = make


def of_timm(name: str, size: int = 32, called: str = "", **options: Any) -> None:
    def make() -> Made:
        import timm

        return Made(timm.create_model(name, num_classes=10, **options), images(size))

    ZOO[called or name] = make


for name in ("resnet18", "mobilenet_v2", "mobilenet_v3_small", "shufflenet_v2_x0_5", "regnet_y_400mf", "resnet50", "squeezenet1_1"):
    of_torchvision(name, 48)
of_torchvision("densenet121", 32)
of_torchvision("efficientnet_b0", 32)
of_torchvision("googlenet", 64, aux_logits=False, init_weights=False)
of_torchvision("inception_v3", 80, aux_logits=False, init_weights=False)
of_timm("mobilenetv4_conv_small", 64)
of_timm("convnext_atto", 32)
of_timm("vit_tiny_patch16_224", 32, img_size=32, depth=3, called="vit")
of_timm("deit_tiny_distilled_patch16_224", 32, img_size=32, depth=3, called="deit")
of_timm("swin_tiny_patch4_window7_224", 56, img_size=56, window_size=7, depths=(1, 1, 1), embed_dim=24, num_heads=(2, 2, 4), called="swin")
of_timm("mixer_s32_224", 64, img_size=64, called="mixer")
of_timm("mobilevit_xxs", 64)
of_timm("efficientnetv2_rw_t", 32)
of_timm("ghostnet_100", 32)
of_timm("poolformer_s12", 32)


class Dense(nn.Module):
    """One tensor of what a segmentation model or a backbone returns in a dictionary."""

    def __init__(self, model: nn.Module, key: str) -> None:
        super().__init__()
        self.model, self.key = model, key

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)[self.key]


def with_small_head(name: str, channels: int) -> None:
    """The heads of these have hundreds of megabytes, and want images of 224."""

    def make() -> Made:
        import torchvision

        model = getattr(torchvision.models, name)(weights=None)
        model.avgpool, model.classifier = nn.AdaptiveAvgPool2d(1), nn.Sequential(nn.Linear(channels, 32), nn.ReLU(), nn.Linear(32, 10))
        return Made(model, images(64))

    ZOO[name] = make


with_small_head("vgg11_bn", 512)
with_small_head("alexnet", 256)


@zoo
def deeplabv3() -> Made:
    import torchvision

    return Made(Dense(torchvision.models.segmentation.deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=4), "out"), images(48))


@zoo
def fcn() -> Made:
    import torchvision
    from torchvision.models._utils import IntermediateLayerGetter
    from torchvision.models.segmentation.fcn import FCN, FCNHead

    backbone = IntermediateLayerGetter(torchvision.models.resnet18(weights=None), {"layer4": "out"})
    return Made(Dense(FCN(backbone, FCNHead(512, 4)), "out"), images(48))


@zoo
def fpn() -> Made:
    import torchvision
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

    return Made(Dense(resnet_fpn_backbone(backbone_name="resnet18", weights=None), "1"), images(64))


class Double(nn.Sequential):
    def __init__(self, a: int, b: int) -> None:
        super().__init__(nn.Conv2d(a, b, 3, padding=1), nn.GroupNorm(2, b), nn.ReLU(), nn.Conv2d(b, b, 3, padding=1), nn.SiLU())


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down2, self.middle = Double(1, 6), Double(6, 8), Double(8, 12)
        self.up2, self.merge2 = nn.ConvTranspose2d(12, 8, 2, stride=2), Double(16, 8)
        self.up1, self.merge1 = nn.Upsample(scale_factor=2, mode="bilinear"), Double(14, 6)
        self.pool, self.out = nn.MaxPool2d(2), nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = self.down1(x)
        b = self.down2(self.pool(a))
        c = self.middle(self.pool(b))
        b = self.merge2(torch.cat([self.up2(c), b], 1))
        return self.out(self.merge1(torch.cat([self.up1(b), a], 1)))


@zoo
def unet() -> Made:
    return Made(UNet(), images(16, 1))


class First(nn.Module):
    """What a model of transformers returns first, of inputs by name, without caches."""

    def __init__(self, model: nn.Module, names: Tuple[str, ...], cached: bool = False) -> None:
        super().__init__()
        self.model, self.names, self.options = model, names, {"use_cache": False} if cached else {}

    def forward(self, *values: Tensor) -> Tensor:
        return self.model(**dict(zip(self.names, values)), return_dict=False, **self.options)[0]


def forward_of(count: int, model: nn.Module) -> nn.Module:
    """Exporters want as many named arguments as there are inputs."""
    kind = type(model)
    if count == 1:
        body: Any = lambda self, x0: kind.forward(self, x0)
    elif count == 2:
        body = lambda self, x0, x1: kind.forward(self, x0, x1)
    else:
        body = lambda self, x0, x1, x2: kind.forward(self, x0, x1, x2)
    model.__class__ = type(kind.__name__, (kind,), {"forward": body})
    return model


SMALL = dict(vocab_size=64, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, max_position_embeddings=32)


def of_transformers(called: str, config: str, model: str, at: str, masked: bool = True, cached: bool = False, decoder: bool = False, **options: Any) -> None:
    def make() -> Made:
        import transformers

        made = getattr(transformers, config)(**options, attn_implementation="eager")
        inner = getattr(transformers, model)(made)
        ids = tokens()
        mask = torch.ones_like(ids)
        mask[1, 5:] = 0
        inputs, names = [ids], ["input_ids"]
        if masked:
            inputs, names = inputs + [mask], names + ["attention_mask"]
        if decoder:
            inputs, names = inputs + [tokens(5)], names + ["decoder_input_ids"]
        open_axes = {i: [1] for i in range(len(inputs))}
        return Made(forward_of(len(inputs), First(inner, tuple(names), cached)), tuple(inputs), open_axes, "model." + at)

    ZOO[called] = make


def plain(called: str, config: str, model: str, at: str, **options: Any) -> None:
    of_transformers(called, config, model, at, **{**SMALL, **options})


plain("bert", "BertConfig", "BertForSequenceClassification", "bert.embeddings.word_embeddings")
plain("roberta", "RobertaConfig", "RobertaForSequenceClassification", "roberta.embeddings.word_embeddings")
of_transformers("distilbert", "DistilBertConfig", "DistilBertForSequenceClassification", "distilbert.embeddings.word_embeddings", vocab_size=64, dim=16, n_layers=2, n_heads=2, hidden_dim=24)
plain("albert", "AlbertConfig", "AlbertForSequenceClassification", "albert.embeddings.word_embeddings", embedding_size=8)
plain("electra", "ElectraConfig", "ElectraForSequenceClassification", "electra.embeddings.word_embeddings", embedding_size=8)
plain("deberta_v2", "DebertaV2Config", "DebertaV2ForSequenceClassification", "deberta.embeddings.word_embeddings", relative_attention=True, pos_att_type=["p2c", "c2p"], max_relative_positions=8)
plain("modernbert", "ModernBertConfig", "ModernBertForSequenceClassification", "model.embeddings.tok_embeddings", pad_token_id=0, bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2)
of_transformers("gpt2", "GPT2Config", "GPT2LMHeadModel", "transformer.wte", cached=True, vocab_size=64, n_embd=16, n_layer=2, n_head=2, n_positions=32)
plain("llama", "LlamaConfig", "LlamaForCausalLM", "model.embed_tokens", cached=True)
plain("qwen2", "Qwen2Config", "Qwen2ForCausalLM", "model.embed_tokens", cached=True, num_key_value_heads=1)
of_transformers("opt", "OPTConfig", "OPTForCausalLM", "model.decoder.embed_tokens", cached=True, vocab_size=64, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, ffn_dim=24, max_position_embeddings=32, word_embed_proj_dim=16)
of_transformers("t5", "T5Config", "T5ForConditionalGeneration", "encoder.embed_tokens", cached=True, decoder=True, vocab_size=64, d_model=16, d_kv=8, d_ff=24, num_layers=2, num_heads=2, decoder_start_token_id=0, tie_word_embeddings=False)


@zoo
def whisper() -> Made:
    import transformers

    config = transformers.WhisperConfig(
        vocab_size=64, num_mel_bins=8, d_model=16, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=24,
        decoder_ffn_dim=24, max_source_positions=12, max_target_positions=16, pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=3, attn_implementation="eager")
    model = First(transformers.WhisperForConditionalGeneration(config), ("input_features", "decoder_input_ids"), True)
    return Made(forward_of(2, model), (torch.randn(2, 8, 24), tokens(5)), {1: [1]})


class Pairs(nn.Module):
    """How well an image and its text fit, each pair alone."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x0: Tensor, x1: Tensor) -> Tensor:
        _, _, text, image = self.model(pixel_values=x0, input_ids=x1, return_dict=False)[:4]
        return (text * image).sum(-1, keepdim=True)


@zoo
def clip() -> Made:
    import transformers

    shape = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2)
    config = transformers.CLIPConfig(
        text_config=dict(**shape, vocab_size=64, max_position_embeddings=16, eos_token_id=63, bos_token_id=1, pad_token_id=0),
        vision_config=dict(**shape, image_size=16, patch_size=8), projection_dim=8, attn_implementation="eager")
    ids = tokens()
    ids[:, -1] = 63
    return Made(Pairs(transformers.CLIPModel(config)), (torch.randn(2, 3, 16, 16), ids), {1: [1]})


class Recurrent(nn.Module):
    def __init__(self, kind: Any, **options: Any) -> None:
        super().__init__()
        self.project = nn.Linear(5, 6)
        self.cells = kind(6, 7, batch_first=True, **options)
        self.head = nn.Sequential(nn.LayerNorm(14 if options.get("bidirectional") else 7), nn.Linear(14 if options.get("bidirectional") else 7, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.cells(torch.tanh(self.project(x)))[0].mean(1))


def recurrent(called: str, kind: Any, **options: Any) -> None:
    ZOO[called] = lambda: Made(Recurrent(kind, **options), (torch.randn(2, 6, 5),))


recurrent("lstm", nn.LSTM)
recurrent("gru", nn.GRU)
recurrent("rnn", nn.RNN)
recurrent("bi_lstm", nn.LSTM, num_layers=2, bidirectional=True)


class Temporal(nn.Module):
    """Causal dilated convolutions with residuals."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv1d(4 if i == 0 else 8, 8, 3, dilation=2**i) for i in range(4))
        self.skip, self.act, self.head = nn.Conv1d(4, 8, 1), nn.LeakyReLU(0.1), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        rest = self.skip(x)
        for i, layer in enumerate(self.layers):
            x = self.act(layer(F.pad(x, (2 * 2**i, 0)))) + rest
            rest = x
        return self.head(x[:, :, -1])


class Tabular(nn.Module):
    """Steps that choose columns by an attentive mask, as in TabNet, with gated linear units."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(8)
        self.steps = nn.ModuleList(nn.Linear(8, 12) for _ in range(3))
        self.masks = nn.ModuleList(nn.Linear(6, 8) for _ in range(3))
        self.start, self.head = nn.Linear(8, 6), nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(x)
        prior, state, total = torch.ones_like(x), self.start(x), 0
        for step, mask in zip(self.steps, self.masks):
            chosen = torch.softmax(mask(state) * prior, -1)
            prior = prior * (1.3 - chosen)
            state = F.glu(step(chosen * x))
            total = total + torch.relu(state)
        return self.head(total)


class FeatureTokens(nn.Module):
    """Every number and every category is a token of a transformer, as in FT-Transformer."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias, self.cls = (nn.Parameter(torch.randn(*s)) for s in ((5, 8), (5, 8), (1, 1, 8)))
        self.categories = nn.Embedding(12, 8)
        self.layers = nn.ModuleList(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True, activation=F.gelu) for _ in range(2))
        self.head = nn.Sequential(nn.LayerNorm(8), nn.ReLU(), nn.Linear(8, 2))

    def forward(self, x0: Tensor, x1: Tensor) -> Tensor:
        x = torch.cat([self.cls.expand(x0.shape[0], -1, -1), x0[:, :, None] * self.weight + self.bias, self.categories(x1)], 1)
        for layer in self.layers:
            x = layer(x)
        return self.head(x[:, 0])


class Autoencoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.ELU(), nn.Conv2d(4, 6, 3, stride=2, padding=1), nn.Tanh())
        self.decoder = nn.Sequential(nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, output_padding=1), nn.Softplus(), nn.ConvTranspose2d(4, 1, 4, stride=2, padding=1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))


class TextCnn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(40, 8)
        self.widths = nn.ModuleList(nn.Conv1d(8, 6, k, padding=k - 1) for k in (2, 3))
        self.head = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.words(x).transpose(1, 2)
        return self.head(torch.cat([torch.relu(c(x)).amax(2) for c in self.widths], 1))


@zoo
def mlp() -> Made:
    return Made(nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 12), nn.GELU(), nn.Linear(12, 3), nn.LogSoftmax(-1)), (torch.randn(2, 6),))


@zoo
def temporal() -> Made:
    return Made(Temporal(), (torch.randn(2, 4, 20),))


@zoo
def tabnet() -> Made:
    return Made(Tabular(), (torch.randn(2, 8),))


@zoo
def ft_transformer() -> Made:
    return Made(FeatureTokens(), (torch.randn(2, 5), torch.randint(0, 12, (2, 3))))


@zoo
def autoencoder() -> Made:
    return Made(Autoencoder(), images(16, 1))


@zoo
def text_cnn() -> Made:
    return Made(TextCnn(), (torch.randint(0, 40, (2, 9)),), {0: [1]}, "words")


of_timm("levit_128s", 224)
of_timm("xcit_nano_12_p16_224", 64, called="xcit_nano")
of_timm("edgenext_xx_small", 64)


def prepare(model: nn.Module) -> None:
    """Nothing is random or in place, no parameter is zero, and batch norms have statistics that differ."""
    model.eval()
    for p in model.parameters():
        p.requires_grad_(False)
        if not p.any():
            p.normal_(0, 0.1)
    for module in model.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)) and module.running_var is not None:
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.7, 1.4)


def tensor_of(value: Any) -> Optional[Tensor]:
    while isinstance(value, (tuple, list)) and value:
        value = value[0]
    return value if isinstance(value, Tensor) else None


def eager(made: Made, rng: np.random.Generator) -> Dict[str, np.ndarray]:
    """What PyTorch computes in float64."""
    model = copy.deepcopy(made.model).double()
    inputs = [x.double().requires_grad_() if x.is_floating_point() else x for x in made.inputs]
    seen: Dict[str, Tensor] = {}
    kinds = dict(model.named_modules())
    at: List[Tensor] = []

    def hook(name: str) -> Callable[..., Any]:
        def see(module: nn.Module, args: Any, output: Any) -> Any:
            if made.at and name == made.at and not at:
                at.append(output.detach().requires_grad_())
                seen[name] = at[0]
                return at[0]
            value = tensor_of(output)
            if name not in ("", "model", *seen) and value is not None and value.is_floating_point() and value.dim() > 1:
                given = [a for a in args if isinstance(a, Tensor)]
                same = any(v.shape == value.shape and torch.equal(v, value) for v in given)
                if not same and not isinstance(module, SKIPPED):
                    seen[name] = value.detach().clone()
            return None

        return see

    for name, module in kinds.items():
        module.register_forward_hook(hook(name))
    y = model(*inputs)
    g = torch.from_numpy(rng.standard_normal(tuple(y.shape)))
    arrays = {f"in/x{i}": x.detach().numpy() for i, x in enumerate(made.inputs)}
    arrays |= {"y": y.detach().float().numpy(), "g": g.float().numpy()}
    leaves = {f"x{i}": x for i, x in enumerate(inputs) if x.requires_grad} if not made.at else {made.at: at[0]}
    for (name, _), d in zip(leaves.items(), torch.autograd.grad((y * g.float().double()).sum(), list(leaves.values()))):
        arrays[f"d/{name}"] = d.float().numpy()
    normed = followed_by_norm(model)
    folded = [n for n in seen if n in normed]
    names: List[str] = []
    for name, value in seen.items():
        if name not in normed and not any(seen[n].shape == value.shape and torch.equal(seen[n], value) for n in names):
            names.append(name)
    chosen = names if len(names) <= LAYERS else [names[round(i * (len(names) - 1) / (LAYERS - 1))] for i in range(LAYERS)]
    for kind, some in (("act", chosen), ("folded", folded[:: max(1, len(folded) - 1)][:2])):
        for name in some:
            arrays[f"{kind}/{name}"] = seen[name].detach().float().numpy()
    return arrays


def followed_by_norm(model: nn.Module) -> List[str]:
    """Convolutions whose next module in the order of registration is a batch norm."""
    found, last, before = [], "", None
    for name, module in model.named_modules():
        if any(True for _ in module.children()) and not isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            continue
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)) and isinstance(before, (nn.Conv1d, nn.Conv2d)):
            found.append(last)
        last, before = name, module
    return found


def export(name: str, made: Made, path: Path, dynamo: bool) -> None:
    names = [f"x{i}" for i in range(len(made.inputs))]
    model = copy.deepcopy(made.model)
    axes = {n: {0: "rows", **{a: f"length{i}" for a in made.open_axes.get(i, [])}} for i, n in enumerate(names)}
    if dynamo:
        dynamic = tuple({a: torch.export.Dim.DYNAMIC for a in axes[n]} for n in names)
        torch.onnx.export(model, made.inputs, str(path), dynamo=True, opset_version=18, input_names=names, output_names=["y"], dynamic_shapes=dynamic, external_data=False, verbose=False)
    else:
        torch.onnx.export(model, made.inputs, str(path), dynamo=False, opset_version=17, input_names=names, output_names=["y"], dynamic_axes={**axes, "y": {0: "rows"}})


def forget(path: Path) -> None:
    """Takes out the lines of Python that a node comes from: they name folders of the exporting machine."""
    model = onnx.load(str(path))
    graph = model.graph
    for part in [model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer]:
        kept = [(p.key, p.value) for p in part.metadata_props if p.key == "pkg.torch.onnx.name_scopes"]
        del part.metadata_props[:]
        part.doc_string = ""
        for key, value in kept:
            part.metadata_props.add(key=key, value=value)
    onnx.save(model, str(path))


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or ZOO:
        seed = 12 + list(ZOO).index(name)
        torch.manual_seed(seed)
        try:
            made = ZOO[name]()
            prepare(made.model)
            arrays = eager(made, np.random.default_rng(seed))
        except Exception as e:  # whatever a library raises, the others are written
            failed(folder, name, e)
            continue
        for exporter in ("script", "dynamo"):
            path = folder / f"{name}.{exporter}.onnx"
            try:
                export(name, made, path, exporter == "dynamo")
                forget(path)
            except Exception as e:
                path.unlink(missing_ok=True)
                failed(folder, f"{name}.{exporter}", e)
                continue
            np.savez_compressed(path.with_suffix(".npz"), **arrays)
            print(f"{path.name}: {path.stat().st_size} bytes, {sum(k.startswith('act/') for k in arrays)} layers", flush=True)


def failed(folder: Path, name: str, e: Exception) -> None:
    line = f"{name}: {type(e).__name__}: {' '.join(str(e).split())[:240]}"
    print(line, file=sys.stderr, flush=True)
    with open(folder / "failed.txt", "a", encoding="utf-8") as out:
        out.write(line + "\n")


if __name__ == "__main__":
    main()
