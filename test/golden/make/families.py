"""Reference files for the U-Nets of Stable Diffusion's families in miniature: test/golden/families/.

Each config is a published one with its sizes shrunk. Weights are made up (made_up.py) and not stored.
"""

import json

import torch
from diffusers import LatentConsistencyModelPipeline, UNet2DConditionModel
from made_up import fill, made_up
from unet import GOLDEN, save_reference

CROSS_DOWN = ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D")
CROSS_UP = ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D")
SD1 = dict(
    sample_size=16, in_channels=4, out_channels=4, down_block_types=CROSS_DOWN, up_block_types=CROSS_UP,
    block_out_channels=(8, 16, 16), norm_num_groups=4, layers_per_block=2, cross_attention_dim=12,
    attention_head_dim=2, use_linear_projection=False,
)
SD2 = dict(SD1, block_out_channels=(8, 16, 24), attention_head_dim=(1, 2, 3), use_linear_projection=True,
           upcast_attention=True)
SDXL = dict(
    SD1, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    block_out_channels=(8, 16, 24), attention_head_dim=(1, 2, 3), use_linear_projection=True,
    transformer_layers_per_block=(1, 2, 3), addition_embed_type="text_time", addition_time_embed_dim=8,
    projection_class_embeddings_input_dim=6 * 8 + 10,
)
CONFIGS = {
    "sd1-edit": dict(SD1, in_channels=8),  # InstructPix2Pix
    "sd1-inpaint": dict(SD1, in_channels=9),
    "sd2": SD2,  # also SD-Turbo
    "sdxl": SDXL,  # also SDXL-Turbo
    "sdxl-refiner": dict(
        SDXL, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(8, 16, 16, 24), attention_head_dim=(1, 2, 2, 4), transformer_layers_per_block=2,
        projection_class_embeddings_input_dim=5 * 8 + 10,
    ),
    "lcm": dict(SD1, time_cond_proj_dim=6),
    "lcm-sdxl": dict(SDXL, layers_per_block=1, transformer_layers_per_block=(0, 1, 2), time_cond_proj_dim=7),
    # No published model's: the sinusoids of DDPM's networks, and another eps in every norm that the config rules.
    "odd": dict(SD1, layers_per_block=1, flip_sin_to_cos=False, freq_shift=1, norm_eps=1e-2),
}
TIME_IDS = [[1024.0, 768.0, 0.0, 64.0, 1024.0, 1024.0], [512.0, 900.0, 3.0, 0.0, 768.0, 1344.0]]
AESTHETIC = [[1024.0, 768.0, 0.0, 64.0, 6.0], [512.0, 900.0, 3.0, 0.0, 2.5]]
TIMESTEPS = [[999.0, 501.0], [1.0, 0.0], [7.25, 261.0]]


@torch.no_grad()
def main() -> None:
    torch.set_num_threads(1)
    for name, config in CONFIGS.items():
        model = UNet2DConditionModel(**config).eval()
        folder = GOLDEN / "families" / name
        folder.mkdir(parents=True, exist_ok=True)
        shapes = fill(model)
        (folder / "state-dict.json").write_text(json.dumps(shapes, separators=(",", ":")) + "\n")
        model.save_config(folder)

        given = {
            "sample": made_up("sample", (2, config["in_channels"], 8, 16), 1.7),
            "encoder_hidden_states": made_up("encoder_hidden_states", (2, 7, config["cross_attention_dim"]), 1.7),
        }
        added = {}
        if config.get("addition_embed_type") == "text_time":
            added["time_ids"] = torch.tensor(AESTHETIC if name == "sdxl-refiner" else TIME_IDS)
            added["text_embeds"] = made_up("text_embeds", (2, 10), 1.7)
        conditions = {}
        if features := config.get("time_cond_proj_dim"):
            embed = LatentConsistencyModelPipeline.get_guidance_scale_embedding
            conditions["timestep_cond"] = embed(None, torch.tensor([8.5 - 1, 1.25 - 1]), features)

        model.double()
        outputs = {}
        for i, timesteps in enumerate(TIMESTEPS):
            outputs[f"timesteps.{i}"] = torch.tensor(timesteps)
            outputs[f"output.{i}"] = model(
                given["sample"].double(), torch.tensor(timesteps), given["encoder_hidden_states"].double(),
                timestep_cond=conditions["timestep_cond"].double() if conditions else None,
                added_cond_kwargs={key: value.double() for key, value in added.items()},
            ).sample
        save_reference(
            folder / "reference.safetensors", {**given, **added, **conditions, **outputs},
            "the sinusoids alone are float32, as in diffusers",
        )


if __name__ == "__main__":
    main()
