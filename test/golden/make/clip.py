"""Reference files for CLIPTextModel: test/golden/clip-{quick,gelu}/."""

import torch
from transformers import CLIPTextConfig, CLIPTextModel

from unet import GOLDEN, draw, randomise, save_reference

BOS, EOS, POSITIONS = 598, 599, 12
ACTIVATIONS = {"quick": "quick_gelu", "gelu": "gelu"}
PROMPTS = [[17, 305, 42, 511], [], [1, 596, 88, 88, 203, 0, 430, 77, 9, 154]]


def tokens(words: list[int]) -> list[int]:
    """bos, words, eos, padded with eos as CLIP's tokenizer does."""
    return ([BOS, *words] + [EOS] * POSITIONS)[:POSITIONS]


def main() -> None:
    torch.set_num_threads(1)
    for seed, (name, activation) in enumerate(ACTIVATIONS.items(), start=100):
        generator = torch.Generator().manual_seed(seed)
        config = CLIPTextConfig(
            vocab_size=600, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
            intermediate_size=64, max_position_embeddings=POSITIONS, projection_dim=32,
            hidden_act=activation, bos_token_id=BOS, eos_token_id=EOS, pad_token_id=EOS,
        )
        model = CLIPTextModel._from_config(config, attn_implementation="sdpa").eval()  # eager softmaxes in float32
        randomise(model, generator)
        folder = GOLDEN / f"clip-{name}"
        model.save_pretrained(folder)

        input_ids = torch.tensor([tokens(words) for words in PROMPTS])
        loss_weights = draw(generator, *input_ids.shape, config.hidden_size)

        model.double()
        result = model(input_ids)
        loss = (result.last_hidden_state * loss_weights.double()).mean()
        loss.backward()
        save_reference(
            folder / "reference.safetensors",
            {
                "input_ids": input_ids,
                "last_hidden_state": result.last_hidden_state,
                "pooler_output": result.pooler_output,
                "loss_weights": loss_weights,
                "loss": loss,
                **{f"grad.{key}": parameter.grad for key, parameter in model.named_parameters()},
            },
            "loss = mean(last_hidden_state * loss_weights)",
        )


if __name__ == "__main__":
    main()
