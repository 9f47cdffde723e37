"""Copy-on-write sequences: a write to one fork does not change the others."""

from __future__ import annotations

import random

import pytest

from counterfoil.ledger.chunks import Chunks, NumberChunks, Numbered


@pytest.mark.parametrize("kind", [Chunks, NumberChunks])
def test_forks_behave_like_copied_lists(kind: type[Chunks[int]]) -> None:
    draw = random.Random(1)
    pairs: list[tuple[Chunks[int], list[int]]] = [(kind(), [])]
    for step in range(2000):
        chunks, plain = draw.choice(pairs)
        act = draw.random()
        if act < 0.3:
            chunks.append(step)
            plain.append(step)
        elif act < 0.5:
            more = [draw.randrange(99) for _ in range(draw.choice([1, 3, 255, 257, 2500]))]
            chunks.extend(more)
            plain.extend(more)
        elif act < 0.8 and plain:
            at = draw.randrange(len(plain))
            chunks[at] = plain[at] = step
        elif act < 0.9 and len(pairs) < 8:
            pairs.append((chunks.fork(), plain[:]))
        else:
            assert list(chunks.flat()) == plain
        if len(plain) > 20_000:
            chunks = kind()
            pairs = [(chunks, []), *(pair for pair in pairs if pair[1] is not plain)]
    assert len(pairs) > 3
    for chunks, plain in pairs:
        assert len(chunks) == len(plain)
        assert list(chunks) == list(chunks.flat()) == plain


def test_values_by_number_keep_the_order_of_the_numbers_and_forks_apart() -> None:
    runs: Numbered[str] = Numbered()
    runs[1], runs[700], runs[2] = "a", "c", "b"
    twin = runs.fork()
    del runs[700]
    twin[3] = "d"
    assert dict(runs) == {1: "a", 2: "b"}
    assert list(twin.items()) == [(1, "a"), (2, "b"), (3, "d"), (700, "c")]
    assert (list(twin.values()), next(reversed(twin)), len(twin), len(runs)) == (["a", "b", "d", "c"], 700, 4, 2)
    assert runs.get(700) is None
    assert 700 not in runs
    assert -1 not in twin
