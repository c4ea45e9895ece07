"""Who speaks: every synthesiser voice there is in Debian's main section, its licence, and who is never trained on."""

from dataclasses import dataclass
from typing import Literal

Engine = Literal["espeak-ng", "flite", "festival"]

ENGLISH = ("en-us", "en", "en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029", "en-us-nyc")
SPOKEN: dict[str, tuple[str, ...]] = {
    "en": ENGLISH,
    "es": ("es", "es-419"),
    "fr": ("fr", "fr-be", "fr-ch"),
    "pt": ("pt-br", "pt"),
    "cmn": ("cmn-latn-pinyin",),
    **{language: (language,) for language in ("pl", "de", "it", "nl", "sv", "cs", "fi", "ru", "ca", "tr")},
}
"""espeak-ng's voices of each language."""
SHARES = {"en": 50, "pl": 8, "de": 6, "es": 6, "fr": 6, "it": 4, "nl": 4, "sv": 4, "pt": 4, "cmn": 5} | dict.fromkeys(
    ("cs", "fi", "ru", "ca", "tr"), 1
)
"""Of what espeak-ng speaks, in hundredths or so."""

VARIANTS = tuple(
    """adam Alex Alicia Andrea Andy Annie AnxiousAndy Demonic Denis Diogo Gene Gene2 Henrique Hugo Jacky Lee
    Marco Mario Michael Mike Nguyen RicishayMax RicishayMax2 RicishayMax3 Storm Tweaky UniRobot anika anikaRobot
    announcer antonio aunty belinda benjamin boris caleb croak david ed edward edward2 f1 f2 f3 f4 f5 grandma grandpa
    gustave iven iven2 iven3 iven4 john kaukovalta klatt klatt2 klatt3 klatt4 klatt5 klatt6 linda m1 m2 m3 m4 m5 m6 m7
    m8 marcelo max michel miguel norbert pablo paul pedro quincy rob robert robosoft robosoft2 robosoft3 robosoft4
    robosoft5 robosoft6 robosoft7 robosoft8 sandro shelby steph steph2 steph3 travis victor whisper whisperf
    zac""".split()  # noqa: SIM905
)
HELD_OUT: dict[Engine, tuple[str, ...]] = {
    "espeak-ng": ("Alicia", "m7", "klatt4", "grandma", "norbert"),
    "flite": ("rms",),
    "festival": ("ked_diphone",),
}


@dataclass(frozen=True)
class Recorded:
    """A voice that one person once recorded: `written` is the espeak-ng voice whose sounds it is labelled with."""

    engine: Engine
    name: str
    language: str
    written: str
    licence: str
    encoding: str = "utf-8"


CMU = "CMU's own, BSD-like"
RECORDED = (
    Recorded("flite", "kal16", "en", "en-us", CMU),
    Recorded("flite", "awb", "en", "en-gb-scotland", CMU),
    Recorded("flite", "rms", "en", "en-us", CMU),
    Recorded("flite", "slt", "en", "en-us", CMU),
    Recorded("festival", "kal_diphone", "en", "en-us", CMU),
    Recorded("festival", "ked_diphone", "en", "en-us", "University of Edinburgh's own, BSD-like"),
    Recorded("festival", "cmu_us_slt_arctic_hts", "en", "en-us", f"{CMU}; parts BSD-3-clause"),
    Recorded("festival", "lp_diphone", "it", "it", "GPL-2+", "iso-8859-1"),
    Recorded("festival", "pc_diphone", "it", "it", "GPL-2+", "iso-8859-1"),
    Recorded("festival", "czech_dita", "cs", "cs", "GPL-3+", "iso-8859-2"),
    Recorded("festival", "czech_krb", "cs", "cs", "GPL-3+", "iso-8859-2"),
    Recorded("festival", "czech_machac", "cs", "cs", "GPL-3+", "iso-8859-2"),
    Recorded("festival", "czech_ph", "cs", "cs", "GPL-2+", "iso-8859-2"),
    Recorded("festival", "hy_fi_mv_diphone", "fi", "fi", "LGPL-2+", "iso-8859-1"),
    Recorded("festival", "suo_fi_lj_diphone", "fi", "fi", "LGPL-2+", "iso-8859-1"),
    Recorded("festival", "upc_ca_ona_hts", "ca", "ca", "LGPL-2.1+"),
)
LICENCES: dict[Engine, str] = {
    "espeak-ng": "GPL-3+, its voices included",
    "flite": "BSD-like; each voice as told",
    "festival": "BSD-like; each voice as told",
}


def recorded(engine: Engine, held_out: bool, english_alone: bool) -> list[Recorded]:
    """Those of one synthesiser that are trained on, or those that are not."""
    return [
        one
        for one in RECORDED
        if one.engine == engine
        and (one.name in HELD_OUT[engine]) == held_out
        and (one.language == "en" or not english_alone)
    ]


def variants(held_out: bool) -> list[str]:
    """espeak-ng's variants that are trained on, or those that are not."""
    return [one for one in VARIANTS if (one in HELD_OUT["espeak-ng"]) == held_out]
