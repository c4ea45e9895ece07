"""The trainer alone: when it fits, what it publishes, and what it finds again."""

from pathlib import Path

import pytest

from lampd import config
from lampd.learners import kept
from lampd.learners import models as published_models
from lampd.learners.abandoned import Abandoned
from lampd.learners.council import Council
from lampd.learners.gate import load
from lampd.learners.models import Kind
from lampd.messages import AnyMessage, Directive, Example, Model, Resume, Said, Tag, Tick, Transcript
from lampd.stages.anticipator import Anticipator
from lampd.stages.trainer import AGAIN_S, ONE_IN, Trainer


def example(utterance: int, text: str, *possible: Tag, settled: bool = False, was_lit: bool = False) -> Example:
    return Example(0.0, utterance, text, was_lit, possible, "flip", settled=settled)


BOTH = [example(1, "hello sunshine", "lit"), example(2, "sleep well", "dark")]
MORE = [example(number, f"soup number {number}", "dark", "nothing") for number in range(3, 9)]


def hear(trainer: Trainer, *messages: AnyMessage) -> list[AnyMessage]:
    return [said for message in messages for said in trainer.handle(message)]


def models(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def published(trainer: Trainer, *messages: AnyMessage) -> Model:
    """The one model that follows from `messages` and a tick."""
    (model,) = hear(trainer, *messages, Tick(1.0))
    assert isinstance(model, Model)
    return model


def test_it_fits_as_soon_as_there_is_one_example_of_a_wish(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path, keep=5)
    assert hear(trainer, MORE[0], Tick(1.0)) == []
    assert published(trainer, BOTH[0]).version == 1
    model = published(trainer, BOTH[1])
    assert (model.kind, model.version, model.examples["lit"], model.examples["dark"]) == ("gate", 2, 1, 1)
    gate = load(Path(model.path))
    assert gate.predict(Said("hello sunshine"), False).lit > 0.5 > gate.predict(Said("sleep well"), False).lit


def test_it_waits_for_the_tick_to_take_up_all_that_came(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path, keep=5)
    assert hear(trainer, *BOTH, *MORE) == []
    assert published(trainer).examples["not lit"] == len(MORE)


def test_it_fits_again_when_a_label_changes_and_only_then(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path, keep=5)
    published(trainer, *BOTH)
    assert hear(trainer, Tick(2.0)) == []
    settled = example(1, "hello sunshine", "lit", settled=True)
    assert hear(trainer, settled, Tick(3.0)) == [], "it has settled, but says what it said"
    assert published(trainer, example(1, "hello sunshine", "lit", "nothing")).version == 2
    assert published(trainer, example(1, "hello sunshine")).version == 3


def test_no_model_outlives_the_examples_that_it_was_fitted_to(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path, keep=5)
    published(trainer, *BOTH)
    model = published(trainer, example(1, "hello sunshine"), example(2, "sleep well"))
    assert not any(model.examples.values())
    gate = load(Path(model.path))
    assert gate.predict(Said("hello sunshine"), False).lit == gate.predict(Said("sleep well"), True).dark == 0.0


def test_versions_grow_and_the_last_few_files_are_kept(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path, keep=3)
    made = [published(trainer, *BOTH)] + [published(trainer, one) for one in MORE]
    assert [model.version for model in made] == list(range(1, len(made) + 1))
    assert models(tmp_path) == [Path(model.path).name for model in made[-3:]]


def test_each_file_is_whole_and_never_written_to_again(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path, keep=9)
    first = Path(published(trainer, *BOTH).path)
    before, inode = first.read_bytes(), first.stat().st_ino
    for one in MORE:
        assert load(Path(published(trainer, one).path))
    assert (first.read_bytes(), first.stat().st_ino) == (before, inode)
    assert not [name for name in models(tmp_path) if not name.endswith(".safetensors")]


def test_a_fit_is_given_up_when_newer_data_waits_and_done_the_next_time(tmp_path: Path) -> None:
    waiting = [False, True]  # at first nothing waits, in the middle of the fit something does
    trainer = Trainer(tmp_path, keep=5, newer=lambda: waiting.pop(0) if waiting else False)
    hear(trainer, *BOTH)
    with pytest.raises(Abandoned):
        trainer.handle(Tick(1.0))
    assert models(tmp_path) == []
    model = published(trainer, MORE[0])
    assert (model.version, model.examples["not lit"]) == (1, 1)
    undisturbed = Trainer(tmp_path / "other", keep=5)
    same = published(undisturbed, *BOTH, MORE[0])
    assert Path(model.path).read_bytes() == Path(same.path).read_bytes()


def test_a_new_life_begins_with_the_last_model(tmp_path: Path) -> None:
    old = Trainer(tmp_path, keep=5)
    published(old, *BOTH)
    last = published(old, MORE[0])
    (again,) = Trainer(tmp_path, keep=5).handle(Resume(7.0, 0, False))
    assert again == Model(7.0, last.kind, last.version, last.path, last.examples)


def test_a_new_life_passes_over_a_torn_model(tmp_path: Path) -> None:
    old = Trainer(tmp_path, keep=5)
    good = published(old, *BOTH)
    torn = Path(published(old, MORE[0]).path)
    torn.write_bytes(torn.read_bytes()[:50])
    (again,) = Trainer(tmp_path, keep=5).handle(Resume(7.0, 0, False))
    assert isinstance(again, Model) and again.path == good.path


def test_versions_go_on_after_a_restart_even_over_a_torn_model(tmp_path: Path) -> None:
    old = Trainer(tmp_path, keep=5)
    published(old, *BOTH)
    torn = published(old, MORE[0])
    Path(torn.path).write_bytes(b"")
    new = Trainer(tmp_path, keep=5)
    hear(new, Resume(7.0, 0, False))
    assert published(new, *BOTH).version == torn.version + 1


def test_a_first_life_has_no_model(tmp_path: Path) -> None:
    assert Trainer(tmp_path / "not there yet", keep=5).handle(Resume(0.0, 0, False)) == []


def test_a_file_that_is_no_model_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "gate-notes.txt").write_text("mine")
    trainer = Trainer(tmp_path, keep=1)
    for one in MORE:
        published(trainer, *BOTH, one)
    assert "gate-notes.txt" in models(tmp_path)


# several kinds

KINDS: tuple[Kind, ...] = ("gate", "saffu")
EVENING = [example(1, "hello sunshine", "lit"), example(2, "sleep well", "dark", was_lit=True), *MORE]


def of_kinds(messages: list[AnyMessage]) -> dict[str, Model]:
    found = [message for message in messages if isinstance(message, Model)]
    assert len(found) == len(messages)
    return {model.kind: model for model in found}


def test_a_model_of_each_kind_is_published(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path, keep=5, kinds=KINDS)
    made = of_kinds(hear(trainer, *EVENING, Tick(1.0)))
    assert list(made) == list(KINDS)
    assert models(tmp_path) == ["gate-00000001.safetensors", "saffu-00000001.safetensors"]
    for kind, model in made.items():
        loaded = published_models.load(kind, Path(model.path))
        assert (loaded.version, loaded.examples) == (model.version, model.examples)
        assert loaded.predict(Said("hello sunshine"), False).lit > loaded.predict(MORE[0].said, False).lit
    assert hear(trainer, Tick(2.0)) == []


def test_a_new_life_begins_with_the_last_model_of_each_kind(tmp_path: Path) -> None:
    old = Trainer(tmp_path, keep=5, kinds=KINDS)
    hear(old, *EVENING, Tick(1.0))
    last = of_kinds(hear(old, example(1, "hello sunset", "lit"), Tick(2.0)))
    again = of_kinds(hear(Trainer(tmp_path, keep=5, kinds=KINDS), Resume(7.0, 0, False)))
    assert again == {kind: Model(7.0, kind, 2, model.path, model.examples) for kind, model in last.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_torn_model_of_one_kind_is_passed_over_and_the_others_are_not(kind: Kind, tmp_path: Path) -> None:
    old = Trainer(tmp_path, keep=5, kinds=KINDS)
    hear(old, *EVENING, Tick(1.0))
    last = of_kinds(hear(old, example(1, "hello sunset", "lit"), Tick(2.0)))
    torn = Path(last[kind].path)
    torn.write_bytes(torn.read_bytes()[:50])
    again = of_kinds(hear(Trainer(tmp_path, keep=5, kinds=KINDS), Resume(7.0, 0, False)))
    assert {one: model.version for one, model in again.items()} == dict.fromkeys(KINDS, 2) | {kind: 1}


def test_the_last_few_files_of_each_kind_are_kept(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path, keep=2, kinds=KINDS)
    for one in EVENING[:4]:
        hear(trainer, one, Tick(1.0))
    assert models(tmp_path) == [f"{kind}-{version:08}.safetensors" for kind in KINDS for version in (3, 4)]


def test_an_example_that_tells_one_kind_nothing_does_not_fit_it_again(tmp_path: Path) -> None:
    """That it was not to be dark says something of the words, but not what a dark lamp should have done."""
    trainer = Trainer(tmp_path, keep=5, kinds=KINDS)
    hear(trainer, *EVENING, Tick(1.0))
    assert list(of_kinds(hear(trainer, example(50, "what a day", "lit", "nothing"), Tick(2.0)))) == ["gate"]


def test_the_anticipator_takes_a_model_of_each_kind(tmp_path: Path) -> None:
    made = of_kinds(hear(Trainer(tmp_path, keep=5, kinds=KINDS), *EVENING, Tick(1.0)))
    stage = Anticipator(config.load(board="laptop").anticipator)
    for message in (*EVENING, *made.values(), Resume(0.0, 100, False)):
        stage.handle(message)
    (said,) = stage.handle(Transcript(11.5, 101, 10.0, 11.0, "hello sunshine", 0.9))
    assert isinstance(said, Directive)
    assert {"explicit", "gate", "saffu"} <= said.thoughts.keys()
    likely = published_models.load("saffu", Path(made["saffu"].path)).predict(Said("hello sunshine"), False).lit
    assert said.thoughts["saffu"] == likely
    assert said.wish == "lit"


def test_the_anticipator_goes_on_without_a_torn_model(tmp_path: Path) -> None:
    made = of_kinds(hear(Trainer(tmp_path, keep=5, kinds=KINDS), *EVENING, Tick(1.0)))
    Path(made["saffu"].path).write_bytes(Path(made["gate"].path).read_bytes())
    stage = Anticipator(config.load(board="laptop").anticipator)
    for message in (*EVENING, *made.values(), Resume(0.0, 100, False)):
        stage.handle(message)
    (said,) = stage.handle(Transcript(11.5, 101, 10.0, 11.0, "hello sunshine", 0.9))
    assert isinstance(said, Directive)
    assert "gate" in said.thoughts and "saffu" not in said.thoughts


# for years


def talk(first: int, last: int) -> list[Example]:
    return [
        Example(0.0, number, f"soup number {number}", False, ("dark", "nothing"), "silence")
        for number in range(first, last + 1)
    ]


def test_of_much_talk_it_waits_for_more_and_of_what_a_hand_says_it_does_not(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path, keep=5)
    published(trainer, *BOTH, *talk(3, 2 * ONE_IN))
    assert hear(trainer, *talk(2 * ONE_IN + 1, 2 * ONE_IN + 2), Tick(2.0)) == []
    assert published(trainer, *talk(2 * ONE_IN + 3, 2 * ONE_IN + 3)).examples["not lit"] == 2 * ONE_IN + 1
    assert hear(trainer, *talk(900, 900), Tick(3.0)) == []
    assert published(trainer, example(901, "hello again", "lit")).examples["lit"] == 2
    assert published(trainer, example(901, "hello again")).examples["lit"] == 1, "it was taken back"


def test_it_fits_to_what_the_anticipator_remembers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no more of it after years than after weeks."""
    monkeypatch.setattr(kept, "OTHERS", 50)
    monkeypatch.setattr(kept, "WISHES", 3)
    trainer, council = Trainer(tmp_path / "old", keep=5), Council(0.05)
    examples = [one for n in range(10) for one in (*talk(10 * n + 1, 10 * n + 9), example(10 * n + 10, "hello", "lit"))]
    for one in examples:
        trainer.handle(one)
        council.learn(one)
    model = published(trainer)
    assert model.examples == {"lit": 3, "dark": 0, "nothing": 0, "not lit": 50, "not dark": 0}
    reminded = published(Trainer(tmp_path / "new", keep=5), *council.examples.values())
    assert Path(reminded.path).read_bytes() == Path(model.path).read_bytes()


def test_a_disk_that_takes_no_model_is_told_of_and_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.write_text("in the way")
    notes: list[str] = []
    trainer = Trainer(folder, keep=5, note=notes.append)
    assert hear(trainer, *BOTH, Tick(1.0)) == []
    assert str(folder) in notes[0]
    assert hear(trainer, Tick(2.0), Tick(AGAIN_S)) == []
    assert len(notes) == 1, "it is not fitted again at every tick"
    folder.unlink()
    (model,) = hear(trainer, Tick(1.0 + AGAIN_S))
    assert isinstance(model, Model)
    assert models(folder) == [Path(model.path).name]
    assert notes[1:] == [""]
