"""The shape of the configuration: every key, its type and its range. Defaults live in config/lampd.yaml."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Probability = Annotated[float, Meta(ge=0, le=1)]
Seconds = Annotated[float, Meta(ge=0, le=3600)]


class Recorder(Struct, frozen=True, forbid_unknown_fields=True):
    device: str | int | None
    speech_above: Probability
    silence_below: Probability
    gate_db: Annotated[float, Meta(ge=0, le=40)]
    gain_db: Annotated[float, Meta(ge=0, le=40)]
    patterns: bool
    hangover_s: Annotated[float, Meta(ge=0.1, le=3)]
    hangover_least_s: Annotated[float, Meta(ge=0.1, le=3)]
    hangover_most_s: Annotated[float, Meta(ge=0.1, le=3)]
    preroll_s: Annotated[float, Meta(ge=0, le=2)]
    shortest_s: Annotated[float, Meta(ge=0.03, le=2)]
    longest_s: Annotated[float, Meta(ge=1, le=30)]
    partial_s: Annotated[float, Meta(ge=0, le=10)]
    partial_until_s: Annotated[float, Meta(ge=0, le=30)]
    deaf_after_s: Annotated[float, Meta(ge=0.5, le=60)]


class Transcriber(Struct, frozen=True, forbid_unknown_fields=True):
    voice: str
    runtime: Literal["onnx", "transformers"]
    threads: Annotated[int, Meta(ge=1, le=16)]


class Anticipator(Struct, frozen=True, forbid_unknown_fields=True):
    wrong_acts: Probability
    early: bool
    flip_window_s: Seconds
    silence_s: Seconds
    left_alone_s: Seconds
    correction_s: Seconds
    fidget_s: Seconds
    stale_s: Seconds


class Trainer(Struct, frozen=True, forbid_unknown_fields=True):
    models: list[Literal["gate", "saffu"]]
    niceness: Annotated[int, Meta(ge=0, le=19)]
    rest_above_c: Annotated[float, Meta(ge=30, le=150)]
    keep_models: Annotated[int, Meta(ge=1, le=100)]


class Operator(Struct, frozen=True, forbid_unknown_fields=True):
    power_up: Literal["restore", "lit", "dark"]
    rest_s: Annotated[float, Meta(ge=0, le=60)]


class Button(Struct, frozen=True, forbid_unknown_fields=True):
    pin: int | str
    kind: Literal["momentary", "latching"]
    pull_up: bool
    debounce_s: Annotated[float, Meta(ge=0, le=1)]


class Relay(Struct, frozen=True, forbid_unknown_fields=True):
    pin: int | str
    active_high: bool


class PrivacyButton(Struct, frozen=True, forbid_unknown_fields=True):
    pin: int | str
    pull_up: bool = True
    debounce_s: Annotated[float, Meta(ge=0, le=1)] = 0.05


class Light(Struct, frozen=True, forbid_unknown_fields=True):
    pin: int | str
    active_high: bool = True


class Gpio(Struct, frozen=True, forbid_unknown_fields=True):
    factory: Literal["default", "mock", "libgpiod"]
    chip: str | None
    button: Button
    relay: Relay | None
    privacy_button: PrivacyButton | None
    status_light: Light | None


class Actuator(Struct, frozen=True, forbid_unknown_fields=True):
    command: Annotated[list[str], Meta(min_length=1)] | None
    timeout_s: Annotated[float, Meta(ge=0.1, le=600)]


class Hub(Struct, frozen=True, forbid_unknown_fields=True):
    tick_s: Annotated[float, Meta(ge=0.05, le=5)]
    inbox: Annotated[int, Meta(ge=16, le=10_000)]
    hang_after_s: Annotated[float, Meta(ge=1, le=600)]
    first_restart_s: Annotated[float, Meta(ge=0, le=60)]
    longest_restart_s: Annotated[float, Meta(ge=0, le=600)]


class Keeping(Struct, frozen=True, forbid_unknown_fields=True):
    journal_mb: Annotated[float, Meta(ge=10, le=10_000)]
    sessions_mb: Annotated[float, Meta(ge=0, le=1_000_000)]
    free_mb: Annotated[float, Meta(ge=0, le=1_000_000)]


class Thing(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=30)]
    lit: Annotated[str, Meta(min_length=1, max_length=20)]
    dark: Annotated[str, Meta(min_length=1, max_length=20)]


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    board: str
    state_dir: str
    control_socket: str
    log_level: Literal["debug", "info", "warning", "error"]
    thing: Thing
    recorder: Recorder
    transcriber: Transcriber
    anticipator: Anticipator
    trainer: Trainer
    operator: Operator
    gpio: Gpio
    actuator: Actuator
    hub: Hub
    keeping: Keeping
