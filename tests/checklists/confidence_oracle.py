"""The domain's rules for numbers, written a second time from their text alone, as a check on checklists/confidence.py.

It shares no code with the project and works by other means: numpy's variance, scipy's t, the ends of Wilson's interval
as numeric roots of the equation that defines them, levels by root search for each possible claim. It is a script:

    python confidence_oracle.py < cases.json > results.json

A case is {"own": brand, "rival": brand, "remote": bool, "share": bool}; a brand is a list of outlets, each a list of
the values of its checks. The input is {"cases": [...], "margin": 0.1, "alpha": 0.05}.
"""

import json
import sys

import numpy as np
from scipy import optimize, stats


def summary(brand, remote):
    """Mean, standard error, clusters and checks of one brand."""
    values = np.concatenate([np.asarray(outlet, dtype=float) for outlet in brand])
    clusters = values if remote else np.array([np.mean(outlet) for outlet in brand])
    return clusters.mean(), stats.sem(clusters) if len(clusters) > 1 else 0.0, len(clusters), len(values)


def wilson_by_roots(mean, n, quantile):
    """The two p for which the mean lies exactly `quantile` standard errors away."""

    def excess(p):
        return n * (mean - p) ** 2 - quantile**2 * p * (1 - p)

    low = optimize.brentq(excess, 0, mean, xtol=1e-15) if mean > 0 else 0.0
    high = optimize.brentq(excess, mean, 1, xtol=1e-15) if mean < 1 else 1.0
    # At a mean of 0 or 1 that very mean solves the equation too; the other root is the end that is looked for.
    if mean == 0:
        high = quantile**2 / (n + quantile**2)
    if mean == 1:
        low = n / (n + quantile**2)
    return low, high


def brand_interval(brand, remote, share, alpha):
    mean, error, clusters, checks = summary(brand, remote)
    if clusters < 2:
        return 0.0, 1.0
    n = checks if error < 1e-9 else mean * (1 - mean) / error**2
    if share:
        n = min(n, checks)
    return wilson_by_roots(mean, n, stats.t.isf(alpha / 2, clusters - 1))


def difference(case, alpha):
    ends = {side: brand_interval(case[side], case["remote"], case["share"], alpha) for side in ("own", "rival")}
    means = {side: summary(case[side], case["remote"])[0] for side in ("own", "rival")}
    gap = means["own"] - means["rival"]
    low = gap - np.sqrt((means["own"] - ends["own"][0]) ** 2 + (ends["rival"][1] - means["rival"]) ** 2)
    high = gap + np.sqrt((ends["own"][1] - means["own"]) ** 2 + (means["rival"] - ends["rival"][0]) ** 2)
    return gap, low, high


def first_level(condition):
    """The level at which a continuous, growing function becomes positive; infinity where it never does."""
    lowest, highest = 1e-9, 1 - 1e-9
    if condition(highest) <= 0:
        return np.inf
    if condition(lowest) > 0:
        return lowest
    return optimize.brentq(condition, lowest, highest, xtol=1e-12)


def p_value(case, margin):
    def inside(alpha):
        _, low, high = difference(case, alpha)
        return min(low + margin, margin - high)

    return min(
        first_level(inside),
        first_level(lambda alpha: difference(case, alpha)[1]),
        first_level(lambda alpha: -difference(case, alpha)[2]),
    )


def verdicts(cases, margin, alpha):
    kinds = ["too_few_clusters"] * len(cases)
    p_values = [None] * len(cases)
    for number, case in enumerate(cases):
        if min(summary(case[side], case["remote"])[2] for side in ("own", "rival")) >= 6:
            kinds[number], p_values[number] = "not_enough_checks", p_value(case, margin)
    left = {number for number, p in enumerate(p_values) if p is not None}
    while left:
        best = min(left, key=lambda number: p_values[number])
        level = alpha / len(left)
        if p_values[best] > level:
            break
        _, low, high = difference(cases[best], level)
        if low >= -margin and high <= margin:
            kinds[best] = "on_a_par"
        else:
            kinds[best] = "advantage" if low > 0 else "disadvantage"
        left.remove(best)
    return kinds, p_values


def main():
    given = json.load(sys.stdin)
    kinds, p_values = verdicts(given["cases"], given["margin"], given["alpha"])
    results = []
    for case, kind, p in zip(given["cases"], kinds, p_values, strict=True):
        gap, low, high = difference(case, 0.05)
        mean, error, clusters, checks = summary(case["own"], case["remote"])
        results.append(
            {
                "estimate": [float(mean), clusters, checks, float(error)],
                "interval": [float(end) for end in brand_interval(case["own"], case["remote"], case["share"], 0.05)],
                "difference": float(gap),
                "difference_interval": [float(low), float(high)],
                "kind": kind,
                "p": None if p is None else float(p),
            }
        )
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
