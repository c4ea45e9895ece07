"""What every learner promises: the explicit solution, and whatever else is fitted and drives."""

import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from lampd.learners import gate_fit, saffu
from lampd.learners.explicit import Explicit
from lampd.learners.gate import ModelError
from lampd.learners.models import Published, load
from lampd.learners.ngrams import expected, ngrams, padded
from lampd.learners.sound import Sound
from lampd.learners.wish import Wish
from lampd.messages import Example, Said, Tag
from lampd.moments import MOMENTS, pack


class Fitted:
    """What is fitted to all its examples at once, as a learner: fitted when it is asked after it has learned."""

    def __init__(self, fitter: gate_fit.Fitter | saffu.Fitter) -> None:
        self._fitter = fitter
        self._model: Published | None = None

    @property
    def model(self) -> Published:
        self._model = self._model or self._fitter.fit(1)
        return self._model

    def learn(self, example: Example) -> None:
        self._fitter.learn(example)
        self._model = None

    def forget(self, utterance: int) -> None:
        self._fitter.forget(utterance)
        self._model = None

    def predict(self, said: Said, lit: bool) -> Wish:
        return self.model.predict(said, lit)

    def contributions(self, said: Said, wish: Tag) -> dict[str, float]:
        return self.model.contributions(said, wish)


def sounding(text: str) -> bytes:
    """Every letter has a sound of its own, and the louder lasts as long as another."""
    letters = padded(text)
    if not letters:
        return b""
    heard = np.stack([np.random.default_rng(ord(letter)).normal(0, 1.0, 24) for letter in letters])
    smooth = (heard + np.roll(heard, 1, 0) + np.roll(heard, -1, 0)) / 3
    return pack(smooth[np.linspace(0, len(letters) - 1, MOMENTS).round().astype(int)])


class Heard:
    """What hears, as a learner of texts: each is said aloud."""

    def __init__(self) -> None:
        self._learner = Sound()

    def learn(self, example: Example) -> None:
        self._learner.learn(structs.replace(example, sound=sounding(example.text)))

    def forget(self, utterance: int) -> None:
        self._learner.forget(utterance)

    def predict(self, said: Said, lit: bool) -> Wish:
        return self._learner.predict(structs.replace(said, sound=sounding(said.text)), lit)

    def contributions(self, said: Said, wish: Tag) -> dict[str, float]:
        return self._learner.contributions(said, wish)


Learner = Explicit | Fitted | Heard
Make = Callable[[], Learner]

# a new learner is one line here; all but the explicit solution also have files
FITTERS: dict[str, type[gate_fit.Fitter] | type[saffu.Fitter]] = {"gate": gate_fit.Fitter, "saffu": saffu.Fitter}
MAKERS: dict[str, Make] = {"explicit": Explicit, "sound": Heard} | {
    kind: lambda fitter=fitter: Fitted(fitter()) for kind, fitter in FITTERS.items()
}
ROUNDING = {"explicit": 1e-9, "sound": 1e-4}
"""How far the predictions of a learner may be from those of one that never saw what this one forgot; else 0."""
LEARNERS = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
READERS = pytest.mark.parametrize(
    "make", [make for name, make in MAKERS.items() if name != "sound"], ids=[name for name in MAKERS if name != "sound"]
)
"""Those that learn from words."""
LINEAR = {name: make for name, make in MAKERS.items() if name in ("explicit", "gate")}
ADDITIVE = pytest.mark.parametrize("make", LINEAR.values(), ids=LINEAR.keys())
"""Those whose logit is a sum of parts; the parts of the others are what is lost without them."""
OF_FEW = pytest.mark.parametrize("make", LINEAR.values(), ids=LINEAR.keys())
"""Those that know before any example that most speech is not for a lamp; the others learn it from examples."""
FILED = pytest.mark.parametrize("kind", FITTERS)
ANSWERS_MS = {"sound": 20}
"""In which a learner of 300 examples answers; else 3."""
LOADED = 5
"""How much slower than it should be a machine may be that does other things too."""


def example(utterance: int, text: str, *possible: Tag) -> Example:
    """With the lamp as it must have been: dark is asked of a lit lamp, and what is not dark was said to one."""
    return Example(0.0, utterance, text, possible in (("dark",), ("lit", "nothing")), possible, "flip")


EVENING = [
    example(1, "hello sunshine", "lit"),
    example(2, "sleep well", "dark"),
    example(3, "pass me the soup", "dark", "nothing"),
    example(4, "where is the bread", "lit", "nothing"),
    example(5, "hello hello sun", "lit"),
    example(6, "sleep tight", "dark"),
    example(7, "the sun was out all day", "dark", "nothing"),
]
ASKED = ["hello sunshine", "sleep", "the soup", "sun", "something else", "x"]
READY = settings(derandomize=True, deadline=None, max_examples=40, database=None)


def taught(make: Make, examples: list[Example]) -> Learner:
    learner = make()
    for one in examples:
        learner.learn(one)
    return learner


def rounding(make: Make) -> float:
    return next((ROUNDING.get(name, 0.0) for name, maker in MAKERS.items() if maker is make), 0.0)


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def change(learner: Learner, text: str, lit: bool) -> float:
    """How likely a text asks a lamp that is `lit` or not to change."""
    return max(learner.predict(Said(text), lit)[:2])


def answers(learner: Learner) -> list[float]:
    return [p for text in ASKED for lit in (True, False) for p in learner.predict(Said(text), lit)]


@OF_FEW
def test_one_example_of_each_wish_is_enough_to_be_of_use(make: Make) -> None:
    learner = taught(make, EVENING[:2])
    for text, lit, other in (("hello sunshine", False, "sleep well"), ("sleep well", True, "hello sunshine")):
        meant, aside, talk = (change(learner, said, lit) for said in (text, other, "pass me the bread"))
        assert meant > 0.9 and meant > aside + 0.1 and talk < 0.5


@LEARNERS
def test_nothing_is_likely_before_anything_was_taught(make: Make) -> None:
    assert answers(taught(make, [])) == [0.0, 0.0, 1.0] * (2 * len(ASKED))
    silence = [one for one in EVENING if len(one.possible) == 2]
    assert answers(taught(make, silence)) == answers(make())


@ADDITIVE
def test_what_was_expected_teaches_as_what_was_written(make: Make) -> None:
    counted = [structs.replace(one, text="", ngrams=dict(ngrams(one.text))) for one in EVENING]
    by_text, by_counts = taught(make, EVENING), taught(make, counted)
    for text in ASKED:
        for lit in (True, False):
            thought = by_counts.predict(Said("", dict(ngrams(text))), lit)
            assert thought == by_counts.predict(Said(text), lit) == pytest.approx(by_text.predict(Said(text), lit))


@ADDITIVE
def test_a_second_guess_that_comes_back_is_learned(make: Make) -> None:
    """The best string is another each time; what might have been said instead is always the same."""
    wishes = [expected([said, said, "lumos"]) for said in ("bread", "roses", "vinegar")]
    told = [structs.replace(example(20 + u, "?", "lit"), ngrams=found) for u, found in enumerate(wishes)]
    learner = taught(make, EVENING + told)
    asked = expected(["kettle", "kettle", "lumos"])
    assert learner.predict(Said("kettle", asked), False).lit > 2 * learner.predict(Said("kettle"), False).lit


@READERS
def test_what_is_said_for_one_wish_is_a_hint_of_the_other(make: Make) -> None:
    learner = taught(make, EVENING[:1])
    assert 0 < change(learner, "hello sunshine", True) < change(learner, "hello sunshine", False) + 1e-3


@LEARNERS
def test_what_is_learned_and_forgotten_might_never_have_been(make: Make) -> None:
    learner = taught(make, EVENING)
    for text in ("hello moon", "sleep well", "never heard before"):
        learner.learn(example(99, text, "lit"))
    learner.forget(99)
    assert answers(learner) == pytest.approx(answers(taught(make, EVENING)), abs=rounding(make))


@LEARNERS
def test_all_that_is_forgotten_leaves_nothing(make: Make) -> None:
    learner = taught(make, EVENING)
    for one in EVENING:
        learner.forget(one.utterance)
    assert answers(learner) == answers(make())


@LEARNERS
def test_an_example_with_nothing_possible_is_forgotten(make: Make) -> None:
    learner = taught(make, [*EVENING, example(5, "hello hello sun")])
    rest = [one for one in EVENING if one.utterance != 5]
    assert answers(learner) == pytest.approx(answers(taught(make, rest)), abs=rounding(make))


@LEARNERS
def test_forgetting_the_unknown_changes_nothing(make: Make) -> None:
    learner = taught(make, EVENING)
    learner.forget(12345)
    assert answers(learner) == answers(taught(make, EVENING))


@LEARNERS
def test_a_revised_label_counts_as_if_it_had_been_the_first(make: Make) -> None:
    wrong = example(5, "hello hello sun", "dark")
    assert answers(taught(make, [wrong, *EVENING])) == pytest.approx(answers(taught(make, EVENING)), abs=rounding(make))
    learner = taught(make, [one for one in EVENING if one.utterance != 5])
    learner.learn(wrong)
    asked = answers(learner)
    learner.learn(EVENING[4])
    assert answers(learner) != pytest.approx(asked, abs=1e-3)
    assert answers(learner) == pytest.approx(answers(taught(make, EVENING)), abs=rounding(make))


@LEARNERS
def test_the_order_of_examples_does_not_matter(make: Make) -> None:
    for turn in range(1, len(EVENING)):
        other = EVENING[turn:] + EVENING[:turn][::-1]
        assert answers(taught(make, other)) == pytest.approx(answers(taught(make, EVENING)), abs=rounding(make))


@LEARNERS
def test_the_same_examples_give_the_same_to_the_last_bit(make: Make) -> None:
    assert answers(taught(make, EVENING)) == answers(taught(make, EVENING))


@LEARNERS
def test_to_be_asked_changes_nothing(make: Make) -> None:
    learner = taught(make, EVENING)
    first = answers(learner)
    learner.contributions(Said("never heard before"), "lit")
    assert answers(learner) == first
    learner.learn(example(8, "a new word", "lit"))
    assert answers(learner) == answers(taught(make, [*EVENING, example(8, "a new word", "lit")]))


@OF_FEW
def test_one_flip_is_enough(make: Make) -> None:
    learner = taught(make, [example(1, "abracadabra", "dark")])
    assert learner.predict(Said("abracadabra"), True).dark > 0.5
    for strange in ("pass me the soup", "zzz", "hello"):
        assert learner.predict(Said(strange), True).dark < 0.5


@OF_FEW
def test_what_rules_one_wish_out_says_less_of_the_other(make: Make) -> None:
    """By itself it is no evidence against the other, but for what the two share."""
    before = taught(make, EVENING)
    not_dark = taught(make, [*EVENING, example(50, "hello sun", "lit", "nothing")])
    not_lit = taught(make, [*EVENING, example(50, "hello sun", "dark", "nothing")])
    lit = [logit(learner.predict(Said("hello sun"), False).lit) for learner in (before, not_dark, not_lit)]
    assert lit[2] < lit[1] - 0.1 and lit[1] <= lit[0]


@LEARNERS
def test_words_for_one_wish_hardly_speak_against_the_other(make: Make) -> None:
    """People seldom ask for what is so: what meant dark was no proof that it could not have meant light."""
    of_dark = taught(make, [*EVENING, example(50, "hello sun", "dark")])
    of_nothing = taught(make, [*EVENING, example(50, "hello sun", "nothing")])
    assert of_dark.predict(Said("hello sun"), False).lit > of_nothing.predict(Said("hello sun"), False).lit


@ADDITIVE
@pytest.mark.parametrize(("wish", "lit"), [("lit", False), ("dark", True)])
def test_contributions_and_a_prior_are_the_logit(make: Make, wish: Tag, lit: bool) -> None:
    learner = taught(make, EVENING)
    priors = []
    for text in ("hello sunshine", "sleep", "the soup", "HELLO  Sun", "something else"):
        parts = learner.contributions(Said(text), wish)
        assert parts.keys() <= ngrams(text).keys()
        priors.append(logit(change(learner, text, lit)) - math.fsum(parts.values()))
    assert priors == pytest.approx([priors[0]] * len(priors), abs=1e-6)


@READERS
def test_what_was_taught_contributes_to_its_wish(make: Make) -> None:
    learner = taught(make, EVENING)
    for text, wish, against in (("hello", "lit", "dark"), ("sleep", "dark", "lit")):
        for_it, other = (sum(learner.contributions(Said(text), tag).values()) for tag in (wish, against))
        assert for_it > max(0, other)


@LEARNERS
def test_evidence_against_a_wish_makes_it_less_likely(make: Make) -> None:
    before = taught(make, EVENING).predict(Said("hello sun"), False).lit
    against = [example(100 + i, "hello sun", "dark", "nothing") for i in range(3)]
    assert taught(make, EVENING + against).predict(Said("hello sun"), False).lit < before


@LEARNERS
@READY
@given(text=st.text(max_size=60), lit=st.booleans())
def test_probabilities_sum_to_one_and_the_lamp_cannot_become_what_it_is(make: Make, text: str, lit: bool) -> None:
    thought = taught(make, EVENING).predict(Said(text), lit)
    assert sum(thought) == pytest.approx(1, abs=1e-12)
    assert all(0 <= p <= 1 for p in thought)
    assert (thought.lit if lit else thought.dark) == 0.0


@LEARNERS
@READY
@given(texts=st.lists(st.text(max_size=40), min_size=2, max_size=6))
def test_any_unicode_can_be_learned_asked_and_forgotten(make: Make, texts: list[str]) -> None:
    kinds: list[tuple[Tag, ...]] = [("lit",), ("dark",), ("dark", "nothing"), ("lit", "nothing")]
    learner = taught(make, [example(i, text, *kinds[i % 4]) for i, text in enumerate(texts)])
    for text in texts:
        for lit in (True, False):
            assert all(math.isfinite(p) for p in learner.predict(Said(text), lit))
    for i in range(len(texts)):
        learner.forget(i)
    assert answers(learner) == answers(make())


@LEARNERS
@pytest.mark.parametrize("text", ["", " ", "\t\n", "\0", "\u2003", "\0 \0"])
def test_no_words_ask_for_nothing(make: Make, text: str) -> None:
    learner = taught(make, [example(i, one.text, "lit") for i, one in enumerate(EVENING)] + EVENING)
    for lit in (True, False):
        assert learner.predict(Said(text), lit).nothing == 1.0


@LEARNERS
def test_no_words_teach_nothing(make: Make) -> None:
    empty = [example(100 + i, text, "lit") for i, text in enumerate(("", " ", "\0"))]
    assert answers(taught(make, EVENING + empty)) == answers(taught(make, EVENING))


@LEARNERS
def test_words_that_mean_now_this_now_that_give_finite_doubt(make: Make) -> None:
    same = [example(i, "hm", *kind) for i, kind in enumerate([("lit",), ("dark",), ("dark", "nothing")] * 5)]
    learner = taught(make, same)  # type: ignore[arg-type]
    for lit in (True, False):
        assert 0 < learner.predict(Said("hm"), lit).nothing < 1


@LEARNERS
@pytest.mark.parametrize("text", ["a", "ab" * 50_000], ids=["one letter", "100,000 letters"])
def test_very_short_and_very_long_words_do_no_harm(make: Make, text: str) -> None:
    learner = taught(make, [*EVENING, example(50, text, "lit")])
    assert learner.predict(Said(text), False).lit > 0.5
    assert all(math.isfinite(p) for p in answers(learner))


@LEARNERS
@pytest.mark.parametrize("text", ["", "x", "\0", "ж", "ab" * 50_000], ids=["none", "x", "NUL", "ж", "100,000 letters"])
def test_contributions_are_finite_whatever_is_asked(make: Make, text: str) -> None:
    for learner in (make(), taught(make, EVENING)):
        for wish in ("lit", "dark"):
            assert all(math.isfinite(part) for part in learner.contributions(Said(text), wish).values())


# files


@FILED
def test_a_file_gives_back_the_model(kind: str, tmp_path: Path) -> None:
    learner = taught(MAKERS[kind], EVENING)
    assert isinstance(learner, Fitted)
    (tmp_path / "model").write_bytes(learner.model.to_bytes())
    again = load(kind, tmp_path / "model")
    assert again.name == learner.model.name == f"{kind} 1"
    for text in ASKED:
        for lit in (True, False):
            assert again.predict(Said(text), lit) == learner.predict(Said(text), lit)
        for wish in ("lit", "dark"):
            assert again.contributions(Said(text), wish) == learner.contributions(Said(text), wish)


@FILED
def test_the_same_examples_in_any_order_give_the_same_file(kind: str) -> None:
    once, again = taught(MAKERS[kind], EVENING), taught(MAKERS[kind], EVENING[::-1])
    assert isinstance(once, Fitted) and isinstance(again, Fitted)
    assert once.model.to_bytes() == again.model.to_bytes()


@FILED
def test_a_torn_file_is_refused_by_name(kind: str, tmp_path: Path) -> None:
    learner, path = taught(MAKERS[kind], EVENING), tmp_path / "torn"
    assert isinstance(learner, Fitted)
    whole = learner.model.to_bytes()
    for length in {0, 1, 8, 50, len(whole) // 2, len(whole) - 1}:
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError, match=r"torn: ."):
            load(kind, path)


def test_a_kind_that_nobody_knows_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model: .*oracle"):
        load("oracle", tmp_path / "model")


# speed


def talk(number: int) -> list[Example]:
    """So many utterances of a few words each; every fifth is a wish."""
    said = "turn the light on off now please lamp hello night soup bread over table never again window"
    words = said.split()
    kinds: list[tuple[Tag, ...]] = [("lit",), ("dark", "nothing"), ("dark", "nothing"), ("lit", "nothing"), ("dark",)]
    return [
        example(i, " ".join(words[(i * j * 7 + j * j) % len(words)] for j in range(1, 7)), *kinds[i % 5])
        for i in range(1, number + 1)
    ]


def median_ms(do: Callable[[int], object]) -> float:
    """Of twenty calls."""
    taken = []
    for i in range(20):
        begin = time.perf_counter()
        do(i)
        taken.append(1000 * (time.perf_counter() - begin))
    return statistics.median(taken)


@LEARNERS
def test_it_answers_at_once(make: Make) -> None:
    learner = taught(make, talk(300))
    learner.predict(Said("to be fitted"), False)
    name = next(name for name, maker in MAKERS.items() if maker is make)
    allowed = ANSWERS_MS.get(name, 3) * LOADED
    assert median_ms(lambda i: learner.predict(Said(f"turn on the {i}th light please"), False)) < allowed


def test_the_explicit_solution_learns_at_once() -> None:
    learner = taught(Explicit, talk(300))

    def learn(i: int) -> None:
        learner.learn(example(1000 + i, f"turn on the {i}th light please", "lit"))
        learner.predict(Said(f"turn on the {i}th light please"), False)

    assert median_ms(learn) < 10 * LOADED


@FILED
def test_it_is_fitted_within_a_second(kind: str) -> None:
    fitter = FITTERS[kind]()
    fitter.fit(1)  # what it needs is loaded
    for one in talk(300):
        fitter.learn(one)
    begin = time.perf_counter()
    fitter.fit(1)
    assert time.perf_counter() - begin < LOADED
