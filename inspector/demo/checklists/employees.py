"""The employee test: cases with right and wrong answers, asked of each employee of a shift in turn."""

from checklists.checklist import Comment, Evidence, Purpose, Unit
from checklists.scoring import Kind
from inspector.demo.parts import (
    DemoChecklist,
    DemoSection,
    both,
    choice,
    fact,
    green,
    measure,
    rating,
    red,
    when_number,
    yellow,
)

_BRIEF = both(
    "Визит согласован с управляющим. Представьтесь, попросите по десять минут у каждого сотрудника смены, читайте "
    "вопросы вслух и отмечайте ответы. Правильных ответов не подсказывайте и не обсуждайте результат.",
    "The visit is agreed with the shop's manager. Introduce yourself, ask each employee of the shift for ten minutes, "
    "read the questions out and mark the answers. Do not prompt, and do not discuss the result.",
)

_QUESTIONS = (
    choice(
        "lactose",
        both("Гость не пьёт молоко. Что предложите?", "A guest takes no milk. What do you offer?"),
        green("Овсяное или миндальное молоко", "Oat or almond milk", points=0.5),
        green("Фильтр-кофе или американо", "Filter coffee or an americano", points=0.5),
        yellow(
            "Безлактозное молоко, уточнив про аллергию", "Lactose-free milk, after asking about allergy", points=0.25
        ),
        red("Сливки", "Cream", points=0.0),
        several=True,
        weight=2.0,
        evidence=Evidence.NONE,
        remarks=(
            both("Назвал только овсяное.", "Named oat milk only."),
            both("Предложил сливки: «там почти нет лактозы».", "Offered cream: “hardly any lactose in it”."),
        ),
    ),
    choice(
        "roast",
        both("Чем интересно зерно дня?", "What is special about the beans of the day?"),
        green("Назвал страну и вкус", "Named country and taste"),
        yellow("Назвал только страну", "Named the country only", points=0.6),
        yellow("Назвал только степень обжарки", "Named the roast only", points=0.3),
        red("Не знает", "Does not know"),
        evidence=Evidence.NONE,
        remarks=(both("Путает Эфиопию с Кенией.", "Takes Ethiopia for Kenya."),),
    ),
    choice(
        "spilled",
        both(
            "Гость пролил кофе на стол и одежду. Ваши действия?",
            "A guest spills coffee over table and clothes. What do you do?",
        ),
        green("Спросить, не обжёгся ли", "Ask whether anybody was burned"),
        green("Вытереть и принести салфетки", "Wipe it up and bring napkins"),
        green("Приготовить напиток заново", "Make the drink again"),
        red("Попросить оплатить новый напиток", "Ask for the new drink to be paid"),
        red("Ждать уборщицу", "Wait for the cleaner"),
        several=True,
        weight=2.0,
        evidence=Evidence.NONE,
        comment=Comment.NOT_GREEN,
        barrier="case_unsolved",
        remarks=(
            both("О новом напитке вспомнил не сразу.", "Thought of a new drink after a pause only."),
            both("Сказал, что новый — за счёт гостя.", "Said that the guest pays the new one."),
        ),
    ),
    rating(
        "pitch",
        both("Как рассказал о сезонном напитке", "How the drink of the season was described"),
        (both("Прочитал с доски", "Read from the board"), both("Захотелось попробовать", "I wanted to taste it")),
        (1, 5),
        (4, 2),
        linear=True,
        evidence=Evidence.NONE,
        remarks=(both("Перечислил состав без интереса.", "Listed what is in it, bored."),),
    ),
    measure(
        "months",
        both("Сколько месяцев работает", "Months in the job"),
        Unit.PIECES,
        scored=False,
        typical=(1, 40),
        evidence=Evidence.NONE,
        comment=Comment.NONE,
    ),
    fact(
        Kind.DATE,
        "trained",
        both("Когда было последнее обучение", "When the last training was"),
        typical=(-240, -10),
        may_be_not_applicable=True,
        evidence=Evidence.NONE,
        comment=Comment.NONE,
    ),
    choice(
        "mentor",
        both("Есть ли наставник", "Is there a mentor"),
        green("Да, и он сегодня на смене", "Yes, and on duty today"),
        yellow("Да, но в другой смене", "Yes, but in another shift"),
        red("Нет", "No"),
        evidence=Evidence.NONE,
        shown_when=[when_number("months", "at_most", 3)],
    ),
    fact(
        Kind.TEXT,
        "wish",
        both("Чего не хватает для работы", "What is missing for the work"),
        both("Запишите словами сотрудника.", "In the employee's own words."),
        required=False,
        evidence=Evidence.NONE,
        comment=Comment.NONE,
        words=(
            both("Второй темпер и время на уборку между заказами.", "A second tamper, and time to clean."),
            both("Карточки о новых сортах зерна.", "Cards about the new beans."),
            both("Знать график за две недели.", "A rota known two weeks ahead."),
            both("Всего хватает.", "Nothing is missing."),
        ),
    ),
)

EMPLOYEES = DemoChecklist(
    "employees",
    both("Тест сотрудников", "Employee test"),
    (
        DemoSection(
            "advice",
            both("Знание продукта и трудные случаи", "Product knowledge and cases"),
            both("Одна серия вопросов на каждого сотрудника смены.", "One round for each employee of the shift."),
            10,
            _QUESTIONS,
            repeat_label=both("Сотрудник", "Employee"),
            labels=(
                both("Бариста, утренняя смена", "Barista, morning shift"),
                both("Бариста, вечерняя смена", "Barista, evening shift"),
                both("Кассир", "Cashier"),
                both("Стажёр", "Trainee"),
            ),
        ),
    ),
    _BRIEF,
    purpose=Purpose.TEST,
    staff_met=True,
    grades=(
        (0.85, both("Может обучать других", "Can teach others")),
        (0.6, both("Знает стандарт", "Knows the standard")),
        (0.0, both("Нужно обучение", "Needs training")),
    ),
    minutes=(20, 40),
)
