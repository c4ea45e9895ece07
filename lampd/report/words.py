"""The words it knows: labelled examples come in, what tells most of each wish leaves."""

from collections.abc import Callable, Mapping, Sequence

from matplotlib.figure import Figure

from lampd import story
from lampd.journal import Journal
from lampd.learners.explicit import Explicit, K
from lampd.learners.ngrams import counts
from lampd.learners.wish import WISHES
from lampd.messages import Cause, Example, Said, Tag
from lampd.report.drawing import HAND, LAMP, picture
from lampd.report.section import Section, Table
from lampd.settings import Thing

TITLE = "The words it knows"
SHOWN, SAID = 10, 5
"""Pieces of words for each wish, and utterances."""
HOW: dict[Cause, str] = {
    "flip": "a flip",
    "miss": "a flip",
    "left alone": "its act, left alone",
    "told": "its owner's word",
}


def weights(examples: Sequence[Example]) -> dict[Tag, dict[str, float]]:
    """What each n-gram says for a wish, in nats for one of the K that an utterance weighs as much as: the logarithm of
    how many times likelier the explicit learner holds it in what means the wish than in what does not."""
    learner = Explicit()
    for example in examples:
        learner.learn(example)
    every = {ngram: 1.0 for example in examples for ngram in counts(example.said)}
    each = K / max(len(every), 1)
    return {
        wish: {ngram: part / each for ngram, part in learner.contributions(Said("", every), wish).items()}
        for wish in WISHES
    }


def telling(weights: Mapping[str, float], most: int) -> dict[str, float]:
    """The weightiest n-grams that speak for a wish, without those that have two letters in a row in common with a
    weightier one: they tell of the same word."""
    found: dict[str, float] = {}
    for ngram in sorted(weights, key=lambda ngram: (-round(weights[ngram], 9), -len(ngram), ngram)):
        if weights[ngram] <= 0 or len(found) == most:
            break
        pairs = {ngram[place : place + 2] for place in range(max(len(ngram) - 1, 1))}
        if not any(pair in other for other in found for pair in pairs):
            found[ngram] = weights[ngram]
    return found


def section(journal: Journal, thing: Thing = story.LAMP) -> Section:
    examples = sorted(journal.examples(), key=lambda example: example.utterance)
    known = {wish: telling(some, SHOWN) for wish, some in weights(examples).items()}
    if not any(known.values()):
        return Section(
            TITLE, ["There is not enough to say yet: no flip has taught it a word, as its present ear writes them."]
        )
    says = [
        f"The pieces of words that tell most of {thing.lit} and of {thing.dark}, as its ear writes them; ␣ stands for "
        "a space. One of a weight of 1 is 2.7 times as likely in what asks for that than in what does not.",
        *(
            f"No flip has taught it what asks for {story.meaning(wish, thing)} yet."
            for wish in WISHES
            if not known[wish]
        ),
        "Below them, what was last said for each.",
    ]
    rows = [
        [example.text, story.meaning(wish, thing), HOW.get(example.cause, example.cause)]
        for wish in WISHES
        for example in [one for one in examples if one.possible == (wish,)][-SAID:]
    ]
    drawn = picture(
        "words", f"The weightiest pieces of words for {thing.lit} and for {thing.dark}", _drawn(known, thing), 3.0
    )
    return Section(TITLE, says, drawn, [Table(["heard", "means", "by"], rows)])


def _drawn(known: Mapping[Tag, Mapping[str, float]], thing: Thing) -> Callable[[Figure], None]:
    def draw(figure: Figure) -> None:
        panels = figure.subplots(1, len(known), sharex=True)
        for axes, colour, (wish, some) in zip(panels, (LAMP, HAND), known.items(), strict=True):
            places = range(len(some))
            axes.barh(places, list(some.values()), color=colour)
            axes.set_yticks(places, [story.readable(ngram).replace(" ", "␣") for ngram in some])
            axes.set_ylim(SHOWN - 0.4, -0.6)
            axes.tick_params(axis="y", length=0)
            axes.set_title(story.meaning(wish, thing), fontsize=10)
            axes.set_xlabel("weight")

    return draw
