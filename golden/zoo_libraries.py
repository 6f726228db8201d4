# SPDX-License-Identifier: Apache-2.0
"""The zoo's models from torchvision, timm and transformers: shapes of the well-known networks, random weights, made smaller where the library lets one."""

import sys
import types
import warnings
from typing import Callable, Dict, List, Tuple

import torch
from torch import Tensor, nn

# torchvision registers shapes of operators that only its compiled part has; the models do not use them.
sys.modules.setdefault("torchvision._meta_registrations", types.ModuleType("torchvision._meta_registrations"))
warnings.filterwarnings("ignore")

import timm
import torchvision
import transformers
from torchvision.models import segmentation, video

tv = torchvision.models


def images(size: int, rows: int = 2) -> List[Tuple[str, Tensor]]:
    return [("x", torch.randn(rows, 3, size, size))]


def vgg() -> nn.Module:
    model = tv.vgg11()
    model.avgpool = nn.AdaptiveAvgPool2d(1)
    model.classifier[0] = nn.Linear(512, 128)
    model.classifier[3] = nn.Linear(128, 64)
    model.classifier[6] = nn.Linear(64, 20)
    return model


def vgg_bn() -> nn.Module:
    model = tv.vgg13_bn()
    model.avgpool = nn.AdaptiveAvgPool2d(1)
    model.classifier = nn.Linear(512, 20)
    return model


def alexnet() -> nn.Module:
    model = tv.alexnet(num_classes=20)
    model.avgpool = nn.AdaptiveAvgPool2d(1)
    model.classifier[1] = nn.Linear(256, 64)
    model.classifier[4] = nn.Linear(64, 64)
    model.classifier[6] = nn.Linear(64, 20)
    return model


def convnext() -> nn.Module:
    block = tv.convnext.CNBlockConfig
    return tv.ConvNeXt([block(16, 32, 1), block(32, 64, 2), block(64, None, 1)], stochastic_depth_prob=0.1, layer_scale=0.3, num_classes=20)


def swin(block: str) -> nn.Module:
    kinds = {"v1": (tv.swin_transformer.SwinTransformerBlock, tv.swin_transformer.PatchMerging),
             "v2": (tv.swin_transformer.SwinTransformerBlockV2, tv.swin_transformer.PatchMergingV2)}
    made, merging = kinds[block]
    return tv.SwinTransformer(patch_size=[2, 2], embed_dim=12, depths=[2, 2], num_heads=[2, 4], window_size=[4, 4], stochastic_depth_prob=0.1,
                              num_classes=5, block=made, downsample_layer=merging)


def vision_transformer() -> nn.Module:
    return tv.VisionTransformer(image_size=16, patch_size=8, num_layers=2, num_heads=2, hidden_dim=12, mlp_dim=24, num_classes=5)


def maxvit() -> nn.Module:
    return tv.MaxVit(input_size=(64, 64), stem_channels=8, partition_size=2, block_channels=[8, 16], block_layers=[1, 1], head_dim=8, stochastic_depth_prob=0.1,
                     num_classes=10)


def densenet() -> nn.Module:
    return tv.DenseNet(growth_rate=8, block_config=(3, 4, 3), num_init_features=16, num_classes=20)


def inception() -> nn.Module:
    return tv.inception_v3(num_classes=20, aux_logits=False, init_weights=False, transform_input=True)


def googlenet() -> nn.Module:
    return tv.googlenet(num_classes=20, aux_logits=False, init_weights=False, transform_input=True)


def fcn() -> nn.Module:
    backbone = tv.resnet18(replace_stride_with_dilation=None)
    from torchvision.models._utils import IntermediateLayerGetter

    return segmentation.FCN(IntermediateLayerGetter(backbone, {"layer4": "out", "layer3": "aux"}), segmentation.fcn.FCNHead(512, 4),
                            segmentation.fcn.FCNHead(256, 4))


def deeplab() -> nn.Module:
    return segmentation.deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=4, aux_loss=True)


def lraspp() -> nn.Module:
    return segmentation.lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=4)


def clip(*shape: int) -> List[Tuple[str, Tensor]]:
    return [("x", torch.randn(*shape))]


def mvit() -> nn.Module:
    block = video.mvit.MSBlockConfig
    settings = [block(num_heads=1, input_channels=8, output_channels=8, kernel_q=[3, 3, 3], kernel_kv=[3, 3, 3], stride_q=[1, 1, 1], stride_kv=[1, 2, 2]),
                block(num_heads=2, input_channels=8, output_channels=16, kernel_q=[3, 3, 3], kernel_kv=[3, 3, 3], stride_q=[1, 2, 2], stride_kv=[1, 1, 1])]
    return video.MViT(spatial_size=(32, 32), temporal_size=4, block_setting=settings, residual_pool=True, residual_with_cls_embed=False, rel_pos_embed=True,
                      proj_after_attn=True, num_classes=5)


class Transformer(nn.Module):
    """A model of the transformers library that returns one tensor. Its own forward takes dozens of optional arguments."""

    def __init__(self, model: nn.Module, names: List[str], result: str) -> None:
        super().__init__()
        self.model = model
        self.names = names
        self.result = result

    def forward(self, *tensors: Tensor) -> Tensor:
        return getattr(self.model(**dict(zip(self.names, tensors)), use_cache=False) if self.cached() else self.model(**dict(zip(self.names, tensors))), self.result)

    def cached(self) -> bool:
        return getattr(self.model.config, "use_cache", None) is not None


def tokens(*names: str, length: int = 7, vocabulary: int = 50) -> List[Tuple[str, Tensor]]:
    values: List[Tuple[str, Tensor]] = []
    for name in names:
        if name == "attention_mask":
            mask = torch.ones(2, length, dtype=torch.int64)
            mask[1, length - 2:] = 0
            values.append((name, mask))
        elif name == "token_type_ids":
            values.append((name, (torch.arange(length) > 3).long().expand(2, length).contiguous()))
        else:
            values.append((name, torch.randint(3, vocabulary, (2, length))))
    return values


# Weights large enough that attention differs between tokens: else its gradients are differences of almost equal numbers.
SPREAD = 0.3
SMALL = dict(initializer_range=SPREAD, vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, max_position_embeddings=24)


def bert(attention: str) -> nn.Module:
    config = transformers.BertConfig(**SMALL, num_labels=3, attn_implementation=attention)
    return Transformer(transformers.BertForSequenceClassification(config), ["input_ids", "attention_mask", "token_type_ids"], "logits")


def bert_tokens() -> nn.Module:
    return Transformer(transformers.BertForTokenClassification(transformers.BertConfig(**SMALL, num_labels=4, attn_implementation="eager")),
                       ["input_ids", "attention_mask"], "logits")


def roberta() -> nn.Module:
    config = transformers.RobertaConfig(**{**SMALL, "max_position_embeddings": 30}, num_labels=3, attn_implementation="eager", pad_token_id=1)
    return Transformer(transformers.RobertaForSequenceClassification(config), ["input_ids", "attention_mask"], "logits")


def albert() -> nn.Module:
    config = transformers.AlbertConfig(**SMALL, embedding_size=8, num_labels=3, attn_implementation="eager")
    return Transformer(transformers.AlbertForSequenceClassification(config), ["input_ids", "attention_mask"], "logits")


def electra() -> nn.Module:
    config = transformers.ElectraConfig(**SMALL, embedding_size=8, num_labels=3, attn_implementation="eager")
    return Transformer(transformers.ElectraForSequenceClassification(config), ["input_ids", "attention_mask"], "logits")


def distilbert(attention: str) -> nn.Module:
    config = transformers.DistilBertConfig(initializer_range=SPREAD, vocab_size=50, dim=16, n_layers=2, n_heads=2, hidden_dim=24, max_position_embeddings=24, num_labels=3,
                                           attn_implementation=attention)
    return Transformer(transformers.DistilBertForSequenceClassification(config), ["input_ids", "attention_mask"], "logits")


def gpt2(attention: str) -> nn.Module:
    config = transformers.GPT2Config(initializer_range=SPREAD, vocab_size=50, n_embd=16, n_layer=2, n_head=2, n_positions=24, attn_implementation=attention, bos_token_id=1, eos_token_id=2)
    return Transformer(transformers.GPT2LMHeadModel(config), ["input_ids"], "logits")


def t5() -> nn.Module:
    config = transformers.T5Config(vocab_size=50, d_model=16, d_kv=8, d_ff=24, num_layers=2, num_heads=2, decoder_start_token_id=0)
    return Transformer(transformers.T5ForConditionalGeneration(config), ["input_ids", "attention_mask", "decoder_input_ids"], "logits")


def llama() -> nn.Module:
    config = transformers.LlamaConfig(**SMALL, num_key_value_heads=1, attn_implementation="eager")
    return Transformer(transformers.LlamaForCausalLM(config), ["input_ids"], "logits")


def hf_vit() -> nn.Module:
    config = transformers.ViTConfig(initializer_range=SPREAD, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, image_size=16, patch_size=8, num_labels=4,
                                    attn_implementation="eager")
    return Transformer(transformers.ViTForImageClassification(config), ["pixel_values"], "logits")


def wav2vec() -> nn.Module:
    config = transformers.Wav2Vec2Config(initializer_range=SPREAD, vocab_size=20, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, conv_dim=(8, 8),
                                         conv_stride=(5, 2), conv_kernel=(10, 3), num_feat_extract_layers=2, num_conv_pos_embeddings=4,
                                         num_conv_pos_embedding_groups=2, attn_implementation="eager")
    return Transformer(transformers.Wav2Vec2ForCTC(config), ["input_values"], "logits")


def timm_model(name: str, **options) -> Callable[[], nn.Module]:
    return lambda: timm.create_model(name, pretrained=False, num_classes=10, **options)


VIT = dict(img_size=16, patch_size=8, embed_dim=12, depth=2, num_heads=2)

# name: (model, inputs, what to export: s script, t trace, n trace under no_grad, z freeze the script)
MODELS: Dict[str, Tuple[Callable[[], nn.Module], Callable[[], list], str]] = {
    "resnet18": (lambda: tv.resnet18(num_classes=20), lambda: images(48), "stz"),
    "resnet50": (lambda: tv.ResNet(tv.resnet.Bottleneck, [3, 4, 6, 3], num_classes=20, width_per_group=16), lambda: images(48), "st"),
    "resnext50": (lambda: tv.ResNet(tv.resnet.Bottleneck, [1, 1, 1, 1], num_classes=20, groups=4, width_per_group=4), lambda: images(48), "st"),
    "mobilenet_v2": (lambda: tv.mobilenet_v2(num_classes=20, width_mult=0.5), lambda: images(48), "st"),
    "mobilenet_v3_small": (lambda: tv.mobilenet_v3_small(num_classes=20), lambda: images(48), "stz"),
    "mobilenet_v3_large": (lambda: tv.mobilenet_v3_large(num_classes=20), lambda: images(48), "st"),
    "densenet": (densenet, lambda: images(40), "stz"),
    "densenet121": (lambda: tv.densenet121(num_classes=20), lambda: images(48), "st"),
    "googlenet": (googlenet, lambda: images(48), "st"),
    "inception_v3": (inception, lambda: images(96), "st"),
    "vgg11": (vgg, lambda: images(40), "st"),
    "vgg13_bn": (vgg_bn, lambda: images(40), "st"),
    "alexnet": (alexnet, lambda: images(64), "st"),
    "efficientnet_b0": (lambda: tv.efficientnet_b0(num_classes=20), lambda: images(48), "st"),
    "convnext": (convnext, lambda: images(32), "stz"),
    "swin": (lambda: swin("v1"), lambda: images(16), "st"),
    "swin_v2": (lambda: swin("v2"), lambda: images(16), "st"),
    "vit": (vision_transformer, lambda: images(16), "stn"),
    "maxvit": (maxvit, lambda: images(64), "st"),
    "shufflenet": (lambda: tv.shufflenet_v2_x0_5(num_classes=20), lambda: images(48), "st"),
    "squeezenet1_0": (lambda: tv.squeezenet1_0(num_classes=20), lambda: images(48), "st"),
    "squeezenet1_1": (lambda: tv.squeezenet1_1(num_classes=20), lambda: images(48), "stz"),
    "mnasnet": (lambda: tv.mnasnet0_5(num_classes=20), lambda: images(48), "st"),
    "regnet_y": (lambda: tv.regnet_y_400mf(num_classes=20), lambda: images(48), "st"),
    "fcn": (fcn, lambda: images(48), "st"),
    "deeplab": (deeplab, lambda: images(48), "st"),
    "lraspp": (lraspp, lambda: images(48), "st"),
    "r3d_18": (lambda: video.r3d_18(num_classes=10), lambda: clip(1, 3, 4, 24, 24), "st"),
    "mc3_18": (lambda: video.mc3_18(num_classes=10), lambda: clip(1, 3, 4, 24, 24), "st"),
    "mvit": (mvit, lambda: clip(2, 3, 4, 32, 32), "st"),
    "timm_resnet10t": (timm_model("resnet10t"), lambda: images(48), "st"),
    "timm_resnext26ts": (timm_model("resnext26ts"), lambda: images(48), "st"),
    "timm_vit": (timm_model("vit_tiny_patch16_224", **VIT), lambda: images(16), "st"),
    "timm_mixer": (lambda: timm.models.mlp_mixer.MlpMixer(img_size=16, patch_size=8, embed_dim=12, num_blocks=2, num_classes=10), lambda: images(16), "st"),
    "timm_convmixer": (lambda: timm.models.convmixer.ConvMixer(dim=16, depth=2, kernel_size=5, patch_size=4, num_classes=10), lambda: images(32), "st"),
    "timm_mobilenetv4": (timm_model("mobilenetv4_conv_small_050"), lambda: images(64), "st"),
    "timm_efficientnet_lite0": (timm_model("tf_efficientnet_lite0"), lambda: images(48), "st"),
    "timm_ghostnet": (timm_model("ghostnet_050"), lambda: images(48), "st"),
    "timm_lcnet": (timm_model("lcnet_035"), lambda: images(48), "st"),
    "timm_regnetx": (timm_model("regnetx_002"), lambda: images(48), "st"),
    "timm_edgenext": (timm_model("edgenext_xx_small"), lambda: images(64), "st"),
    "timm_mobilevit": (timm_model("mobilevit_xxs"), lambda: images(64), "st"),
    "timm_levit": (timm_model("levit_128s", img_size=64), lambda: images(64), "st"),
    "timm_repvgg": (timm_model("repvgg_a0"), lambda: images(48), "st"),
    "timm_poolformer": (timm_model("poolformer_s12", embed_dims=(8, 16, 24, 32)), lambda: images(64), "st"),
    "bert": (lambda: bert("eager"), lambda: tokens("input_ids", "attention_mask", "token_type_ids"), "st"),
    "bert_sdpa": (lambda: bert("sdpa"), lambda: tokens("input_ids", "attention_mask", "token_type_ids"), "st"),
    "bert_tokens": (bert_tokens, lambda: tokens("input_ids", "attention_mask"), "st"),
    "roberta": (roberta, lambda: tokens("input_ids", "attention_mask"), "st"),
    "albert": (albert, lambda: tokens("input_ids", "attention_mask"), "st"),
    "electra": (electra, lambda: tokens("input_ids", "attention_mask"), "st"),
    "distilbert": (lambda: distilbert("eager"), lambda: tokens("input_ids", "attention_mask"), "st"),
    "distilbert_sdpa": (lambda: distilbert("sdpa"), lambda: tokens("input_ids", "attention_mask"), "st"),
    "gpt2": (lambda: gpt2("eager"), lambda: tokens("input_ids"), "st"),
    "gpt2_sdpa": (lambda: gpt2("sdpa"), lambda: tokens("input_ids"), "st"),
    "t5": (t5, lambda: tokens("input_ids", "attention_mask", "decoder_input_ids"), "st"),
    "llama": (llama, lambda: tokens("input_ids"), "st"),
    "hf_vit": (hf_vit, lambda: [("pixel_values", torch.randn(2, 3, 16, 16))], "st"),
    "wav2vec2": (wav2vec, lambda: [("input_values", torch.randn(2, 400))], "st"),
}
