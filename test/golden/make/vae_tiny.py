"""Reference files for AutoencoderTiny: test/golden/vae-tiny/. Weights are made up (made_up.py) and not stored."""

import json

import torch
from diffusers import AutoencoderTiny
from made_up import fill, made_up
from unet import GOLDEN, save_reference

CONFIG = dict(
    encoder_block_out_channels=(8, 8, 8, 8), decoder_block_out_channels=(8, 8, 8, 8),
    num_encoder_blocks=(1, 3, 2, 0), num_decoder_blocks=(3, 1, 0, 1), latent_channels=4,
)


@torch.no_grad()
def main() -> None:
    torch.set_num_threads(1)
    folder = GOLDEN / "vae-tiny"
    model = AutoencoderTiny(**CONFIG).eval()
    shapes = fill(model)
    model.save_config(folder)
    (folder / "state-dict.json").write_text(json.dumps(shapes, separators=(",", ":")) + "\n")
    pictures, latents = made_up("pictures", (2, 3, 32, 24)), made_up("latents", (2, 4, 4, 3), 5)
    model.double()
    save_reference(
        folder / "reference.safetensors",
        {
            "pictures": pictures,
            "latents": latents,
            "encoded": model.encode(pictures.double()).latents,
            "decoded": model.decode(latents.double()).sample,
        },
    )


if __name__ == "__main__":
    main()
