"""What may be typed after `lampctl`, topic by topic. The man page and the shells' completions are made of it too."""

import argparse
from collections.abc import Callable

from lampd import __version__
from lampd.cli import session_parser

Command = Callable[[argparse.Namespace], int]
Add = Callable[[str, str, str], argparse.ArgumentParser]
"""Adds a command: its name, what it does, and the function that does it, as module.function of lampd.cli."""

BENCHMARKS = {
    "all": "everything that README states; with --quick a first look",
    "start": "how soon each process is ready, and how much memory it takes",
    "consistency": "whether a voice hears alike what is alike",
    "switch": "press to pin, while everything else is busy",
    "faults": "break processes, power, disk, clock, devices and input, and count what is lost",
    "hearing": "utterances found in the clips of the data folder",
    "learners": "the learners and simple peers in text households, closed loop",
    "plm": "the precision language model against its peers",
    "looking": "how long status takes, and how much of a processor watch does",
    "posterior": "expected n-gram counts against those of the transcriber's best string",
    "reaction": "from the end of speech to the pin, in real time through the five processes",
    "voice": "the voice's runtime: how fast, how large, how like transformers",
    "runtimes": "whether torch, ONNX Runtime, transformers and SciPy work on this processor",
    "speech": "learning from real speech, closed loop through recorder and transcriber",
}


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="lampctl", description="Look in on the lamp, flip it, replay its evenings.")
    which = top.add_mutually_exclusive_group()
    which.add_argument("--config", metavar="FILE", help="the lamp's configuration, where it is not the default one")
    name = "which of several lamps: the one of /etc/lampd/NAME.yaml (LAMPD_NAME)"
    which.add_argument("--name", dest="config", type=_file_of, metavar="NAME", help=name)
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, text: str, function: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        command.set_defaults(run=_later(function))
        return command

    _seen(add)
    _hand(add)
    _past(add)
    _evenings(add)
    _made(add)
    return top


def _later(function: str) -> Command:
    """A command whose module is imported when it runs."""

    def run(arguments: argparse.Namespace) -> int:
        from importlib import import_module

        module, name = function.split(".")
        code: int = getattr(import_module(f"lampd.cli.{module}"), name)(arguments)
        return code

    return run


def _json(command: argparse.ArgumentParser, text: str = "for programs") -> None:
    command.add_argument("--json", action="store_true", help=text)


def _count(command: argparse.ArgumentParser, what: str) -> None:
    command.add_argument("-n", type=int, default=30, metavar="COUNT", help=f"this many of the last {what} (30)")


def _seen(add: Add) -> None:
    """How it is."""
    _json(add("status", "is it well, and what has it learned", "ask.status"))
    watch = add("watch", "what it hears, thinks, does and learns, as it happens", "watch.main")
    watch.add_argument("--plain", action="store_true", help="a line for each event, as in a pipe")
    _json(watch, "one JSON object a line: all that is said between the stages but sound")
    levels = add("levels", "how loud it is at the microphone, and what to do about that", "levels.main")
    levels.add_argument("--for", dest="seconds", type=_seconds, metavar="TIME", help="90s, 5m (until Ctrl-C)")
    _json(levels, "one JSON object a second, and a last one with the advice")
    doctor = add("doctor", "look at all that can be wrong, measure, and say what to do first", "doctor.main")
    doctor.add_argument("--button", action="store_true", help="how the button bounces: press it some times")
    _json(doctor)
    log = add("log", "what was heard, done and learned, from the journal", "ask.log")
    _count(log, "events")
    _json(log, "one JSON object a line")
    reason = add("why", "what was thought of an utterance, and what taught that", "why.main")
    reason.add_argument("utterance", nargs="?", type=_number, metavar="N", help="its number, as log has it (the last)")
    _json(reason)
    report = add("report", "how well it does, as a page with pictures", "report.main")
    report.add_argument("file", nargs="?", default="lampd-report.html", help="where to (lampd-report.html)")
    report.add_argument("--open", action="store_true", help="open it in a browser")


def _hand(add: Add) -> None:
    """What a hand does."""
    for name, text in (("flip", "flip the lamp"), ("on", "make it lit"), ("off", "make it dark")):
        add(name, f"{text}, as a hand on the switch would", "ask.press").set_defaults(name=name)
    pause = add("pause", "stop listening, learning or acting, until it is told to go on", "ask.pause")
    resume = add("resume", "go on listening, learning or acting", "ask.resume")
    for command in (pause, resume):
        command.add_argument("what", choices=["listening", "learning", "acting"])
    pause.add_argument("--for", dest="seconds", type=_seconds, default=0.0, metavar="TIME", help="90s, 5m, 2h, 1d")
    autonomy = add("autonomy", "show or say how far it goes when it is sure", "ask.autonomy")
    limit = "act; hint, on the status light; observe, and change nothing"
    autonomy.add_argument("limit", nargs="?", choices=["act", "hint", "observe"], help=limit)
    _json(autonomy)
    night = add("tv-night", "learn that what is heard means nothing, and count false acts", "tv_night.main")
    night.add_argument("what", nargs="?", choices=["start", "stop"], default="start")
    night.add_argument("--for", dest="seconds", type=_seconds, default=3600.0, metavar="TIME", help="90s, 5m, 2h (1h)")
    night.add_argument("--sound", nargs="+", default=[], metavar="FILE", help="recordings, in place of the microphone")
    _json(night)


def _past(add: Add) -> None:
    """What was heard, and its owner's word about it."""
    past = add("history", "what was heard, and what it is taken to mean", "history.shown")
    _count(past, "utterances")
    past.add_argument("--words", help="only those with these words")
    _json(past, "one JSON object a line")
    relabel = add("relabel", "say what utterances meant, whatever was concluded about them", "history.relabel")
    relabel.add_argument("utterances", nargs="+", type=int, metavar="N", help="their numbers in history")
    teach = add("teach", "say what words mean that it has not heard", "history.teach")
    teach.add_argument("words", help="as its ear writes them: see lampctl history")
    for command in (relabel, teach):
        command.add_argument(
            "meant", metavar="lit|dark|nothing", help="or the names of its states in the configuration"
        )
    add("undo", "take back the last relabel or teach, within a day; what is forgotten stays so", "history.undo")
    forget = add("forget", "never to have heard: words, sound, and all that was learned of them", "history.forget")
    which = forget.add_mutually_exclusive_group(required=True)
    which.add_argument("which", nargs="*", type=_number, default=[], metavar="N|last", help="numbers in history")
    which.add_argument("--since", type=_seconds, metavar="TIME", help="all that was heard in the last 90s, 5m, 1h, 2d")
    which.add_argument("--words", help="all that has these words in it")
    which.add_argument("--all", action="store_true", help="everything")
    forget.add_argument("--yes", action="store_true", help="without asking")
    backup = add("backup", "put all that was learned into one file, whether lampd runs or not", "backup.backup")
    backup.add_argument("file", metavar="FILE.lamp")
    backup.add_argument("--key", metavar="SSH_PRIVATE_KEY", help="sign it, for restore to know whose it is")
    backup.add_argument("--force", action="store_true", help="even if there is such a file")
    back = add("restore", "know what is in such a file, here or on another lamp; lampd is stopped", "backup.restored")
    back.add_argument("file", metavar="FILE.lamp")
    back.add_argument("--signer", metavar="KEY", help="whose it must be: a public SSH key, or a file with one")


def _evenings(add: Add) -> None:
    """Recorded sessions."""
    record = add("record", "record a session, sound included, until told to stop", "ask.record")
    record.add_argument("what", choices=["start", "stop"])
    record.add_argument("folder", nargs="?", help="where to (default: under the state directory)")
    session_parser.fill(add("session", "recorded sessions: what is in them, and what becomes of them", "session.main"))
    replay = add("replay", "play recorded sessions again and say how well the lamp did", "replay.replay")
    replay.add_argument("folders", nargs="+", metavar="DIR", help="sessions, played one after another")
    replay.add_argument("--closed-loop", action="store_true", help="simulated people flip the switch, by the wishes")
    replay.add_argument("--seed", type=int, default=0, help="of the simulated people (0)")
    replay.add_argument("--state", metavar="DIR", help="keep what is learned here, and begin with what is there")
    replay.add_argument("--text", action="store_true", help="use the recorded transcripts in place of the sound")
    replay.add_argument("--json", action="store_true", help="one JSON object, in place of words")
    replay.add_argument("--watch", action="store_true", help="show it while it happens")
    replay.add_argument("--picture", metavar="PNG", help="draw the learning curve")
    replay.add_argument("--tape", metavar="FILE", help="write what each stage heard and said, a JSON object a line")
    how = replay.add_mutually_exclusive_group()
    how.add_argument("--processes", action="store_true", help="in the five processes, one message after another")
    how.add_argument("--live", action="store_true", help="in the five processes, in real time")


def _made(add: Add) -> None:
    """What it is made of."""
    _voice(add("voice", "which ears there are, which one is used, what each hears", "voice.voice"))
    check = add("config", "look at the configuration", "ask.config_check")
    check.add_argument("what", choices=["check"], help="say whether it can be used, and what it comes to")
    bench = add("bench", "measure, and print the figures of the README", "main.bench")
    listed = "; ".join(f"{name}: {text}" for name, text in BENCHMARKS.items())
    bench.add_argument("name", nargs="?", default="all", choices=sorted(BENCHMARKS), help=listed)
    bench.add_argument("rest", nargs=argparse.REMAINDER, help="options of the benchmark; --help lists them")


def _voice(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="what", metavar="ACTION", required=True)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        action = actions.add_parser(name, help=text, description=text)
        _json(action)
        return action

    add("list", "the bundled voice and those in the state directory's voices folder")
    use = add("use", "write a voice into the owner's configuration")
    use.add_argument("voice", metavar="VOICE", help="its name in the list, or its folder")
    prepare = add("prepare", "export a checkpoint for ONNX Runtime, take its time here, compare it with the original")
    prepare.add_argument("voice", metavar="VOICE", help="its name in the list, or its folder")
    prepare.add_argument("--sound", nargs="+", default=[], metavar="PATH", help="recordings to compare on")
    prepare.add_argument("--precision", choices=["exact", "int8"], help="(exact up to 20 million parameters)")
    prepare.add_argument("--threads", type=int, metavar="N", help="of the processor (transcriber.threads)")
    prepare.add_argument("--anyway", action="store_true", help="even if it is too slow for this machine")
    test = add("test", "what a voice hears in sound files, or in 3 s from the microphone")
    test.add_argument("voice", nargs="?", metavar="VOICE", help="its name in the list, or its folder (the one in use)")
    test.add_argument("--sound", nargs="+", default=[], metavar="PATH", help="sound files")


def _file_of(name: str) -> str:
    from lampd import config

    try:
        return str(config.owners_file(name=name))
    except config.ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _seconds(duration: str) -> float:
    from lampd.cli.durations import seconds

    try:
        return seconds(duration)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _number(word: str) -> int | None:
    return None if word == "last" else int(word)
