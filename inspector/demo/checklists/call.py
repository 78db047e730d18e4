"""The call to the coffee shop, and what its second version changes."""

from checklists.checklist import Comment, Critical, Evidence, Unit
from checklists.scoring import Kind
from inspector.demo.parts import (
    DemoChecklist,
    DemoRevision,
    DemoSection,
    bad,
    both,
    choice,
    fact,
    good,
    green,
    measure,
    rating,
    red,
    states,
    when_seen,
    yellow,
)

_BRIEF = both(
    "Вы ищете место для встречи шести человек в субботу днём. Позвоните с номера, который не определяется как "
    "рабочий, включите секундомер с первым гудком. Ничего не бронируйте: скажите, что перезвоните.",
    "You look for a place where six people can meet on Saturday afternoon. Call from a number that is not known as a "
    "company's, and start a stopwatch at the first ring. Do not book anything: say that you will call back.",
)

_ANSWERING = (
    fact(
        Kind.TIME_STAMP,
        "dialled",
        both("Набрали номер", "You dialled"),
        required=False,
        evidence=Evidence.NONE,
        comment=Comment.NONE,
    ),
    measure(
        "pick_up",
        both("Через сколько ответили", "Time until the call was answered"),
        Unit.SECONDS,
        20,
        60,
        guidance=both(
            "Если за две минуты не ответили, запишите 120.", "If nobody answers for two minutes, write down 120."
        ),
        weight=2.0,
        evidence=Evidence.NONE,
        barrier="no_answer",
        remarks=(
            both("Сначала автоответчик, потом человек.", "A machine first, then a person."),
            both("Ответили со второй попытки.", "Answered at the second attempt."),
        ),
    ),
    states(
        "first_words",
        both("Первые слова", "The first words"),
        good("Назвал кофейню", "Named the coffee shop"),
        good("Представился", "Gave a name"),
        bad("Сказал «алло» и замолчал", "Said “hello?” and fell silent"),
        evidence=Evidence.NONE,
        enough="any",
        remarks=(
            both("Просто «да».", "Just “yes?”."),
            both("Название прозвучало неразборчиво.", "The name was mumbled."),
        ),
    ),
    choice(
        "line",
        both("Связь", "The line"),
        green("Слышно хорошо, ждать не просили", "Clear, and nobody asked to hold"),
        yellow("Один раз попросили подождать", "Asked to hold once"),
        red("Связь прервалась или мешал шум", "The line broke, or noise drowned it"),
        evidence=Evidence.NONE,
        comment=Comment.NONE,
        barrier="call_back_later",
    ),
    measure(
        "on_hold",
        both("Сколько ждали на линии", "How long you were on hold"),
        Unit.SECONDS,
        30,
        90,
        linear=True,
        evidence=Evidence.NONE,
        shown_when=[when_seen("line", 1)],
        remarks=(both("Бариста отпустил очередь и вернулся к разговору.", "The barista served the queue first."),),
    ),
)

_CONVERSATION = (
    states(
        "table_for_six",
        both("Столик на шестерых", "A table for six"),
        good("Уточнил день и время", "Asked for day and time"),
        good("Предложил, где сесть вместе", "Proposed where to sit together", weight=2.0),
        bad("Отправил на сайт, не ответив", "Referred to the web site without an answer"),
        weight=2.0,
        evidence=Evidence.NONE,
        remarks=(
            both("Предложили позвонить администратору после обеда.", "I was told to call the manager after lunch."),
            both("Сказали: всё на сайте.", "“It is all on the site.”"),
        ),
    ),
    choice(
        "menu_knowledge",
        both("О чём рассказали без подсказки", "What was told without being asked"),
        green("Виды растительного молока", "The kinds of plant milk"),
        green("Десерт без глютена", "A dessert without gluten"),
        yellow("Сезонный напиток", "The drink of the season"),
        red("Назвали неверную цену", "Named a wrong price"),
        several=True,
        weight=2.0,
        evidence=Evidence.NONE,
        barrier="menu_unknown",
        remarks=(
            both("Про молоко ответили «обычное и другое».", "“Ordinary milk and the other one.”"),
            both("Назвали цену, которой нет в меню.", "The price they named is not on the menu."),
        ),
    ),
    rating(
        "friendliness",
        both("Насколько приятно было говорить", "How pleasant the conversation was"),
        (both("Хотелось положить трубку", "I wanted it to end"), both("Хочется прийти", "I want to go there")),
        (1, 5),
        (4, 2),
        evidence=Evidence.NONE,
        remarks=(
            both("Вежливо, но торопился.", "Polite, but in a hurry."),
            both("Отвечал односложно.", "Answers of one word."),
        ),
    ),
    choice(
        "farewell",
        both("Конец разговора", "The end of the call"),
        green("Подвёл итог и попрощался", "Summed up and said goodbye"),
        yellow("Только попрощался", "Only said goodbye"),
        red("Положил трубку первым", "Hung up first"),
        evidence=Evidence.NONE,
        critical=Critical.FLAG,
    ),
    choice(
        "who_answered",
        both("Кто с вами говорил", "Who talked to you"),
        green("Бариста", "A barista"),
        green("Администратор", "The shop's manager"),
        green("Оператор общей линии", "An operator of the common line"),
        green("Другое", "Somebody else", free_text=True),
        scored=False,
        evidence=Evidence.NONE,
        comment=Comment.NONE,
        words=(
            both("Не представился, голос молодой.", "Gave no name; a young voice."),
            both("Кондитер.", "The pastry cook."),
        ),
    ),
)

CALL = DemoChecklist(
    "call",
    both("Звонок в кофейню", "Call to the coffee shop"),
    (
        DemoSection(
            "call",
            both("Дозвониться", "Getting through"),
            both("Секундомер — с первого гудка.", "The stopwatch runs from the first ring on."),
            12,
            _ANSWERING,
        ),
        DemoSection(
            "consultation",
            both("Разговор", "The conversation"),
            both("Спросите о столике, о молоке и о десертах.", "Ask about a table, about milk and about desserts."),
            12,
            _CONVERSATION,
        ),
    ),
    _BRIEF,
    minutes=(4, 9),
)

CALL_REVISED = DemoRevision(
    "call",
    reworded={
        "first_words": both("Как ответили: первые слова", "How they answered: the first words"),
        "farewell": both("Как закончили разговор", "How the call ended"),
    },
    red_limits={"pick_up": 45.0},
    added={
        "table_for_six": states(
            "deposit",
            both("Условия брони", "The terms of a booking"),
            good("Сказал, нужен ли депозит", "Said whether a deposit is needed"),
            good("Назвал, до какого времени держат стол", "Said how long a table is kept"),
            bad("Попросил перевести деньги на личную карту", "Asked for money to a private card"),
            enough="any",
            evidence=Evidence.NONE,
            remarks=(both("О депозите сказали только после вопроса.", "A deposit came up only when I asked."),),
        )
    },
    removed=["dialled"],
)
