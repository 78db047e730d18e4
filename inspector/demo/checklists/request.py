"""The request on the web: site, form, messages, and the order that is delivered."""

from checklists.checklist import Comment, Critical, Evidence, Unit
from checklists.scoring import Kind
from inspector.demo.parts import (
    DemoChecklist,
    DemoSection,
    bad,
    both,
    choice,
    duration,
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
    "Вы выбираете кофе и выпечку для встречи на восемь человек в офисе. Найдите на сайте меню, отправьте заявку с "
    "вопросом о скидке, задайте тот же вопрос сообщением в соцсети, затем закажите доставку на минимальную сумму. "
    "Адрес доставки — из вашего профиля. Расходы до 1200 ₽ возмещаем.",
    "You choose coffee and pastry for a meeting of eight in the office. Find the menu on the site, send a request that "
    "asks for a discount, ask the same by a message in the social network, and then order a delivery of the smallest "
    "sum. The address is that of your profile. Up to 1,200 ₽ are refunded.",
)

_WEBSITE = (
    states(
        "site_menu",
        both("Меню на сайте", "The menu on the site"),
        good("Есть цены", "It has prices"),
        good("Есть состав и аллергены", "It has ingredients and allergens"),
        good("Видно, что сегодня есть в этой кофейне", "It shows what this shop has today"),
        bad("Страница не открывается с телефона", "The page does not open on a phone"),
        enough="2",
        evidence=Evidence.REQUIRED,
        weight=2.0,
        barrier="site_broken",
        scene="screen",
        guidance=both("Приложите снимок экрана.", "Attach a screenshot."),
        remarks=(
            both("Цены только у половины позиций.", "Prices for half of the items only."),
            both("Меню — фотография, текст не прочесть.", "The menu is a photo; it cannot be read."),
        ),
    ),
    measure(
        "site_speed",
        both("За сколько открылась страница", "How long the page took to open"),
        Unit.SECONDS,
        3,
        8,
        decimals=1,
        linear=True,
        usual={"Полдень": (3.6, 4.4), "Зёрна и пар": (3.5, 4.5), "Mokka House": (4.8, 7.2)},
        evidence=Evidence.NONE,
        remarks=(both("Сначала три секунды белого экрана.", "Three seconds of a white screen first."),),
    ),
    rating(
        "site_ease",
        both("Легко ли найти нужное", "How easy it is to find things"),
        (both("Не нашлось", "Not to be found"), both("Нашлось сразу", "Found at once")),
        (0, 10),
        (8, 5),
        linear=True,
        evidence=Evidence.NONE,
        remarks=(
            both("Доставка спрятана в нижнем меню.", "Delivery is hidden in the footer."),
            both("Адреса кофеен — списком без карты.", "The shops are a list without a map."),
        ),
    ),
)

_FORM = (
    choice(
        "form_sent",
        both("Отправка заявки", "Sending the request"),
        green("Ушла с первого раза, пришло подтверждение", "Sent at once, with a confirmation"),
        yellow("Ушла, но без подтверждения", "Sent, but without a confirmation"),
        red("Не ушла", "It was not sent"),
        critical=Critical.CAP,
        critical_cap=0.5,
        evidence=Evidence.NOT_GREEN,
        comment=Comment.NOT_GREEN,
        barrier="form_lost",
        scene="screen",
        remarks=(
            both("Экран просто очистился, ничего не написано.", "The form just went blank."),
            both("Требует номер с кодом другой страны.", "It wants a number with another country's code."),
        ),
    ),
    measure(
        "form_answer",
        both("Через сколько ответили на заявку", "Time until the request was answered"),
        Unit.MINUTES,
        30,
        120,
        weight=2.0,
        linear=True,
        evidence=Evidence.NONE,
        barrier="slow_reply",
        may_be_not_applicable=True,
        guidance=both(
            "Если за три часа не ответили, запишите 180.", "If there is no answer within three hours, write down 180."
        ),
        remarks=(
            both("Ответ пришёл в спам.", "The answer landed among spam."),
            both("Перезвонили, когда заказ был уже не нужен.", "They called when it was too late."),
        ),
    ),
    states(
        "form_reply",
        both("Что ответили", "What was answered"),
        good("Обратились по имени", "Addressed by name"),
        good("Ответили на вопрос о скидке", "The question of a discount was answered", weight=2.0),
        good("Предложили следующий шаг", "A next step was proposed"),
        bad("Прислали шаблон не по теме", "A form letter about something else"),
        enough="2",
        evidence=Evidence.OPTIONAL,
        scene="screen",
        may_be_not_applicable=True,
        remarks=(
            both("О скидке ни слова, только прайс.", "Nothing about a discount, just a price list."),
            both("Прислали условия аренды зала.", "They sent the terms for renting the room."),
        ),
    ),
)

_MESSAGE = (
    measure(
        "message_answer",
        both("Через сколько ответили на сообщение", "Time until the message was answered"),
        Unit.MINUTES,
        15,
        60,
        evidence=Evidence.NONE,
        barrier="message_ignored",
        remarks=(both("Сообщение прочитано сразу, ответ пришёл через час.", "Read at once, answered an hour later."),),
    ),
    states(
        "message_tone",
        both("Тон ответа", "The tone of the answer"),
        good("Поздоровались и подписались", "Greeted, and signed with a name"),
        bad("Ответили одним словом или ссылкой", "Answered by one word or a link"),
        bad("Спорили или шутили над вопросом", "Argued, or made fun of the question"),
        evidence=Evidence.NOT_GREEN,
        scene="chat",
        remarks=(
            both("Прислали ссылку без слов.", "A link without a word."),
            both("Без имени, смайлик вместо ответа.", "No name; a smiley for an answer."),
        ),
    ),
)

_DELIVERY = (
    fact(
        Kind.TIME_STAMP,
        "ordered",
        both("Заказ оформлен", "The order was placed"),
        evidence=Evidence.NONE,
        comment=Comment.NONE,
    ),
    fact(
        Kind.TIME_STAMP,
        "arrived",
        both("Заказ у вас", "It is in your hands"),
        evidence=Evidence.NONE,
        comment=Comment.NONE,
    ),
    duration(
        "delivery_time",
        both("Сколько ехал заказ", "How long the order took"),
        ("ordered", "arrived"),
        Unit.MINUTES,
        45,
        75,
        weight=2.0,
        linear=True,
        barrier="courier_lost",
        evidence=Evidence.NONE,
        comment=Comment.NONE,
    ),
    states(
        "delivered",
        both("Что привезли", "What was brought"),
        good("Кофе горячий", "The coffee is hot"),
        good("Ничего не пролилось", "Nothing was spilled"),
        good("Приборы и салфетки на месте", "Cutlery and napkins are there"),
        bad("Привезли не всё", "Something is missing"),
        enough="2",
        weight=2.0,
        evidence=Evidence.REQUIRED,
        evidence_at_least=2,
        barrier="cold_coffee",
        scene="bag",
        picture="bag",
        guidance=both("Снимите пакет закрытым и открытым.", "Photograph the bag closed and open."),
        remarks=(
            both("Стакан без крышки, половина в пакете.", "A cup without its lid, half of it in the bag."),
            both("Круассана нет, кофе еле тёплый.", "No croissant, and the coffee was lukewarm."),
        ),
    ),
    choice(
        "courier",
        both("Курьер", "The courier"),
        green("Предупредил о приезде и поздоровался", "Announced himself and greeted"),
        yellow("Молча отдал пакет", "Handed the bag over without a word"),
        red("Не нашёл адрес или оставил заказ у подъезда", "Did not find the address or left it at the house's door"),
        evidence=Evidence.NONE,
    ),
    fact(
        Kind.PHOTO,
        "late_screen",
        both("Экран с обещанным временем", "The screen with the promised time"),
        scene="screen",
        comment=Comment.NONE,
        evidence=Evidence.REQUIRED,
        shown_when=[when_seen("courier", 2)],
    ),
)

REQUEST = DemoChecklist(
    "request",
    both("Заявка с сайта и доставка", "Web request and delivery"),
    (
        DemoSection(
            "website",
            both("Сайт", "The site"),
            both("Откройте сайт с телефона, не из приложения.", "Open the site on your phone, not in an app."),
            10,
            _WEBSITE,
        ),
        DemoSection(
            "request",
            both("Заявка", "The request"),
            both("Спросите о скидке на заказ для восьми человек.", "Ask for a discount for eight people."),
            10,
            _FORM,
        ),
        DemoSection(
            "message",
            both("Сообщение в соцсети", "Message in the social network"),
            both("Задайте вопрос вечером в будний день.", "Ask in the evening of a working day."),
            10,
            _MESSAGE,
        ),
        DemoSection(
            "delivery",
            both("Доставка", "Delivery"),
            both("Закажите напиток и выпечку.", "Order a drink and pastry."),
            10,
            _DELIVERY,
        ),
    ),
    _BRIEF,
    minutes=(35, 60),
)
