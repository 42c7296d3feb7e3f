"""Writes test/golden/tokenizer-many.json.gz: 5,000 odd prompts and the ids that transformers' CLIPTokenizer gives.

Run after tokenizer-vocabulary.ts: python test/golden/make/tokenizer_many.py
With CLIP's own vocabulary, which is not in this repository, in a diffusers tokenizer folder:
python test/golden/make/tokenizer_many.py FOLDER FILE.json.gz
"""

import gzip
import json
import pathlib
import random
import sys

from transformers import CLIPTokenizer

golden = pathlib.Path(__file__).resolve().parent.parent
folder, target = sys.argv[1:] or (golden / "tokenizer", golden / "tokenizer-many.json.gz")
tokenizer = CLIPTokenizer.from_pretrained(folder)
generator = random.Random(1)


def characters(*ranges: tuple[int, int]) -> list[str]:
    return [chr(code) for first, last in ranges for code in range(first, last + 1)]


WORDS = (
    "a red apple frog on stilts rabbit castle in the snow it's they're I'LL don't masterpiece 8K UHD (best:1.3) [x] "
    "photo-realistic Ghibli naïve Straße ÉCOLE ǅ İstanbul Σίσυφος ΟΔΟΣ Ёлка мир שלום مرحبا नमस्ते ไทย 한국어"
).split()
KINDS = {
    "plain": WORDS,
    "space": [*WORDS[:9], *" \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u180e\u2000\u2003\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"],
    "punctuation": [*"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~¡¿«»‘’“”…–—。、！？「」", "...", "!!!", "--", "a", "'s", "'LL", "7", " "],
    "emoji": [*"🐸🐰🍎🏳🌈👍🏽👩👧❤️‍🇫🇷⃣1#*", "👩‍👩‍👧‍👦", "frog", " "],
    "cjk": [*characters((0x4E00, 0x4E40), (0x3041, 0x3096), (0x30A1, 0x30F6), (0xAC00, 0xAC20), (0x1100, 0x1112), (0x1161, 0x1175), (0x20000, 0x20008), (0xF900, 0xF910)), " "],
    "entities": ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&nbsp;", "&#x1F438;", "&eacute;", "&amp;amp;", "&", ";", "#", *WORDS[:9], " "],
    "control": [*characters((0x00, 0x1F), (0x7F, 0x9F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFFF0, 0xFFFD)), "a", "b", " "],
    "letters": characters((0x20, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x47F), (0x5D0, 0x5EA), (0x621, 0x64A), (0x900, 0x94D), (0xE01, 0xE4E), (0x1E00, 0x1EFF), (0x2100, 0x214F), (0x2150, 0x218F), (0x2460, 0x24FF), (0xFB00, 0xFB06), (0xFF01, 0xFF5E), (0x10400, 0x1044F), (0x1D400, 0x1D420)),
    "special": ["<|endoftext|>", "<|startoftext|>", "<|ENDOFTEXT|>", "<|", "|>", "</w>", "</W>", "end", "of", "text", "!", " ", "a", "'s"],
}


def prompt() -> str:
    kind = generator.choice([*KINDS, "any"])
    pool = KINDS[kind] if kind != "any" else [part for parts in KINDS.values() for part in generator.choices(parts, k=9)]
    joint = " " if kind == "plain" else generator.choice(["", "", " "])
    return joint.join(generator.choices(pool, k=generator.randint(1, 12)))


def encoded(text: str) -> list:
    ids = tokenizer(text, truncation=True, max_length=77).input_ids
    return [text, ids[1:-1]]


rows = json.dumps([encoded(prompt()) for _ in range(5000)], ensure_ascii=False, separators=(",", ":"))
pathlib.Path(target).write_bytes(gzip.compress(rows.encode(), 9, mtime=0))
