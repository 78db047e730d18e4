"""What the demo's people write to one another: best practices, reasons of reviews, notes, corrections. Texts only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checklists.orm import LanguageMap
from checklists.scoring import Zone
from inspector.demo.coffee_chain import MOKKA, OWN, STEAM
from inspector.demo.parts import both


@dataclass(frozen=True, slots=True)
class DemoPractice:
    """A best practice at a brand's touchpoint; `kind` as on the wire, `scene` what its photo shows, if it has one."""

    brand: str
    touchpoint: str
    kind: str
    text: LanguageMap
    scene: str | None = None


PRACTICES: Sequence[DemoPractice] = (
    DemoPractice(
        OWN, "hall", "comfort", both("Пледы на стульях у окна.", "Blankets on the chairs by the window."), "table"
    ),
    DemoPractice(
        STEAM,
        "counter",
        "beyond",
        both(
            "Бариста заметил, что я с коляской, и принёс заказ к столику сам.",
            "The barista saw my pram and brought the order to the table himself.",
        ),
        "cup",
    ),
    DemoPractice(
        STEAM,
        "hall",
        "comfort",
        both("Шкафчик с зарядками под три разъёма.", "A locker with chargers for three plugs."),
        "table",
    ),
    DemoPractice(
        MOKKA,
        "drink",
        "comfort",
        both("К эспрессо — стакан воды с лимоном.", "Water with lemon comes with an espresso."),
        "cup",
    ),
    DemoPractice(
        MOKKA,
        "message",
        "beyond",
        both(
            "На вопрос о скидке прислали расчёт на восемь человек и схему проезда.",
            "Asked for a discount, they sent a calculation for eight and a map of the way.",
        ),
        "chat",
    ),
    DemoPractice(
        OWN,
        "drink",
        "beyond",
        both(
            "Напиток вышел горьким — переделали, не дожидаясь просьбы.",
            "The drink had turned out bitter, and they made it again before I asked.",
        ),
        "cup",
    ),
    DemoPractice(
        STEAM,
        "delivery",
        "beyond",
        both("В пакете записка от руки: «Хорошей встречи!»", "A note by hand in the bag: “Have a good meeting!”"),
        "bag",
    ),
    DemoPractice(
        OWN,
        "call",
        "beyond",
        both(
            "Перезвонили через час: столик у окна освободился.",
            "They called back within the hour: a table by the window was free.",
        ),
    ),
    DemoPractice(
        MOKKA,
        "restroom",
        "comfort",
        both("Крем для рук и детская ступенька.", "Hand cream, and a step for children."),
        "restroom",
    ),
    DemoPractice(
        STEAM,
        "facade",
        "comfort",
        both("У входа миска с водой для собак.", "A bowl of water for dogs by the door."),
        "facade",
    ),
    DemoPractice(
        OWN,
        "website",
        "comfort",
        both("На сайте видно, сколько мест свободно сейчас.", "The site shows how many seats are free now."),
        "screen",
    ),
    DemoPractice(
        MOKKA,
        "counter",
        "beyond",
        both(
            "Пока готовили заказ, угостили маленькой чашкой кофе недели.",
            "While the order was made they let me taste the beans of the week.",
        ),
        "cup",
    ),
)

WRONG_PLACE = both(
    "На фотографиях другая кофейня: на вывеске и чеке адрес соседнего квартала. Визит придётся повторить.",
    "The photos show another coffee shop: sign and receipt have an address one block away. It has to be done again.",
)
RECOGNIZED = both(
    "По комментариям видно, что вас узнали и обслуживали иначе. Результат не показателен.",
    "Your comments show that you were recognized and served in another way. The result means nothing.",
)
NOT_BY_BRIEF = both(
    "Звонок сделан не по легенде: спрашивали о вакансии, а не о столике.",
    "The call was not made by the brief: it was about a job, not a table.",
)
REJECTIONS = {"visit": (WRONG_PLACE, RECOGNIZED), "call": (NOT_BY_BRIEF,)}
"""Reasons by checklist."""

RETURNS: Sequence[tuple[LanguageMap, Mapping[str, LanguageMap]]] = (
    (
        both("Не хватает доказательств у двух критериев.", "Two criteria lack their evidence."),
        {
            "payment": both(
                "На снимке чека не видно суммы. Если чек сохранился, снимите ещё раз.",
                "The sum cannot be seen on the receipt. Take it again if you still have it.",
            ),
            "cappuccino": both(
                "Снимите чашку сверху, если снимок сохранился: пены не видно.",
                "Send a picture from above if you have one: the foam cannot be seen.",
            ),
            "first_words": both(
                "Что именно сказали? Запишите дословно.", "What exactly was said? Word for word, please."
            ),
            "menu_knowledge": both(
                "Какие виды молока назвали? Нужны слова сотрудника.",
                "Which kinds of milk were named? Their words, please.",
            ),
            "delivered": both(
                "Второй снимок — тот же пакет, закрытый. Есть открытый?", "The second photo shows the closed bag again."
            ),
            "site_menu": both(
                "Снимок не той кофейни: вверху другой адрес.", "This is another shop's page: see the address."
            ),
            "listing": both("Снимок обрезан: не видно часов работы.", "The hours are cut off."),
            "front": both("Снято слишком близко, вывеска видна не вся.", "Too close: the sign is not whole."),
            "spilled": both("Отметьте всё, что назвал сотрудник.", "Mark everything that the employee said."),
            "lactose": both("Спросили ли об аллергии? Уточните.", "Was the allergy mentioned? Please make it clear."),
        },
    ),
    (
        both("Время и комментарии не сходятся, уточните.", "Times and comments do not agree, please clear this up."),
        {
            "queue": both(
                "Сходится ли время с чеком? Сверьте, пожалуйста.",
                "Does the time agree with the receipt's? Please compare.",
            ),
            "greeting": both("Какими словами вас встретили? Запишите.", "In what words were you met? Write them down."),
            "preparing": both(
                "По чеку и снимку чашки выходит иначе. Проверьте.",
                "Receipt and photo of the cup say otherwise. Please check.",
            ),
            "pick_up": both(
                "Это до первых слов или до живого голоса?", "Until the first words, or until a living voice?"
            ),
            "table_for_six": both("Предложили ли место? По тексту непонятно.", "Was a place proposed? I cannot tell."),
            "form_answer": both("Ответ в тот же день или на следующий?", "Did they answer the same day or the next?"),
            "delivery_time": both("Сверьте с сообщением от курьера.", "Please compare it with the courier's message."),
            "door": both(
                "Афиша старая или этого месяца? Дата на снимке не читается.",
                "Is the poster old? The date cannot be read.",
            ),
            "roast": both("Что сказал сотрудник? Нужны его слова.", "What did the employee say? Their words, please."),
        },
    ),
)

ANSWERED_NOTE = both("Исправлено по вашему замечанию.", "Mended as you asked.")


@dataclass(frozen=True, slots=True)
class DemoCorrection:
    """By checklist and criterion: the zone of the answer that counts from now on, and why."""

    checklist: str
    criterion: str
    zone: Zone
    reason: LanguageMap


CORRECTIONS = (
    DemoCorrection(
        "visit",
        "tables",
        Zone.RED,
        both("На фото у стены неубранная посуда.", "The photo shows used dishes by the wall."),
    ),
    DemoCorrection(
        "visit",
        "preparing",
        Zone.YELLOW,
        both(
            "По времени на чеке и на снимке чашки вышло дольше.",
            "Receipt and photo of the cup say that it took longer.",
        ),
    ),
    DemoCorrection(
        "visit",
        "extra",
        Zone.RED,
        both(
            "Инспектор подтвердил по телефону: отметил не ту строку.",
            "The inspector confirmed on the phone: the wrong row.",
        ),
    ),
    DemoCorrection(
        "call",
        "farewell",
        Zone.YELLOW,
        both("По записи разговора итога не было, только прощание.", "The recording has a goodbye and no summing up."),
    ),
    DemoCorrection(
        "appearance",
        "door",
        Zone.GREEN,
        both("На снимке видно: афиша этого месяца.", "The photo shows it: the poster is of this month."),
    ),
)
REOPENED = both(
    "Клиент прислал журнал кассы: чек выдали сразу. Проверим ещё раз.",
    "The client sent the till's journal: the receipt was given at once. Let us look again.",
)
PUT_RIGHT = both(
    "Инспектор заменял коллегу, договорились по телефону. Засчитываем.",
    "The inspector stood in for a colleague, as agreed on the phone. It counts.",
)

REASONS_NOT_CHECKED: Sequence[LanguageMap] = (
    both("Было слишком людно, не разглядеть.", "Too crowded to see."),
    both("Пришлось уйти раньше времени.", "I had to leave earlier than I meant to."),
    both("Рядом стоял управляющий, снимать было нельзя.", "The manager stood next to me."),
)

STAFF: Sequence[tuple[LanguageMap, LanguageMap, str | None]] = (
    (both("Бариста", "Barista"), both("Девушка, короткие тёмные волосы", "Woman, short dark hair"), "Дарья"),
    (both("Кассир", "Cashier"), both("Молодой человек в очках", "Young man with glasses"), None),
    (both("Бариста", "Barista"), both("Высокий, борода", "Tall, with a beard"), "Артём"),
    (
        both("Администратор", "Shop manager"),
        both("Женщина лет сорока, светлый жакет", "Woman of forty, light jacket"),
        "Ольга",
    ),
    (both("Бариста", "Barista"), both("Татуировка на руке", "A tattoo on the arm"), None),
    (both("Стажёр", "Trainee"), both("Бейдж «Учусь»", "A badge “I am learning”"), "Лена"),
)
