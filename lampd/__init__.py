"""lampd: a lamp that learns, from nothing but the flips of its switch, what you say for light and for dark."""

import os

__version__ = "0.1.0"

# nothing leaves the lamp: ONNX Runtime would tell its makers of every model, transformers look for newer ones
os.environ |= {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1"}

# the vectors here are small: threads of a linear algebra library cost more than they save, and starve the others
for _library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")
