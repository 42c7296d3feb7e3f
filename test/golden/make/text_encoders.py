"""Reference files for Stable Diffusion's text encoders: test/golden/text-encoders/.

Prompts go through the pipelines' own encode_prompt, with the tokenizer of test/golden/tokenizer; SDXL's second one pads
with "!". Weights are made up (made_up.py) and not stored.
"""

import json

import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from made_up import fill
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
from unet import GOLDEN, save_reference

FOLDER = GOLDEN / "text-encoders"
PROMPTS = ["", "A red apple & a frog on stilts!", "frog on stilts " * 60]
EOS, A = 683, 320  # of test/golden/tokenizer: the end token, "a"
COMMON = dict(vocab_size=684, num_hidden_layers=3, max_position_embeddings=77, bos_token_id=682)
CONFIGS = {
    # eos_token_id 2 stands in every config that was published before transformers 4.31.
    "text_encoder": (
        CLIPTextModel,
        dict(COMMON, hidden_size=8, intermediate_size=20, num_attention_heads=2, projection_dim=8,
             hidden_act="quick_gelu", eos_token_id=2, pad_token_id=1),
    ),
    "text_encoder_2": (
        CLIPTextModelWithProjection,
        dict(COMMON, hidden_size=12, intermediate_size=24, num_attention_heads=3, projection_dim=10,
             hidden_act="gelu", eos_token_id=EOS, pad_token_id=1),
    ),
    # An end token that is not the highest id, comes first, or not at all.
    "other_end": (
        CLIPTextModel,
        dict(COMMON, hidden_size=8, intermediate_size=20, num_attention_heads=2, projection_dim=8,
             hidden_act="gelu", eos_token_id=A, pad_token_id=1),
    ),
}


@torch.no_grad()
def main() -> None:
    torch.set_num_threads(1)
    models = {}
    for name, (kind, config) in CONFIGS.items():
        model = kind._from_config(CLIPTextConfig(**config), attn_implementation="sdpa").eval()
        shapes = fill(model)
        model.config.architectures = [kind.__name__]
        model.config.save_pretrained(FOLDER / name)
        (FOLDER / name / "state-dict.json").write_text(json.dumps(shapes, separators=(",", ":")) + "\n")
        models[name] = model.double()
    # Where clip_skip's branch of diffusers 0.42.1 looks for the final norm; transformers 5 moved it.
    object.__setattr__(models["text_encoder"], "text_model", models["text_encoder"])

    tokenizer = CLIPTokenizer.from_pretrained(GOLDEN / "tokenizer")
    tokenizer_2 = CLIPTokenizer.from_pretrained(GOLDEN / "tokenizer", pad_token="!")
    sd = StableDiffusionPipeline(
        vae=None, text_encoder=models["text_encoder"], tokenizer=tokenizer, unet=None, scheduler=None,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )
    sdxl = StableDiffusionXLPipeline(
        vae=None, text_encoder=models["text_encoder"], text_encoder_2=models["text_encoder_2"],
        tokenizer=tokenizer, tokenizer_2=tokenizer_2, unet=None, scheduler=None,
    )
    results = {}
    for skip in (None, 1, 2):
        results[f"sd.{skip or 0}"], _ = sd.encode_prompt(PROMPTS, "cpu", 1, False, clip_skip=skip)
    for skip in (None, 1):
        results[f"sdxl.{skip or 0}"], _, results[f"sdxl.pooled.{skip or 0}"], _ = sdxl.encode_prompt(
            PROMPTS, device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=False, clip_skip=skip
        )
    given = dict(padding="max_length", max_length=77, truncation=True, return_tensors="pt")
    results["input_ids"] = tokenizer(PROMPTS, **given).input_ids
    results["input_ids_2"] = tokenizer_2(PROMPTS, **given).input_ids
    for name in ("text_encoder", "other_end"):
        results[f"{name}.pooled"] = models[name](results["input_ids"]).pooler_output
    save_reference(FOLDER / "reference.safetensors", results)


if __name__ == "__main__":
    main()
