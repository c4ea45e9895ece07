"""The alphabets a voice may write in: broad sounds, the same for all languages, or English letters.

Sounds are what espeak-ng says it speaks, in the international phonetic alphabet, with stress, length, tone and
nasality dropped and vowels merged to what a small network can tell apart across speakers. One character stands for
one sound: c as in church, j as in judge and measure, q as in think and this, x as in ship, y as in yes, h also as in
loch, ə as in the second half of sofa.
"""

# ruff: noqa: RUF001

import re
from typing import Literal, get_args

Alphabet = Literal["sounds", "letters"]
ALPHABETS: tuple[Alphabet, ...] = get_args(Alphabet)
SPECIAL = ("<pad>", "<unk>", "|")
"""CTC's blank, never spoken; what is not known, never written; and what parts words."""
LETTERS: dict[Alphabet, str] = {"sounds": "abcdefghijklmnopqrstuvwxyzə", "letters": "ABCDEFGHIJKLMNOPQRSTUVWXYZ'"}

TABLE = {
    **dict.fromkeys("aɑɐæʌ", "a"),
    **dict.fromkeys("eɛ", "e"),
    **dict.fromkeys("iɪyʏɨᵻ", "i"),
    **dict.fromkeys("oɔɒ", "o"),
    **dict.fromkeys("uʊʉɯ", "u"),
    **dict.fromkeys("əɜɵøœɘɤ", "ə"),
    **dict.fromkeys(("ɚ", "ɝ", "r̩"), "ər"),
    **{"l̩": "əl", "n̩": "ən", "m̩": "əm"},
    **dict.fromkeys("bβ", "b"),
    **dict.fromkeys(("tʃ", "tɕ", "tʂ"), "c"),
    **dict.fromkeys(("dʒ", "dʑ", "dʐ"), "j"),
    **dict.fromkeys("dɖ", "d"),
    **dict.fromkeys("gɡɣɟ", "g"),
    **dict.fromkeys("hxχɦħ", "h"),
    **dict.fromkeys("kcq", "k"),
    **dict.fromkeys("lɫɭ", "l"),
    **dict.fromkeys("nŋɳ", "n"),
    **dict.fromkeys("rɾɹʁɽʀ", "r"),
    **dict.fromkeys("tʈ", "t"),
    **dict.fromkeys("vʋ", "v"),
    **dict.fromkeys("wʍ", "w"),
    **dict.fromkeys(("ʃ", "ʂ", "ɕ", "ç", "sx"), "x"),
    **dict.fromkeys("ʒʐʑ", "j"),
    **dict.fromkeys("jʝɥ", "y"),
    **dict.fromkeys("θð", "q"),
    **dict.fromkeys("f", "f"),
    **{"m": "m", "p": "p", "s": "s", "z": "z", "ɲ": "ny", "ʎ": "ly", "r̝̊": "rx", "r̝": "rj"},
    # stress, length, tone, palatalisation, nasality, places of the tongue, glottal stops, and espeak-ng's own marks
    **dict.fromkeys("ˈˌːʲʰ̩̪̯̝̃̊ʔ?:.-\"^'!;12345\u200d", ""),
}
DENTAL = {"ð": "d"}
FLAP = {"ɾ": "d"}
PINYIN = {
    **{"p": "b", "t": "d", "k": "g", "ts": "dz", "ts.": "j", "tɕ": "j"},
    **{"ph": "p", "th": "t", "kh": "k", "tsh": "ts", "ts.h": "c", "tɕh": "c", "s.": "x", "z.": "r", "onɡ": "on"},
}
"""Mandarin's unvoiced stops have no breath where English ones have, and are close to its voiced ones."""
LOCAL: dict[str, dict[str, str]] = {
    **dict.fromkeys(("es", "es-419", "pt", "pt-br", "ca"), DENTAL),
    **dict.fromkeys(("en-us", "en-us-nyc"), FLAP),
    "cs": {"c": "t", "ɟ": "d"},
    "cmn-latn-pinyin": PINYIN,
}
"""Where a symbol stands for another sound in one voice of espeak-ng."""
SWITCH = re.compile(r"\([^)]*\)")
"""espeak-ng tells that way that it reads a word by another language's rules."""


def vocabulary(alphabet: Alphabet) -> dict[str, int]:
    """All tokens with their numbers, as transformers' vocab.json has them."""
    return {token: number for number, token in enumerate((*SPECIAL, *LETTERS[alphabet]))}


def written(text: str, ipa: str, voice: str, alphabet: Alphabet) -> str:
    """The label of an utterance: words of the alphabet's letters, parted by spaces. Raises ValueError."""
    return sounds(ipa, voice) if alphabet == "sounds" else letters(text)


def sounds(ipa: str, voice: str) -> str:
    """The broad sounds of what `voice` speaks: `ipa` has words parted by spaces and phonemes by `_`.

    Raises ValueError for a symbol that the table does not have.
    """
    words = []
    for word in SWITCH.sub("", ipa).split():
        said = "".join(_phoneme(phoneme, voice) for phoneme in word.split("_"))
        said = said.replace("tx", "c").replace("dj", "j")
        # a doubled sound is a long one
        words.append(re.sub(r"(.)\1+", r"\1", said))
    return " ".join(word for word in words if word)


def letters(text: str) -> str:
    """English spelling in capitals, as wav2vec2's own checkpoints write."""
    return " ".join(re.sub(r"[^A-Z' ]+", " ", text.upper()).split())


def _phoneme(phoneme: str, voice: str) -> str:
    local = LOCAL.get(voice, {})
    if voice == "cmn-latn-pinyin":
        # its third tone looks like a vowel
        phoneme = re.sub(r"(?<=.)[1-5ɜ]$", "", phoneme)
    said, position = "", 0
    while position < len(phoneme):
        for length in (4, 3, 2, 1):
            symbol = phoneme[position : position + length]
            known = local.get(symbol, TABLE.get(symbol))
            if known is not None:
                break
        else:
            raise ValueError(f"{voice}: the table has no {symbol!r}, in {phoneme!r}")
        nasal = said[-1:] != "n" and symbol == "\u0303"
        said, position = said + ("n" if nasal else known), position + len(symbol)
    return said
