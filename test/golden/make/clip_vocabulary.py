"""Writes test/golden/clip-vocabulary.json: what open_clip's tokenizer, a copy of openai/CLIP's, makes of prompts, and a
hash of its tokens in the order of their ids. With open_clip_torch 3.3.0 and ftfy: python clip_vocabulary.py"""

import hashlib
import json
from pathlib import Path

from open_clip.tokenizer import SimpleTokenizer

PROMPTS = [
    "", "a photo of a cat", "A red apple, isn't it?", "frogs on stilts", "an astronaut riding a horse on mars, 8k uhd",
    "portrait of a rabbit (masterpiece:1.3), best quality, trending on artstation", "it's they're I'll we've don't",
    "naïve Straße ÉCOLE", "мир и война", "日本の山 富士山", "🐸🐰 on 🌈", "1999 to 2024: 3,141.59", "a...b!!! --ar 16:9 #tag",
    "supercalifragilisticexpialidocious antidisestablishmentarianism", "   many\t spaces\n ", "vincent van gogh's starry night",
]

tokenizer = SimpleTokenizer()
tokens = "\n".join(tokenizer.decoder[i] for i in range(len(tokenizer.decoder)))
tokens = tokens.replace("<start_of_text>", "<|startoftext|>").replace("<end_of_text>", "<|endoftext|>")
result = {
    "tokens": len(tokenizer.decoder),
    "sha256": hashlib.sha256(tokens.encode()).hexdigest(),
    "prompts": [[prompt, tokenizer.encode(prompt)] for prompt in PROMPTS],
}
path = Path(__file__).resolve().parent.parent / "clip-vocabulary.json"
path.write_text(json.dumps(result, ensure_ascii=False, separators=(",", ":")) + "\n")
