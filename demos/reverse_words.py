"""An encoder and a decoder learn yekrut → turkey (deck 3, "Example: sequence reversal").

Look at: all that passes from the encoder to the decoder is one vector, the context; letters are one-hot; and words
that the network has never seen come out right, so it has learnt to reverse, not a list of words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import autograd
import nn
from autograd import Tensor, no_grad
from nn.data import DataLoader
from nn.datasets import WORDS, ReverseWordDataset
from nn.functional import cross_entropy, one_hot

from . import OUT, Result, panels, save_picture

DECKS = (3,)

LETTERS = len(ReverseWordDataset.alphabet)  # a to z, and the end sign, which is number 0
HELD_OUT = 120


class EncoderDecoder(nn.Module):
    """Two GRUs: one reads a word into its last state, the other begins with that state and writes.

    Args:
        hidden: the length of the state.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.encoder = nn.GRU(LETTERS, hidden, batch_first=True)
        self.decoder = nn.GRU(LETTERS, hidden, batch_first=True)
        self.to_letter = nn.Linear(hidden, LETTERS)

    def encode(self, words: Tensor) -> Tensor:
        """The context, (1, batch, hidden): the encoder's state after the last letter of each word."""
        lengths = (words.argmax(-1) != 0).sum(-1)
        _, context = self.encoder(words, lengths=lengths)
        return context

    def forward(self, words: Tensor, targets: Tensor) -> Tensor:
        """The logits of each letter, given the right letters before it ("teacher forcing")."""
        letters = one_hot(targets, LETTERS).float()
        nothing = one_hot(autograd.zeros(len(words), 1).long(), LETTERS).float()
        states, _ = self.decoder(autograd.cat([nothing, letters[:, :-1]], 1), self.encode(words))
        return self.to_letter(states)

    def write(self, words: Tensor) -> Tensor:
        """The letters that the decoder writes on its own, each of them its next input: places in the alphabet."""
        with no_grad():
            context = self.encode(words)
            letter = autograd.zeros(len(words), 1).long()
            written = []
            for _ in range(words.shape[1]):
                state, context = self.decoder(one_hot(letter, LETTERS).float(), context)
                letter = self.to_letter(state).argmax(-1)
                written.append(letter)
            return autograd.cat(written, 1)


def main(
    out: Path = OUT, *, full: bool = False, words: int = 15_000, epochs: int = 8, hidden: int = 128, seed: int = 0
) -> Result:
    """Train on made-up words, test on English ones that are held out.

    Args:
        out: where the pictures go.
        full: words of up to 12 letters, four times as many, and twice as large a context.
        words: how many words to make up.
        epochs: how often all of them are seen.
        hidden: how many numbers the context has.
        seed: of the words and the first weights.
    """
    longest = 8
    if full:
        longest, words, hidden = 12, 4 * words, 2 * hidden
    rng = np.random.default_rng(seed)
    others = rng.permutation([word for word in WORDS if word != "turkey"]).tolist()
    held_out, known = ["turkey", *others[: HELD_OUT - 1]], others[HELD_OUT - 1 :]
    made_up = make_up(words, known, longest, set(held_out), rng)
    print("input_seq                =>  output_seq")
    print("y - e - k - r - u - t    =>  t - u - r - k - e - y\n")
    print(f"{len(WORDS)} English words, {HELD_OUT} of them held out.  The others are too few to learn reversal from:")
    print("so we note which letters follow which in them, and make up words of such pairs,")
    print(f"{words:,} of up to {longest} letters: {', '.join(made_up[:6])} …\n")

    autograd.manual_seed(seed)
    model = EncoderDecoder(hidden)
    print(model)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters; the context has {hidden} numbers.\n")
    losses = learn(model, backwards(made_up, longest), epochs)

    answers = turned(model, held_out, longest)
    print("Words held out, of which the network has seen none:")
    for word, answer in list(zip(held_out, answers, strict=True))[:8]:
        print(f"  {word[::-1]:>8} → {answer:8}{'' if answer == word else f'  wrong: {word}'}".rstrip())
    accuracy = float(np.mean([answer == word for answer, word in zip(answers, held_out, strict=True)]))
    print(f"{accuracy:.1%} of {len(held_out)} are right.\n")
    print_lengths(model, held_out, "held-out words", longest)
    if full:
        print_lengths(model, make_up(1000, known, longest, set(made_up), rng), "new made-up words", longest)
    print("Of course this is silly.  But translation works in the same way, and so does ChatGPT, though with")
    print("transformers in the place of GRUs: what is written so far is the input for what comes next.")
    files = save_picture(out / "reverse_words.png", lambda: curve(losses, len(losses) // epochs))
    return Result({"accuracy": accuracy, "yekrut": answers[0], "loss": losses[-1]}, files)


def make_up(count: int, known: Sequence[str], longest: int, forbidden: set[str], rng: np.random.Generator) -> list[str]:
    """Words in which letters follow one another as often as they do in known words."""
    followers = defaultdict(list)
    for word in known:
        for first, second in pairwise(f".{word}."):
            followers[first].append(second)
    made_up: list[str] = []
    while len(made_up) < count:
        word, letter = "", "."
        while (letter := followers[letter][rng.integers(len(followers[letter]))]) != ".":
            word += letter
        if 1 < len(word) <= longest and word not in forbidden:
            made_up.append(word)
    return made_up


def backwards(words: Sequence[str], longest: int) -> ReverseWordDataset:
    """Pairs of a reversed word, one-hot, and the letters of the word itself, with an end sign at least."""
    return ReverseWordDataset([word[::-1] for word in words], longest + 1)


def learn(
    model: EncoderDecoder, data: ReverseWordDataset, epochs: int, batch: int = 128, rate: float = 0.006
) -> list[float]:
    """Train with Adam, its rate falling to 0; the loss of every step."""
    loader = DataLoader(data, batch, shuffle=True, drop_last=True)
    steps = epochs * len(loader)
    optimizer = nn.optim.Adam(model.parameters(), lr=rate)
    schedule = nn.optim.CosineAnnealingLR(optimizer, steps)
    losses = []
    with tqdm(total=steps, desc="training", unit="step") as bar:
        for _ in range(epochs):
            for x, y in loader:
                loss = cross_entropy(model(x, y).flatten(0, 1), y.flatten())
                optimizer.zero_grad()
                loss.backward()
                nn.optim.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                losses.append(loss.item())
                bar.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
                bar.update()
    return losses


def turned(model: EncoderDecoder, words: Sequence[str], longest: int) -> list[str]:
    """What the network makes of these words, read backwards."""
    data = backwards(words, longest)
    x = autograd.stack([x for x, _ in data])
    return [data.decode(letters) for letters in model.write(x)]


def print_lengths(model: EncoderDecoder, words: Sequence[str], name: str, longest: int) -> None:
    """How many words of each length are right."""
    print(f"  letters   {name}")
    for length in range(min(map(len, words)), max(map(len, words)) + 1):
        some = [word for word in words if len(word) == length]
        if some:
            right = sum(answer == word for answer, word in zip(turned(model, some, longest), some, strict=True))
            print(f"  {length:7}   {right:3} of {len(some):3} right")
    print()


def curve(losses: list[float], per_epoch: int) -> Any:
    """The loss of every step."""
    figure, axes = panels(1, width=6)
    axes.plot(np.arange(1, len(losses) + 1) / per_epoch, losses)
    axes.set(xlabel="epoch", ylabel="cross-entropy per letter", yscale="log")
    return figure


if __name__ == "__main__":
    main()
