"""How sure the figures are: intervals, differences of two brands, and verdicts. The standard library only.

Every value is a mean of shares or scores in [0, 1]. The formulas and where they come from:

- Wilson's interval: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
  JASA 22 (1927).
- The interval of a difference by square-and-add: R. G. Newcombe, "Interval estimation for the difference between
  independent proportions", Statistics in Medicine 17 (1998), method 10; as MOVER for any two intervals:
  G. Y. Zou, A. Donner, "Construction of confidence limits about effect measures", Statistics in Medicine 27 (2008).
- Many verdicts at once: S. Holm, "A simple sequentially rejective multiple test procedure",
  Scandinavian Journal of Statistics 6 (1979).
- Checks of one outlet hang together, so the effective number of checks m(1-m)/SE^2 and Student's t with one degree of
  freedom less than there are clusters take the places of n and the normal quantile in Wilson's formula.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import ceil, exp, fsum, hypot, inf, lgamma, log, log1p, pi, sqrt
from statistics import NormalDist
from typing import NamedTuple

FEWEST_CLUSTERS = 6
"""With fewer clusters intervals cover too seldom (90 % instead of 95 with five skewed ones) to found a verdict on."""

ROUNDING = 1e-6
"""A smaller standard deviation of scores is what floating point left over from equal ones."""


class Interval(NamedTuple):
    """Both ends of a confidence interval."""

    low: float
    high: float


class Kind(StrEnum):
    """What may be said of two brands at one touchpoint."""

    ON_A_PAR = "on_a_par"
    ADVANTAGE = "advantage"
    DISADVANTAGE = "disadvantage"
    NOT_ENOUGH_CHECKS = "not_enough_checks"
    TOO_FEW_CLUSTERS = "too_few_clusters"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean in [0, 1] over `clusters` (outlets, or remote visits) with `checks` in them, and its standard error."""

    mean: float
    clusters: int
    checks: int
    standard_error: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be said of own minus rival.

    `interval` is the uncorrected 95 % one, for showing. `p` is the smallest error level at which the pair alone allows
    a claim, None with too few clusters. `checks_needed` is, for a pair with not enough checks, about how many each
    brand needs for an interval as wide as the margin on either side.
    """

    kind: Kind
    difference: float
    interval: Interval
    p: float | None
    checks_needed: int | None


def verdicts(
    pairs: Sequence[tuple[Estimate, Estimate]], margin: float = 0.10, alpha: float = 0.05, share: bool = False
) -> list[Verdict]:
    """One verdict for each pair (own, rival), all together wrong with probability `alpha` at most (Holm 1979).

    A pair is claimed to be on a par where its interval lies within the margin, else an advantage or a disadvantage
    where it excludes 0. Pairs with fewer than 6 clusters on a side get figures only and are not part of the family.
    ValueError if margin or alpha is not in (0, 1).
    """
    if not (0 < margin < 1 and 0 < alpha < 1):
        raise ValueError("margin and alpha must lie between 0 and 1")
    p_values = {
        number: _smallest_level(own, rival, margin, share)
        for number, (own, rival) in enumerate(pairs)
        if min(own.clusters, rival.clusters) >= FEWEST_CLUSTERS
    }
    claims: dict[int, Kind] = {}
    for step, number in enumerate(sorted(p_values, key=p_values.__getitem__)):
        claim = _claim(*pairs[number], margin, alpha / (len(p_values) - step), share)
        if claim is None:
            break
        claims[number] = claim
    return [
        _verdict(own, rival, margin, share, claims.get(number), p_values.get(number))
        for number, (own, rival) in enumerate(pairs)
    ]


def _verdict(
    own: Estimate, rival: Estimate, margin: float, share: bool, claim: Kind | None, p: float | None
) -> Verdict:
    mean_difference, shown = difference(own, rival, share=share)
    if p is None:
        return Verdict(Kind.TOO_FEW_CLUSTERS, mean_difference, shown, None, None)
    if claim is not None:
        return Verdict(claim, mean_difference, shown, p, None)
    # The variance of a difference goes with 1/n + 1/n', so two unequal brands weigh like two of their harmonic mean.
    checks = 2 / (1 / own.checks + 1 / rival.checks)
    half_width = (shown.high - shown.low) / 2
    # Rounding to a billionth keeps 40.000000000000004 from asking for a 41st check.
    needed = max(ceil(round(checks * (half_width / margin) ** 2, 9)), min(own.checks, rival.checks) + 1)
    return Verdict(Kind.NOT_ENOUGH_CHECKS, mean_difference, shown, p, needed)


@lru_cache(maxsize=8192)
def _smallest_level(own: Estimate, rival: Estimate, margin: float, share: bool) -> float:
    """The smallest error level at which the pair allows a claim, to a billionth, from above.

    Intervals shrink as the level grows, so a claim once allowed stays allowed, and at level 1 one always is.
    """
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        if _claim(own, rival, margin, middle, share) is None:
            low = middle
        else:
            high = middle
    return high


def _claim(own: Estimate, rival: Estimate, margin: float, alpha: float, share: bool) -> Kind | None:
    """What the interval at level 1 - alpha allows to say; on a par comes first."""
    low, high = difference(own, rival, 1 - alpha, share)[1]
    if -margin <= low and high <= margin:
        return Kind.ON_A_PAR
    if low > 0:
        return Kind.ADVANTAGE
    return Kind.DISADVANTAGE if high < 0 else None


def rank_ranges(estimates: Sequence[Estimate], confidence: float = 0.95, share: bool = False) -> list[tuple[int, int]]:
    """The best and the worst rank, from 1, that each brand may have among these; a higher mean is better.

    A brand ranks behind another for certain where the interval of their difference excludes 0. With fewer than 6
    clusters on a side nothing is certain. The intervals are not corrected for their number.
    """
    certain = [[_certainly_better(other, one, confidence, share) for other in estimates] for one in estimates]
    behind = [sum(row) for row in certain]
    ahead = [sum(column) for column in zip(*certain, strict=True)]
    return [(1 + worse, len(estimates) - better) for worse, better in zip(behind, ahead, strict=True)]


def _certainly_better(one: Estimate, other: Estimate, confidence: float, share: bool) -> bool:
    if min(one.clusters, other.clusters) < FEWEST_CLUSTERS:
        return False
    return difference(one, other, confidence, share)[1].low > 0


def difference(one: Estimate, other: Estimate, confidence: float = 0.95, share: bool = False) -> tuple[float, Interval]:
    """The difference one - other of two independent means in [0, 1], and its interval by square-and-add."""
    return _square_and_add(one.mean, interval(one, confidence, share), other.mean, interval(other, confidence, share))


def _square_and_add(mean: float, around: Interval, other_mean: float, other_around: Interval) -> tuple[float, Interval]:
    """Each end lies as far from the difference as the two distances that lead there make together (Newcombe, MOVER)."""
    mean_difference = mean - other_mean
    down = hypot(mean - around.low, other_around.high - other_mean)
    up = hypot(around.high - mean, other_mean - other_around.low)
    return mean_difference, Interval(mean_difference - down, mean_difference + up)


def interval(estimate: Estimate, confidence: float = 0.95, share: bool = False) -> Interval:
    """The interval of a mean in [0, 1]; (0, 1), which says nothing, for fewer than two clusters.

    `share` is for means of yes and no: these never hold more than their number of checks.
    """
    if estimate.clusters < 2:
        return Interval(0.0, 1.0)
    effective = float(estimate.checks)
    if estimate.standard_error > 0:
        effective = estimate.mean * (1 - estimate.mean) / estimate.standard_error**2
        if share:
            effective = min(effective, estimate.checks)
    return wilson(estimate.mean, effective, t_quantile((1 + confidence) / 2, estimate.clusters - 1))


def wilson(mean: float, n: float, quantile: float) -> Interval:
    """Wilson's score interval of a mean in [0, 1] over n checks: all p with |mean - p| <= quantile sqrt(p(1-p)/n)."""
    if n <= 0:
        return Interval(0.0, 1.0)
    square = quantile**2 / n
    middle = (mean + square / 2) / (1 + square)
    half = sqrt(square * (mean * (1 - mean) + square / 4)) / (1 + square)
    # Rounding must not leave the mean outside its own interval, nor the interval outside of [0, 1].
    return Interval(max(0.0, min(mean, middle - half)), min(1.0, max(mean, middle + half)))


def estimate_of_clusters(groups: Iterable[tuple[int, float]]) -> Estimate:
    """The mean of outlets that weigh equally, from (checks, sum of their values) of each.

    SE = standard deviation of the outlets' means / sqrt(outlets). Outlets without checks are left out; ValueError
    where there is no check at all.
    """
    counted = [(checks, total) for checks, total in groups if checks]
    means = [total / checks for checks, total in counted]
    if not means:
        raise ValueError("an estimate needs at least one check")
    mean = fsum(means) / len(means)
    squares = fsum((one - mean) ** 2 for one in means)
    return _estimate(mean, len(means), sum(checks for checks, _ in counted), squares)


def estimate_of_checks(checks: int, total: float, total_of_squares: float) -> Estimate:
    """The mean of checks of which each is its own cluster, as on remote channels. ValueError where there is none."""
    if checks < 1:
        raise ValueError("an estimate needs at least one check")
    return _estimate(total / checks, checks, checks, total_of_squares - total * total / checks)


def _estimate(mean: float, clusters: int, checks: int, squares: float) -> Estimate:
    """`squares` is the sum of the clusters' squared distances from their mean."""
    deviation = sqrt(max(0.0, squares) / (clusters - 1)) if clusters > 1 else 0.0
    return Estimate(
        mean=min(1.0, max(0.0, mean)),
        clusters=clusters,
        checks=checks,
        standard_error=deviation / sqrt(clusters) if deviation > ROUNDING else 0.0,
    )


def normal_quantile(p: float) -> float:
    """The standard normal distribution's quantile; statistics.StatisticsError (a ValueError) unless 0 < p < 1."""
    return NormalDist().inv_cdf(p)


@lru_cache(maxsize=8192)
def t_quantile(p: float, df: float) -> float:
    """Student's t quantile to about ten digits; ValueError unless 0 < p < 1 and df > 0.

    Newton's method on log P(|T| > t), within a bracket that bisection keeps safe.
    """
    if not (0 < p < 1 and df > 0):
        raise ValueError("t_quantile needs 0 < p < 1 and df > 0")
    if p < 0.5:
        return -t_quantile(1 - p, df)
    if p == 0.5:
        return 0.0
    return _root(lambda t: _log_tails(t, df), log(2) + log1p(-p), start=normal_quantile(p))


def _root(function: Callable[[float], tuple[float, float]], target: float, start: float) -> float:
    """Where a falling function on (0, inf), given with its slope, takes the target value."""
    low, high, at = 0.0, inf, start
    for _ in range(200):
        value, slope = function(at)
        if value > target:
            low = at
        else:
            high = at
        step = at - (value - target) / slope if slope < 0 else inf
        if not low < step < high:
            step = (low + high) / 2 if high < inf else 2 * at
        if abs(step - at) <= 1e-12 * at:
            return step
        at = step
    return at


def _log_tails(t: float, df: float) -> tuple[float, float]:
    """log P(|T| > t) and its slope in t."""
    tails = _incomplete_beta(df / 2, 0.5, df, t * t)
    log_density = lgamma((df + 1) / 2) - lgamma(df / 2) - 0.5 * log(df * pi) - (df + 1) / 2 * log1p(t * t / df)
    return log(tails), -2 * exp(log_density) / tails


def _incomplete_beta(a: float, b: float, left: float, right: float) -> float:
    """The regularised incomplete beta function I_x(a, b) at x = left / (left + right).

    Both parts are asked for, since 1 - x computed from x would lose its digits. The continued fraction converges
    quickly on the near side of the mean, the other side follows by symmetry (DLMF 8.17.22 and 8.17.4).
    """
    x, complement = left / (left + right), right / (left + right)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, right, left)
    log_front = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(complement)
    return exp(log_front) / (a * _continued_fraction(a, b, x))


def _continued_fraction(a: float, b: float, x: float) -> float:
    """1 + d1/(1 + d2/(1 + ...)) of the incomplete beta function by the modified method of Lentz."""
    tiny = 1e-300
    fraction = numerator = 1.0
    denominator = 0.0
    for n in range(1, 10_000):
        m = n // 2
        if n % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        denominator = 1 / ((1 + term * denominator) or tiny)
        numerator = (1 + term / numerator) or tiny
        fraction *= numerator * denominator
        if abs(numerator * denominator - 1) < 1e-15:
            break
    return fraction
