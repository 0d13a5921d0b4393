"""How likely something is by chance alone."""

from __future__ import annotations

from math import exp, fsum, lgamma, log


def binomial_tail(at_least: int, tries: int, share: float) -> float:
    """The chance of at least so many hits in so many tries, where each hits with the same chance: the exact upper tail.

    Summed from the smallest term, each from logarithms, so that thousands of tries neither overflow nor vanish.
    """
    if at_least <= 0:
        return 1.0
    if share <= 0:
        return 0.0
    if share >= 1:
        return 1.0 if at_least <= tries else 0.0
    hit, miss = log(share), log(1 - share)
    whole = lgamma(tries + 1)
    terms = (
        exp(whole - lgamma(hits + 1) - lgamma(tries - hits + 1) + hits * hit + (tries - hits) * miss)
        for hits in range(tries, at_least - 1, -1)
    )
    return min(1.0, fsum(terms))
