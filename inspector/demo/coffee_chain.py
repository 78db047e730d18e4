"""The demo's engagement: a coffee chain, two rivals, the journey of a guest, and two waves. Texts and numbers only."""

from datetime import timedelta

from checklists.brands import OutletDesign
from checklists.journey import Channel
from checklists.people import Role
from inspector.demo.checklists import APPEARANCE, CALL, EMPLOYEES, OPENING, REQUEST, VISIT
from inspector.demo.parts import (
    DemoBrand,
    DemoEngagement,
    DemoPerson,
    DemoStage,
    DemoTouchpoint,
    DemoWave,
    both,
)

OWN, STEAM, MOKKA = "Полдень", "Зёрна и пар", "Mokka House"
_SITES = {OWN: "polden", STEAM: "steam", MOKKA: "mokka"}
_MOSCOW, _YEKATERINBURG = ("Москва", "Europe/Moscow", 495), ("Екатеринбург", "Asia/Yekaterinburg", 343)

# How good each brand is at each touchpoint, in the first wave and in the second: the chance that a criterion comes out
# green, before the outlet's own luck. In between the own company trained its baristas and opened second tills.
QUALITY = {
    "page": {OWN: (0.80, 0.82), STEAM: (0.90, 0.88), MOKKA: (0.72, 0.70)},
    "listing": {OWN: (0.78, 0.86), STEAM: (0.80, 0.80), MOKKA: (0.84, 0.84)},
    "facade": {OWN: (0.90, 0.90), STEAM: (0.86, 0.88), MOKKA: (0.82, 0.80)},
    "website": {OWN: (0.995, 0.995), STEAM: (0.995, 0.995), MOKKA: (0.86, 0.86)},
    "call": {OWN: (0.66, 0.74), STEAM: (0.76, 0.76), MOKKA: (0.80, 0.80)},
    "consultation": {OWN: (0.90, 0.92), STEAM: (0.84, 0.82), MOKKA: (0.45, 0.48)},
    "request": {OWN: (0.58, 0.66), STEAM: (0.70, 0.72), MOKKA: (0.74, 0.72)},
    "message": {OWN: (0.82, 0.84), STEAM: (0.62, 0.60), MOKKA: (0.78, 0.80)},
    "hall": {OWN: (0.94, 0.94), STEAM: (0.92, 0.93), MOKKA: (0.62, 0.60)},
    "restroom": {OWN: (0.84, 0.86), STEAM: (0.86, 0.86), MOKKA: (0.70, 0.70)},
    "counter": {OWN: (0.40, 0.70), STEAM: (0.95, 0.95), MOKKA: (0.48, 0.46)},
    "advice": {OWN: (0.66, 0.80), STEAM: (0.70, 0.70), MOKKA: (0.70, 0.70)},
    "drink": {OWN: (0.92, 0.93), STEAM: (0.36, 0.38), MOKKA: (0.84, 0.86)},
    "delivery": {OWN: (0.74, 0.72), STEAM: (0.80, 0.80), MOKKA: (0.68, 0.66)},
}
LUCK = 0.04
"""How far an outlet's quality may lie above or below its brand's."""
WEAK_OUTLETS = {"Полдень — Новослободская, 16": 0.22, "Mokka House — Куйбышева, 44": 0.12}
"""How much worse these are than their brand."""
WITHOUT_RESTROOM = {
    "Полдень — Мясницкая, 24",
    "Полдень — Садовническая, 31",
    "Зёрна и пар — Лесная, 5",
    "Mokka House — Никольская, 10",
}

_PEOPLE = (
    DemoPerson(Role.OWNER, "Виктор Северов", "owner@example.com"),
    DemoPerson(Role.MANAGER, "Мария Орлова", "manager@example.com"),
    DemoPerson(Role.REVIEWER, "Kate Lawson", "reviewer@example.com", "en"),
    DemoPerson(Role.CLIENT, "Ольга Зимина", "client@example.com"),
    DemoPerson(Role.INSPECTOR, "Анна Белова", "anna@example.com"),
    DemoPerson(Role.INSPECTOR, "Борис Ким", "boris@example.com"),
    DemoPerson(Role.INSPECTOR, "Елена Соколова", "elena@example.com"),
    DemoPerson(Role.INSPECTOR, "Oliver Grant", "oliver@example.com", "en"),
    DemoPerson(Role.INSPECTOR, "Тимур Ахметов", "timur@example.com"),
    DemoPerson(Role.INSPECTOR, "Наталья Гусева", "natalia@example.com"),
    DemoPerson(Role.INSPECTOR, "Пётр Ефимов", "petr@example.com"),
    DemoPerson(Role.INSPECTOR, "Дарья Жукова", "daria@example.com"),
    DemoPerson(Role.INSPECTOR, "Chloe Martin", "chloe@example.com", "en"),
    DemoPerson(Role.INSPECTOR, "Игорь Щеглов", "igor@example.com"),
    DemoPerson(Role.INSPECTOR, "Светлана Юдина", "svetlana@example.com"),
    DemoPerson(Role.INSPECTOR, "Рустам Валеев", "rustam@example.com"),
)

_STAGES = (
    DemoStage(
        both("Узнаёт", "Becomes aware"),
        (
            DemoTouchpoint(
                "page",
                both("Страница в соцсетях", "Page in social networks"),
                Channel.SOCIAL,
                {
                    "silent_page": both("Страница выглядит заброшенной", "The page looks deserted"),
                    "comments_ignored": both(
                        "На вопрос в комментариях никто не ответил", "Nobody answered a question in the comments"
                    ),
                },
            ),
            DemoTouchpoint(
                "listing",
                both("Карточка на картах", "Map listing"),
                Channel.WEB,
                {"wrong_listing": both("Часы или место на карте неверны", "Hours or place on the map are wrong")},
            ),
        ),
    ),
    DemoStage(
        both("Выбирает", "Compares"),
        (
            DemoTouchpoint(
                "website",
                both("Сайт и меню", "Site and menu"),
                Channel.WEB,
                {"site_broken": both("С телефона меню не прочесть", "The menu cannot be read on a phone")},
            ),
            DemoTouchpoint(
                "facade",
                both("Вывеска и вход", "Sign and entrance"),
                Channel.ON_SITE,
                {
                    "neglected_entrance": both(
                        "Вход неухоженный: кажется, что закрыто", "A neglected entrance looks as if it were closed"
                    )
                },
            ),
        ),
    ),
    DemoStage(
        both("Обращается", "Gets in touch"),
        (
            DemoTouchpoint(
                "call",
                both("Звонок в кофейню", "Call to the shop"),
                Channel.PHONE,
                {
                    "no_answer": both("Трубку не берут", "Nobody picks up"),
                    "call_back_later": both("Просят перезвонить позже", "The caller is asked to try again later"),
                },
            ),
            DemoTouchpoint(
                "consultation",
                both("Консультация по телефону", "Advice on the phone"),
                Channel.PHONE,
                {"menu_unknown": both("Сотрудник не знает меню", "The employee does not know the menu")},
            ),
            DemoTouchpoint(
                "request",
                both("Заявка с сайта", "Request on the site"),
                Channel.WEB,
                {
                    "form_lost": both("Заявка теряется", "The request gets lost"),
                    "slow_reply": both("Отвечают, когда уже не нужно", "The answer comes when it is too late"),
                },
            ),
            DemoTouchpoint(
                "message",
                both("Сообщение в соцсети", "Message in the social network"),
                Channel.SOCIAL,
                {"message_ignored": both("Сообщение прочитано и забыто", "The message is read and forgotten")},
            ),
        ),
    ),
    DemoStage(
        both("Приходит", "Visits"),
        (
            DemoTouchpoint(
                "hall",
                both("Зал и столики", "Seating area"),
                Channel.ON_SITE,
                {
                    "dirty_tables": both("Нет чистого свободного столика", "There is no clean free table"),
                    "nowhere_to_work": both("Негде зарядить телефон", "There is nowhere to charge a phone"),
                },
            ),
            DemoTouchpoint(
                "restroom",
                both("Туалет", "Toilet"),
                Channel.ON_SITE,
                {"closed_restroom": both("Туалет закрыт или грязный", "The toilet is closed or dirty")},
            ),
        ),
    ),
    DemoStage(
        both("Покупает", "Buys"),
        (
            DemoTouchpoint(
                "counter",
                both("Заказ у стойки", "Order at the counter"),
                Channel.ON_SITE,
                {
                    "slow_queue": both(
                        "Очередь стоит, второй кассы нет", "The queue stands still and there is no second till"
                    ),
                    "unnoticed": both("Гостя не замечают", "The guest goes unnoticed"),
                    "wrong_sum": both("Пробили не ту сумму", "The wrong sum is rung up"),
                },
            ),
            DemoTouchpoint(
                "advice",
                both("Совет бариста", "The barista's advice"),
                Channel.ON_SITE,
                {
                    "case_unsolved": both(
                        "В трудном случае гостю не помогают", "In a difficult case the guest is left alone"
                    )
                },
            ),
            DemoTouchpoint(
                "drink",
                both("Кофе и десерт", "Coffee and dessert"),
                Channel.ON_SITE,
                {
                    "wrong_drink": both(
                        "Напиток приготовлен не так, как просили", "The drink is not what was asked for"
                    ),
                    "stale_food": both("Десерт несвежий", "The dessert is stale"),
                },
            ),
        ),
    ),
    DemoStage(
        both("Заказывает снова", "Orders again"),
        (
            DemoTouchpoint(
                "delivery",
                both("Доставка", "Delivery"),
                Channel.DELIVERY,
                {
                    "cold_coffee": both("Кофе приехал холодным", "The coffee arrives cold"),
                    "courier_lost": both("Курьер не может найти адрес", "The courier cannot find the address"),
                },
            ),
        ),
    ),
)

_DRIVE = {"format": "drive-through", "drive_through": "yes"}
_STREET, _MALL = {"format": "street"}, {"format": "mall"}
_OUTLETS = {
    OWN: (
        (_MOSCOW, "Покровка, 17", 55.7585, 37.6465, _STREET),
        (_MOSCOW, "Мясницкая, 24", 55.7634, 37.6362, _STREET),
        (_MOSCOW, "Пятницкая, 25", 55.7413, 37.6288, _STREET),
        (_MOSCOW, "Новослободская, 16", 55.7805, 37.6000, _MALL),
        (_MOSCOW, "Садовническая, 31", 55.7396, 37.6330, _STREET),
        (_MOSCOW, "Ленинградский проспект, 62", 55.8052, 37.5166, _DRIVE),
        (_MOSCOW, "Кутузовский проспект, 36", 55.7405, 37.5320, _DRIVE),
        (_YEKATERINBURG, "Вайнера, 10", 56.8352, 60.5950, _STREET),
        (_YEKATERINBURG, "Малышева, 51", 56.8347, 60.6100, _MALL),
        (_YEKATERINBURG, "Белинского, 54", 56.8250, 60.6180, _STREET),
    ),
    STEAM: (
        (_MOSCOW, "Маросейка, 9", 55.7571, 37.6343, _STREET),
        (_MOSCOW, "Лесная, 5", 55.7793, 37.5890, _MALL),
        (_MOSCOW, "Большая Дмитровка, 12", 55.7628, 37.6137, _STREET),
        (_MOSCOW, "1-я Тверская-Ямская, 12", 55.7720, 37.5930, _STREET),
        (_MOSCOW, "Варшавское шоссе, 87", 55.6555, 37.6190, _DRIVE),
        (_YEKATERINBURG, "Ленина, 40", 56.8400, 60.6120, _STREET),
        (_YEKATERINBURG, "8 Марта, 46", 56.8283, 60.6030, _MALL),
        (_YEKATERINBURG, "Радищева, 12", 56.8315, 60.5900, _STREET),
    ),
    MOKKA: (
        (_MOSCOW, "Арбат, 20", 55.7502, 37.5955, _STREET),
        (_MOSCOW, "Никольская, 10", 55.7575, 37.6220, _STREET),
        (_MOSCOW, "Проспект Мира, 40", 55.7797, 37.6330, _STREET),
        (_MOSCOW, "Остоженка, 8", 55.7418, 37.5995, _STREET),
        (_YEKATERINBURG, "Куйбышева, 44", 56.8290, 60.6110, _MALL),
        (_YEKATERINBURG, "Пушкина, 9", 56.8395, 60.6085, _STREET),
    ),
}


def _outlet(
    brand: str, city: tuple[str, str, int], address: str, latitude: float, longitude: float, attributes: dict[str, str]
) -> OutletDesign:
    """The telephone numbers are nobody's: no exchange begins with 000. No web address ends in .example."""
    line = sum(map(ord, brand + address)) % 10_000
    return OutletDesign(
        name=f"{brand} — {address}",
        city=city[0],
        address=address,
        phone=f"+7 {city[2]} 000-{line // 100:02}-{line % 100:02}",
        url=f"https://{_SITES[brand]}.example/",
        latitude=latitude,
        longitude=longitude,
        time_zone=city[1],
        attributes=attributes,
    )


ENGAGEMENT = DemoEngagement(
    agency_slug="north-audit",
    agency="Север-Аудит",
    slug="noon-coffee",
    name=both("Кофейня «Полдень»", "Noon Coffee"),
    people=_PEOPLE,
    journey=both("Гость на встрече за кофе", "A guest who meets over coffee"),
    stages=_STAGES,
    brands=[DemoBrand(name, [_outlet(name, *place) for place in places]) for name, places in _OUTLETS.items()],
    checklists=(VISIT, CALL, REQUEST, APPEARANCE, EMPLOYEES, OPENING),
    staff_names=True,
)

_NOT_OURS_TO_TEST = {("advice", STEAM): 0, ("advice", MOKKA): 0}
_ON_SITE, _BY_PHONE = ("hall", "counter", "drink"), ("call", "consultation")
_ON_THE_WEB, _FROM_OUTSIDE = ("website", "request", "message", "delivery"), ("facade", "listing", "page")
_ENOUGH_EIGHT = ("hall", "drink", "consultation", "website", "request", "message", "listing", "page")
_REQUIRED = {
    **{(touchpoint, OWN): 18 for touchpoint in _ON_SITE},
    **{(touchpoint, STEAM): 15 for touchpoint in _ON_SITE},
    **{(touchpoint, OWN): 16 for touchpoint in _BY_PHONE},
    **{(touchpoint, OWN): 14 for touchpoint in _ON_THE_WEB},
    **{(touchpoint, OWN): 12 for touchpoint in _FROM_OUTSIDE},
    **_NOT_OURS_TO_TEST,
}
# What was weak is looked at more often, and the rest as often as is just enough to see a change.
_REQUIRED_LATER = {
    **{("counter", brand): number for brand, number in ((OWN, 20), (STEAM, 15), (MOKKA, 14))},
    **{("call", brand): number for brand, number in ((OWN, 16), (STEAM, 14), (MOKKA, 14))},
    **{("delivery", brand): number for brand, number in ((OWN, 14), (STEAM, 12), (MOKKA, 12))},
    **{("facade", brand): number for brand, number in ((OWN, 12), (STEAM, 10), (MOKKA, 8))},
    **{(touchpoint, brand): 8 for touchpoint in (*_ENOUGH_EIGHT, "restroom") for brand in (OWN, STEAM, MOKKA)},
    **{(touchpoint, MOKKA): 6 for touchpoint in ("listing", "page")},
    **_NOT_OURS_TO_TEST,
}

FIRST_WAVE = DemoWave(
    0,
    both("Первая волна", "First wave"),
    both(
        "Как нас видит гость — до обучения бариста и вторых касс.",
        "How a guest sees us, before baristas were trained and second tills opened.",
    ),
    begins=timedelta(days=80),
    lasts=timedelta(days=34),
    required=_REQUIRED,
)
SECOND_WAVE = DemoWave(
    1,
    both("Вторая волна", "Second wave"),
    both(
        "Те же вопросы после обучения: что изменилось у нас и у конкурентов.",
        "The same questions after the training: what has changed with us and with the rivals.",
    ),
    begins=timedelta(days=32),
    lasts=timedelta(days=36),
    day_parts=((9, 12), (12, 16), (16, 20)),
    required=_REQUIRED_LATER,
)
