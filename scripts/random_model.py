"""A full-size Stable Diffusion with random weights, as diffusers saves it, to measure with what cannot be downloaded.

    pip install -r test/golden/make/requirements.txt
    python scripts/random_model.py sd15|sd21|sdxl FOLDER [float32|float16|bfloat16]

The configurations are the published ones, as far as they decide the networks.
"""

import json
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, EulerDiscreteScheduler, PNDMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

ROOT = Path(__file__).resolve().parents[1]
TEXT = dict(vocab_size=49408, max_position_embeddings=77, bos_token_id=49406, eos_token_id=49407, pad_token_id=1)
CLIP_L = dict(
    TEXT, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
    hidden_act="quick_gelu", projection_dim=768,
)
OPEN_CLIP_H = dict(
    TEXT, hidden_size=1024, intermediate_size=4096, num_hidden_layers=23, num_attention_heads=16,
    hidden_act="gelu", projection_dim=512,
)
OPEN_CLIP_G = dict(
    TEXT, hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=20,
    hidden_act="gelu", projection_dim=1280,
)
UNET = dict(in_channels=4, out_channels=4, layers_per_block=2, sample_size=64)
FOUR_LEVELS = dict(
    UNET,
    block_out_channels=(320, 640, 1280, 1280),
    down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
)
UNETS = {
    "sd15": dict(FOUR_LEVELS, cross_attention_dim=768, attention_head_dim=8),
    "sd21": dict(
        FOUR_LEVELS, cross_attention_dim=1024, attention_head_dim=(5, 10, 20, 20), use_linear_projection=True,
        sample_size=96,
    ),
    "sdxl": dict(
        UNET, sample_size=128, cross_attention_dim=2048, use_linear_projection=True,
        block_out_channels=(320, 640, 1280), attention_head_dim=(5, 10, 20),
        transformer_layers_per_block=(1, 2, 10),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        addition_embed_type="text_time", addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816,
    ),
}
ENCODERS = {
    "sd15": [("text_encoder", CLIPTextModel, CLIP_L)],
    "sd21": [("text_encoder", CLIPTextModel, OPEN_CLIP_H)],
    "sdxl": [
        ("text_encoder", CLIPTextModel, CLIP_L),
        ("text_encoder_2", CLIPTextModelWithProjection, OPEN_CLIP_G),
    ],
}
VAE = dict(
    latent_channels=4, block_out_channels=(128, 256, 512, 512), layers_per_block=2, sample_size=512,
    down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
)
BETAS = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1)


def scheduler(family: str):
    if family == "sdxl":
        return EulerDiscreteScheduler(**BETAS, timestep_spacing="leading")
    if family == "sd21":
        return DDIMScheduler(**BETAS, prediction_type="v_prediction", clip_sample=False, set_alpha_to_one=False)
    return PNDMScheduler(**BETAS, skip_prk_steps=True, set_alpha_to_one=False)


def write_tokenizer(folder: Path, pad: str) -> None:
    """CLIP's vocabulary from the merges that frabbit carries; its bytes are in the order of GPT-2's."""
    symbols = json.loads((ROOT / "src" / "text" / "clip-merges.json").read_text()).split(" ")
    merges = [f"{a} {b}" for a, b in zip(symbols[::2], symbols[1::2])]
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in visible]
    letters = [chr(b) for b in visible] + [chr(256 + i) for i in range(len(hidden))]
    words = letters + [f"{letter}</w>" for letter in letters] + [merge.replace(" ", "") for merge in merges]
    words += ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]))
    config = dict(
        tokenizer_class="CLIPTokenizer", model_max_length=77, do_lower_case=True,
        bos_token="<|startoftext|>", eos_token="<|endoftext|>", unk_token="<|endoftext|>", pad_token=pad,
    )
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def main() -> None:
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in UNETS:
        sys.exit("usage: random_model.py sd15|sd21|sdxl FOLDER [float32|float16|bfloat16]")
    family, folder = sys.argv[1], Path(sys.argv[2])
    dtype = getattr(torch, sys.argv[3] if len(sys.argv) == 4 else "float32")
    torch.manual_seed(0)
    UNet2DConditionModel(**UNETS[family]).to(dtype).save_pretrained(folder / "unet")
    AutoencoderKL(**VAE, scaling_factor=0.13025 if family == "sdxl" else 0.18215).to(dtype).save_pretrained(folder / "vae")
    scheduler(family).save_pretrained(folder / "scheduler")
    index = {
        "_class_name": "StableDiffusionXLPipeline" if family == "sdxl" else "StableDiffusionPipeline",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "scheduler": ["diffusers", type(scheduler(family)).__name__],
    }
    if family == "sdxl":
        index["force_zeros_for_empty_prompt"] = True
    else:
        index.update(safety_checker=[None, None], feature_extractor=[None, None], requires_safety_checker=False)
    for i, (name, encoder, config) in enumerate(ENCODERS[family]):
        encoder(CLIPTextConfig(**config)).to(dtype).save_pretrained(folder / name)
        tokenizer = "tokenizer" if i == 0 else "tokenizer_2"
        write_tokenizer(folder / tokenizer, pad="<|endoftext|>" if family != "sd21" and i == 0 else "!")
        index[name] = ["transformers", encoder.__name__]
        index[tokenizer] = ["transformers", "CLIPTokenizer"]
    (folder / "model_index.json").write_text(json.dumps(index, indent=2))


if __name__ == "__main__":
    main()
