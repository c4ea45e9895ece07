"""The name of a voice comes in; its folder leaves."""

from pathlib import Path

BUNDLED = Path(__file__).parent / "bundled"
NEEDED = ("config.json", "preprocessor_config.json", "vocab.json")


class VoiceError(Exception):
    """A checkpoint that cannot be used; the text names the folder and what it lacks."""


def folder_of(voice: str) -> Path:
    """The folder of a voice by its name in the configuration. Raises VoiceError."""
    folder = BUNDLED if voice == "bundled" else Path(voice).expanduser()
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise VoiceError(
            f"transcriber.voice: {folder} lacks {', '.join(missing)}; "
            "name a folder with a wav2vec2 CTC checkpoint saved by transformers, or `bundled`"
        )
    return folder
