"""Reference files for UNet2DConditionModel: test/golden/unet-{tiny,text,sd1,wide,scale}/."""

from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file

GOLDEN = Path(__file__).resolve().parents[1]
FLOAT64_NOTE = "computed by torch in float64 from float32 weights and inputs, stored as float32"

TWO_LEVELS = dict(
    layers_per_block=1,
    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
    mid_block_type="UNetMidBlock2DCrossAttn",
    up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    cross_attention_dim=24,
    attention_head_dim=4,  # diffusers reads this as the number of heads
    use_linear_projection=True,
)

# No norm_num_groups equals a block's width: a group of one channel would cancel the timestep and some biases.
CONFIGS = {
    "tiny": dict(
        TWO_LEVELS, sample_size=8, in_channels=12, out_channels=12,
        block_out_channels=(16, 24), norm_num_groups=8,
    ),
    "sd1": dict(
        sample_size=8, in_channels=4, out_channels=4,
        block_out_channels=(16, 32, 32), norm_num_groups=4, layers_per_block=2,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        mid_block_type="UNetMidBlock2DCrossAttn",
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=32, attention_head_dim=8, use_linear_projection=False,
    ),
    "wide": dict(
        TWO_LEVELS, sample_size=16, in_channels=48, out_channels=48,
        block_out_channels=(16, 32), norm_num_groups=8,
    ),
    "text": dict(
        TWO_LEVELS, sample_size=8, in_channels=12, out_channels=12,
        block_out_channels=(16, 24), norm_num_groups=8,
        addition_embed_type="text", addition_embed_type_num_heads=4,
    ),
    "scale": dict(
        TWO_LEVELS, sample_size=8, in_channels=4, out_channels=4,
        block_out_channels=(8, 16), norm_num_groups=4,
        resnet_time_scale_shift="scale_shift",
    ),
}

# The gradients kept are those of parameters with at most so many elements (None: all).
GRADIENT_ELEMENTS = {"tiny": None, "text": None, "sd1": 256, "wide": 256, "scale": 256}


def draw(generator: torch.Generator, *shape: int) -> torch.Tensor:
    """Standard normal float32; drawn in float64, so that the rounding hides differences between processors."""
    return torch.randn(shape, generator=generator, dtype=torch.float64).float()


@torch.no_grad()
def randomise(model: torch.nn.Module, generator: torch.Generator) -> None:
    """Gives every parameter random values that keep activations near 1, and no norm or bias a trivial one."""
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            value = draw(generator, *parameter.shape)
            if isinstance(module, torch.nn.Embedding):
                parameter.copy_(value)
            elif name == "bias":
                parameter.copy_(0.25 * value)
            elif parameter.ndim == 1:  # the scale of a norm
                parameter.copy_(1 + 0.25 * value)
            else:
                parameter.copy_(value / parameter[0].numel() ** 0.5)


def save_reference(path: Path, tensors: dict[str, torch.Tensor], note: str = "") -> None:
    """Writes float32. One metadata key only: safetensors does not order several."""
    stored = {key: tensor.detach().float().contiguous() for key, tensor in tensors.items()}
    save_file(stored, path, metadata={"description": "; ".join(filter(None, [FLOAT64_NOTE, note]))})


def main() -> None:
    torch.set_num_threads(1)
    for seed, (name, config) in enumerate(CONFIGS.items()):
        generator = torch.Generator().manual_seed(seed)
        model = UNet2DConditionModel(**config).eval()
        randomise(model, generator)
        folder = GOLDEN / f"unet-{name}"
        model.save_pretrained(folder)

        size, channels = config["sample_size"], config["in_channels"]
        sample = draw(generator, 2, channels, size, size)
        encoder_hidden_states = draw(generator, 2, 6, config["cross_attention_dim"])
        target = draw(generator, 2, channels, size, size)
        timesteps = torch.tensor([3.0, 741.0])

        model.double()
        leaves = {
            "sample": sample.double().requires_grad_(),
            "encoder_hidden_states": encoder_hidden_states.double().requires_grad_(),
        }
        output = model(leaves["sample"], timesteps, leaves["encoder_hidden_states"]).sample
        loss = (output - target.double()).square().mean()
        loss.backward()

        limit = GRADIENT_ELEMENTS[name]
        for key, parameter in model.named_parameters():
            if limit is None or parameter.numel() <= limit:
                leaves[key] = parameter
        save_reference(
            folder / "reference.safetensors",
            {
                "sample": sample,
                "timesteps": timesteps,
                "encoder_hidden_states": encoder_hidden_states,
                "target": target,
                "output": output,
                "loss": loss,
                **{f"grad.{key}": leaf.grad for key, leaf in leaves.items()},
            },
            "the sinusoidal timestep embedding alone is float32, as in diffusers; loss = mean((output - target)^2)",
        )


if __name__ == "__main__":
    main()
