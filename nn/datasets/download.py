"""Files from the network: checked, resumed where they stopped, and never half there."""

from __future__ import annotations

import hashlib
import os
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from tqdm import tqdm  # type: ignore[import-untyped]

__all__ = ["download"]

STRETCH = 1 << 16  # bytes that are written at a time


def download(urls: str | Sequence[str], path: str | Path, md5: str, *, timeout: float = 30.0) -> None:
    """Fetch a file.

    It grows under the name `path` + ".part", where the next call goes on if this one is interrupted, and gets its own
    name when its checksum is right.

    Args:
        urls: where it is; each is tried in turn.
        path: where it goes; missing folders are made.
        md5: its checksum, in hexadecimal digits.
        timeout: how many seconds the network may be silent.

    Raises:
        OSError: no address gave the right file; the message says what each gave.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    complaints = []
    for url in [urls] if isinstance(urls, str) else urls:
        complaint = _fetched(url, part, md5, timeout)
        if not complaint:
            os.replace(part, path)
            return
        complaints.append(f"{url}: {complaint}")
    raise OSError(f"download: {path.name}: {'; '.join(complaints) or 'there is no address'}")


def _fetched(url: str, part: Path, md5: str, timeout: float) -> str:
    """Why the file from this address is not the right one; empty if it is."""
    was_begun = part.exists()
    try:
        _fetch(url, part, timeout)
    except (OSError, HTTPException) as error:
        return f"{type(error).__name__}: {error}"
    found = _checksum(part)
    if found == md5:
        return ""
    part.unlink()
    if was_begun:  # perhaps only the beginning, from another time, was wrong
        return _fetched(url, part, md5, timeout)
    return f"has the checksum {found}, must have {md5}"


def _fetch(url: str, part: Path, timeout: float) -> None:
    """Add to a file what is missing."""
    begun = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={begun}-"} if begun else {})
    try:
        response = urllib.request.urlopen(request, timeout=timeout)
    except HTTPError as error:
        with error:
            if begun and error.code == 416:  # nothing follows: the checksum decides
                return
            raise
    with response:
        if response.status != 206:  # the server sends all of it
            begun = 0
        length = response.headers["Content-Length"]
        total = None if length is None else begun + int(length)
        with part.open("ab" if begun else "wb") as file, _progress(url, begun, total) as progress:
            while stretch := response.read(STRETCH):
                file.write(stretch)
                progress.update(len(stretch))
    size = part.stat().st_size
    if total is not None and size < total:
        raise ConnectionError(f"the connection ended after {size} of {total} bytes")


def _progress(url: str, begun: int, total: int | None) -> Any:
    name = url.rpartition("/")[2]
    return tqdm(desc=name, initial=begun, total=total, unit="B", unit_scale=True, unit_divisor=1024)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
