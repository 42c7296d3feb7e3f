"""A model folder drawn with by diffusers' and transformers' own classes in float32: what frabbit is compared with."""

from pathlib import Path

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer


class DiffusersPipeline:
    """Each part by its own `from_pretrained`; StableDiffusionPipeline without the autoencoder that it asks for."""

    def __init__(self, folder: str | Path, memory_format: torch.memory_format = torch.contiguous_format):
        self.tokenizer = CLIPTokenizer.from_pretrained(folder, subfolder="tokenizer")
        self.encoder = CLIPTextModel.from_pretrained(
            folder, subfolder="text_encoder", dtype=torch.float32
        ).eval()
        self.unet = UNet2DConditionModel.from_pretrained(
            folder, subfolder="unet", torch_dtype=torch.float32
        ).eval()
        self.unet.to(memory_format=memory_format)
        self.scheduler = DDIMScheduler.from_pretrained(folder, subfolder="scheduler")

    def tokenize(self, prompts: list[str]) -> torch.Tensor:
        """[prompts, tokens]"""
        return self.tokenizer(
            prompts,
            padding="max_length",
            max_length=self.tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        ).input_ids

    @torch.inference_mode()
    def embed(self, prompts: list[str]) -> torch.Tensor:
        """[prompts, tokens, cross_attention_dim]"""
        return self.encoder(self.tokenize(prompts)).last_hidden_state

    @torch.inference_mode()
    def predict(self, latents: torch.Tensor, timestep: int, text: torch.Tensor) -> torch.Tensor:
        return self.unet(latents, timestep, text).sample

    def noise(self, seed: int) -> torch.Tensor:
        """[1, channels, height, width]"""
        channels, size = self.unet.config.in_channels, self.unet.config.sample_size
        return torch.randn(1, channels, size, size, generator=torch.Generator().manual_seed(seed))

    @torch.inference_mode()
    def draw(self, prompt: str, seed: int, count: int, steps: int, guidance: float) -> torch.Tensor:
        """The finished latents of `count` pictures, the seed one higher for each."""
        text = self.embed(["", prompt]).repeat_interleave(count, dim=0)
        latents = torch.cat([self.noise(seed + i) for i in range(count)])
        self.scheduler.set_timesteps(steps)
        for timestep in self.scheduler.timesteps:
            without, with_text = self.predict(torch.cat([latents] * 2), timestep, text).chunk(2)
            guided = without + guidance * (with_text - without)
            # where the estimate is clipped, frabbit's noise is the one that fits it
            clip = self.scheduler.config.clip_sample
            step = self.scheduler.step(guided, timestep, latents, use_clipped_model_output=clip)
            latents = step.prev_sample
        return latents

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Pictures [n, height, width, 3] of bytes; patches of pixels as `pixel_unshuffle` makes them."""
        patch = round((self.unet.config.out_channels / 3) ** 0.5)
        pictures = torch.nn.functional.pixel_shuffle(latents, patch)
        return ((pictures / 2 + 0.5).clamp(0, 1) * 255).round().permute(0, 2, 3, 1)
