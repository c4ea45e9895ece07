"""The switch and the lamp: presses of a real button leave, and the relay is set, through gpiozero.

gpiozero's own factory knows the Raspberry Pis; lampd's knows any gpiochip of Linux. gpiozero's mock factory stands in
where a board has no pins; `press` then pulls its pin as a finger would.
"""

import importlib.util
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lampd.devices.contact import Contact
from lampd.messages import Light
from lampd.settings import Gpio


class PanelError(Exception):
    """Pins that cannot be used; the text names them and says what to do."""


class Panel:
    """A button and a relay on the pins of `gpio`; the relay, where there is one, starts `lit` or not, without a glitch.
    A privacy button and a status light, where there are any; `complaint` says why they cannot be used, for the switch
    works without them."""

    def __init__(self, gpio: Gpio, lit: bool) -> None:
        import gpiozero

        self.complaint = ""
        self._gpio, self._lit = gpio, lit
        self._relay: Any = None
        self._privacy: Any = None
        self._light: Any = None

        self.simulated = gpio.factory == "mock"
        self._latching = gpio.button.kind == "latching"
        self._contact = Contact(f"the button on {gpio.button.pin}", self._latching)
        try:
            factory = _factory(gpio)
            if relay := gpio.relay:
                self._relay = gpiozero.OutputDevice(
                    relay.pin, active_high=relay.active_high, initial_value=lit, pin_factory=factory
                )
            self._button: Any = gpiozero.Button(
                gpio.button.pin,
                pull_up=gpio.button.pull_up,
                bounce_time=gpio.button.debounce_s or None,
                pin_factory=factory,
            )
        except Exception as error:
            # lgpio and gpiozero share no base class but this
            raise PanelError(
                f"{self._where}: {type(error).__name__}: {error}. "
                "Check the pins in the board's profile, that no other program holds them, "
                "and that this user may use /dev/gpiochip* (group gpio)"
            ) from error
        try:
            if privacy := gpio.privacy_button:
                self._privacy_contact = Contact(f"the privacy button on {privacy.pin}")
                self._privacy = gpiozero.Button(
                    privacy.pin,
                    pull_up=privacy.pull_up,
                    bounce_time=privacy.debounce_s or None,
                    pin_factory=factory,
                )
            if light := gpio.status_light:
                self._light = gpiozero.DigitalOutputDevice(
                    light.pin, active_high=light.active_high, pin_factory=factory
                )
        except Exception as error:
            self.complaint = f"gpio: privacy button or status light: {type(error).__name__}: {error}"

    @property
    def _where(self) -> str:
        gpio = self._gpio
        return f"gpio: relay on {gpio.relay.pin if gpio.relay else 'no pin'}, button on {gpio.button.pin}"

    @contextmanager
    def _working(self) -> Iterator[None]:
        """While pins are used that could be had once. Raises PanelError."""
        try:
            yield
        except Exception as error:
            again = "Plug its chip in again, if it can be unplugged; until it works the lamp stays as that leaves it"
            raise PanelError(f"{self._where}: {type(error).__name__}: {error}. {again}") from error

    def set(self, lit: bool) -> None:
        """Close the relay's circuit, or open it. Raises PanelError."""
        if self._relay:
            with self._working():
                self._relay.value = lit
        self._lit = lit

    def look(self, at: float) -> str:
        """What is wrong with buttons and light at `at`, in seconds of the monotonic clock, and what to do; empty where
        all is well. Raises PanelError where the pins can no longer be used."""
        with self._working():
            wrong = [self.complaint, self._contact.look(at, self._button.is_pressed)]
            if self._privacy:
                wrong.append(self._privacy_contact.look(at, self._privacy.is_pressed))
        return "; ".join(filter(None, wrong))

    @property
    def lit(self) -> bool:
        return bool(self._relay.value) if self._relay else self._lit

    def shine(self, light: Light) -> None:
        """Have the status light, if there is one, shine, blink, or blink thrice as a hint."""
        if not self._light:
            return
        if light == "blinking":
            self._light.blink(0.9, 0.1)
        elif light == "hint":
            self._light.blink(0.1, 0.1, n=3)
        else:
            self._light.value = light == "on"

    def on_privacy(self, callback: Callable[[], None]) -> None:
        """Call back at each press of the privacy button."""
        if self._privacy:
            self._privacy.when_pressed = self._by_hand(self._privacy_contact, callback)

    def on_press(self, callback: Callable[[], None]) -> None:
        """Call back at each press of a momentary button, at each change of a latching one."""
        self._button.when_pressed = pressed = self._by_hand(self._contact, callback)
        if self._latching:
            self._button.when_released = pressed

    def _by_hand(self, contact: Contact, callback: Callable[[], None]) -> Callable[[], None]:
        """What to call back in its place: only for what may be a hand. A simulated wire is never loose."""

        def pressed() -> None:
            if self.simulated or contact.presses(time.monotonic()):
                callback()

        return pressed

    def press(self) -> None:
        """Move the simulated button's pin: a push and a release, or one change of position."""
        pin = self._button.pin
        if not self._latching or not self._button.is_pressed:
            pin.drive_low() if self._button.pull_up else pin.drive_high()
            if self._latching:
                return
        pin.drive_high() if self._button.pull_up else pin.drive_low()


def _factory(gpio: Gpio) -> Any:
    """The pin factory that `gpio` names; None is gpiozero's own choice.

    That is lgpio's, for which Python 3.13 has no wheels: without it, gpiozero would fall back on slower ones that say
    they are experimental.
    """
    if gpio.factory == "mock":
        from gpiozero.pins.mock import MockFactory

        return MockFactory()
    if gpio.factory == "libgpiod" or (gpio.chip and importlib.util.find_spec("lgpio") is None):
        from lampd.devices.libgpiod import LibgpiodFactory

        return LibgpiodFactory(gpio.chip or "")
    return None
