"""The demo's engagement: a coffee chain, two rivals, and the journey of a guest. Texts and numbers only."""

from checklists.brands import OutletDesign
from checklists.journey import Channel
from checklists.people import Role
from inspector.demo.coffee_checklists import CALL, VISIT
from inspector.demo.parts import DemoBrand, DemoEngagement, DemoPerson, DemoStage, DemoTouchpoint, both

VISIT_BRIEF = both(
    "Вы встречаетесь с другом и пришли на пятнадцать минут раньше. Закажите капучино и десерт, сядьте в зале, "
    "заплатите картой и сохраните чек. Не показывайте телефон у стойки: записывайте ответы за столиком. До 450 ₽ "
    "мы возвращаем.",
    "You are meeting a friend and have come a quarter of an hour early. Order a cappuccino and a dessert, take a seat, "
    "pay by card and keep the receipt. Do not show the phone at the counter: write the answers down at your table. Up "
    "to 450 ₽ are refunded.",
)
CALL_BRIEF = both(
    "Вы ищете место для встречи шести человек в субботу днём. Позвоните с номера, который не определяется как "
    "рабочий, включите секундомер с первым гудком. Ничего не бронируйте: скажите, что перезвоните.",
    "You look for a place where six people can meet on Saturday afternoon. Call from a number that is not known as a "
    "company's, and start a stopwatch at the first ring. Do not book anything: say that you will call back.",
)
WRONG_PLACE = (
    "На фотографиях другая кофейня: на вывеске и чеке адрес соседнего квартала. Визит придётся повторить. / "
    "The photos show another coffee shop: sign and receipt have an address one block away. It has to be done again."
)

OWN, STEAM, MOKKA = "Полдень", "Зёрна и пар", "Mokka House"
MOSCOW, YEKATERINBURG = ("Москва", "Europe/Moscow"), ("Екатеринбург", "Asia/Yekaterinburg")

# How good each brand is at each touchpoint: the chance that a criterion comes out green, before the outlet's own luck.
QUALITY = {
    "call": {OWN: 0.62, STEAM: 0.74, MOKKA: 0.80},
    "consultation": {OWN: 0.45, STEAM: 0.95, MOKKA: 0.70},
    "hall": {OWN: 0.94, STEAM: 0.93, MOKKA: 0.50},
    "counter": {OWN: 0.62, STEAM: 0.96, MOKKA: 0.30},
    "drink": {OWN: 0.94, STEAM: 0.36, MOKKA: 0.86},
}

_PEOPLE = (
    DemoPerson(Role.MANAGER, "Мария Орлова", "manager@example.com"),
    DemoPerson(Role.REVIEWER, "Kate Lawson", "reviewer@example.com", "en"),
    DemoPerson(Role.INSPECTOR, "Анна Белова", "anna@example.com"),
    DemoPerson(Role.INSPECTOR, "Борис Ким", "boris@example.com"),
    DemoPerson(Role.INSPECTOR, "Елена Соколова", "elena@example.com"),
    DemoPerson(Role.INSPECTOR, "Oliver Grant", "oliver@example.com", "en"),
)

_STAGES = (
    DemoStage(
        both("Узнаёт", "Becomes aware"),
        (
            DemoTouchpoint(
                "page",
                both("Страница в соцсетях", "Page in social networks"),
                Channel.SOCIAL,
                (
                    both("Часы работы устарели", "The opening hours are out of date"),
                    both("На вопрос в комментариях никто не ответил", "Nobody answered a question in the comments"),
                ),
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
                (
                    both("Трубку не берут", "Nobody picks up"),
                    both("Просят перезвонить позже", "The caller is asked to try again later"),
                ),
            ),
            DemoTouchpoint(
                "consultation",
                both("Консультация по телефону", "Advice on the phone"),
                Channel.PHONE,
                (both("Сотрудник не знает меню", "The employee does not know the menu"),),
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
                (
                    both("Нет чистого свободного столика", "There is no clean free table"),
                    both("Туалет закрыт или грязный", "The toilet is closed or dirty"),
                ),
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
                (
                    both("Очередь стоит, второй кассы нет", "The queue stands still and there is no second till"),
                    both("Гостя не замечают", "The guest goes unnoticed"),
                ),
            ),
            DemoTouchpoint(
                "drink",
                both("Кофе и десерт", "Coffee and dessert"),
                Channel.ON_SITE,
                (both("Напиток приготовлен не так, как просили", "The drink is not what was asked for"),),
            ),
            DemoTouchpoint(
                "delivery",
                both("Доставка", "Delivery"),
                Channel.DELIVERY,
                (
                    both("Кофе приехал холодным", "The coffee arrives cold"),
                    both("Курьер не может найти адрес", "The courier cannot find the address"),
                ),
            ),
        ),
    ),
    DemoStage(
        both("Возвращается", "Comes back"),
        (
            DemoTouchpoint(
                "complaint",
                both("Ответ на жалобу", "Answer to a complaint"),
                Channel.EMAIL,
                (both("Отвечают шаблоном через неделю", "A form letter comes a week later"),),
            ),
        ),
    ),
)

_OUTLETS = {
    OWN: (
        (MOSCOW, "Покровка, 17", 55.7585, 37.6465),
        (MOSCOW, "Мясницкая, 24", 55.7634, 37.6362),
        (MOSCOW, "Пятницкая, 25", 55.7413, 37.6288),
        (MOSCOW, "Новослободская, 16", 55.7805, 37.6000),
        (MOSCOW, "Садовническая, 31", 55.7396, 37.6330),
        (YEKATERINBURG, "Вайнера, 10", 56.8352, 60.5950),
        (YEKATERINBURG, "Малышева, 51", 56.8347, 60.6100),
        (YEKATERINBURG, "Белинского, 54", 56.8250, 60.6180),
    ),
    STEAM: (
        (MOSCOW, "Маросейка, 9", 55.7571, 37.6343),
        (MOSCOW, "Лесная, 5", 55.7793, 37.5890),
        (MOSCOW, "Большая Дмитровка, 12", 55.7628, 37.6137),
        (MOSCOW, "1-я Тверская-Ямская, 12", 55.7720, 37.5930),
        (YEKATERINBURG, "Ленина, 40", 56.8400, 60.6120),
        (YEKATERINBURG, "8 Марта, 46", 56.8283, 60.6030),
        (YEKATERINBURG, "Радищева, 12", 56.8315, 60.5900),
    ),
    MOKKA: (
        (MOSCOW, "Арбат, 20", 55.7502, 37.5955),
        (MOSCOW, "Никольская, 10", 55.7575, 37.6220),
        (MOSCOW, "Проспект Мира, 40", 55.7797, 37.6330),
        (MOSCOW, "Остоженка, 8", 55.7418, 37.5995),
        (YEKATERINBURG, "Куйбышева, 44", 56.8290, 60.6110),
        (YEKATERINBURG, "Пушкина, 9", 56.8395, 60.6085),
    ),
}


def _outlet(brand: str, city: tuple[str, str], address: str, latitude: float, longitude: float) -> OutletDesign:
    """The telephone numbers are nobody's: no exchange begins with 000."""
    code = {MOSCOW: 495, YEKATERINBURG: 343}[city]
    line = sum(map(ord, brand + address)) % 10_000
    return OutletDesign(
        name=f"{brand} — {address}",
        city=city[0],
        address=address,
        phone=f"+7 {code} 000-{line // 100:02}-{line % 100:02}",
        url="",
        latitude=latitude,
        longitude=longitude,
        time_zone=city[1],
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
    checklists=(VISIT, CALL),
    wave=both("Первая волна", "First wave"),
    brief=VISIT_BRIEF,
)
