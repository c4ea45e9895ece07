"""The judge: who drives, how a learner is calibrated, and how sure the driver must be."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lampd.learners.judge import (
    CREDIT,
    EARLY,
    EARLY_TRIED,
    ENOUGH,
    HIGHEST,
    LIKELIEST,
    LOWEST,
    RETRIED,
    TRIED,
    UNTRIED,
    WIDEST,
    WINDOW,
    Calibration,
    Judge,
    calibrate,
    fading,
    threshold,
    together,
)
from lampd.learners.wish import logistic
from lampd.messages import Example, Tag

Told = tuple[int, dict[str, float], bool]
READY = settings(derandomize=True, deadline=None, database=None)
BUDGET = 0.05


def example(utterance: int, *possible: Tag, was_lit: bool = False) -> Example:
    return Example(0.0, utterance, "words", was_lit, possible, "flip")


def tell(judge: Judge, told: list[Told], first: int = 0) -> Judge:
    """What learners thought of each utterance to a dark lamp, and whether it asked for light."""
    for utterance, thoughts, meant in told:
        judge.thought(first + utterance, False, thoughts)
        judge.learned(example(first + utterance, "lit") if meant else example(first + utterance, "dark", "nothing"))
    return judge


def judged(told: list[Told], budget: float = BUDGET) -> Judge:
    return tell(Judge(budget), told)


def evening(number: int, first: int = 1, **skill: float) -> list[Told]:
    """Every other utterance asks for light; a learner of skill .9 is .9 sure of the truth in nine of ten, and of its
    opposite in the tenth."""
    told = []
    for utterance in range(first, first + number):
        meant = utterance % 2 == 0
        right = {name: int((utterance + 1) * p) > int(utterance * p) for name, p in skill.items()}
        told.append((utterance, {name: p if right[name] == meant else 1 - p for name, p in skill.items()}, meant))
    return told


def noisy(number: int, seed: int, said: tuple[float, float] = (1.0, 0.0)) -> list[tuple[float, bool]]:
    """Utterances of true logit z; a learner says `said` = (scale, shift) of it; the truth is drawn."""
    rng = random.Random(seed)
    logits = [rng.gauss(0, 2.5) for _ in range(number)]
    return [(logistic(said[0] * z + said[1]), rng.random() < logistic(z)) for z in logits]


# who drives


def test_the_first_drives_until_enough_wishes_are_known() -> None:
    told = evening(2 * ENOUGH, explicit=0.6, gate=0.9)
    before = judged(told[: 2 * ENOUGH - 1]).verdict(["explicit", "gate"])
    assert before == (("explicit",), UNTRIED, Calibration(), {})
    assert UNTRIED == 0.5
    assert judged(told).verdict(["explicit", "gate"]).drivers == ("gate",)


def test_of_what_asked_for_nothing_there_is_never_enough() -> None:
    told = [(u, thoughts, False) for u, thoughts, _ in evening(100, explicit=0.6, gate=0.9)]
    assert judged(told).verdict(["explicit", "gate"]) == Judge(BUDGET).verdict(["explicit", "gate"])


@pytest.mark.parametrize(("explicit", "gate", "driver"), [(0.6, 0.9, "gate"), (0.9, 0.6, "explicit")])
def test_the_one_with_the_lower_loss_drives(explicit: float, gate: float, driver: str) -> None:
    verdict = judged(evening(60, explicit=explicit, gate=gate)).verdict(["explicit", "gate"])
    assert verdict.drivers == (driver,)
    assert driver == min(verdict.losses, key=lambda name: verdict.losses[name])
    assert verdict.losses.keys() == {"explicit", "gate", "explicit + gate"}


def test_where_each_errs_in_its_own_way_they_drive_together() -> None:
    rng = random.Random(5)
    told = []
    for utterance, meant in enumerate((True, False) * 60, 1):
        one, other = (rng.gauss(1.5 if meant else -1.5, 1.5) for _ in range(2))
        told.append((utterance, {"explicit": logistic(one), "gate": logistic(other)}, meant))
    verdict = judged(told).verdict(["explicit", "gate"])
    assert verdict.drivers == ("explicit", "gate")
    assert verdict.losses[together(verdict.drivers)] == min(verdict.losses.values())
    # their logits are averaged
    thought = [logistic(-1.0), logistic(2.0)]
    assert verdict.calibration(thought) == pytest.approx(verdict.calibration([logistic(0.5)]))


def test_where_all_are_alike_the_first_drives() -> None:
    told = [(u, {"gate": t["one"], "explicit": t["one"]}, meant) for u, t, meant in evening(60, one=0.8)]
    assert judged(told).verdict(["explicit", "gate"]).drivers == ("explicit",)


def test_one_that_was_hardly_tried_does_not_drive() -> None:
    told = evening(60, explicit=0.7)
    good = evening(2 * TRIED, first=61, explicit=0.7, gate=0.97)
    few = judged(told + good[: 2 * TRIED - 2]).verdict(["explicit", "gate"])
    assert (few.drivers, few.losses.keys()) == (("explicit",), {"explicit"})
    assert judged(told + good).verdict(["explicit", "gate"]).drivers == ("gate",)


def test_they_are_compared_on_the_same_utterances() -> None:
    """Else who was spared the hard ones would drive."""
    hard = [(u, {"explicit": 0.5}, meant) for u, _, meant in evening(60, one=0.5)]
    both = evening(40, first=61, explicit=0.9, gate=0.85)
    losses = judged(hard + both).verdict(["explicit", "gate"]).losses
    assert losses["explicit"] < losses["gate"]


def test_one_that_was_bad_long_ago_drives_if_it_is_good_lately() -> None:
    bad = evening(100, explicit=0.8, gate=0.5)
    good = evening(100, first=101, explicit=0.8, gate=0.97)
    losses = judged(bad + good).verdict(["explicit", "gate"]).losses
    assert losses["gate"] < losses["explicit"]
    good_then = evening(100, explicit=0.8, gate=0.97)
    bad_now = evening(100, first=101, explicit=0.8, gate=0.5)
    losses = judged(good_then + bad_now).verdict(["explicit", "gate"]).losses
    assert losses["explicit"] < losses["gate"]


def test_what_lies_far_back_is_of_no_account() -> None:
    lately = evening(WINDOW, first=5000, explicit=0.8, gate=0.9)
    for long_ago in (evening(300, explicit=0.9, gate=0.2), evening(300, explicit=0.2, gate=0.9)):
        assert judged(long_ago + lately).verdict(["explicit", "gate"]) == judged(lately).verdict(["explicit", "gate"])


def rare(number: int, every: int, first: int = 1) -> list[Told]:
    """One utterance in `every` asks for light, and both learners know; the gate knows better."""
    return [
        (u, {"explicit": 0.8 if u % every == 0 else 0.1, "gate": 0.97 if u % every == 0 else 0.02}, u % every == 0)
        for u in range(first, first + number)
    ]


def test_where_wishes_are_rare_it_looks_back_until_it_has_seen_enough_of_them() -> None:
    """In a house that talks a thousand times a day there are four wishes among the last two hundred utterances."""
    one = judged(rare(1000, 50))
    verdict = one.verdict(["explicit", "gate"])
    assert verdict.drivers == ("gate",) and verdict.calibration([0.97]) > 0.8 > 0.1 > verdict.calibration([0.02])
    assert len(one._known(["gate"])) == 950 + 1, "from the twentieth wish on"
    assert one.verdict(["explicit", "gate"]) == judged(rare(951, 50, first=50)).verdict(["explicit", "gate"])


def test_where_there_are_hardly_any_wishes_it_does_not_look_back_for_ever() -> None:
    one = judged(rare(3 * WIDEST, 1000))
    assert len(one._known(["gate"])) == WIDEST == len(one._thoughts) == len(one._meant) == len(one._steady)
    assert not one.verdict(["explicit", "gate"]).losses


# what counts


def test_it_is_a_function_of_what_it_was_told_and_not_of_the_order() -> None:
    told = evening(260, explicit=0.8, gate=0.9)
    expected = judged(told).verdict(["explicit", "gate"])
    for turn in (1, 70, 200, 259):
        assert judged(told[turn:] + told[:turn][::-1]).verdict(["explicit", "gate"]) == expected
    # first all the meanings, then all the thoughts, as a new life is reminded
    judge = Judge(BUDGET)
    for utterance, _, meant in told:
        judge.learned(example(utterance, "lit") if meant else example(utterance, "nothing"))
    for utterance, thoughts, _ in told:
        judge.thought(utterance, False, thoughts)
    assert judge.verdict(["explicit", "gate"]) == expected
    assert tell(judge, told).verdict(["explicit", "gate"]) == expected, "nor does it matter to be told twice"


def test_a_revised_meaning_counts_as_if_it_had_been_the_first() -> None:
    told = evening(60, explicit=0.8, gate=0.9)
    wrong = [(u, thoughts, not meant) for u, thoughts, meant in told]
    assert tell(judged(wrong), told).verdict(["explicit", "gate"]) == judged(told).verdict(["explicit", "gate"])


@pytest.mark.parametrize("possible", [("lit", "nothing"), ()])
def test_what_is_not_known_is_not_counted(possible: tuple[Tag, ...]) -> None:
    told, more = evening(60, explicit=0.8, gate=0.9), evening(60, first=61, explicit=0.2, gate=0.99)
    judge = tell(judged(told), more)
    for utterance, _, _ in more:
        judge.learned(example(utterance, *possible))
    assert judge.verdict(["explicit", "gate"]) == judged(told).verdict(["explicit", "gate"])


def test_what_was_said_to_a_lamp_in_another_state_is_not_counted() -> None:
    """It was thought of as the other question."""
    told = evening(60, explicit=0.8, gate=0.9)
    judge = judged(told)
    for utterance in range(100, 200):
        judge.thought(utterance, True, {"explicit": 0.99, "gate": 0.01})
        judge.learned(example(utterance, "lit", was_lit=False))
    assert judge.verdict(["explicit", "gate"]) == judged(told).verdict(["explicit", "gate"])


def test_what_was_said_to_a_lamp_that_was_lit_is_judged_by_dark() -> None:
    judge, mirror = Judge(BUDGET), judged(evening(60, explicit=0.8, gate=0.9))
    for utterance, thoughts, meant in evening(60, explicit=0.8, gate=0.9):
        judge.thought(utterance, True, thoughts)
        judge.learned(example(utterance, *(("dark",) if meant else ("lit", "nothing")), was_lit=True))
    assert judge.verdict(["explicit", "gate"]) == mirror.verdict(["explicit", "gate"])


def test_who_was_never_heard_of_is_as_if_it_had_not_been_asked_for() -> None:
    told = evening(60, explicit=0.8)
    assert judged(told).verdict(["explicit", "saffu"]).losses == judged(told).verdict(["explicit"]).losses


# while words are being said


def steadied(*told: tuple[float, bool]) -> Judge:
    judge = Judge(BUDGET)
    for utterance, (steady, meant) in enumerate(told, 1):
        judge.thought(utterance, False, {"explicit": 0.5}, steady)
        judge.learned(example(utterance, "lit") if meant else example(utterance, "nothing"))
    return judge


def test_before_much_is_known_one_must_be_very_sure_to_act_early() -> None:
    assert Judge(BUDGET).early() == EARLY
    assert steadied(*[(0.5, True)] * (EARLY_TRIED - 1)).early() == EARLY


def test_then_as_sure_as_has_kept_within_the_budget() -> None:
    right = [(0.97, True)] * 20 + [(0.6, True)] * 20
    assert steadied(*right).early() == 0.6
    # where the less sure were wrong, only the surer may
    assert steadied(*right, *[(0.5, False)] * 8).early() == 0.6
    assert steadied(*[(0.97, True)] * 20, *[(0.6, False)] * 8).early() == 0.97


def test_where_even_the_surest_were_wrong_nobody_acts_early() -> None:
    assert steadied(*[(0.97, True), (0.97, False)] * 10).early() > 1


def test_what_was_never_sure_says_nothing_of_that() -> None:
    assert steadied(*[(0.1, False)] * 100).early() == EARLY


# calibration


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (2.0, 0.0), (0.6, 0.0), (1.0, 1.5), (1.5, -1.0)])
def test_calibration_recovers_what_a_learner_says_too_surely_or_askew(scale: float, shift: float) -> None:
    stream = noisy(4000, 1, (scale, shift))
    said, truth = (np.array(column, float) for column in zip(*stream, strict=True))
    found = calibrate(np.log(said / (1 - said)), truth, np.ones(len(said)))
    assert found == pytest.approx((1 / scale, -shift / scale), abs=0.15)


@pytest.mark.parametrize("said", [(2.5, 0.0), (1.0, 2.0)])
def test_a_verdict_calibrates_by_what_it_knows(said: tuple[float, float]) -> None:
    told = [
        (u, {"explicit": skewed, "gate": straight}, meant)
        for u, ((skewed, meant), (straight, _)) in enumerate(zip(noisy(200, 1, said), noisy(200, 1), strict=True))
    ]
    verdict = judged(told).verdict(["explicit", "gate"])
    assert verdict.losses["explicit"] == pytest.approx(verdict.losses["gate"], abs=0.03)
    alone = judged(told).verdict(["explicit"])
    for p in (0.1, 0.5, 0.9):
        skewed = logistic(said[0] * np.log(p / (1 - p)) + said[1])
        assert alone.calibration([skewed]) == pytest.approx(p, abs=0.12)


def test_a_few_utterances_calibrate_a_little() -> None:
    told = [(u, {"explicit": 0.9}, u % 2 == 0) for u in range(1, 2 * ENOUGH + 1)]
    calibrated = judged(told).verdict(["explicit"]).calibration([0.9])
    assert 0.5 < calibrated < 0.8
    assert Calibration()([0.9]) == pytest.approx(0.9)


def test_who_is_always_wrong_is_not_believed_upside_down() -> None:
    told = [(u, {"explicit": 0.1 if meant else 0.9}, meant) for u, _, meant in evening(200)]
    calibration = judged(told).verdict(["explicit"]).calibration
    assert 0 < calibration.scale < 0.1
    assert calibration([0.2]) < calibration([0.8])


def test_what_was_held_impossible_remains_so() -> None:
    assert Calibration(0.5, 3.0)([0.0, 0.0]) == 0.0


@READY
@given(p=st.floats(0, 1), scale=st.floats(0.05, 5), shift=st.floats(-5, 5))
def test_calibrated_probabilities_are_probabilities(p: float, scale: float, shift: float) -> None:
    assert 0 <= Calibration(scale, shift)([p]) <= 1
    assert Calibration(scale, shift)([p]) <= logistic(scale * LIKELIEST + shift)


@READY
@given(st.lists(st.tuples(st.sampled_from([0.0, 1e-12, 0.01, 0.5, 0.99, 1.0]), st.booleans()), max_size=60))
def test_whatever_learners_say_the_verdict_is_finite(stream: list[tuple[float, bool]]) -> None:
    told = [(u, {"explicit": p, "gate": 1 - p}, meant) for u, (p, meant) in enumerate(stream)]
    verdict = judged(told).verdict(["explicit", "gate"])
    figures = [verdict.act_above, *verdict.losses.values(), *verdict.calibration]
    assert np.isfinite(figures).all()


# how sure


def share(p: NDArray[np.float64], above: float) -> float:
    """The expected share of wrong acts above a threshold, recent ones weighing more, an opening credit with them."""
    weight = fading(len(p), 0.2)
    acts = p >= above
    return float((weight * (1 - p))[acts].sum() / (weight[acts].sum() + CREDIT * 0.5 ** (len(p) / 40)))


@READY
@given(
    st.lists(st.floats(0, 1) | st.sampled_from([0.8, 0.95, 1.0]), min_size=1, max_size=50),
    st.sampled_from([0.0, 0.02, 0.05, 0.1, 0.3]),
)
def test_of_the_acts_above_the_threshold_the_wrong_share_keeps_within_the_budget(
    probabilities: list[float], budget: float
) -> None:
    p = np.array(probabilities)
    above = threshold(p, budget)
    assert LOWEST <= above <= HIGHEST
    acts = p[p >= above]
    if above == HIGHEST:
        assert (1 - acts <= 1 - HIGHEST + 1e-12).all(), "sure enough whatever the budget"
    elif len(acts):
        assert share(p, above) <= budget + 1e-12
        less = p[p < above]
        if above > LOWEST and len(less):
            assert share(p, less.max()) > budget - 1e-12, "it could not have been lower"


def test_the_threshold_follows_how_sure_a_learner_is_lately() -> None:
    unsure, sure = np.full(100, 0.8), np.full(100, 0.97)
    assert threshold(np.concatenate([unsure, sure]), 0.1) < threshold(np.concatenate([sure, unsure]), 0.1)


def test_a_larger_budget_is_a_lower_threshold() -> None:
    told = [(u, {"explicit": p}, meant) for u, (p, meant) in enumerate(noisy(200, 3))]
    above = [judged(told, budget).verdict(["explicit"]).act_above for budget in (0.02, 0.05, 0.1, 0.2)]
    assert above == sorted(above, reverse=True) and above[0] > above[-1]


@pytest.mark.parametrize("said", [(1.0, 0.0), (3.0, 0.0), (1.0, 1.5)])
def test_over_many_utterances_the_wrong_share_of_its_acts_is_about_the_budget(said: tuple[float, float]) -> None:
    """Each is decided with what was known before it."""
    judge, acts, wrong = Judge(0.1), 0, 0
    for utterance, (p, meant) in enumerate(noisy(1500, 5, said)):
        if utterance % 10 == 0:
            verdict = judge.verdict(["explicit"])
        if utterance > 100 and verdict.calibration([p]) >= verdict.act_above:
            acts, wrong = acts + 1, wrong + (not meant)
        tell(judge, [(utterance, {"explicit": p}, meant)])
    assert acts > 300, "else this shows nothing"
    assert wrong / acts < 0.15


# versions


def test_a_model_is_compared_on_what_came_after_the_proven_one_was_chosen() -> None:
    then = evening(60, new=0.6, old=0.9)
    now = evening(60, first=61, new=0.95, old=0.7)
    judge = judged(then + now)
    worse = judge.worse("new", "old", 60)
    assert worse is not None and worse < -0.1
    assert judge.worse("old", "new", 60) == pytest.approx(-worse)


def test_of_too_few_utterances_nothing_is_said() -> None:
    judge = judged(evening(RETRIED, new=0.6, old=0.9))
    worse = judge.worse("new", "old", 0)
    assert worse is not None and worse > 0.1
    assert judge.worse("new", "old", 1) is None
    assert judge.worse("new", "unheard of", 0) is None


def test_one_is_no_worse_than_itself() -> None:
    told = [(u, {"new": t["one"], "old": t["one"]}, meant) for u, t, meant in evening(30, one=0.8)]
    assert judged(told).worse("new", "old", 0) == 0


def test_where_nobody_asked_for_anything_nothing_is_said() -> None:
    talk = [(u, thoughts, False) for u, thoughts, _ in evening(60, new=0.6, old=0.9)]
    assert judged(talk).worse("new", "old", 0) is None
