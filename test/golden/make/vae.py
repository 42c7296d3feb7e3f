"""Reference files for AutoencoderKL: test/golden/vae-{sd1,plain}/."""

import torch
from diffusers import AutoencoderKL
from unet import GOLDEN, draw, randomise, save_reference

# As in unet.py, no norm_num_groups equals a block's width.
CONFIGS = {
    "sd1": dict(
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 16, 16, 24), layers_per_block=2, latent_channels=4,
        norm_num_groups=4, sample_size=32,
    ),
    "plain": dict(
        down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(8, 12, 16), layers_per_block=1, latent_channels=8,
        norm_num_groups=4, sample_size=16, mid_block_add_attention=False,
        use_quant_conv=False, use_post_quant_conv=False,
    ),
}

# The gradients kept are those of parameters with at most so many elements.
GRADIENT_ELEMENTS = 1024

LOSS = "loss = mean(moments * moments_weights) + mean(decoded * decoded_weights)"


def main() -> None:
    torch.set_num_threads(1)
    for seed, (name, config) in enumerate(CONFIGS.items()):
        generator = torch.Generator().manual_seed(100 + seed)
        model = AutoencoderKL(**config).eval()
        randomise(model, generator)
        folder = GOLDEN / f"vae-{name}"
        model.save_pretrained(folder)

        factor = 2 ** (len(config["block_out_channels"]) - 1)
        channels, height, width = config["latent_channels"], 4, 3
        given = {
            "pictures": draw(generator, 2, 3, factor * height, factor * width),
            "latents": draw(generator, 2, channels, height, width),
            "moments_weights": draw(generator, 2, 2 * channels, height, width),
            "decoded_weights": draw(generator, 2, 3, factor * height, factor * width),
        }

        model.double()
        leaves = {key: given[key].double().requires_grad_() for key in ("pictures", "latents")}
        moments = model.encode(leaves["pictures"]).latent_dist.parameters
        decoded = model.decode(leaves["latents"]).sample
        loss = (moments * given["moments_weights"].double()).mean()
        loss = loss + (decoded * given["decoded_weights"].double()).mean()
        loss.backward()

        for key, parameter in model.named_parameters():
            if parameter.numel() <= GRADIENT_ELEMENTS:
                leaves[key] = parameter
        save_reference(
            folder / "reference.safetensors",
            {
                **given,
                "moments": moments,
                "decoded": decoded,
                "loss": loss,
                **{f"grad.{key}": leaf.grad for key, leaf in leaves.items()},
            },
            LOSS,
        )


if __name__ == "__main__":
    main()
