"""Text comes in as it was said, and leaves as a wav2vec2 hears it.

An error rate is drawn per utterance from the measured pairs (they are heavy-tailed), times `noise`, and spent on
characters by the measured confusions.
"""

import csv
import gzip
import json
import random
from pathlib import Path

from lampd.voice.comparison import distance


class Mishearing:
    """Damages text as a wav2vec2 CTC model was measured to; `data` is the data folder."""

    def __init__(self, data: Path) -> None:
        with gzip.open(data / "asr/wav2vec2_ctc_pairs_en.tsv.gz", "rt", encoding="utf-8") as file:
            pairs = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1::8]
        self.rates = [distance(said, heard) / max(1, len(said)) for said, heard in pairs]
        counts = json.loads((data / "asr/wav2vec2_ctc_confusions_en.json").read_text())
        self.edits: dict[str, tuple[list[str], list[int]]] = {}
        for kind in ("sub", "del"):
            for key, count in sorted(counts[kind].items()):
                said, heard = key.split(">", 1) if kind == "sub" and ">" in key else (key, "")
                targets, weights = self.edits.setdefault(said, ([], []))
                targets.append(heard)
                weights.append(count)
        self.inserted = list(counts["ins"]), list(counts["ins"].values())
        self.insertion = sum(self.inserted[1]) / sum(sum(counts[kind].values()) for kind in ("sub", "del", "ins"))

    def __call__(self, text: str, noise: float, rng: random.Random) -> str:
        rate = min(0.9, rng.choice(self.rates) * noise)
        heard = []
        for character in text:
            if rng.random() >= rate:
                heard.append(character)
            elif rng.random() < self.insertion:
                heard += [character, rng.choices(*self.inserted)[0]]
            else:
                heard += rng.choices(*self.edits.get(character, ([""], [1])))
        return "".join(heard)
