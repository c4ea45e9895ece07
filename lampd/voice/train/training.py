"""Speech and its labels come in; a network that writes leaves. Several processes share every batch.

A checkpoint holds the weights, their moving average, the optimiser's memory and the progress: the same command goes
on from it, with the batch and the noise that would have come next.
"""

import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, distributed
from torch.nn import functional

from lampd import durable
from lampd.devices.sound import RATE
from lampd.voice.ctc import Alphabet
from lampd.voice.train import corpus as speech
from lampd.voice.train.augmentation import placed, surrounded, surroundings
from lampd.voice.train.batches import Batch, Batches
from lampd.voice.train.checkpoints import CHECKPOINT, average, keep, read, restore
from lampd.voice.train.evaluation import counted, judged
from lampd.voice.train.network import begun_from, network
from lampd.voice.train.plan import Plan, Progress
from lampd.voice.train.sounds import vocabulary

CURVE = "curve.json"
AVERAGED = 0.999
CLIPPED = 1.0
Say = Callable[[str], None]


class Training:
    """One of `plan.processes` that learn together; `rank` is its number, and number 0 speaks and keeps."""

    def __init__(self, rank: int, folder: Path, plan: Plan, say: Say) -> None:
        self.rank, self.folder, self.plan, self.say = rank, folder, plan, say
        self.corpus = speech.load(folder)
        alphabet = self.corpus.wanted.alphabet
        self.alphabet = Alphabet.by(vocabulary(alphabet))
        self.ids = {letter: number for number, letter in enumerate(self.alphabet.letters) if letter}
        numbers = self.corpus.of("train")
        self.batches = Batches(numbers, self.corpus.lengths, plan.batch / 2, plan.processes, plan.seed)
        self.numbers = numbers
        self.around = surroundings(np.random.default_rng((plan.seed, 1)))
        self.progress = Progress()
        self.model = network(alphabet, plan.seed, plan.size)
        if plan.start is not None:
            begun_from(self.model, plan.start)
        self.parameters: list[Tensor] = list(self.model.parameters())
        self.average = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.adam = torch.optim.AdamW(self.parameters, lr=plan.peak, betas=(0.9, 0.98), weight_decay=0.01)
        if (folder / CHECKPOINT).exists():
            self.average, self.progress = restore(folder, self.model, self.adam)

    def run(self) -> None:
        """Learn until the plan is fulfilled, the last checkpoint included."""
        begun, before = time.monotonic(), self.progress.seconds
        told = begun
        self.model.train()
        while self.progress.share(self.plan) < 1:
            seconds = before + time.monotonic() - begun
            loss, self.progress.seconds = self._step(seconds)
            if (parent := multiprocessing.parent_process()) and not parent.is_alive():
                # killed, and the next run goes on from the checkpoint
                os._exit(1)
            if time.monotonic() - told > 20:
                told = time.monotonic()
                self._tell()
            if self.progress.seconds - self.progress.looked >= self.plan.look or self.progress.share(self.plan) >= 1:
                self.progress.looked = self.progress.seconds
                self._look()
            if self.progress.seconds - self.progress.kept >= self.plan.keep or self.progress.share(self.plan) >= 1:
                self.progress.kept = self.progress.seconds
                if self.rank == 0:
                    keep(self.folder, self.model, self.average, self.adam, self.progress)
            if not np.isfinite(loss):
                raise FloatingPointError(f"the loss is {loss} at step {self.progress.step}")

    def _step(self, seconds: float) -> tuple[float, float]:
        """Loss per character and `seconds` of training, both as all processes see them."""
        progress = self.progress
        batch = self.batches.at(progress.step, self.plan.easy if self.plan.start is None else 0)
        numbers = batch.numbers[self.rank :: self.plan.processes]
        sound = torch.from_numpy(self._rows(Batch(numbers, batch.length)))
        # every utterance twice, see _rows
        labels = [[self.ids[character] for character in self.corpus.labels[number]] for number in numbers] * 2
        lengths = torch.tensor([len(label) for label in labels])
        heard = self.model(sound).logits.log_softmax(-1)
        loss = functional.ctc_loss(
            heard.transpose(0, 1),
            torch.tensor([one for label in labels for one in label]),
            torch.full((len(labels),), heard.shape[1]),
            lengths,
            reduction="sum",
            zero_infinity=True,
        ) / int(lengths.sum())
        apart = unlike(*heard.chunk(2)) / int(lengths.sum())
        self.adam.zero_grad(set_to_none=True)
        torch.autograd.backward(loss + self.plan.alike * apart)
        shared = self._shared([float(loss.detach()), seconds])
        torch.nn.utils.clip_grad_norm_(self.parameters, CLIPPED)
        for group in self.adam.param_groups:
            group["lr"] = progress.rate(self.plan)
        self.adam.step()
        weight = min(AVERAGED, (1 + progress.step) / (10 + progress.step))
        with torch.no_grad():
            state = self.model.state_dict()
            torch._foreach_lerp_([*self.average.values()], [state[name] for name in self.average], 1 - weight)
        progress.heard(shared[0], 2 * len(batch.numbers) * batch.length / RATE)
        return shared[0], shared[1]

    def _rows(self, batch: Batch) -> np.ndarray[Any, np.dtype[np.float32]]:
        """(2 rows, samples): all utterances, then all in other surroundings; seed, step and number decide which."""
        once, again = [], []
        for number in batch.numbers:
            chance = np.random.default_rng((self.plan.seed, self.progress.step, int(number)))
            others = [self.corpus.samples(int(other)) for other in chance.choice(self.numbers, 4)]
            said = placed(self.corpus.samples(int(number)), batch.length, chance)
            once.append(surrounded(said, chance, self.around, others))
            again.append(surrounded(said, chance, self.around, others))
        return np.stack(once + again)

    def _shared(self, numbers: list[float]) -> list[float]:
        """Gradients and `numbers` become the mean over all processes."""
        if self.plan.processes == 1:
            return numbers
        gradients = [one.grad for one in self.parameters if one.grad is not None]
        # seconds need more digits than a 32-bit float has after days: hence apart from the gradients
        told = torch.tensor(numbers, dtype=torch.float64)
        flat = torch.cat([one.reshape(-1) for one in gradients])
        distributed.all_reduce(flat)
        distributed.all_reduce(told)
        flat /= self.plan.processes
        for gradient, part in zip(gradients, torch.split(flat, [one.numel() for one in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))
        return [float(one) / self.plan.processes for one in told]

    def _look(self) -> None:
        """A point on the curve: the averaged weights on clean sentences never trained on."""
        model = network(self.corpus.wanted.alphabet, self.plan.seed, self.plan.size)
        model.load_state_dict(self.average)
        counts = counted(judged(model, self._judged(), self.alphabet))
        totals = torch.tensor([counts.get(purpose, (0, 0)) for purpose in speech.JUDGED], dtype=torch.float64)
        if self.plan.processes > 1:
            distributed.all_reduce(totals)
        errors: dict[str, float] = {
            str(purpose): round(float(wrong / max(among, 1)), 4)
            for purpose, (wrong, among) in zip(speech.JUDGED, totals.tolist(), strict=True)
        }
        progress = self.progress
        point = {"minutes": round(progress.seconds / 60, 1), "steps": progress.step, "loss": round(progress.loss, 3)}
        progress.curve.append({**point, "hours": round(progress.sound / 3600, 1), **errors})
        if self.rank == 0:
            durable.write(self.folder / CURVE, json.dumps(progress.curve, indent=1).encode())
            self.say(f"{progress.seconds / 60:6.1f} min  character errors: " + str(errors))

    def _judged(self) -> Iterator[tuple[str, np.ndarray[Any, np.dtype[np.float32]], str]]:
        for purpose in speech.JUDGED:
            for number in self.corpus.of(purpose)[self.rank :: self.plan.processes]:
                yield purpose, self.corpus.samples(number).astype(np.float32), self.corpus.labels[number]

    def _tell(self) -> None:
        progress = self.progress
        if self.rank == 0:
            self.say(
                f"{progress.seconds / 60:6.1f} min  step {progress.step:6}  loss {progress.loss:6.3f}  "
                f"{progress.sound / max(progress.seconds, 1e-9):5.0f} s of sound a second  "
                f"{progress.left(self.plan) / 60:6.1f} min left"
            )


def unlike(one: Tensor, other: Tensor) -> Tensor:
    """How far apart two hearings of the same are: Kullback-Leibler both ways, all frames added up, each drawn towards
    what the other is now (consistency regularisation of CTC, Yao et al. 2024).

    Both are (rows, frames, tokens), logarithms of probabilities.
    """
    there = functional.kl_div(one, other.detach(), reduction="sum", log_target=True)
    back = functional.kl_div(other, one.detach(), reduction="sum", log_target=True)
    return there + back


def learned(folder: Path, plan: Plan) -> tuple[Any, Progress]:
    """The network with the averaged weights, and how it came to be."""
    tensors, progress = read(folder)
    model = network(speech.load(folder).wanted.alphabet, plan.seed, plan.size)
    model.load_state_dict(average(tensors))
    return model.eval(), progress


def learn(folder: Path, plan: Plan, say: Say) -> None:
    """Train to the end of the plan on the corpus in `folder`. Call it from a file with a main guard."""
    if (folder / CHECKPOINT).exists() and read(folder)[1].share(plan) >= 1:
        return
    # waiting threads must not take the time of the other process
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    if plan.processes == 1:
        Training(0, folder, plan, say).run()
        return
    from torch.multiprocessing.spawn import spawn

    (folder / "meeting").unlink(missing_ok=True)
    spawn(_process, (folder, plan, say), plan.processes)  # type: ignore[no-untyped-call]


def _process(rank: int, folder: Path, plan: Plan, say: Say) -> None:
    torch.set_num_threads(1)
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    meeting = f"file://{(folder / 'meeting').resolve()}"
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=plan.processes)
    try:
        Training(rank, folder, plan, say).run()
    finally:
        distributed.destroy_process_group()
