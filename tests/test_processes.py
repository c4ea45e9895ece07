"""Five real processes do what one does, whatever dies."""

import contextlib
import multiprocessing.queues
import multiprocessing.spawn
import os
import queue
import random
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lampd import assembly, child, session
from lampd.child import Beginning, Handled
from lampd.household import Household
from lampd.hub import Hub
from lampd.journal import Journal
from lampd.lives import DEADLY, FAILED, SPAWN, SPEECHES, Child, Life
from lampd.messages import AnyMessage, Example, Flip, Press, Resume, Speaking, Speech, Tick, Transcript
from lampd.processes import STUFFED, SWITCH_HANGS_S, Processes, Remote
from lampd.replay import in_processes, play, play_live, stages_here, state
from lampd.routes import STAGES
from lampd.score import Score
from lampd.session import Session
from lampd.settings import Settings
from lampd.status import status
from lampd.tape import Receipt, Tape, read


def opening(minutes: float) -> Session:
    """The first minutes of the recorded evening."""
    whole = session.read(Path(__file__).parent / "sessions" / "first_evening")
    return msgspec.structs.replace(whole, events=tuple(event for event in whole.events if event.t < 60 * minutes))


def without_paths(messages: Sequence[object]) -> list[str]:
    """Messages or receipts as text, less the folder that models lie in."""
    return [re.sub(r"path='[^']*/", "path='", repr(message)) for message in messages]


def in_lockstep(evening: Session, settings: Settings, processes: bool) -> tuple[list[Receipt], dict[str, object]]:
    receipts: list[Receipt] = []
    score = Score(evening.wishes())
    with state(settings, None) as (settings, journal):
        household = Household(evening.wishes(), seed=1)

        def keep(stage: str, heard: AnyMessage, said: list[AnyMessage]) -> None:
            receipts.append(Receipt(stage, heard, said))

        if processes:
            with in_processes(settings, journal) as stages:
                play(evening, stages, journal, household, False, (score.observe,), keep)
        else:
            play(evening, stages_here(settings, journal, evening), journal, household, False, (score.observe,), keep)
    return receipts, score.figures()


def test_one_process_and_five_in_lockstep_decide_alike(settings: Settings) -> None:
    evening = opening(3)
    here, figures_here = in_lockstep(evening, settings, processes=False)
    there, figures_there = in_lockstep(evening, settings, processes=True)
    assert figures_here["decisions"], "nothing was heard"
    assert figures_here == figures_there
    assert without_paths(here) == without_paths(there)


def test_every_stage_reproduces_a_free_run_from_its_receipts(settings: Settings, tmp_path: Path) -> None:
    evening = opening(2)
    # a model that is no longer there cannot be heard of again
    trainer = msgspec.structs.replace(settings.trainer, keep_models=100)
    settings = msgspec.structs.replace(settings, trainer=trainer)
    tape = Tape(tmp_path / "tape.jsonl")
    with state(settings, tmp_path / "free") as (free, journal):
        people = Household(evening.wishes(), seed=1)
        play_live(evening, free, journal, people, receipts=tape, speed=8)
    tape.close()
    receipts = list(read(tmp_path / "tape.jsonl"))
    assert {receipt.stage for receipt in receipts} == set(STAGES)
    assert any(isinstance(receipt.heard, Speech) for receipt in receipts)
    again = msgspec.structs.replace(settings, state_dir=str(tmp_path / "again"))
    for name in STAGES:
        stage = assembly.build(name, again)
        for number, receipt in enumerate(receipt for receipt in receipts if receipt.stage == name):
            if isinstance(receipt.heard, Speaking) and not receipt.said:
                # passed over, for newer speech waited
                continue
            said = stage.handle(receipt.heard)
            assert without_paths(said) == without_paths(receipt.said), (name, number)


class Killer(threading.Thread):
    """Kills children but the operator at random moments, in the middle of whatever they do, until it is done."""

    def __init__(self, processes: Processes, kills: int) -> None:
        super().__init__(daemon=True)
        self._processes, self._kills = processes, kills
        self._rng = random.Random(7)
        self.killed: list[str] = []

    def run(self) -> None:
        while len(self.killed) < self._kills:
            time.sleep(self._rng.uniform(0.0, 0.1))
            name = self._rng.choice([stage for stage in STAGES if stage != "operator"])
            life = self._processes.children[name].life
            if life and life.ready and life.process.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(life.process.pid, signal.SIGKILL)
                    self.killed.append(name)


def kept(journal: Journal) -> dict[str, list[tuple[object, ...]]]:
    """What is acknowledged: transcripts, flips, and all labels, as often as they were said."""
    examples = [(e.utterance, e.text, e.possible, e.cause) for e in journal.examples()]
    messages = [message for _, message in journal.tail(100_000)]
    return {
        "examples": sorted(examples),
        "transcripts": [(m.utterance, m.text) for m in messages if isinstance(m, Transcript)],
        "flips": [(m.at, m.lit) for m in messages if isinstance(m, Flip)],
        "labels": sorted((m.utterance, m.possible, m.settled) for m in messages if isinstance(m, Example)),
    }


def test_twenty_kills_in_mid_evening_lose_nothing_acknowledged(settings: Settings, household: Session) -> None:
    quick = msgspec.structs.replace(
        settings, hub=msgspec.structs.replace(settings.hub, first_restart_s=0.0, longest_restart_s=0.1)
    )
    household = session.joined([household, household])
    with state(quick, None) as (here, journal):
        play(household, stages_here(here, journal, household), journal, Household(household.wishes(), 1))
        undisturbed = kept(journal)
    with state(quick, None) as (there, journal), in_processes(there, journal) as stages:
        remote = stages["trainer"]
        assert isinstance(remote, Remote)
        killer = Killer(remote.processes, kills=20)
        killer.start()
        play(household, stages, journal, Household(household.wishes(), 1))
        disturbed = kept(journal)
        killer.join(0)
    assert len(killer.killed) == 20, killer.killed
    assert set(killer.killed) == {"recorder", "transcriber", "anticipator", "trainer"}
    assert disturbed == undisturbed


DIES_AT_ONCE = """
import os, queue, signal
from lampd import config
from lampd.child import Beginning
from lampd.lives import Life
from lampd.messages import Resume
if __name__ == "__main__":
    beginning = Beginning("operator", config.load(board="laptop"), [], Resume(0.0, 0, False), False)
    life = Life(beginning, 64, queue.SimpleQueue())
    open("pid", "w").write(str(life.process.pid))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_child_whose_parent_dies_while_it_starts_ends_too(tmp_path: Path) -> None:
    script = tmp_path / "dies.py"
    script.write_text(DIES_AT_ONCE)
    subprocess.run([sys.executable, str(script)], cwd=tmp_path, timeout=60)
    child = Path("/proc") / (tmp_path / "pid").read_text()
    until = time.monotonic() + 60
    while child.exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not child.exists(), "it lives on without a parent"


def test_a_hung_stage_is_restarted_and_loses_nothing(settings: Settings, tmp_path: Path) -> None:
    hasty = msgspec.structs.replace(settings, hub=msgspec.structs.replace(settings.hub, hang_after_s=1.0))
    journal = Journal(tmp_path / "journal.db", boot="test")
    hub = Hub(hasty, journal, time.monotonic, live=False)
    hub.start()
    try:
        for message in hub.processes.wait_ready():
            hub.post(message)
        anticipator = hub.processes.children["anticipator"]
        assert anticipator.life and anticipator.life.process.pid
        os.kill(anticipator.life.process.pid, signal.SIGSTOP)
        now = time.monotonic()
        hub.post(Transcript(now, 1, now - 1, now, "turn on the light", 1.0))
        until = time.monotonic() + 30
        while anticipator.pending and time.monotonic() < until:
            hub.turn(time.monotonic() + 0.1)
        assert anticipator.restarts == 1
        assert not anticipator.pending
        assert status(hub, Path("/"))["stages"]["anticipator"]["state"] == "ready"
        assert any(message.__class__.__name__ == "Directive" for _, message in journal.tail(10))
    finally:
        hub.processes.stop()


def test_a_message_that_kills_its_stage_again_and_again_is_set_aside(settings: Settings, tmp_path: Path) -> None:
    class Speechless(msgspec.Struct, frozen=True, tag="Transcript"):
        """Looks like a transcript on the wire, and cannot be one."""

        at: float

    processes = Processes(settings, lambda name, before: [], lambda: Resume(0.0, 0, False))
    processes.start()
    try:
        processes.wait_ready()
        processes.give("anticipator", 1, Speechless(1.0))  # type: ignore[arg-type]
        processes.give("anticipator", 2, Tick(2.0))
        until = time.monotonic() + 60
        anticipator = processes.children["anticipator"]
        while anticipator.pending and time.monotonic() < until:
            processes.tend()
            processes.arrival(0.05)
        assert anticipator.restarts == DEADLY // FAILED
        assert not anticipator.pending
    finally:
        processes.stop()


def test_a_message_is_not_blamed_for_bad_luck() -> None:
    one, message = Child("anticipator"), Tick(1.0)
    one.pending.append((1, message))
    one.given = 1
    assert [one.set_aside(failed=False) for _ in range(DEADLY - 1)] == [None] * (DEADLY - 1)
    assert one.set_aside(failed=False) is message
    one.pending.append((2, message))
    assert [one.set_aside(failed=True) for _ in range(DEADLY // FAILED)] == [None] * (DEADLY // FAILED - 1) + [message]


def test_the_switch_works_while_everything_else_is_dead(settings: Settings, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", boot="test")
    hub = Hub(settings, journal, time.monotonic, live=False)
    hub.start()
    try:
        operator = hub.processes.children["operator"]
        while not (operator.life and operator.life.ready):
            hub.turn(time.monotonic() + 0.1)
        for name, one in hub.processes.children.items():
            if name != "operator" and one.life:
                one.life.process.kill()
        flips: list[bool] = []
        hub.observers.append(lambda message: flips.append(message.lit) if isinstance(message, Flip) else None)
        hub.post(Press(time.monotonic()))
        until = time.monotonic() + 2
        while not flips and time.monotonic() < until:
            hub.turn(time.monotonic() + 0.05)
        assert flips == [True]
    finally:
        hub.processes.stop()


@pytest.mark.parametrize("stuck", [False, True])
def test_stop_takes_less_than_three_seconds(settings: Settings, tmp_path: Path, stuck: bool) -> None:
    hub = Hub(settings, Journal(":memory:", boot="test"), time.monotonic, live=False)
    hub.start()
    for message in hub.processes.wait_ready():
        hub.post(message)
    lives = [one.life for one in hub.processes.children.values() if one.life]
    if stuck:
        os.kill(lives[0].process.pid or 0, signal.SIGSTOP)
    began = time.monotonic()
    hub.processes.stop()
    assert time.monotonic() - began < 3
    assert not any(life.process.is_alive() for life in lives)


def test_what_is_handled_after_what_came_later_is_handled(settings: Settings) -> None:
    """A fit that is given up for newer data is begun again after that."""
    processes = Processes(settings, lambda name, before=None: [], lambda: Resume(0.0, 0, False))
    trainer = processes.children["trainer"]
    newer = Example(2.0, 1, "hello", False, ("lit",), "flip")
    trainer.pending.extend([(1, Tick(1.0)), (2, newer), (3, Tick(2.0))])
    trainer.given = 3
    for seq in (2, 1):
        processes._handled(trainer, Handled(seq, []))
    assert ([seq for seq, _ in trainer.pending], trainer.given) == ([3], 1)


def test_the_switch_works_before_any_other_stage_is_begun(settings: Settings) -> None:
    processes = Processes(settings, lambda name, before=None: [], lambda: Resume(0.0, 0, False))
    processes.start()
    try:
        lives = [one.life for one in processes.children.values() if one.name != "operator"]
        assert lives == [None] * 4
        processes.wait_ready()
        operator = processes.children["operator"].life
        others = [one.life for one in processes.children.values() if one.life is not operator]
        assert operator and all(life and life.began > operator.began + 0.05 for life in others)
    finally:
        processes.stop()


def test_a_switch_that_cannot_be_had_does_not_keep_the_others_from_beginning(settings: Settings) -> None:
    pins = msgspec.structs.replace(settings.gpio, factory="libgpiod", chip="nowhere")
    broken = msgspec.structs.replace(settings, gpio=pins)
    processes = Processes(broken, lambda name, before=None: [], lambda: Resume(0.0, 0, False))
    processes.start()
    try:
        until = time.monotonic() + 60
        others = [one for one in processes.children.values() if one.name != "operator"]
        while not all(one.life and one.life.ready for one in others):
            assert time.monotonic() < until
            processes.tend()
            processes.arrival(0.05)
        assert "nowhere" in processes.children["operator"].error
    finally:
        processes.stop()


def test_a_child_that_dies_while_it_is_told_much_does_not_keep_the_hub(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe takes 64 kB, and who writes more into that of a dead child waits for ever."""
    monkeypatch.setattr(multiprocessing.spawn, "_python_exe", b"/bin/false")
    memory: list[AnyMessage] = [Speech(1.0, 1, 0.0, 1.0, bytes(1_000_000))]
    beginning = Beginning("transcriber", settings, memory, Resume(0.0, 0, False), live=False)
    arrivals: queue.SimpleQueue[Any] = queue.SimpleQueue()
    lives: list[Life] = []
    begin = threading.Thread(target=lambda: lives.append(Life(beginning, 16, arrivals)), daemon=True)
    begin.start()
    begin.join(10)
    assert lives, "the hub waits"
    assert arrivals.get(timeout=10) == ("transcriber", lives[0], None)
    lives[0].end()


def test_a_stage_that_cannot_be_started_does_not_take_the_others_along(settings: Settings) -> None:
    processes = Processes(settings, lambda name, before=None: [], lambda: Resume(0.0, 0, False))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")), hard))
    try:
        processes.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    operator = processes.children["operator"]
    assert "cannot be started" in operator.error
    try:
        processes.wait_ready()
        assert operator.restarts == 1
    finally:
        processes.stop()


def speechless(inbox: Any, outbox: Any) -> None:
    """A child that has no memory left when it wants to say something."""

    def dumps(said: object) -> None:
        raise MemoryError

    multiprocessing.queues._ForkingPickler.dumps = dumps  # type: ignore[attr-defined]
    child.main(inbox, outbox)


def test_a_child_that_cannot_say_what_it_did_dies_and_is_asked_again(settings: Settings) -> None:
    inbox, outbox = SPAWN.Queue(16), SPAWN.Queue(16)
    process = SPAWN.Process(target=speechless, args=(inbox, outbox), daemon=True)
    process.start()
    inbox.put(child.encode_beginning(Beginning("anticipator", settings, [], Resume(0.0, 0, False), live=False)))
    process.join(30)
    assert process.exitcode == 1


def test_no_more_than_so_much_waits_for_a_stage_that_cannot_be_had(settings: Settings) -> None:
    processes = Processes(settings, lambda name, before=None: [], lambda: Resume(0.0, 0, False))
    most = STUFFED * settings.hub.inbox
    for seq in range(most + 100):
        processes.give("transcriber", seq, Speech(float(seq), seq, 0.0, 1.0, b""))
        processes.give("anticipator", seq, Flip(float(seq), bool(seq % 2)))
        processes.give("trainer", seq, Tick(float(seq)))
    waiting = {name: [seq for seq, _ in one.pending] for name, one in processes.children.items()}
    assert waiting["transcriber"] == list(range(most + 100 - SPEECHES, most + 100))
    assert waiting["anticipator"] == list(range(100, most + 100))
    assert waiting["trainer"] == list(range(settings.hub.inbox))
    assert [processes.children[name].dropped for name in ("transcriber", "anticipator")] == [most + 36, 100]


def test_the_operator_is_missed_sooner_than_those_who_think(settings: Settings) -> None:
    processes = Processes(settings, lambda name, before=None: [], lambda: Resume(0.0, 0, False))
    processes.start()
    try:
        processes.wait_ready()
        for name in ("operator", "anticipator"):
            processes.give(name, 1, Tick(0.0))
        # as if neither had answered for so long when the hub last listened
        processes._listened = time.monotonic() + SWITCH_HANGS_S + 1
        assert [one.name for one in processes.hung()] == ["operator"]
    finally:
        processes.stop()


def test_a_stage_that_was_long_away_takes_a_flip_that_waited_for_what_it_was(
    settings: Settings, tmp_path: Path
) -> None:
    """Its time goes on where it stopped: else there had been silence after the words, for all it knew."""
    journal = Journal(tmp_path / "journal.db", boot="test")
    now = 1000.0
    hub = Hub(settings, journal, lambda: now, live=False)
    anticipator = hub.processes.children["anticipator"]
    hub.post(Transcript(now, 1, now - 1.5, now - 0.5, "turn on the light", 1.0))
    now += 2.0
    hub.post(Flip(now, True))
    now += 300.0
    hub.start()
    try:
        hub.post(*hub.processes.wait_ready())
        until = time.monotonic() + 60
        while anticipator.pending and time.monotonic() < until:
            hub.turn(now, ticking=False)
        labels = [(m.possible, m.cause) for _, m in journal.tail(100) if isinstance(m, Example)]
        assert set(labels) == {(("lit",), "flip")}
    finally:
        hub.processes.stop()
