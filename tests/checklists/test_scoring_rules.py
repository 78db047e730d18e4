"""The rules beyond a single answer's zone: every kind, sections, critical criteria, conditions, grades.

The table of the single answers is test_scoring.py; here each test is a sentence of the domain's rules.
"""

from itertools import count
from uuid import UUID

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from checklists.scoring import (
    Fault,
    FormCriterion,
    Given,
    Kind,
    Status,
    Zone,
    answer_fault,
    read_form,
    score_answer,
    score_visit,
)

numbers = count(1)
TOUCHPOINT = str(UUID(int=10**6))
GREEN, YELLOW, RED = Zone.GREEN, Zone.YELLOW, Zone.RED


def new(**values):
    """A part of a document with ids of its own."""
    return {"id": str(UUID(int=next(numbers))), "lineage_id": str(UUID(int=next(numbers))), "text": {}} | values


def choice(*zones, **values):
    """A choice with an option for each zone; one written as (zone, points) has points of its own."""
    pairs = [zone if isinstance(zone, tuple) else (zone, None) for zone in zones or (GREEN, YELLOW, RED)]
    return new(kind="choice", options=[new(zone=zone.value, points=points) for zone, points in pairs], **values)


def section(*criteria, touchpoint=TOUCHPOINT, **values):
    return new(touchpoint_id=touchpoint, title={}, criteria=list(criteria), **values)


def form_of(*sections, **values):
    return read_form(
        {
            "version_id": str(UUID(int=1)),
            "checklist_id": str(UUID(int=2)),
            "number": 1,
            "title": {},
            "languages": ["en"],
            "default_language": "en",
            "sections": list(sections),
        }
        | values
    )


def chosen(criterion, zone, repetition=0):
    """The option of this zone of a choice."""
    option = next(UUID(option["id"]) for option in criterion["options"] if option["zone"] == zone)
    return Given(UUID(criterion["id"]), repetition, Status.ANSWERED, options=frozenset([option]))


def entered(criterion, value, repetition=0):
    return Given(UUID(criterion["id"]), repetition, Status.ANSWERED, value=value)


def read(criterion) -> FormCriterion:
    (only,) = form_of(section(criterion)).criteria.values()
    return only


def one_check(form, answers, **values):
    (check,) = score_visit(form, answers, **values).checks
    return check


# Kinds


@pytest.mark.parametrize(
    ("value", "zone", "linear_share"),
    [(5, GREEN, 1), (4, GREEN, 1), (3, YELLOW, 0.5), (2, RED, 0), (1, RED, 0)],
)
def test_a_rating_is_better_the_higher_and_may_earn_linearly(value, zone, linear_share):
    rating = new(kind="rating", settings={"lowest": 1, "highest": 5}, green_limit=4.0, red_limit=2.0)
    for linear, share in ((False, {GREEN: 1, YELLOW: 0.5, RED: 0}[zone]), (True, linear_share)):
        outcome = score_answer(read(rating | {"linear": linear}), entered(rating, value))
        assert (outcome.zone, outcome.share) == (zone, pytest.approx(share))


@pytest.mark.parametrize(("value", "share"), [(30, 1), (60, 1), (90, 0.75), (120, 0.5), (180, 0), (500, 0)])
def test_a_measure_may_earn_linearly_between_its_limits(value, share):
    wait = new(kind="measure", unit="seconds", green_limit=60.0, red_limit=180.0, linear=True)
    assert score_answer(read(wait), entered(wait, value)).share == pytest.approx(share)


@pytest.mark.parametrize(
    ("kind", "value", "fault"),
    [
        ("rating", 0, Fault.OUT_OF_RANGE),
        ("rating", 11, Fault.OUT_OF_RANGE),
        ("rating", 3.5, Fault.OUT_OF_RANGE),
        ("rating", "4", Fault.NOT_A_NUMBER),
        ("rating", 4, None),
        ("text", "  ", Fault.WITHOUT_CONTENT),
        ("text", "Hello", None),
        ("date", "2026-02-30", Fault.NOT_A_DATE),
        ("date", None, Fault.WITHOUT_CONTENT),
        ("date", "2026-02-28", None),
        ("time_stamp", "2026-11-22T10:15:00", Fault.NOT_A_MOMENT),
        ("time_stamp", "noon", Fault.NOT_A_MOMENT),
        ("time_stamp", "2026-11-22T10:15:00+03:00", None),
        ("money", -1, Fault.OUT_OF_RANGE),
        ("money", "12", Fault.NOT_A_NUMBER),
        ("money", 349.9, None),
        ("photo", None, None),
    ],
)
def test_what_each_kind_takes(kind, value, fault):
    criterion = new(kind=kind, settings={"lowest": 1, "highest": 10})
    assert answer_fault(read(criterion), entered(criterion, value)) is fault


@pytest.mark.parametrize("kind", ["text", "date", "time_stamp", "money", "photo"])
def test_facts_are_never_scored(kind):
    assert not read(new(kind=kind, scored=True, green_limit=1.0)).scored


def test_any_criterion_can_be_asked_without_being_scored():
    asked = choice(scored=False)
    check = one_check(form_of(section(choice(), asked)), [chosen(asked, RED)])
    assert (check.score, check.zone, check.failed) == (None, None, False)


@pytest.mark.parametrize(("unit", "value"), [("seconds", 150), ("minutes", 2.5)])
def test_a_duration_is_derived_from_two_time_stamps_and_scored_by_limits(unit, value):
    start, end = new(kind="time_stamp"), new(kind="time_stamp")
    settings = {"from": start["id"], "until": end["id"]}
    duration = new(kind="duration", unit=unit, settings=settings, green_limit=1.0, red_limit=float(value))
    answers = [entered(start, "2026-11-22T10:15:00+03:00"), entered(end, "2026-11-22T12:17:30+05:00")]
    scored = score_visit(form_of(section(start, end, duration)), answers)
    key = (UUID(duration["id"]), 0)
    assert scored.derived[key].value == value
    assert scored.outcomes[key].zone is RED
    assert score_visit(form_of(section(start, end, duration)), answers[:1]).derived == {}


def test_points_of_options():
    criterion = choice((GREEN, 0.9), (YELLOW, 0.2), RED)
    shares = [score_answer(read(criterion), chosen(criterion, zone)).share for zone in (GREEN, YELLOW, RED)]
    assert shares == [0.9, 0.2, 0]


# Sections


def test_without_weights_points_are_simply_added():
    first, second = choice(weight=3.0), choice(weight=1.0)
    check = one_check(form_of(section(first), section(second)), [chosen(first, GREEN), chosen(second, RED)])
    assert check.score == 0.75


@pytest.mark.parametrize(
    ("weights", "score"), [((1.0, 3.0), 0.25), ((3.0, None), 0.75), ((0.0, 1.0), 0), ((0.0, 0.0), None)]
)
def test_a_sections_weight_is_applied_to_its_percentage(weights, score):
    """Whatever its criteria weigh; a section without a weight weighs 1 beside one that has one."""
    first, second = choice(weight=50.0), choice(weight=1.0)
    form = form_of(section(first, weight=weights[0]), section(second, weight=weights[1]))
    scored = score_visit(form, [chosen(first, GREEN), chosen(second, RED)])
    assert scored.checks[0].score == scored.score == score


def test_weights_count_in_the_visits_own_total():
    first, second = choice(), choice()
    form = form_of(section(first, weight=3.0), section(second, weight=1.0, touchpoint=str(UUID(int=77))))
    scored = score_visit(form, [chosen(first, GREEN), chosen(second, RED)])
    assert [check.score for check in scored.checks] == [1, 0]
    assert scored.score == 0.75


def test_the_total_leaves_out_checks_that_do_not_count():
    first, second, third = choice(), choice(), choice()
    form = form_of(section(first), section(second, third, touchpoint=str(UUID(int=77))))
    scored = score_visit(form, [chosen(first, GREEN), chosen(second, RED)])
    assert [check.valid for check in scored.checks] == [True, False]
    assert (scored.score, scored.points, scored.possible) == (1, 1, 1)


# Critical


@pytest.mark.parametrize(
    ("critical", "cap", "score"), [(None, None, 0.75), ("flag", None, 0.75), ("cap", 0.4, 0.4), ("zero", None, 0)]
)
def test_a_critical_criterion_in_red(critical, cap, score):
    criterion, other = choice(critical=critical, critical_cap=cap), choice(weight=3.0)
    scored = score_visit(form_of(section(criterion, other)), [chosen(criterion, RED), chosen(other, GREEN)])
    (check,) = scored.checks
    assert check.score == scored.score == pytest.approx(score)
    assert (check.failed, check.zone) == (critical is not None, RED if critical else YELLOW)
    assert (check.points, check.possible) == (3, 4), "what was earned stays to be seen"


def test_a_cap_never_lifts_a_score():
    criterion, other = choice(critical="cap", critical_cap=0.9), choice()
    check = one_check(form_of(section(criterion, other)), [chosen(criterion, RED), chosen(other, RED)])
    assert check.score == 0


def test_an_unchecked_critical_criterion_makes_the_check_invalid():
    criterion, other = choice(critical="flag", weight=0.01), choice(weight=99.0)
    unchecked = Given(UUID(criterion["id"]), 0, Status.COULD_NOT_CHECK)
    assert not one_check(form_of(section(criterion, other)), [unchecked, chosen(other, GREEN)]).valid


# Shown when


def condition(criterion, **values):
    return {"criterion": criterion["id"], **values}


def asked(conditions, answers, *, match="all", attributes=None, earlier=()):
    """Whether a criterion behind these conditions is asked."""
    behind = new(kind="text", shown_when={"match": match, "conditions": conditions})
    scored = score_visit(form_of(section(*earlier, behind)), answers, attributes)
    return (UUID(behind["id"]), 0) in scored.asked


def states(*names, **values):
    return new(kind="states", states=[new(polarity="expected") for _ in names], **values)


def seen(criterion, *numbers):
    ids = frozenset(UUID(criterion["states"][number]["id"]) for number in numbers)
    return Given(UUID(criterion["id"]), 0, Status.ANSWERED, states=ids)


@pytest.mark.parametrize(
    ("test", "part", "marked", "holds"),
    [
        ("is", 0, [0], True),
        ("is", 0, [0, 1], False),
        ("is", 0, [1], False),
        ("contains", 0, [0, 1], True),
        ("contains", 0, [], False),
        ("is", "none", [], True),
        ("is", "none", [1], False),
    ],
)
def test_an_earlier_answer_is_or_contains(test, part, marked, holds):
    first = states("a", "b")
    named = part if part == "none" else first["states"][part]["id"]
    conditions = [condition(first, test=test, part=named)]
    assert asked(conditions, [seen(first, *marked)], earlier=[first]) is holds


@pytest.mark.parametrize(
    ("test", "holds"),
    [("below", (True, False, False)), ("at_most", (True, True, False)), ("equals", (False, True, False)),
     ("at_least", (False, True, True)), ("above", (False, False, True))],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["measure", "rating", "money"])
def test_a_number_compares(kind, test, holds):
    first = new(kind=kind, settings={"lowest": 0, "highest": 10})
    conditions = [condition(first, test=test, number=5)]
    found = tuple(asked(conditions, [entered(first, value)], earlier=[first]) for value in (4, 5, 6))
    assert found == holds


@pytest.mark.parametrize(
    ("attributes", "value", "holds"),
    [
        ({"Terrace": "yes"}, "YES", True),
        ({"terrace": "no"}, "yes", False),
        ({"terrace": "no"}, None, True),
        ({}, None, False),
    ],
)
def test_the_outlet_has_an_attribute(attributes, value, holds):
    assert asked([{"attribute": "terrace", "value": value}], [], attributes=attributes) is holds


@pytest.mark.parametrize(("match", "holds"), [("all", False), ("any", True)])
def test_all_or_any_of_the_conditions(match, holds):
    first = choice()
    option = {option["zone"]: option["id"] for option in first["options"]}
    conditions = [condition(first, test="is", part=option["green"]), condition(first, test="is", part=option["red"])]
    assert asked(conditions, [chosen(first, GREEN)], match=match, earlier=[first]) is holds


@pytest.mark.parametrize("status", [Status.NOT_APPLICABLE, Status.COULD_NOT_CHECK])
def test_not_applicable_and_could_not_check_never_fulfil_a_condition(status):
    first = choice(may_be_not_applicable=True)
    answer = chosen(first, GREEN)
    left_out = Given(answer.criterion_id, 0, status, options=answer.options)
    conditions = [condition(first, test="is", part=str(*answer.options))]
    assert asked(conditions, [answer], earlier=[first])
    assert not asked(conditions, [left_out], earlier=[first])


def test_what_is_hidden_fulfils_no_condition_either():
    first = choice()
    option = {option["zone"]: option["id"] for option in first["options"]}
    when_red = {"match": "all", "conditions": [condition(first, test="is", part=option["red"])]}
    second = choice(shown_when=when_red)
    conditions = [condition(second, test="contains", part=second["options"][0]["id"])]
    answers = [chosen(first, GREEN), chosen(second, GREEN)]
    assert not asked(conditions, answers, earlier=[first, second])
    scored = score_visit(form_of(section(first, second)), answers)
    assert scored.outcomes[UUID(second["id"]), 0].hidden
    assert scored.score == 1


def test_within_a_repeating_section_a_condition_means_the_same_repetition():
    first = choice()
    red = first["options"][2]["id"]
    second = choice(shown_when={"match": "all", "conditions": [condition(first, test="is", part=red)]})
    answers = [chosen(first, RED), chosen(first, GREEN, 1)]
    scored = score_visit(form_of(section(first, second, repeats=True)), answers)
    assert [(UUID(second["id"]), number) in scored.asked for number in (0, 1)] == [True, False]


def test_no_visible_criterion_no_check():
    hidden = section(choice(), shown_when={"match": "all", "conditions": [{"attribute": "terrace", "value": None}]})
    assert score_visit(form_of(hidden), []).checks == []


def test_all_not_applicable_is_absent_here():
    criteria = [choice(may_be_not_applicable=True) for _ in range(2)]
    check = one_check(form_of(section(*criteria)), [Given(UUID(c["id"]), 0, Status.NOT_APPLICABLE) for c in criteria])
    assert (check.absent, check.score, check.counts) == (True, None, False)


# Grades, and what the phone is told


@pytest.mark.parametrize(("score", "grade"), [(1.0, "A"), (0.9, "A"), (0.89, "B"), (0.3, None)])
def test_grade_bands(score, grade):
    bands = [{"name": {"en": "B"}, "from": 0.5}, {"name": {"en": "A"}, "from": 0.9}]
    found = form_of(section(choice()), grades=bands).grade(score)
    assert (found and found["en"]) == grade


def plain_test_fires(tests, given):
    """What the phone does with `not_green_when`, written down once more from its description."""
    states, options = ({str(part) for part in parts} for parts in (given.states, given.options))
    checks = {
        "states_any": lambda ids: bool(states & set(ids)),
        "states_fewer": lambda rule: len(states & set(rule["of"])) < rule["than"],
        "options_any": lambda ids: bool(options & set(ids)),
        "options_not_exactly": lambda ids: options != set(ids),
        "above": lambda limit: given.value > limit,
        "at_least": lambda limit: given.value >= limit,
        "below": lambda limit: given.value < limit,
        "at_most": lambda limit: given.value <= limit,
    }
    return any(checks[name](rule) for test in tests for name, rule in test.items())


@drawn(st.data())
def test_the_plain_tests_of_the_phone_fire_exactly_when_the_answer_is_not_green(data):
    kind = data.draw(st.sampled_from([Kind.STATES, Kind.CHOICE, Kind.MEASURE, Kind.RATING]))
    limits = st.sampled_from([None, 2.0, 4.0])
    if kind is Kind.STATES:
        polarity = st.sampled_from(["expected", "forbidden"])
        parts = data.draw(st.lists(polarity, min_size=1, max_size=4))
        criterion = new(
            kind="states",
            states=[new(polarity=each) for each in parts],
            enough=data.draw(st.sampled_from(["all", "any", 2])),
            all_or_nothing=data.draw(st.booleans()),
        )
        given = seen(criterion, *data.draw(st.sets(st.integers(0, len(parts) - 1))))
    elif kind is Kind.CHOICE:
        several = data.draw(st.booleans())
        zones = data.draw(st.lists(st.sampled_from([GREEN, YELLOW, RED]), min_size=2, max_size=4))
        criterion = choice(*zones, several=several)
        picked = data.draw(st.sets(st.integers(0, len(zones) - 1), min_size=1, max_size=4 if several else 1))
        ids = frozenset(UUID(criterion["options"][number]["id"]) for number in picked)
        given = Given(UUID(criterion["id"]), 0, Status.ANSWERED, options=ids)
    else:
        criterion = new(
            kind=kind.value,
            settings={"lowest": 0, "highest": 10},
            direction=data.draw(st.sampled_from(["lower_is_better", "higher_is_better", None])),
            green_limit=data.draw(limits),
            red_limit=data.draw(limits),
        )
        given = entered(criterion, data.draw(st.integers(0, 6)))
    form = read(criterion)
    if form.scored:
        not_green = score_answer(form, given).zone is not GREEN
        assert plain_test_fires(form.rules.not_green_when(form), given) is not_green
