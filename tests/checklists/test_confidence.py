"""Intervals, differences and verdicts against statsmodels, scipy, a second implementation, and simulation."""

import json
import math
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from checklists.confidence import (
    Estimate,
    Kind,
    _square_and_add,
    difference,
    estimate_of_checks,
    estimate_of_clusters,
    interval,
    normal_quantile,
    rank_ranges,
    t_quantile,
    verdicts,
    wilson,
)

Z = normal_quantile(0.975)
PLAIN = [(0, 1), (1, 1), (0, 7), (7, 7), (1, 7), (3, 10), (10, 20), (29, 30), (81, 263), (999, 1000)]


# Quantiles


@pytest.mark.parametrize("df", [*range(1, 31), 45, 99, 250, 500, 777, 1000])
def test_t_quantiles_are_those_of_scipy(df):
    for p in [0.5, 0.5001, 0.55, 0.6, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999, 0.9995, 0.9999]:
        assert t_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-10, abs=1e-10)


def test_t_quantiles_hold_far_out_where_holm_asks_for_them():
    for df in (1, 2, 5, 29, 1000):
        for tail in (1e-6, 1e-9, 1e-12):
            assert t_quantile(1 - tail, df) == pytest.approx(stats.t.isf(1 - (1 - tail), df), rel=1e-10)


def test_t_quantiles_are_symmetrical_and_refuse_what_has_none():
    assert t_quantile(0.1, 4) == -t_quantile(0.9, 4)
    for p, df in [(0, 4), (1, 4), (0.9, 0)]:
        with pytest.raises(ValueError, match="t_quantile"):
            t_quantile(p, df)


def test_normal_quantiles_are_those_of_scipy():
    for p in (0.5, 0.9, 0.975, 0.9999):
        assert normal_quantile(p) == pytest.approx(stats.norm.ppf(p), abs=1e-12)


# Plain intervals


@pytest.mark.parametrize(("yes", "n"), PLAIN)
def test_wilsons_interval_is_that_of_statsmodels(yes, n):
    assert wilson(yes / n, n, Z) == pytest.approx(proportion_confint(yes, n, method="wilson"), abs=1e-9)


@pytest.mark.parametrize(("yes", "n"), PLAIN)
@pytest.mark.parametrize(("other_yes", "other_n"), PLAIN[2:])
def test_the_interval_of_a_difference_is_newcombes(yes, n, other_yes, other_n):
    one, other = yes / n, other_yes / other_n
    _, around = _square_and_add(one, wilson(one, n, Z), other, wilson(other, other_n, Z))
    expected = confint_proportions_2indep(yes, n, other_yes, other_n, method="newcomb", compare="diff")
    assert around == pytest.approx(expected, abs=1e-9)


# Clusters


def test_outlets_weigh_equally_however_many_checks_they_have():
    estimate = estimate_of_clusters([(1, 1.0), (99, 0.0), (0, 0.0)])
    assert (estimate.mean, estimate.clusters, estimate.checks) == (0.5, 2, 100)
    assert estimate.standard_error == pytest.approx(0.5)


def test_on_remote_channels_a_visit_is_its_own_cluster():
    scores = [0.2, 0.9, 1.0, 0.65, 0.8, 0.8, 0.4]
    remote = estimate_of_checks(len(scores), sum(scores), sum(score**2 for score in scores))
    single = estimate_of_clusters([(1, score) for score in scores])
    assert (remote.mean, remote.clusters, remote.checks) == pytest.approx((single.mean, 7, 7))
    assert remote.standard_error == pytest.approx(stats.sem(scores), abs=1e-12)


def test_an_estimate_needs_a_check():
    with pytest.raises(ValueError, match="at least one check"):
        estimate_of_clusters([(0, 0.0)])
    with pytest.raises(ValueError, match="at least one check"):
        estimate_of_checks(0, 0.0, 0.0)


def test_one_cluster_says_nothing():
    assert interval(estimate_of_clusters([(30, 24.0)])) == (0, 1)


def test_the_number_of_checks_counts_where_the_standard_error_is_zero():
    estimate = estimate_of_clusters([(5, 5.0)] * 8)
    assert estimate.standard_error == 0
    assert interval(estimate) == wilson(1.0, 40, t_quantile(0.975, 7))


@pytest.mark.parametrize("score", [0.1, 0.7, 1 / 3])
def test_equal_scores_leave_no_standard_error_of_rounding(score):
    assert estimate_of_clusters([(3, score + score + score)] * 7).standard_error == 0
    total = squares = 0.0
    for _ in range(1000):
        total, squares = total + score, squares + score * score
    assert estimate_of_checks(1000, total, squares).standard_error == 0


def test_shares_hold_no_more_than_their_checks():
    even = estimate_of_clusters([(10, 5.0), (10, 5.0), (10, 6.0)] * 4)
    assert interval(even, share=True) == wilson(even.mean, 120, t_quantile(0.975, 11))
    assert interval(even).high - interval(even).low < interval(even, share=True).high - interval(even, share=True).low


def test_a_higher_confidence_never_narrows_an_interval():
    estimate = estimate_of_clusters([(4, 3.5), (3, 1.0), (6, 6.0), (5, 2.5), (4, 4.0), (4, 0.0)])
    intervals = [interval(estimate, confidence) for confidence in (0.5, 0.8, 0.95, 0.99, 0.999)]
    assert all(wide.low < narrow.low and narrow.high < wide.high for narrow, wide in pairwise(intervals))
    assert all(0 <= one.low <= estimate.mean <= one.high <= 1 for one in intervals)


@pytest.mark.parametrize("share", [False, True], ids=["scores", "shares"])
def test_clustered_figures_and_verdicts_are_those_of_the_oracle(share):
    cases = _cases(np.random.default_rng(202611), share)
    pairs = [(_estimate(case["own"], case["remote"]), _estimate(case["rival"], case["remote"])) for case in cases]
    found = verdicts(pairs, margin=0.1, alpha=0.05, share=share)
    for (own, rival), one, wanted in zip(pairs, found, _oracle(cases, margin=0.1, alpha=0.05), strict=True):
        assert [own.mean, own.clusters, own.checks, own.standard_error] == pytest.approx(wanted["estimate"], abs=1e-9)
        assert interval(own, share=share) == pytest.approx(wanted["interval"], abs=1e-9)
        assert difference(own, rival, share=share)[0] == pytest.approx(wanted["difference"], abs=1e-9)
        assert one.interval == pytest.approx(wanted["difference_interval"], abs=1e-9)
        assert one.kind == wanted["kind"]
        assert (one.p is None) == (wanted["p"] is None)
        assert one.p is None or one.p == pytest.approx(wanted["p"], abs=2e-9)
    if not share:
        assert {one.kind for one in found} == set(Kind), "the cases must lead to every kind of verdict"


def _oracle(cases, margin, alpha):
    script = Path(__file__).with_name("confidence_oracle.py")
    given = json.dumps({"cases": cases, "margin": margin, "alpha": alpha})
    answer = subprocess.run(
        [sys.executable, script], input=given, capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(answer.stdout)


def _cases(random, share):
    """Pairs of brands: few and many outlets, skewed and even, equal and far apart, on site and remote."""
    cases = []
    for number, (outlets, spread, gap) in enumerate([
        (12, 30, 0.0), (40, 400, 0.0), (60, 900, 0.03), (25, 60, 0.3), (9, 8, 0.5), (6, 4, 0.1),
        (5, 20, 0.4), (1, 20, 0.4), (18, 10, -0.35), (30, 200, -0.2), (14, 15, 0.12), (80, 900, -0.01),
    ]):  # fmt: skip
        case = {"remote": number % 3 == 2, "share": share}
        for side, mean in (("own", 0.6 + gap / 2), ("rival", 0.6 - gap / 2)):
            quality = random.beta(mean * spread, (1 - mean) * spread, size=outlets)
            checks = random.integers(2, 6, size=outlets)
            case[side] = [
                [float(value) for value in (random.random(n) < q if share else random.beta(20 * q, 20 * (1 - q), n))]
                for q, n in zip(quality, checks, strict=True)
            ]
        cases.append(case)
    cases.append({"remote": False, "share": share, "own": [[1.0, 1.0]] * 8, "rival": [[0.0]] * 7})
    return cases


def _estimate(brand, remote):
    if remote:
        scores = [score for outlet in brand for score in outlet]
        return estimate_of_checks(len(scores), sum(scores), sum(score * score for score in scores))
    return estimate_of_clusters((len(outlet), sum(outlet)) for outlet in brand)


# Verdicts


def _brand(mean, clusters=30, error=0.02, checks=None):
    return Estimate(mean, clusters, checks or clusters, error)


@pytest.mark.parametrize(
    ("own", "rival", "kind"),
    [
        pytest.param(_brand(0.8), _brand(0.79), Kind.ON_A_PAR, id="the interval lies within the margin"),
        pytest.param(_brand(0.9), _brand(0.6), Kind.ADVANTAGE, id="it excludes 0, own is better"),
        pytest.param(_brand(0.6), _brand(0.9), Kind.DISADVANTAGE, id="it excludes 0, the rival is better"),
        pytest.param(
            _brand(0.8, error=0.005), _brand(0.76, error=0.005), Kind.ON_A_PAR, id="within the margin comes before 0"
        ),
        pytest.param(_brand(0.8, error=0.1), _brand(0.7, error=0.1), Kind.NOT_ENOUGH_CHECKS, id="neither"),
        pytest.param(_brand(0.95, 5), _brand(0.1), Kind.TOO_FEW_CLUSTERS, id="own has under 6 clusters"),
        pytest.param(_brand(0.95), _brand(0.1, 5), Kind.TOO_FEW_CLUSTERS, id="the rival has under 6 clusters"),
        pytest.param(_brand(0.95, 6), _brand(0.1, 6), Kind.ADVANTAGE, id="6 clusters are enough"),
    ],
)
def test_verdict(own, rival, kind):
    assert verdicts([(own, rival)])[0].kind == kind


def test_not_enough_checks_says_how_many_each_brand_needs():
    own, rival = _brand(0.8, error=0.06), _brand(0.7, error=0.06)
    (verdict,) = verdicts([(own, rival)])
    half_width = (verdict.interval.high - verdict.interval.low) / 2
    assert verdict.checks_needed == math.ceil(30 * (half_width / 0.1) ** 2) > 30
    # With that many checks of the same kind the half-width is near the margin.
    smaller = 0.06 * math.sqrt(30 / verdict.checks_needed)
    more = [_brand(one.mean, verdict.checks_needed, smaller) for one in (own, rival)]
    low, high = difference(*more)[1]
    assert (high - low) / 2 == pytest.approx(0.1, abs=0.006)


def test_an_undecided_pair_always_needs_at_least_one_more_check():
    (verdict,) = verdicts([(_brand(0.80, error=0.03), _brand(0.72, error=0.03))])
    assert (verdict.interval.high - verdict.interval.low) / 2 < 0.1
    assert (verdict.kind, verdict.checks_needed) == (Kind.NOT_ENOUGH_CHECKS, 31)


def test_holm_decides_as_statsmodels_does():
    random = np.random.default_rng(7)
    for _ in range(8):
        draws = random.uniform([0.5, 0.4, 0.02], [0.9, 0.8, 0.08], size=(9, 3))
        pairs = [(_brand(own, 20, error), _brand(rival, 15, error)) for own, rival, error in draws]
        found = verdicts(pairs)
        decided = multipletests([one.p for one in found], alpha=0.05, method="holm")[0]
        assert [one.kind is not Kind.NOT_ENOUGH_CHECKS for one in found] == list(decided)


def test_holm_stops_at_the_first_pair_that_fails():
    clear, near = (_brand(0.9), _brand(0.5)), (_brand(0.8, error=0.03), _brand(0.7, error=0.03))
    assert 0.025 < verdicts([near])[0].p < 0.05
    assert verdicts([near])[0].kind is Kind.ADVANTAGE
    assert [one.kind for one in verdicts([near, clear])] == [Kind.ADVANTAGE, Kind.ADVANTAGE]
    assert [one.kind for one in verdicts([near, near])] == [Kind.NOT_ENOUGH_CHECKS] * 2


def test_pairs_with_too_few_clusters_cost_the_others_nothing():
    near, few = (_brand(0.8, error=0.03), _brand(0.7, error=0.03)), (_brand(0.8, 5), _brand(0.7, 5))
    kinds = [one.kind for one in verdicts([few, near, few])]
    assert kinds == [Kind.TOO_FEW_CLUSTERS, Kind.ADVANTAGE, Kind.TOO_FEW_CLUSTERS]
    assert verdicts([few])[0].interval == difference(*few)[1]


def test_shown_intervals_are_not_corrected():
    pairs = [(_brand(0.8), _brand(0.7)), (_brand(0.9), _brand(0.5)), (_brand(0.6), _brand(0.6))]
    assert [one.interval for one in verdicts(pairs)] == [difference(*pair)[1] for pair in pairs]


def test_verdicts_of_nothing_and_senseless_limits():
    assert verdicts([]) == []
    for margin, alpha in [(0, 0.05), (0.1, 0), (0.1, 1)]:
        with pytest.raises(ValueError, match="between 0 and 1"):
            verdicts([], margin, alpha)


def test_ranks_are_ranges_of_what_is_certain():
    assert rank_ranges([_brand(0.9), _brand(0.5), _brand(0.52), _brand(0.1)]) == [(1, 1), (2, 3), (2, 3), (4, 4)]
    assert rank_ranges([_brand(0.9, 5), _brand(0.1)]) == [(1, 2), (1, 2)]
    assert rank_ranges([_brand(0.4)]) == [(1, 1)]
    assert rank_ranges([]) == []


# Coverage, simulated


def _scores(random, outlets, checks, quality, noise):
    """Outlets of a quality drawn from a beta distribution, scores in [0, 1] about it, a mean over each outlet."""
    qualities = random.beta(*quality, size=outlets).clip(1e-6, 1 - 1e-6)
    values = random.beta(noise * qualities[:, None], noise * (1 - qualities[:, None]), size=(outlets, checks))
    return estimate_of_clusters((checks, total) for total in values.sum(axis=1))


def _shares(random, outlets, checks, quality, _):
    return estimate_of_clusters((checks, yes) for yes in random.binomial(checks, random.beta(*quality, size=outlets)))


def _remote(random, _, checks, quality, noise):
    values = random.beta(*quality, size=checks)
    return estimate_of_checks(checks, values.sum(), (values**2).sum())


SETTINGS = [
    pytest.param(_scores, 12, 4, (8, 2), 10, (0.94, 0.99), id="scores, 12 outlets"),
    pytest.param(_scores, 6, 5, (6, 4), 20, (0.94, 0.99), id="scores, 6 outlets"),
    pytest.param(_scores, 30, 2, (2, 2), 5, (0.94, 0.99), id="scores, 30 uneven outlets"),
    pytest.param(_shares, 10, 5, (8, 4), 0, (0.94, 0.99), id="shares, 10 outlets"),
    pytest.param(_shares, 20, 3, (1, 1), 0, (0.94, 0.99), id="shares, 20 uneven outlets"),
    pytest.param(_remote, 0, 30, (5, 1), 0, (0.94, 0.99), id="remote, 30 skewed scores"),
    pytest.param(_scores, 5, 4, (2, 0.3), 30, (0.87, 0.93), id="under 6 skewed clusters it is worse"),
]


@pytest.mark.parametrize(("draw", "outlets", "checks", "quality", "noise", "promise"), SETTINGS)
def test_intervals_cover_as_often_as_they_promise(draw, outlets, checks, quality, noise, promise):
    runs = 4000
    random = np.random.default_rng(outlets * 1000 + checks)
    truth = quality[0] / sum(quality)
    intervals = [interval(draw(random, outlets, checks, quality, noise), share=draw is _shares) for _ in range(runs)]
    covered = sum(low <= truth <= high for low, high in intervals) / runs
    print(f"coverage {covered:.3f}, mean width {np.mean([high - low for low, high in intervals]):.3f}")
    at_least, at_most = promise
    assert at_least - _three_errors(at_least, runs) <= covered <= at_most + _three_errors(at_most, runs)


def _three_errors(share, runs):
    """Three standard errors of a simulated share."""
    return 3 * math.sqrt(share * (1 - share) / runs)


def test_differences_cover_and_a_matrix_of_equal_brands_seldom_claims_a_difference():
    random, runs, family = np.random.default_rng(99), 150, 10
    covered = false_families = 0
    for _ in range(runs):
        pairs = [tuple(_scores(random, 10, 4, (6, 3), 15) for _ in range(2)) for _ in range(family)]
        found = verdicts(pairs)
        covered += sum(one.interval.low <= 0 <= one.interval.high for one in found)
        false_families += any(one.kind in (Kind.ADVANTAGE, Kind.DISADVANTAGE) for one in found)
    print(f"differences cover {covered / runs / family:.3f}, families with a false claim {false_families / runs:.3f}")
    assert covered / runs / family >= 0.94 - _three_errors(0.94, runs * family)
    assert false_families / runs <= 0.05 + _three_errors(0.05, runs)
