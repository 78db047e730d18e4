"""The visit on site: seating area, toilet, order, drink, and the window for cars where there is one."""

from checklists.checklist import Comment, Evidence, Unit
from inspector.demo.checklists.visit_order import COUNTER, DRINK, DRIVE
from inspector.demo.parts import (
    DemoChecklist,
    DemoSection,
    bad,
    both,
    choice,
    good,
    green,
    measure,
    red,
    states,
    when_outlet,
    yellow,
)

_BRIEF = both(
    "Вы встречаетесь с другом и пришли на пятнадцать минут раньше. Закажите капучино и десерт, сядьте в зале, "
    "заплатите картой и сохраните чек. Не показывайте телефон у стойки: записывайте ответы за столиком. "
    "Расходы до 600 ₽ возмещаем.",
    "You are meeting a friend and have come a quarter of an hour early. Order a cappuccino and a dessert, take a seat, "
    "pay by card and keep the receipt. Do not show the phone at the counter: write the answers down at your table. Up "
    "to 600 ₽ are refunded.",
)

_HALL = (
    states(
        "tables",
        both("Чистота столиков и пола", "Cleanness of tables and floor"),
        good("Свободные столики вытерты", "Free tables are wiped", weight=2.0),
        good("Пол чистый и сухой", "The floor is clean and dry"),
        bad("Грязная посуда стоит дольше пяти минут", "Used dishes stand for more than five minutes"),
        guidance=both(
            "Снимите ближайшие столики так, чтобы не было видно лиц. Как должно быть — на картинке.",
            "Photograph the nearest tables so that no faces can be seen. The picture shows how it should be.",
        ),
        weight=2.0,
        evidence=Evidence.REQUIRED,
        barrier="dirty_tables",
        scene="table",
        picture="table",
        remarks=(
            both("На двух столиках крошки и разводы.", "Crumbs and smears on two tables."),
            both(
                "Три столика у окна с чужими чашками, за десять минут никто не подошёл.",
                "Other guests' cups on three tables, and nobody came in ten minutes.",
            ),
        ),
    ),
    choice(
        "seat",
        both("Свободное место", "A free seat"),
        green("Нашлось сразу", "Found at once"),
        yellow("Пришлось подождать", "Found after a wait"),
        red("Не нашлось за десять минут", "None within ten minutes"),
        evidence=Evidence.NONE,
        comment=Comment.NOT_GREEN,
        remarks=(
            both("Минуты четыре пришлось стоять с подносом.", "I stood with my tray for four minutes or so."),
            both("Два столика заняты сумками, персонал не вмешался.", "Bags on two tables, and nobody of the staff."),
        ),
    ),
    states(
        "comfort",
        both("Удобства для гостя", "Comfort for the guest"),
        good("Розетки у столиков", "Sockets at the tables"),
        good("Пароль от Wi-Fi на виду", "The Wi-Fi password in plain sight"),
        good("Бесплатная вода", "Free water"),
        enough="2",
        evidence=Evidence.OPTIONAL,
        scene="table",
        remarks=(
            both("Розетка одна, у кассы.", "One socket only, by the till."),
            both("Ни розеток, ни пароля, вода только платная.", "No sockets, no password, and water is for sale only."),
        ),
    ),
    measure(
        "guests",
        both("Сколько гостей в зале", "How many guests are in the room"),
        Unit.PIECES,
        scored=False,
        evidence=Evidence.NONE,
        comment=Comment.NONE,
        typical=(2, 24),
        guidance=both(
            "Примерно, на глаз: нужно, чтобы понять загрузку.", "Roughly, by eye: it shows how busy they are."
        ),
    ),
)

_RESTROOM = (
    choice(
        "restroom",
        both("Туалет для гостей", "The guests' toilet"),
        green("Чисто, есть мыло и бумага", "Clean, with soap and paper"),
        yellow("Чисто, но чего-то не хватает", "Clean, but something is missing"),
        red("Грязно или закрыт", "Dirty or closed"),
        may_be_not_applicable=True,
        evidence=Evidence.NOT_GREEN,
        weight=2.0,
        barrier="closed_restroom",
        scene="restroom",
        guidance=both(
            "Если туалета в кофейне нет, нажмите «Здесь этого нет».", "If the shop has no toilet, press “Not here”."
        ),
        remarks=(
            both("Мыло закончилось, бумага была.", "No soap left; there was paper."),
            both("На двери «Только для персонала».", "“Staff only” on the door."),
        ),
    ),
    states(
        "restroom_log",
        both("График уборки", "The cleaning log"),
        good("Висит на двери и заполнен сегодня", "It hangs on the door and has an entry of today"),
        bad("Заполнен наперёд", "It is filled in for the hours to come"),
        may_be_not_applicable=True,
        evidence=Evidence.OPTIONAL,
        scene="restroom",
        remarks=(both("Последняя отметка — вчера в 22:00.", "The last entry was at ten last night."),),
    ),
)

VISIT = DemoChecklist(
    "visit",
    both("Визит в кофейню", "Visit to the coffee shop"),
    (
        DemoSection(
            "hall",
            both("Зал", "Seating area"),
            both("Осмотритесь, прежде чем встать в очередь.", "Look around before you join the queue."),
            10,
            _HALL,
        ),
        DemoSection(
            "restroom",
            both("Туалет", "Toilet"),
            both("Зайдите вымыть руки до заказа.", "Go and wash your hands before you order."),
            8,
            _RESTROOM,
        ),
        DemoSection(
            "counter",
            both("Заказ у стойки", "Order at the counter"),
            both("Запоминайте; записать можно за столиком.", "Remember it; write it down at your table."),
            12,
            COUNTER,
            weight=3.0,
        ),
        DemoSection(
            "counter",
            both("Окно автораздачи", "Drive-through window"),
            both("Пройдите мимо окна и понаблюдайте за двумя машинами.", "Walk past the window and watch two cars."),
            12,
            DRIVE,
            weight=1.0,
            shown_when=[when_outlet("drive_through", "yes")],
        ),
        DemoSection(
            "drink",
            both("Кофе и десерт", "Coffee and dessert"),
            both("Попробуйте напиток сразу, пока он горячий.", "Taste the drink at once, while it is hot."),
            12,
            DRINK,
        ),
    ),
    _BRIEF,
    staff_met=True,
    grades=(
        (0.9, both("Образцово", "Exemplary")),
        (0.75, both("По стандарту", "Up to standard")),
        (0.5, both("Есть над чем работать", "Needs work")),
        (0.0, both("Ниже допустимого", "Below what is tolerable")),
    ),
    minutes=(25, 50),
)
