"""How long people here pause within what they say comes in; how long silence must last to be an end leaves.

An utterance counts with its longest pause. Where speech goes on soon after an end, the end was none: that silence
counts as a pause of the utterance before.
"""

from collections import deque

import numpy as np

UTTERANCES = 40
"""That are looked back on."""
ENOUGH = 10
SHARE = 0.95
"""Of them, whose pauses would have been borne."""
SPARE = 1.3
SOON_S = 1.0


class Pauses:
    """The hangover is `hangover_s` until enough utterances are known, and then within `least_s` and `most_s`."""

    def __init__(self, hangover_s: float, least_s: float, most_s: float) -> None:
        self._longest: deque[float] = deque(maxlen=UTTERANCES)
        self._least_s, self._most_s = least_s, most_s
        self.hangover_s = hangover_s

    def over(self, longest_s: float) -> None:
        """An utterance is over, whose longest pause was so many seconds."""
        self._longest.append(longest_s)
        self._adapt()

    def resumed(self, silence_s: float) -> None:
        """Speech begins again so long after the last utterance was over."""
        if silence_s < SOON_S and self._longest:
            self._longest[-1] = max(self._longest[-1], silence_s)
            self._adapt()

    def _adapt(self) -> None:
        if len(self._longest) >= ENOUGH:
            wanted = SPARE * float(np.quantile(self._longest, SHARE))
            self.hangover_s = min(max(wanted, self._least_s), self._most_s)
