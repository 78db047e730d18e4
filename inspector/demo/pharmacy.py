"""A second agency with one small engagement, so that one can see that nothing crosses an organization's border."""

from datetime import timedelta

from checklists.brands import OutletDesign
from checklists.checklist import Evidence, Unit
from checklists.journey import Channel
from checklists.people import Role
from inspector.demo.parts import (
    DemoBrand,
    DemoChecklist,
    DemoEngagement,
    DemoPerson,
    DemoSection,
    DemoStage,
    DemoTouchpoint,
    DemoWave,
    bad,
    both,
    choice,
    good,
    green,
    measure,
    red,
    states,
    yellow,
)

_ADVICE = DemoTouchpoint(
    "advice",
    both("Консультация фармацевта", "The pharmacist's advice"),
    Channel.ON_SITE,
    {"no_questions": both("Фармацевт не задаёт вопросов", "The pharmacist asks no questions")},
)

_CRITERIA = (
    measure("wait", both("Ожидание", "The wait"), Unit.MINUTES, 3, 10, evidence=Evidence.NONE),
    states(
        "questions",
        both("Вопросы фармацевта", "The pharmacist's questions"),
        good("Спросил, кому нужно средство", "Asked whom the remedy is for"),
        bad("Предложил антибиотик без рецепта", "Offered an antibiotic without a prescription"),
        evidence=Evidence.NONE,
        barrier="no_questions",
    ),
    choice(
        "choice",
        both("Выбор", "The choice"),
        green("Назвал средства по разной цене", "Named remedies at several prices"),
        yellow("Назвал одно средство", "Named one remedy"),
        red("Настаивал на дорогом", "Pressed the expensive one"),
    ),
)

_SECTION = DemoSection(
    "advice",
    both("У прилавка", "At the counter"),
    both("Встаньте в общую очередь.", "Join the queue like everybody."),
    4,
    _CRITERIA,
)
_BRIEF = both(
    "Попросите средство от простуды для взрослого без рецепта и спросите, с чем его нельзя сочетать.",
    "Ask for a cold remedy for an adult that needs no prescription, and what it must not be taken with.",
)


def _outlet(address: str) -> OutletDesign:
    return OutletDesign(f"Ромашка — {address}", "Краснодар", address, "", "", None, None, "Europe/Moscow")


ENGAGEMENT = DemoEngagement(
    agency_slug="south-audit",
    agency="Юг-Контроль",
    slug="chamomile",
    name=both("Аптеки «Ромашка»", "Chamomile Pharmacies"),
    people=(
        DemoPerson(Role.MANAGER, "Игорь Лапин", "south.manager@example.com"),
        DemoPerson(Role.INSPECTOR, "Павел Чернов", "pavel@example.com"),
    ),
    journey=both("Покупатель без рецепта", "A buyer without a prescription"),
    stages=[DemoStage(both("Покупает", "Buys"), [_ADVICE])],
    brands=[DemoBrand("Ромашка", [_outlet("Красная, 81"), _outlet("Северная, 320")])],
    checklists=[DemoChecklist("visit", both("Визит в аптеку", "Visit to the pharmacy"), [_SECTION], _BRIEF)],
)
WAVE = DemoWave(0, both("Пробная волна", "Trial wave"), _BRIEF, begins=timedelta(0), lasts=timedelta(days=36))
