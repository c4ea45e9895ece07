"""A board's profile, hardware/BOARD.yaml, comes in; what it says about the program's settings leaves.

A profile says each pin once. The chip, the button and the relay become settings; the other pins are wired and drawn
alone.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

HEADER_PINS = 40

HeaderPin = Annotated[int, Meta(ge=1, le=HEADER_PINS)]


class Pin(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the gpiochip, and the two header pins that a part on it is wired to."""

    line: str
    """The kernel's name of the line."""
    offset: Annotated[int, Meta(ge=0)]
    """The line's number on its chip."""
    pin: HeaderPin
    """The line's header pin."""
    ground: HeaderPin
    """The header pin of the part's other side."""
    active: Literal["low", "high"]
    """The level of a pressed button, a closed relay, a light that shines."""
    pull: Literal["up", "down", "none"]
    """The resistor inside the chip."""
    debounce_s: Annotated[float, Meta(ge=0, le=1)]
    """Changes shorter than this are bounces."""


class Pins(Struct, frozen=True, forbid_unknown_fields=True):
    """What is wired to the board, in the order of the header."""

    button: Pin
    relay: Pin
    privacy_button: Pin
    status_light: Pin


class Gpio(Struct, frozen=True, forbid_unknown_fields=True):
    """The gpiochip of all pins, by its label: numbers of chips move from kernel to kernel."""

    chip: str
    interrupts: bool
    """False where the kernel reports no edges, so that buttons have to be polled."""
    pins: Pins


class Microphone(Struct, frozen=True, forbid_unknown_fields=True):
    """`match` is part of the name that ALSA gives it; `socket` is where it is plugged in, for people."""

    match: str
    socket: str


class Board(Struct, frozen=True, forbid_unknown_fields=True):
    """One profile; `settings` are those of config/lampd.yaml that the rest does not imply."""

    name: str
    memory_mb: Annotated[int, Meta(ge=256)] | None = None
    """Of the smallest variant that is sold."""
    gpio: Gpio | None = None
    microphone: Microphone | None = None
    settings: dict[str, Any] = {}

    def layers(self) -> list[dict[str, Any]]:
        """Settings in the order in which they apply: what the pins and the microphone imply, then `settings`."""
        implied: dict[str, Any] = {}
        if self.microphone:
            implied["recorder"] = {"device": self.microphone.match}
        if self.gpio:
            button, relay = self.gpio.pins.button, self.gpio.pins.relay
            privacy, light = self.gpio.pins.privacy_button, self.gpio.pins.status_light
            implied["gpio"] = {
                "chip": self.gpio.chip,
                "button": {"pin": button.line, "pull_up": button.active == "low", "debounce_s": button.debounce_s},
                "relay": {"pin": relay.line, "active_high": relay.active == "high"},
                "privacy_button": {
                    "pin": privacy.line,
                    "pull_up": privacy.active == "low",
                    "debounce_s": privacy.debounce_s,
                },
                "status_light": {"pin": light.line, "active_high": light.active == "high"},
            }
        return [implied, self.settings]
