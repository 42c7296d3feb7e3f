export { ClipTokenizer, type EncodedPrompt, type TokenizerFiles } from "./clip-tokenizer.ts";
export { clipVocabulary } from "./clip-vocabulary.ts";
export { tokenizerFiles } from "./tokenizer-files.ts";
export { type BytePairs, endOfText, startOfText, trainBytePairs } from "./train-byte-pairs.ts";
export { lettersOf } from "./words.ts";
