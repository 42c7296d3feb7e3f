"""Key lists of whole checkpoints: test/golden/keys-{sd15,sd21,sdxl,refiner}.json.gz.

The networks are built on the meta device from the published configs: no weights. The checkpoint's own keys are listed by
repeating the loops in which CompVis' latent-diffusion (openaimodel.py, diffusionmodules/model.py) and open_clip lay out
their modules; that the lists are true is proven by pinned diffusers, whose converters of single files must make of them
exactly the keys and shapes of its own classes. Each line is a pair of that conversion.

A file is {"checkpoint": {key: shape}, "parts": {part: {key: [shape, checkpoint's key]}}}; keys of the checkpoint that no
part takes are those that diffusers passes over.
"""

import gzip
import json

import torch
from accelerate import init_empty_weights
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.loaders.single_file_utils import (
    convert_ldm_clip_checkpoint,
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
    convert_open_clip_checkpoint,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection
from unet import GOLDEN

UNET = dict(sample_size=64, in_channels=4, out_channels=4, layers_per_block=2)
FOUR = dict(
    down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    block_out_channels=(320, 640, 1280, 1280),
)
TEXT_TIME = dict(
    addition_embed_type="text_time", addition_time_embed_dim=256, use_linear_projection=True,
)
UNETS = {
    "sd15": dict(UNET, **FOUR, cross_attention_dim=768, attention_head_dim=8),
    "sd21": dict(
        UNET, **FOUR, cross_attention_dim=1024, attention_head_dim=(5, 10, 20, 20), use_linear_projection=True,
    ),
    "sdxl": dict(
        UNET, **TEXT_TIME,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(320, 640, 1280), transformer_layers_per_block=(1, 2, 10),
        cross_attention_dim=2048, attention_head_dim=(5, 10, 20), projection_class_embeddings_input_dim=2816,
    ),
    "refiner": dict(
        UNET, **TEXT_TIME,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(384, 768, 1536, 1536), transformer_layers_per_block=4,
        cross_attention_dim=1280, attention_head_dim=(6, 12, 24, 24), projection_class_embeddings_input_dim=2560,
    ),
}
VAE = dict(
    down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    block_out_channels=(128, 256, 512, 512), layers_per_block=2, latent_channels=4,
)
CLIP_L = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12)
CLIP_H = dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=23, num_attention_heads=16, hidden_act="gelu")
CLIP_G = dict(
    hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=20, hidden_act="gelu",
    projection_dim=1280,
)
# part -> (class, config, the prefix in the checkpoint, whose layers are open_clip's if they are so many)
TEXTS = {
    "sd15": {"text_encoder": (CLIPTextModel, CLIP_L, "cond_stage_model.transformer.", None)},
    "sd21": {"text_encoder": (CLIPTextModel, CLIP_H, "cond_stage_model.model.", 24)},
    "sdxl": {
        "text_encoder": (CLIPTextModel, CLIP_L, "conditioner.embedders.0.transformer.", None),
        "text_encoder_2": (CLIPTextModelWithProjection, CLIP_G, "conditioner.embedders.1.model.", 32),
    },
    "refiner": {
        "text_encoder_2": (CLIPTextModelWithProjection, CLIP_G, "conditioner.embedders.0.model.", 32),
    },
}


class Keys(dict):
    """Keys with shapes, listed by module."""

    def linear(self, name, inside, outside, bias=True):
        self[f"{name}.weight"] = (outside, inside)
        if bias:
            self[f"{name}.bias"] = (outside,)

    def conv(self, name, inside, outside, kernel):
        self[f"{name}.weight"] = (outside, inside, kernel, kernel)
        self[f"{name}.bias"] = (outside,)

    def norm(self, name, width):
        self[f"{name}.weight"] = self[f"{name}.bias"] = (width,)


def ldm_unet(config):
    """ldm/modules/diffusionmodules/openaimodel.py: UNetModel, and sgm's with a depth of transformers for each level."""
    keys = Keys()
    widths, layers = config["block_out_channels"], config["layers_per_block"]
    first, context, levels = widths[0], config["cross_attention_dim"], len(widths)
    attends = [kind.startswith("Cross") for kind in config["down_block_types"]]
    depths = config.get("transformer_layers_per_block", 1)
    depths = [depths] * levels if isinstance(depths, int) else depths
    embedding = 4 * first
    keys.linear("time_embed.0", first, embedding)
    keys.linear("time_embed.2", embedding, embedding)
    if "projection_class_embeddings_input_dim" in config:
        keys.linear("label_emb.0.0", config["projection_class_embeddings_input_dim"], embedding)
        keys.linear("label_emb.0.2", embedding, embedding)

    def resblock(name, inside, outside):
        keys.norm(f"{name}.in_layers.0", inside)
        keys.conv(f"{name}.in_layers.2", inside, outside, 3)
        keys.linear(f"{name}.emb_layers.1", embedding, outside)
        keys.norm(f"{name}.out_layers.0", outside)
        keys.conv(f"{name}.out_layers.3", outside, outside, 3)
        if inside != outside:
            keys.conv(f"{name}.skip_connection", inside, outside, 1)

    def transformer(name, width, depth):
        linear = config.get("use_linear_projection", False)
        keys.norm(f"{name}.norm", width)
        for end in "in", "out":
            if linear:
                keys.linear(f"{name}.proj_{end}", width, width)
            else:
                keys.conv(f"{name}.proj_{end}", width, width, 1)
        for block in range(depth):
            at = f"{name}.transformer_blocks.{block}"
            for attn, source in ("attn1", width), ("attn2", context):
                keys.linear(f"{at}.{attn}.to_q", width, width, bias=False)
                keys.linear(f"{at}.{attn}.to_k", source, width, bias=False)
                keys.linear(f"{at}.{attn}.to_v", source, width, bias=False)
                keys.linear(f"{at}.{attn}.to_out.0", width, width)
            keys.linear(f"{at}.ff.net.0.proj", width, 8 * width)
            keys.linear(f"{at}.ff.net.2", 4 * width, width)
            for norm in 1, 2, 3:
                keys.norm(f"{at}.norm{norm}", width)

    keys.conv("input_blocks.0.0", config["in_channels"], first, 3)
    skips, width, index = [first], first, 1
    for level in range(levels):
        for _ in range(layers):
            resblock(f"input_blocks.{index}.0", width, widths[level])
            width = widths[level]
            if attends[level]:
                transformer(f"input_blocks.{index}.1", width, depths[level])
            skips.append(width)
            index += 1
        if level < levels - 1:
            keys.conv(f"input_blocks.{index}.0.op", width, width, 3)
            skips.append(width)
            index += 1
    resblock("middle_block.0", width, width)
    transformer("middle_block.1", width, depths[-1])
    resblock("middle_block.2", width, width)
    index = 0
    for level in reversed(range(levels)):
        for layer in range(layers + 1):
            at = f"output_blocks.{index}"
            resblock(f"{at}.0", width + skips.pop(), widths[level])
            width, inner = widths[level], 1
            if attends[level]:
                transformer(f"{at}.1", width, depths[level])
                inner = 2
            if level > 0 and layer == layers:
                keys.conv(f"{at}.{inner}.conv", width, width, 3)
            index += 1
    keys.norm("out.0", width)
    keys.conv("out.2", width, config["out_channels"], 3)
    return keys


def ldm_vae(config):
    """ldm/modules/diffusionmodules/model.py: Encoder and Decoder."""
    keys = Keys()
    widths, layers, latent = config["block_out_channels"], config["layers_per_block"], config["latent_channels"]

    def resnet(name, inside, outside):
        keys.norm(f"{name}.norm1", inside)
        keys.conv(f"{name}.conv1", inside, outside, 3)
        keys.norm(f"{name}.norm2", outside)
        keys.conv(f"{name}.conv2", outside, outside, 3)
        if inside != outside:
            keys.conv(f"{name}.nin_shortcut", inside, outside, 1)

    def middle(name, width):
        resnet(f"{name}.block_1", width, width)
        keys.norm(f"{name}.attn_1.norm", width)
        for projection in "q", "k", "v", "proj_out":
            keys.conv(f"{name}.attn_1.{projection}", width, width, 1)
        resnet(f"{name}.block_2", width, width)

    keys.conv("encoder.conv_in", 3, widths[0], 3)
    width = widths[0]
    for level, outside in enumerate(widths):
        for layer in range(layers):
            resnet(f"encoder.down.{level}.block.{layer}", width, outside)
            width = outside
        if level < len(widths) - 1:
            keys.conv(f"encoder.down.{level}.downsample.conv", width, width, 3)
    middle("encoder.mid", width)
    keys.norm("encoder.norm_out", width)
    keys.conv("encoder.conv_out", width, 2 * latent, 3)
    keys.conv("decoder.conv_in", latent, width, 3)
    middle("decoder.mid", width)
    for level in reversed(range(len(widths))):
        for layer in range(layers + 1):
            resnet(f"decoder.up.{level}.block.{layer}", width, widths[level])
            width = widths[level]
        if level > 0:
            keys.conv(f"decoder.up.{level}.upsample.conv", width, width, 3)
    keys.norm("decoder.norm_out", width)
    keys.conv("decoder.conv_out", width, 3, 3)
    keys.conv("quant_conv", 2 * latent, 2 * latent, 1)
    keys.conv("post_quant_conv", latent, latent, 1)
    return keys


def open_clip(config, layers):
    """open_clip/model.py: the text tower of CLIP."""
    keys = Keys()
    width, inner = config["hidden_size"], config["intermediate_size"]
    keys["positional_embedding"] = (77, width)
    keys["text_projection"] = (width, width)
    keys["logit_scale"] = ()
    keys["token_embedding.weight"] = (49408, width)
    keys.norm("ln_final", width)
    for layer in range(layers):
        at = f"transformer.resblocks.{layer}"
        keys.norm(f"{at}.ln_1", width)
        keys.norm(f"{at}.ln_2", width)
        keys[f"{at}.attn.in_proj_weight"] = (3 * width, width)
        keys[f"{at}.attn.in_proj_bias"] = (3 * width,)
        keys.linear(f"{at}.attn.out_proj", width, width)
        keys.linear(f"{at}.mlp.c_fc", width, inner)
        keys.linear(f"{at}.mlp.c_proj", inner, width)
    return keys


def shapes_of(model):
    shapes = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    if isinstance(model, CLIPTextModel):  # transformers 5 writes its keys without this
        return {f"text_model.{key}": shape for key, shape in shapes.items()}
    return shapes


def main() -> None:
    for name, unet_config in UNETS.items():
        with init_empty_weights(include_buffers=True):
            unet, vae = UNet2DConditionModel(**unet_config), AutoencoderKL(**VAE)
            texts = {part: cls(CLIPTextConfig(**config)) for part, (cls, config, _, _) in TEXTS[name].items()}
        ldm = {f"model.diffusion_model.{key}": shape for key, shape in ldm_unet(unet_config).items()}
        ldm |= {f"first_stage_model.{key}": shape for key, shape in ldm_vae(VAE).items()}
        for part, (_, config, prefix, layers) in TEXTS[name].items():
            if layers is None:
                ldm |= {f"{prefix}{key}": shape for key, shape in shapes_of(texts[part]).items()}
                ldm[f"{prefix}text_model.embeddings.position_ids"] = (1, 77)
            else:
                ldm |= {f"{prefix}{key}": shape for key, shape in open_clip(config, layers).items()}

        # Each tensor is its own number, in every element: so it is seen where the converter puts it.
        keys = list(ldm)
        checkpoint = {key: torch.tensor(i, dtype=torch.int16).expand(ldm[key]) for i, key in enumerate(keys)}
        converted = {
            "unet": (unet, convert_ldm_unet_checkpoint(dict(checkpoint), unet.config)),
            "vae": (vae, convert_ldm_vae_checkpoint(dict(checkpoint), vae.config)),
        }
        for part, (_, _, prefix, layers) in TEXTS[name].items():
            found = (
                convert_ldm_clip_checkpoint(checkpoint)
                if layers is None
                else convert_open_clip_checkpoint(texts[part], dict(checkpoint), prefix=prefix)
            )
            found.pop("text_model.embeddings.position_ids", None)
            converted[part] = (texts[part], found)

        parts = {}
        for part, (model, tensors) in converted.items():
            if not isinstance(model, CLIPTextModelWithProjection):
                tensors.pop("text_projection.weight", None)
            assert {key: tuple(value.shape) for key, value in tensors.items()} == shapes_of(model), (name, part)
            parts[part] = {
                key: [list(tensors[key].shape), keys[int(tensors[key].flatten()[0])]] for key in sorted(tensors)
            }
        text = json.dumps({"checkpoint": {key: list(ldm[key]) for key in sorted(ldm)}, "parts": parts})
        (GOLDEN / f"keys-{name}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
        print(name, len(ldm), {part: len(found) for part, found in parts.items()})


if __name__ == "__main__":
    main()
