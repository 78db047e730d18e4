"""Zones, points and checks, as a table of cases from the rules of the domain, each named by its rule."""

import json
import time
from uuid import UUID, uuid5

import pytest

from checklists.scoring import (
    Fault,
    Given,
    Status,
    Zone,
    answer_fault,
    read_form,
    score_answer,
    score_visit,
    visit_faults,
)

NAMES = UUID("6f1d6f5e-6f2c-4a86-9a55-0d9c3f1f0b11")
GREEN, YELLOW, RED = Zone.GREEN, Zone.YELLOW, Zone.RED


def name(text):
    """The id of a thing in these tests."""
    return uuid5(NAMES, text)


def thing(text, **rest):
    return {"id": str(name(text)), "lineage_id": str(name("lineage of " + text)), "text": {"en": text}} | rest


def states(expected="", forbidden="", title="tidy", **rest):
    """A states criterion; expected states are written "name name:weight"."""
    listed = [(word, "expected") for word in expected.split()] + [(word, "forbidden") for word in forbidden.split()]
    return thing(title, kind="states", **rest) | {
        "states": [
            thing(word.partition(":")[0], polarity=polarity, weight=float(word.partition(":")[2] or 1))
            for word, polarity in listed
        ]
    }


def measure(green=None, red=None, better="lower", title="wait", **rest):
    limits = {"green_limit": green, "red_limit": red, "direction": f"{better}_is_better", "unit": "seconds"}
    return thing(title, kind="measure", decimals=0, **limits, **rest)


def choice(several=False, title="greeting", own_points=None, **rest):
    options = [("warm", GREEN), ("polite", GREEN), ("cool", YELLOW), ("rude", RED), ("absent", RED)]
    return thing(title, kind="choice", several=several, **rest) | {
        "options": [thing(word, zone=zone.value, points=(own_points or {}).get(word)) for word, zone in options]
    }


def form(*sections, repeats=False, **rest):
    """A form of sections (touchpoint, [criteria])."""
    document = {
        "version_id": str(name("version")),
        "checklist_id": str(name("checklist")),
        "number": 3,
        "title": {"en": "Shop"},
        "languages": ["en"],
        "default_language": "en",
        "sections": [
            {
                "id": str(name(f"section {number}")),
                "lineage_id": str(name(f"lineage of section {number}")),
                "touchpoint_id": str(name(touchpoint)),
                "title": {"en": touchpoint},
                "required_checks": 10,
                "weight": None,
                "repeats": repeats,
                "criteria": criteria,
            }
            for number, (touchpoint, criteria) in enumerate(sections)
        ],
    } | rest
    return read_form(json.loads(json.dumps(document)))


def given(title, seen="", chosen="", value=None, status=Status.ANSWERED, repetition=0):
    ids = [frozenset(name(word) for word in words.split()) for words in (seen, chosen)]
    return Given(name(title), repetition, status, ids[0], ids[1], value)


def outcome(criterion, **answer):
    title = criterion["text"]["en"]
    return score_answer(form(("reception", [criterion])).criteria[name(title)], given(title, **answer))


def check(criteria, answers, **rest):
    """The one check of a section with these criteria; what is named besides goes into the document."""
    (result,) = score_visit(form(("reception", criteria), **rest), answers).checks
    return result


def yes_no(title, weight=1.0, **rest):
    return states(expected=f"{title}-yes", title=title, weight=weight, **rest)


def yes(title, **rest):
    return given(title, seen=f"{title}-yes", **rest)


def no(title, **rest):
    return given(title, **rest)


def not_applicable(title, **rest):
    return given(title, status=Status.NOT_APPLICABLE, **rest)


def could_not_check(title, **rest):
    return given(title, status=Status.COULD_NOT_CHECK, **rest)


THREE = {"expected": "swept:3 lit:2 warm-air:1"}
BOTH = {"expected": "swept lit", "forbidden": "litter smell"}
SEVERAL_POINTS = {"several": True, "own_points": {"warm": 0.7, "polite": 0.4, "rude": 0.9}}


@pytest.mark.parametrize(
    ("criterion", "answer", "zone", "share"),
    [
        pytest.param(states(**BOTH), "swept lit", GREEN, 1, id="states: enough (all) is green"),
        pytest.param(states(**BOTH), "swept lit smell", RED, 0, id="states: any forbidden seen is red, whatever else"),
        pytest.param(states(**BOTH), "litter", RED, 0, id="states: only a forbidden one seen is red"),
        pytest.param(states(**BOTH), "", RED, 0, id="states: none of these is red"),
        pytest.param(states(**THREE), "swept", YELLOW, 3 / 6, id="states: some but not enough earn the seen share"),
        pytest.param(states(**THREE), "lit warm-air", YELLOW, 3 / 6, id="states: the seen weights are added"),
        pytest.param(states(**THREE), "swept lit", YELLOW, 5 / 6, id="states: all but the lightest is still yellow"),
        pytest.param(states(**THREE), "swept lit warm-air", GREEN, 1, id="states: all of three"),
        pytest.param(states(**THREE, enough=2), "lit warm-air", GREEN, 1, id="states: at least k is full points"),
        pytest.param(states(**THREE, enough=2), "swept", YELLOW, 3 / 6, id="states: under k is the seen share"),
        pytest.param(states(**THREE, enough=2), "", RED, 0, id="states: under k, none is red"),
        pytest.param(states(**THREE, enough="any"), "warm-air", GREEN, 1, id="states: any one"),
        pytest.param(states(**THREE, enough="any"), "", RED, 0, id="states: any one, none is red"),
        pytest.param(states(**THREE, enough=9), "swept lit warm-air", GREEN, 1, id="states: k over all means all"),
        pytest.param(states(**THREE, enough=0), "", RED, 0, id="states: k of 0 means one"),
        pytest.param(states(**THREE, all_or_nothing=True), "swept lit", RED, 0, id="states: all or nothing"),
        pytest.param(
            states(**THREE, all_or_nothing=True), "swept lit warm-air", GREEN, 1, id="states: all or nothing, all"
        ),
        pytest.param(states(forbidden="litter smell"), "", GREEN, 1, id="states: forbidden only, none is green"),
        pytest.param(states(forbidden="litter smell"), "smell", RED, 0, id="states: forbidden only, one seen is red"),
        pytest.param(states(forbidden="litter", enough="any"), "", GREEN, 1, id="states: nothing expected, any one"),
        pytest.param(states(expected="swept lit"), "", RED, 0, id="states: expected only, none of these is red"),
        pytest.param(states(expected="swept:0 lit:0"), "lit", YELLOW, 0.5, id="states: without weights, counted"),
    ],
)
def test_zone_and_points_of_states(criterion, answer, zone, share):
    result = outcome(criterion, seen=answer)
    assert (result.zone, result.share) == (zone, pytest.approx(share))


@pytest.mark.parametrize(
    ("criterion", "value", "zone"),
    [
        pytest.param(measure(60, 120), 60, GREEN, id="measure: green's limit is inclusive"),
        pytest.param(measure(60, 120), 61, YELLOW, id="measure: between the limits is yellow"),
        pytest.param(measure(60, 120), 119.99, YELLOW, id="measure: just under red's limit"),
        pytest.param(measure(60, 120), 120, RED, id="measure: red's limit is inclusive"),
        pytest.param(measure(60, 120), 0, GREEN, id="measure: zero is a number"),
        pytest.param(measure(60, None), 60.5, RED, id="measure: without red's limit there is no yellow"),
        pytest.param(measure(None, 120), 119, GREEN, id="measure: without green's limit there is no yellow"),
        pytest.param(measure(None, 120), 120, RED, id="measure: without green's limit red's is inclusive"),
        pytest.param(measure(60, 60), 60, GREEN, id="measure: green's limit is asked first"),
        pytest.param(measure(60, 60), 61, RED, id="measure: equal limits leave no yellow"),
        pytest.param(measure(5, 2, "higher"), 5, GREEN, id="measure, higher is better: green's limit"),
        pytest.param(measure(5, 2, "higher"), 3, YELLOW, id="measure, higher is better: between"),
        pytest.param(measure(5, 2, "higher"), 2, RED, id="measure, higher is better: red's limit"),
        pytest.param(measure(5, 5, "higher"), 5, GREEN, id="measure, higher is better: green's limit first"),
        pytest.param(measure(5, None, "higher"), 4.9, RED, id="measure, higher is better: no red's limit"),
        pytest.param(measure(None, 2, "higher"), 2.1, GREEN, id="measure, higher is better: no green's limit"),
    ],
)
def test_zone_and_points_of_a_measure(criterion, value, zone):
    result = outcome(criterion, value=value)
    assert (result.zone, result.share) == (zone, {GREEN: 1, YELLOW: 0.5, RED: 0}[zone])


@pytest.mark.parametrize(
    ("criterion", "chosen", "zone", "share"),
    [
        pytest.param(choice(), "polite", GREEN, 1, id="choice: green earns 1"),
        pytest.param(choice(), "cool", YELLOW, 0.5, id="choice: yellow earns 0.5"),
        pytest.param(choice(), "rude", RED, 0, id="choice: red earns 0"),
        pytest.param(choice(own_points={"cool": 0.8}), "cool", YELLOW, 0.8, id="choice: an option's own points"),
        pytest.param(choice(own_points={"warm": 0}), "warm", GREEN, 0, id="choice: own points may be 0"),
        pytest.param(choice(own_points={"rude": 0.1}), "rude", RED, 0.1, id="choice: a red option's own points"),
        pytest.param(choice(several=True), "warm polite", GREEN, 1, id="several: exactly all the green ones"),
        pytest.param(choice(several=True), "warm", YELLOW, 0.5, id="several: not all the green ones"),
        pytest.param(choice(several=True), "warm polite cool", YELLOW, 0.5, id="several: green ones and a yellow one"),
        pytest.param(choice(several=True), "warm polite rude", RED, 0, id="several: any red one"),
        pytest.param(choice(**SEVERAL_POINTS), "warm", YELLOW, 0.7, id="several: own points"),
        pytest.param(choice(**SEVERAL_POINTS), "polite cool", YELLOW, 0.4, id="several: others add nothing"),
        pytest.param(choice(**SEVERAL_POINTS), "warm polite", GREEN, 1, id="several: own points are added up to 1"),
        pytest.param(choice(**SEVERAL_POINTS), "warm rude", RED, 0, id="several: a red one earns 0"),
    ],
)
def test_zone_and_points_of_a_choice(criterion, chosen, zone, share):
    result = outcome(criterion, chosen=chosen)
    assert (result.zone, result.share) == (zone, pytest.approx(share))


def test_points_are_the_share_times_the_criterions_weight():
    result = outcome(states(**THREE, weight=4.0), seen="swept")
    assert (result.points, result.possible, result.share) == (2.0, 4.0, 0.5)


def test_forbidden_states_are_counted_on_their_own():
    result = outcome(states(**BOTH), seen="swept lit smell")
    assert (result.forbidden_seen, result.forbidden_possible) == (1, 2)
    assert outcome(states(**BOTH), status=Status.COULD_NOT_CHECK).forbidden_possible == 0


@pytest.mark.parametrize("status", [Status.NOT_APPLICABLE, Status.COULD_NOT_CHECK])
def test_not_applicable_and_could_not_check_leave_the_denominator(status):
    result = outcome(states(**BOTH, may_be_not_applicable=True), status=status)
    assert (result.points, result.possible) == (0, 0)
    assert result.zone is (Zone.NOT_APPLICABLE if status is Status.NOT_APPLICABLE else None)


@pytest.mark.parametrize(
    ("criterion", "answer"),
    [(states(**BOTH, scored=False), {"seen": "litter"}), (measure(scored=True), {"value": 7})],
    ids=["asked without being scored", "a measure without limits"],
)
def test_a_fact_has_no_zone_and_no_points(criterion, answer):
    result = outcome(criterion, **answer)
    assert (result.zone, result.points, result.possible, result.forbidden_possible) == (None, 0, 0, 0)
    assert result.status is Status.ANSWERED


@pytest.mark.parametrize(
    ("criterion", "answer", "fault"),
    [
        pytest.param(states(**BOTH), {"seen": "swept painted"}, Fault.UNKNOWN_STATE, id="a state of another criterion"),
        pytest.param(measure(1, 2), {"seen": "swept", "value": 1}, Fault.UNKNOWN_STATE, id="a state for a measure"),
        pytest.param(choice(), {"chosen": "kind"}, Fault.UNKNOWN_OPTION, id="an option of another criterion"),
        pytest.param(
            states(**BOTH), {"seen": "x", "status": Status.COULD_NOT_CHECK}, Fault.UNKNOWN_STATE, id="unknown, open"
        ),
        pytest.param(measure(1, 2), {"value": "two"}, Fault.NOT_A_NUMBER, id="words for a number"),
        pytest.param(measure(1, 2), {"value": "2"}, Fault.NOT_A_NUMBER, id="a number in quotes"),
        pytest.param(measure(1, 2), {"value": True}, Fault.NOT_A_NUMBER, id="true"),
        pytest.param(measure(1, 2), {"value": float("nan")}, Fault.NOT_A_NUMBER, id="not a number"),
        pytest.param(measure(1, 2), {"value": float("-inf")}, Fault.NOT_A_NUMBER, id="infinity"),
        pytest.param(measure(1, 2), {"value": -5}, Fault.OUT_OF_RANGE, id="a wait below zero"),
        pytest.param(measure(1, 2), {"value": 1e9}, Fault.OUT_OF_RANGE, id="a slip of the thumb"),
        pytest.param(
            measure(1, 2) | {"unit": "percent"}, {"value": 101}, Fault.OUT_OF_RANGE, id="over a hundred per cent"
        ),
        pytest.param(measure(1, 2), {"value": 10**400}, Fault.NOT_A_NUMBER, id="an integer over all floats"),
        pytest.param(measure(1, 2), {}, Fault.WITHOUT_CONTENT, id="a measure without a value"),
        pytest.param(choice(), {}, Fault.WITHOUT_CONTENT, id="a choice without an option"),
        pytest.param(choice(several=True), {}, Fault.WITHOUT_CONTENT, id="a choice of several without an option"),
        pytest.param(choice(), {"chosen": "warm cool"}, Fault.SEVERAL_OPTIONS, id="two options of a single choice"),
        pytest.param(
            states(**BOTH), {"status": Status.NOT_APPLICABLE}, Fault.MUST_BE_APPLICABLE, id="not applicable not allowed"
        ),
    ],
)
def test_an_impossible_answer_has_a_fault_and_counts_as_not_given(criterion, answer, fault):
    title = criterion["text"]["en"]
    read = form(("reception", [criterion]))
    answers = [given(title, **answer)]
    assert answer_fault(read.criteria[name(title)], answers[0]) is fault
    assert visit_faults(read, answers) == {(name(title), 0): fault}
    scored = score_visit(read, answers)
    outcomes, (result,) = scored.outcomes, scored.checks
    assert outcomes[name(title), 0].zone is outcomes[name(title), 0].status is None
    assert (result.score, result.valid, result.absent, result.skipped) == (None, False, False, 1)


@pytest.mark.parametrize(
    ("criterion", "answer"),
    [
        (states(**BOTH), {}),
        (choice(), {"chosen": "warm", "value": "in words"}),
        (measure(1, 2), {"status": Status.COULD_NOT_CHECK}),
        (choice(may_be_not_applicable=True), {"chosen": "warm cool", "status": Status.NOT_APPLICABLE}),
    ],
    ids=["none of these", "an option with free text", "could not check needs no value", "what was entered before"],
)
def test_a_sound_answer_has_no_fault(criterion, answer):
    title = criterion["text"]["en"]
    assert visit_faults(form(("reception", [criterion])), [given(title, **answer)]) == {}


def test_a_question_answered_twice_counts_as_not_given_and_an_unknown_one_is_left_out():
    read = form(("reception", [yes_no("a"), yes_no("b")]))
    answers = [yes("a"), no("a"), yes("b"), yes("elsewhere")]
    assert visit_faults(read, answers) == {
        (name("a"), 0): Fault.GIVEN_TWICE,
        (name("elsewhere"), 0): Fault.UNKNOWN_CRITERION,
    }
    scored = score_visit(read, answers)
    outcomes, (result,) = scored.outcomes, scored.checks
    assert set(outcomes) == {(name("a"), 0), (name("b"), 0)}
    assert (result.score, result.possible, result.valid) == (1, 1, False)


# Checks


def test_the_score_is_points_over_possible_points():
    result = check([yes_no("a", 3.0), yes_no("b", 1.0), measure(60, 120)], [yes("a"), no("b"), given("wait", value=90)])
    assert (result.points, result.possible, result.score) == (3.5, 5, 0.7)
    assert (result.zone, result.valid, result.absent, result.skipped) == (YELLOW, True, False, 0)


@pytest.mark.parametrize(
    ("right", "zone"),
    [(10, GREEN), (9, GREEN), (8, YELLOW), (7, YELLOW), (6, RED), (0, RED)],
)
@pytest.mark.parametrize("weight", [1.0, 0.1, 1 / 3])
def test_zones_begin_at_0_9_and_0_7_inclusive(right, zone, weight):
    criteria = [yes_no(f"c{n}", weight) for n in range(10)]
    assert check(criteria, [(yes if n < right else no)(f"c{n}") for n in range(10)]).zone is zone


def test_a_limit_is_met_although_binary_fractions_miss_it():
    criterion = choice(weight=0.1, own_points={"cool": 0.7})
    assert 0.1 * 0.7 / 0.1 < 0.7
    assert check([criterion], [given("greeting", chosen="cool")]).zone is YELLOW


def test_a_version_may_set_other_limits():
    answers = [yes("a"), no("b")]
    assert check([yes_no("a"), yes_no("b")], answers, green_from=0.5, yellow_from=0.2).zone is GREEN
    assert check([yes_no("a"), yes_no("b")], answers, green_from=0.8, yellow_from=0.5).zone is YELLOW


@pytest.mark.parametrize(("answered", "valid"), [(4, True), (3, False)])
@pytest.mark.parametrize("weight", [1.0, 0.3])
@pytest.mark.parametrize("leave", [could_not_check, None], ids=["could not check", "missing"])
def test_a_check_is_valid_from_80_per_cent_of_the_applicable_weight(answered, valid, leave, weight):
    criteria = [yes_no(f"c{n}", weight) for n in range(5)]
    answers = [yes(f"c{n}") for n in range(answered)] + [leave(f"c{n}") for n in range(answered, 5) if leave]
    result = check(criteria, answers)
    assert (result.valid, result.score, result.skipped) == (valid, 1, 5 - answered)


def test_not_applicable_does_not_count_against_validity():
    criteria = [yes_no("a"), *(yes_no(f"c{n}", 9, may_be_not_applicable=True) for n in range(5))]
    result = check(criteria, [no("a"), *(not_applicable(f"c{n}") for n in range(5))])
    assert (result.valid, result.score, result.possible, result.skipped) == (True, 0, 1, 5)


def test_an_unchecked_critical_criterion_makes_the_check_invalid():
    criteria = [yes_no("a", 9), yes_no("b", critical="flag", may_be_not_applicable=True)]
    assert not check(criteria, [yes("a"), could_not_check("b")]).valid
    assert not check(criteria, [yes("a")]).valid
    assert check(criteria, [yes("a"), not_applicable("b")]).valid


def test_a_critical_red_makes_the_check_red_and_leaves_the_score():
    result = check([yes_no("a", 99), yes_no("b", critical="flag")], [yes("a"), no("b")])
    assert (result.zone, result.score, result.valid) == (RED, 0.99, True)


def test_all_criteria_not_applicable_is_absent_here():
    criteria = [yes_no("a", may_be_not_applicable=True), yes_no("b", may_be_not_applicable=True)]
    result = check(criteria, [not_applicable("a"), not_applicable("b")])
    assert (result.absent, result.valid, result.score, result.zone) == (True, False, None, None)
    assert not check(criteria, [not_applicable("a")]).absent


def test_absent_here_is_not_hidden_by_a_fact():
    criteria = [yes_no("a", may_be_not_applicable=True), measure(title="who")]
    assert check(criteria, [not_applicable("a"), given("who", value=2)]).absent


def test_nothing_answered_is_no_check():
    result = check([yes_no("a"), yes_no("b")], [])
    assert (result.score, result.zone, result.valid, result.absent, result.skipped) == (None, None, False, False, 2)


def test_a_check_of_facts_has_no_score_and_may_be_valid():
    facts = [measure(title=f"fact{n}", may_be_not_applicable=True) for n in range(2)]
    result = check(facts, [given("fact0", value=1), given("fact1", value=2)])
    assert (result.score, result.zone, result.valid, result.skipped) == (None, None, True, 0)
    assert check(facts, [not_applicable("fact0"), not_applicable("fact1")]).absent


def test_facts_change_neither_score_nor_validity():
    result = check([yes_no("a"), yes_no("b", 50, scored=False)], [yes("a")])
    assert (result.score, result.valid, result.skipped) == (1, True, 0)


def test_weights_of_zero_are_allowed():
    with_weight = check([yes_no("a"), yes_no("b", 0.0)], [yes("a"), no("b")])
    assert (with_weight.score, with_weight.valid) == (1, True)
    without = check([yes_no("b", 0.0)], [yes("b")])
    assert (without.score, without.zone, without.valid) == (None, None, True)


def test_several_sections_of_one_touchpoint_make_one_check_in_the_forms_order():
    read = form(("door", [yes_no("a")]), ("desk", [yes_no("b")]), ("door", [yes_no("c", 3.0)]))
    checks = score_visit(read, [no("c"), yes("a"), yes("b")]).checks
    assert [(one.touchpoint_id, one.score) for one in checks] == [(name("door"), 0.25), (name("desk"), 1)]
    assert read.criteria[name("c")].touchpoint_id == name("door")


def test_the_forbidden_rate_of_a_check_counts_answered_criteria_only():
    criteria = [states(**BOTH), states(forbidden="queue", title="queues"), states(forbidden="dirt", title="floor")]
    result = check(criteria, [given("tidy", seen="litter smell"), given("queues"), could_not_check("floor")])
    assert (result.forbidden_seen, result.forbidden_possible, result.skipped) == (2, 3, 1)


def test_the_score_of_a_repeating_section_is_the_mean_of_its_repetitions():
    criteria = [yes_no("a", 2.0, may_be_not_applicable=True), yes_no("b", 2.0)]
    answers = [yes("a"), yes("b"), no("a", repetition=1), yes("b", repetition=1)]
    answers += [not_applicable("a", repetition=2), yes("b", repetition=2)]
    result = check_of_repetitions(criteria, answers)
    assert (result.score, result.skipped) == (pytest.approx((1 + 0.5 + 1) / 3), 0)
    assert (result.points, result.possible) == (pytest.approx(result.score * 10 / 3), pytest.approx((4 + 4 + 2) / 3))
    assert result.valid
    unchecked = [could_not_check("a", repetition=n) for n in (1, 2)]
    assert not check_of_repetitions(criteria, [yes("a"), *unchecked, yes("b")]).valid


def check_of_repetitions(criteria, answers):
    (result,) = score_visit(form(("reception", criteria), repeats=True), answers).checks
    return result


# Reading a form


def test_a_form_keeps_what_the_document_says():
    read = form(("reception", [states(**BOTH, evidence="required", evidence_at_least=2, critical=None), choice()]))
    tidy, greeting = read.sections[0].criteria
    assert (read.version_id, read.number, read.blind, read.green_from, read.yellow_from) == (
        name("version"), 3, True, 0.9, 0.7,
    )  # fmt: skip
    assert (tidy.id, tidy.lineage_id, tidy.text) == (name("tidy"), name("lineage of tidy"), {"en": "tidy"})
    assert (tidy.evidence, tidy.evidence_at_least, tidy.comment, tidy.critical) == ("required", 2, "none", None)
    assert tidy.forbidden == {name("litter"), name("smell")}
    assert list(greeting.options) == [name(word) for word in ["warm", "polite", "cool", "rude", "absent"]]
    assert {tidy.touchpoint_id, greeting.touchpoint_id} == {name("reception")}


@pytest.mark.parametrize("kind", ["ratings", "", None])
def test_a_kind_that_is_not_known_is_refused(kind):
    with pytest.raises(ValueError, match="is not a valid Kind"):
        form(("reception", [states(**BOTH) | {"kind": kind}]))


def test_forty_answers_are_scored_in_well_under_a_millisecond():
    criteria = [states(**BOTH, title=f"s{n}") for n in range(20)] + [choice(title=f"c{n}") for n in range(20)]
    read = form(("door", criteria[:25]), ("desk", criteria[25:]))
    answers = [given(f"s{n}", seen="swept") for n in range(20)] + [given(f"c{n}", chosen="warm") for n in range(20)]
    timings = []
    for _ in range(50):
        start = time.process_time_ns()
        score_visit(read, answers)
        timings.append((time.process_time_ns() - start) / 1e6)
    print(f"40 answers: {min(timings):.3f} ms")
    assert min(timings) < 1
