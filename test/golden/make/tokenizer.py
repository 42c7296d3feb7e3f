"""Writes test/golden/tokenizer.json: the ids that transformers' CLIPTokenizer gives for odd prompts.

Run after tokenizer-vocabulary.ts: python test/golden/make/tokenizer.py
Made with transformers 5.23.0.
"""

import json
import pathlib
import random

from transformers import CLIPTokenizer

golden = pathlib.Path(__file__).resolve().parent.parent
tokenizer = CLIPTokenizer.from_pretrained(golden / "tokenizer")

PLAIN = [
    "",
    " ",
    "a red apple",
    "A RED  Apple\t\n",
    "it's they're I'LL we've I'm you'd 's 'x ''s",
    "!!!...???",
    "!'s",
    "12 345 ½ ² Ⅷ ١٢",
    "<|endoftext|>",
    "a <|startoftext|> b<|endoftext|>c",
    "<|ENDOFTEXT|>!!",
    "!<|EndOfText|>",
    "<|end",
    "a</w>b",
    "ΟΔΟΣ ΣΑΣ",
    "İstanbul ẞ ß ǅ",
    "cafe\u0301 café",
    "H\u0331 h\u0331",
    "\u212b \u00c5 \u0041\u030a",
    "\u1e9b\u0323",
    "a\u00a0b\u3000c\u2028d\u200be\ufefff\u0085g",
    "\u0000\u0001\u001f\u007f\u0080",
    "红苹果和青蛙",
    "カエル、ウサギ。",
    "개구리 한글 \u1112\u1161\u11ab",
    "נמלה ‏ صفدع",
    "👩‍👩‍👧‍👦🏳️‍🌈🐸🐰 🇫🇷",
    "𝕱𝖗𝖔𝖌 𝟙𝟚",
    "\U0010ffff\ue000\ufffd\ufffe",
    "#version: 0.2",
    "# # $ $$ \\ \\\\ // ~~ `` ^^",
    "constructor __proto__ toString",
    "a" * 300,
    "frog on stilts " * 60,
    "a " * 75,
    "a " * 76,
    "🐸" * 200,
]

POOL = [
    *"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    *" \t\n\r\u00a0\u2003\u0085",
    *"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    *"éèüñçßøåÆŒİıΣςσЖжאبกあア漢字한",
    *"\u0300\u0301\u0308\u0323\u0331\u093f\u200d\u200b\ufe0f\ufeff\u0000\u0007",
    *"🐸🐰🍎👍🏽²½Ⅳ①",
    "'s", "'RE", "...", "a red apple", "frog", "<|endoftext|>", "<|startoftext|>", "<|", "|>",
]

generator = random.Random(0)
odd = ["".join(generator.choices(POOL, k=generator.randint(1, 24))) for _ in range(260)]


def encoded(prompt: str) -> dict:
    ids = tokenizer(prompt, padding="max_length", truncation=True).input_ids
    count = len(tokenizer(prompt, add_special_tokens=False).input_ids)
    return {"prompt": prompt, "ids": ids, "tokenCount": count}


def row(entry: dict) -> str:
    """The entry without its padding, on one line."""
    ids = entry["ids"]
    while len(ids) > 1 and ids[-1] == ids[-2] == tokenizer.pad_token_id:
        ids = ids[:-1]
    return json.dumps({**entry, "ids": ids})


rows = ",\n".join(row(encoded(prompt)) for prompt in PLAIN + odd)
(golden / "tokenizer.json").write_text(f"[\n{rows}\n]\n")
