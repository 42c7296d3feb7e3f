"""Whole pipelines of Stable Diffusion's families in miniature: test/golden/pipelines/.

Each is the folder that diffusers saves, but for weights, which are made up (made_up.py) and not stored, and vocabularies,
which are those of test/golden/tokenizer. reference.safetensors holds, for each run, what the text encoders make of the prompt,
the latents after the first step and the last, and the picture as bytes. With a FOLDER, the whole folders are written there
too: python family_pipelines.py [FOLDER]
"""

import shutil
import sys
import tempfile
from pathlib import Path

import diffusers
import numpy as np
import torch
from families import CONFIGS, SD1
from made_up import fill, made_up
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
from unet import GOLDEN

BETAS = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1)
VAE = dict(
    block_out_channels=(8, 12), down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    layers_per_block=1, latent_channels=4, norm_num_groups=4, sample_size=32, scaling_factor=0.5,
)
TINY = dict(
    encoder_block_out_channels=(8, 8), decoder_block_out_channels=(8, 8), num_encoder_blocks=(1, 2),
    num_decoder_blocks=(2, 0), latent_channels=4, scaling_factor=4.0,
)
TEXT = dict(
    vocab_size=684, num_hidden_layers=3, max_position_embeddings=77, bos_token_id=682, pad_token_id=1, eos_token_id=2
)
SMALL = dict(TEXT, hidden_size=8, intermediate_size=20, num_attention_heads=2, projection_dim=8)
WIDE = dict(TEXT, hidden_size=12, intermediate_size=24, num_attention_heads=3, projection_dim=10)
SIZE = dict(height=32, width=16)
PROMPT, NEGATIVE = "A red apple & a frog on stilts!", "rain"
MICRO = dict(
    original_size=(96, 64), crops_coords_top_left=(3, 5), target_size=(32, 48), negative_original_size=(16, 24),
    negative_crops_coords_top_left=(1, 0), negative_target_size=(64, 64),
)


def encoder(config: dict, act: str, projected: bool = False):
    kind = CLIPTextModelWithProjection if projected else CLIPTextModel
    model = kind._from_config(CLIPTextConfig(**config, hidden_act=act), attn_implementation="sdpa").eval()
    fill(model)
    # Where clip_skip's branch of diffusers 0.42.1 looks for the final norm; transformers 5 moved it.
    if not projected:
        object.__setattr__(model, "text_model", model)
    return model


def tokenizer(pad: str):
    return CLIPTokenizer.from_pretrained(GOLDEN / "tokenizer", pad_token=pad)


def filled(model):
    fill(model)
    return model.eval()


def sd(kind: str, scheduler, unet: dict, act: str, pad: str, vae=None):
    return getattr(diffusers, kind)(
        vae=filled(vae or diffusers.AutoencoderKL(**VAE)), text_encoder=encoder(WIDE, act), tokenizer=tokenizer(pad),
        unet=filled(diffusers.UNet2DConditionModel(**unet)), scheduler=scheduler, safety_checker=None,
        feature_extractor=None, requires_safety_checker=False,
    )


def sdxl(scheduler, **more):
    return diffusers.StableDiffusionXLPipeline(
        vae=filled(diffusers.AutoencoderKL(**VAE, force_upcast=True)), text_encoder=encoder(SMALL, "quick_gelu"),
        text_encoder_2=encoder(WIDE, "gelu", True), tokenizer=tokenizer("<|endoftext|>"), tokenizer_2=tokenizer("!"),
        unet=filled(diffusers.UNet2DConditionModel(**CONFIGS["sdxl"] | dict(cross_attention_dim=20))),
        scheduler=scheduler, add_watermarker=False, **more,
    )


def refiner():
    return diffusers.StableDiffusionXLImg2ImgPipeline(
        vae=filled(diffusers.AutoencoderKL(**VAE, force_upcast=True)), text_encoder=None, tokenizer=None,
        text_encoder_2=encoder(WIDE, "gelu", True), tokenizer_2=tokenizer("!"),
        unet=filled(diffusers.UNet2DConditionModel(**CONFIGS["sdxl-refiner"])),
        scheduler=diffusers.EulerDiscreteScheduler(**BETAS, timestep_spacing="leading"),
        requires_aesthetics_score=True, force_zeros_for_empty_prompt=False, add_watermarker=False,
    )


def pipelines():
    """By name a pipeline and its runs."""
    guided = dict(negative_prompt=NEGATIVE, guidance_scale=5.0, num_inference_steps=5)
    ddim = dict(BETAS, clip_sample=False, set_alpha_to_one=False)
    yield "sd1", sd(
        "StableDiffusionPipeline", diffusers.PNDMScheduler(**BETAS, skip_prk_steps=True), SD1, "quick_gelu", "<|endoftext|>"
    ), {"guided": guided, "clip-skip": dict(guided, clip_skip=1)}
    yield "sd2", sd(
        "StableDiffusionPipeline", diffusers.DDIMScheduler(**ddim, prediction_type="v_prediction"), CONFIGS["sd2"], "gelu", "!"
    ), {"guided": guided}
    yield "sd-turbo", sd(
        "StableDiffusionPipeline", diffusers.EulerDiscreteScheduler(**BETAS, timestep_spacing="trailing"), CONFIGS["sd2"],
        "gelu", "!",
    ), {"one step": dict(guidance_scale=0.0, num_inference_steps=1)}
    yield "lcm", sd(
        "LatentConsistencyModelPipeline", diffusers.LCMScheduler(**BETAS), CONFIGS["lcm"], "quick_gelu", "<|endoftext|>"
    ), {"guided": dict(guidance_scale=8.5, num_inference_steps=4)}
    given = dict(image=made_up("image", (1, 3, 32, 16), 0.5, 0.5), strength=0.6)
    euler = diffusers.EulerDiscreteScheduler(**BETAS, timestep_spacing="leading")
    yield "sdxl", sdxl(euler), {
        "zeros": dict(guidance_scale=5.0, num_inference_steps=5),
        "micro": dict(guided, **MICRO),
        "clip-skip": dict(guided, clip_skip=1),
        "image to image": dict(guided, **given, num_inference_steps=8),
    }
    yield "sdxl-turbo", sdxl(diffusers.EulerAncestralDiscreteScheduler(**BETAS, timestep_spacing="trailing")), {
        "two steps": dict(guidance_scale=0.0, num_inference_steps=2)
    }
    yield "tiny-autoencoder", sd(
        "StableDiffusionImg2ImgPipeline", diffusers.DDIMScheduler(**ddim), SD1, "quick_gelu", "<|endoftext|>",
        diffusers.AutoencoderTiny(**TINY),
    ), {"image to image": dict(guided, **given, num_inference_steps=8)}
    yield "sdxl-refiner", refiner(), {
        "guided": dict(guided, **given, num_inference_steps=8),
        "aesthetic": dict(
            guided, **given, aesthetic_score=7.5, negative_aesthetic_score=1.0, original_size=(96, 64),
            crops_coords_top_left=(3, 5), num_inference_steps=8,
        ),
    }


@torch.no_grad()
def run(name: str, pipeline, settings: dict) -> dict[str, torch.Tensor]:
    latents, texts = [], []

    def seen(_, __, ___, given):
        latents.append(given["latents"].clone())
        texts.append(given["prompt_embeds"].clone())
        return given

    size = {} if "image" in settings else SIZE
    if "image" in settings:
        pipeline = diffusers.AutoPipelineForImage2Image.from_pipe(pipeline)
        pipeline.set_progress_bar_config(disable=True)
    image = pipeline(
        PROMPT, **settings, **size, generator=torch.Generator().manual_seed(7), callback_on_step_end=seen,
        callback_on_step_end_tensor_inputs=["latents", "prompt_embeds"],
    ).images[0]
    picture = torch.from_numpy(np.array(image)).half()
    print(name, list(picture.shape), "saturated", ((picture == 0) | (picture == 255)).float().mean().item())
    first = 1 if isinstance(pipeline.scheduler, diffusers.PNDMScheduler) else 0  # which takes the first step twice
    return {"text": texts[0][-1:], "first": latents[min(first, len(latents) - 1)], "last": latents[-1].clone(), "picture": picture}


def main() -> None:
    torch.set_num_threads(1)
    for name, pipeline, runs in pipelines():
        pipeline.set_progress_bar_config(disable=True)
        results = {}
        for kind, settings in runs.items():
            for key, tensor in run(f"{name}, {kind}", pipeline, settings).items():
                results[f"{kind}.{key}"] = tensor.contiguous()
        whole = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()) / name
        pipeline.save_pretrained(whole)
        target = GOLDEN / "pipelines" / name
        shutil.rmtree(target, ignore_errors=True)
        for path in whole.rglob("*config.json"):
            (target / path.relative_to(whole)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target / path.relative_to(whole))
        shutil.copy(whole / "model_index.json", target)
        save_file(results, target / "reference.safetensors")


if __name__ == "__main__":
    main()
