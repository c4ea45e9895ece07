"""espeak-ng as a library in this process: text comes in; sound leaves, and the phonemes that were spoken."""

import ctypes
import ctypes.util
from functools import cache

import numpy as np
from numpy.typing import NDArray

SYNCHRONOUS, UTF8 = 2, 1
RATE, PITCH, RANGE = 1, 3, 4
IPA, SEPARATOR = 2, "_"
PART = ctypes.c_char_p
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class EspeakError(Exception):
    """espeak-ng is not there, or knows no such voice; the text says which."""


class Espeak:
    """The library, which has one state for the whole process: take it from `espeak()`."""

    def __init__(self) -> None:
        name = ctypes.util.find_library("espeak-ng")
        if name is None:
            raise EspeakError("espeak-ng is not installed: on Debian, `apt-get install espeak-ng`")
        self._library = ctypes.CDLL(name)
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self.rate = int(self._library.espeak_Initialize(SYNCHRONOUS, 0, None, 0))
        if self.rate <= 0:
            raise EspeakError("espeak-ng does not start: are its data files installed?")
        self._pieces: list[NDArray[np.int16]] = []
        # the library keeps no reference of its own
        self._callback = CALLBACK(self._take)
        self._library.espeak_SetSynthCallback(self._callback)

    def voice(self, name: str) -> None:
        """Speak as `name` from now on: a language, or one with a variant such as en-us+f2. Raises EspeakError."""
        if self._library.espeak_SetVoiceByName(name.encode()):
            raise EspeakError(f"espeak-ng has no voice {name}")

    def speak(self, text: str, rate: int = 175, pitch: int = 50, spread: int = 50) -> NDArray[np.int16]:
        """Mono samples at `self.rate` hertz; `rate` in words a minute, `pitch` and its `spread` 0 to 100."""
        for parameter, value in ((RATE, rate), (PITCH, pitch), (RANGE, spread)):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._pieces = []
        data = text.encode()
        if self._library.espeak_Synth(data, len(data) + 1, 0, 0, 0, UTF8, None, None):
            raise EspeakError("espeak-ng cannot speak now")
        return np.concatenate(self._pieces) if self._pieces else np.zeros(0, np.int16)

    def phonemes(self, text: str) -> str:
        """International phonetic alphabet: words parted by spaces, phonemes by `_`."""
        left = ctypes.c_char_p(text.encode())
        mode = IPA | ord(SEPARATOR) << 8
        clauses: list[str] = []
        while left.value is not None:
            said = self._library.espeak_TextToPhonemes(ctypes.byref(left), UTF8, mode)
            clauses.append((said or b"").decode())
        return " ".join(clause.strip() for clause in clauses if clause.strip())

    def _take(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, events: int | None) -> int:
        if count > 0:
            self._pieces.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0


@cache
def espeak() -> Espeak:
    """The one of this process, started at the first call. Raises EspeakError."""
    return Espeak()
