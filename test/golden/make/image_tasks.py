"""Draws with diffusers' pipelines that begin with a picture, from the folders of miniature Stable Diffusions that frabbit
wrote (pipeline-folder.ts FOLDER), as src/pipelines/golden-tasks.test.ts does: python image_tasks.py FOLDER

Keeps what was drawn as latents, by task, scheduler and strength, and as bytes; and the picture and the mask."""

import sys
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers import (
    StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline, StableDiffusionInstructPix2PixPipeline,
)
from PIL import Image
from safetensors.torch import save_file

HEIGHT, WIDTH = 16, 24
SCHEDULERS = {
    "ddim": ("DDIMScheduler", {}),
    "ddpm": ("DDPMScheduler", {}),
    "pndm": ("PNDMScheduler", dict(skip_prk_steps=True)),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler-a": ("EulerAncestralDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "dpm2": ("KDPM2DiscreteScheduler", {}),
    "dpmpp-2m": ("DPMSolverMultistepScheduler", {}),
    "dpmpp-2m karras": ("DPMSolverMultistepScheduler", dict(use_karras_sigmas=True)),
    "unipc": ("UniPCMultistepScheduler", {}),
    "deis": ("DEISMultistepScheduler", {}),
    "lcm": ("LCMScheduler", {}),
}


def shapes(draw) -> Image.Image:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return Image.fromarray(draw(x, y).astype(np.uint8))


PICTURE = shapes(lambda x, y: np.stack([10 * x, 15 * y, 255 * ((x - 12) ** 2 + (y - 8) ** 2 < 30)], axis=-1))
# Greys around the middle, in colours that the rule for grey weighs; neither aligned with the latent's cells of 2 x 2.
MASK = shapes(lambda x, y: np.stack([9 * x, 120 + 0 * x, 16 * y], axis=-1))


def pipeline(kind, channels: int, scheduler: str):
    loaded = kind.from_pretrained(FOLDER / f"sd1-{channels}")
    loaded.set_progress_bar_config(disable=True)
    name, options = SCHEDULERS[scheduler]
    loaded.scheduler = getattr(diffusers, name).from_config(loaded.scheduler.config, **options)
    return loaded


KINDS = {
    "image": StableDiffusionImg2ImgPipeline,
    "inpaint": StableDiffusionInpaintPipeline,
    "edit": StableDiffusionInstructPix2PixPipeline,
}


def draw(loaded, output_type: str, **task):
    return loaded(
        "a red apple", image=PICTURE, negative_prompt="rain", num_inference_steps=7,
        guidance_scale=3.0, generator=torch.Generator().manual_seed(7), output_type=output_type, **task,
    ).images


def main() -> None:
    torch.set_num_threads(1)
    kept = {"picture": bytes_of(PICTURE), "mask": bytes_of(MASK)}
    inpaint = dict(mask_image=MASK, height=HEIGHT, width=WIDTH)
    runs = [
        *(("image", 4, scheduler, 0.6, {}) for scheduler in SCHEDULERS),
        ("image", 4, "pndm", 0.9, {}),
        ("image", 4, "ddim", 1.0, {}),
        *(("inpaint", 4, scheduler, 0.6, inpaint) for scheduler in ("pndm", "euler-a", "heun", "dpmpp-2m", "lcm")),
        *(("inpaint", 4, scheduler, 1.0, inpaint) for scheduler in ("ddim", "euler-a")),
        *(("inpaint", 9, "euler-a", strength, inpaint) for strength in (0.6, 1.0)),
        ("edit", 8, "euler-a", 1.0, {}),
    ]
    for task, channels, scheduler, strength, options in runs:
        loaded = pipeline(KINDS[task], channels, scheduler)
        given = options if task == "edit" else dict(options, strength=strength)
        name = f"{task} {channels} {scheduler} {strength:g}"
        kept[name] = draw(loaded, "latent", **given).contiguous()
        print(name, float(kept[name].abs().max()))
        if scheduler == "euler-a":
            kept[f"{name} bytes"] = bytes_of(draw(loaded, "pil", **given)[0])
    save_file(kept, Path(__file__).parent.parent / "image-tasks.safetensors")


def bytes_of(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image)).float()


if __name__ == "__main__":
    FOLDER = Path(sys.argv[1])
    main()
