"""Words to be reversed, letter by letter: turkey, yekrut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import Tensor, as_tensor, eye

from ..data import Dataset

__all__ = ["WORDS", "ReverseWordDataset"]

WORDS: tuple[str, ...] = tuple(
    """
    able about above again age air all along also always among animal answer apple arm art ask autumn away baby back
    bad ball banana band bank base bath beach bean bear beauty bed bell best big bird black blood blue board boat body
    bone book born both bottle box boy bread break bridge bright brother brown build burn bus busy butter button cake
    call camp car card care carry castle cat catch chair chance change cheese child choose circle city class clean
    clear climb clock close cloth cloud coat coffee cold color come cook copper corn cost cotton country cow cross
    cry cup cut dance danger dark day deep desk dog door double down draw dream dress drink drive dry duck dust each
    ear early earth east easy eat edge egg eight empty end energy engine even every eye face fact fall family far farm
    fast father feel few field fight fill find fine finger fire first fish five flag flat floor flower fly fold food
    foot force forest fork four fox free fresh friend front fruit full game garden gate gift girl give glass goat gold
    good grass gray great green ground group grow guitar hair half hammer hand happy hard hat head hear heart heavy
    help high hill history hold home honey hope horse hot hour house hundred ice idea inside iron island job join jump
    keep key kind king kitchen knee knife knot lake lamp land language large last late laugh leaf learn left leg
    lemon letter light line lion lip list little live long look love low lucky lunch machine make man map market
    matter meal mean meat meet metal middle milk mind minute mirror money monkey month moon morning mother mountain
    mouse mouth move music nail name narrow near neck need needle nest net new night nine noise north nose number
    ocean off often oil old one open orange other oven over page paint pair paper park part past peace pen pencil
    people picture pig plane plant plate play please plow pocket point poor potato power press price print pull push
    queen question quick quiet rabbit rain read ready red rest rice rich ride right ring river road rock roof room
    root rope round rule run sad safe sail salt same sand say school science sea second seed seven shape sheep ship
    shirt shoe shop short shoulder side silver simple sing sister six skin sky sleep slow small smile smoke snake
    snow soap sock soft some song soon soup south space spoon spring square stamp star start station stone stop
    store storm story street strong sugar summer sun sweet swim table tail tall ten test thick thing three thumb
    ticket tiger time tired today tomato tongue tooth top town toy train travel tree triangle true turkey turn two
    uncle under use valley very voice wait walk wall warm wash water wave way week well west wet wheel white wide
    wild wind window wine wing winter wire wish wolf wood word work world write year yellow yes young zebra zero zoo
    """.split()  # noqa: SIM905
)
"""Short English words."""

END = "."
ALPHABET = END + "abcdefghijklmnopqrstuvwxyz"


class ReverseWordDataset(Dataset):
    """Pairs of a word, one-hot, and the places of its letters in reverse, in the alphabet.

    Args:
        words: of the letters a to z; the bundled `WORDS` by default.
        length: how many letters are encoded, the rest being the end sign; by default as many as the longest has.

    Shapes: x is (length, 27), one 1 in each row; y is (length,), integers, as `cross_entropy` takes them.

    Raises:
        ValueError: a word has other characters, or too many; or there are none.

    >>> import nn
    >>> data = nn.datasets.ReverseWordDataset(["turkey", "cat"])
    >>> x, y = data[0]
    >>> data.decode(x), data.decode(y)
    ('turkey', 'yekrut')
    """

    alphabet = ALPHABET

    def __init__(self, words: Sequence[str] = WORDS, length: int | None = None) -> None:
        self.words = list(words)
        if not self.words:
            raise ValueError("ReverseWordDataset: there are no words")
        self.length = max(map(len, self.words)) if length is None else length
        self._places = {letter: place for place, letter in enumerate(ALPHABET)}
        for word in self.words:
            self._codes(word)

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        word = self.words[index]
        return self.encode(word), as_tensor(self._codes(word[::-1]))

    def encode(self, word: str) -> Tensor:
        """A word as one-hot rows (length, 27), filled up with the end sign."""
        rows: Tensor = eye(len(ALPHABET))[self._codes(word)]
        return rows

    def decode(self, codes: Any) -> str:
        """The word up to the first end sign, from one-hot rows, from logits, or from places in the alphabet."""
        array = codes.detach().numpy() if isinstance(codes, Tensor) else np.asarray(codes)
        places = array.argmax(axis=-1) if array.ndim == 2 else array
        return "".join(ALPHABET[place] for place in places).partition(END)[0]

    def _codes(self, word: str) -> np.ndarray[Any, Any]:
        unknown = [letter for letter in word if letter == END or letter not in self._places]
        if unknown or not word:
            raise ValueError(f"ReverseWordDataset: words are of the letters a to z, got {word!r}")
        if len(word) > self.length:
            raise ValueError(f"ReverseWordDataset: {word!r} has more than {self.length} letters")
        return np.array([self._places[letter] for letter in word.ljust(self.length, END)], np.int64)
