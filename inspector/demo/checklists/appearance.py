"""The appearance audit: what a customer must never see. Not blind, so that the phone shows what is wrong."""

from checklists.checklist import Comment, Critical, Evidence, Unit
from checklists.scoring import Kind
from inspector.demo.parts import (
    DemoChecklist,
    DemoSection,
    bad,
    both,
    choice,
    fact,
    good,
    green,
    measure,
    red,
    states,
    when_seen,
    yellow,
)

_BRIEF = both(
    "Легенды нет: вы прохожий. Пройдите мимо кофейни, снимите вход с другой стороны улицы, затем в спокойном месте "
    "проверьте карточку на картах и страницу в соцсетях. Внутрь заходить не нужно.",
    "There is no part to play: you are passing by. Walk past the shop, photograph the entrance from across the street, "
    "and then check the map listing and the page in the social network somewhere quiet. There is no need to go in.",
)

_FACADE = (
    fact(
        Kind.PHOTO,
        "front",
        both("Вход с другой стороны улицы", "The entrance from across the street"),
        both("Вся вывеска в кадре, как на картинке.", "The whole sign in the frame, as in the picture."),
        evidence=Evidence.REQUIRED,
        comment=Comment.NONE,
        scene="facade",
        picture="facade",
    ),
    states(
        "sign",
        both("Вывеска", "The sign"),
        good("Чистая и целая", "Clean and whole"),
        good("Вечером горит полностью", "All of it is lit in the evening"),
        bad("Часть букв не горит", "Some letters are dark"),
        evidence=Evidence.NOT_GREEN,
        scene="facade",
        remarks=(
            both("Пыльная, над буквами паутина.", "Dusty, with a cobweb over the letters."),
            both("Не горит последняя буква.", "The last letter is dark."),
        ),
    ),
    states(
        "door",
        both("Дверь и вход", "Door and entrance"),
        good("Часы работы верны", "The opening hours are right"),
        good("Стекло без разводов", "The glass is without smears"),
        good("Вход освещён", "The entrance is lit"),
        bad("У входа мусор или окурки", "There is litter or cigarette ends at the entrance"),
        bad("Висит афиша прошлого сезона", "Last season's poster hangs there"),
        enough="2",
        evidence=Evidence.NOT_GREEN,
        comment=Comment.NOT_GREEN,
        barrier="neglected_entrance",
        scene="facade",
        remarks=(
            both("Часы на двери не совпали с картой.", "The hours on the door differ from the map's."),
            both("На двери афиша прошлой осени.", "Last autumn's poster is on the door."),
        ),
    ),
    measure(
        "letters",
        both("Какая доля букв на вывеске горит", "How much of the sign is lit"),
        Unit.PERCENT,
        100,
        80,
        evidence=Evidence.NONE,
        linear=True,
        shown_when=[when_seen("sign", 2)],
    ),
)

_LISTING = (
    states(
        "listing",
        both("Карточка на картах", "The map listing"),
        good("Часы работы совпадают с дверью", "The hours agree with those on the door"),
        good("Телефон и ссылка на сайт работают", "Phone number and site can be opened"),
        good("Есть свежие фото зала", "It has recent photos of the room"),
        bad("Метка стоит не на том доме", "The pin stands at another house"),
        enough="2",
        weight=2.0,
        evidence=Evidence.REQUIRED,
        scene="map",
        barrier="wrong_listing",
        remarks=(
            both("На воскресенье указаны другие часы.", "Sunday's hours differ."),
            both("Метка стоит на соседнем доме.", "The pin stands at the house next door."),
        ),
    ),
    fact(
        Kind.DATE,
        "last_reply",
        both("Когда ответили на последний отзыв", "When the last review was answered"),
        may_be_not_applicable=True,
        evidence=Evidence.NONE,
        comment=Comment.NONE,
        typical=(-60, -2),
    ),
    measure(
        "stars",
        both("Оценка на картах", "The rating on the map"),
        Unit.PIECES,
        scored=False,
        decimals=1,
        typical=(4.1, 4.9),
        evidence=Evidence.NONE,
        comment=Comment.NONE,
    ),
)

_PAGE = (
    choice(
        "last_post",
        both("Последняя запись", "The latest post"),
        green("Не старше недели", "Not older than a week"),
        yellow("Не старше месяца", "Not older than a month", points=0.4),
        red("Старше месяца", "Older than a month"),
        evidence=Evidence.NONE,
        barrier="silent_page",
    ),
    states(
        "page_facts",
        both("Сведения на странице", "What the page says"),
        good("Адреса и часы верны", "Addresses and hours are right"),
        good("Меню этого сезона", "The menu of this season"),
        bad("Объявлена акция, которая закончилась", "An offer that has ended is announced"),
        evidence=Evidence.NOT_GREEN,
        critical=Critical.FLAG,
        scene="chat",
        remarks=(
            both("В шапке летнее меню.", "The summer menu is on top."),
            both("Акция кончилась две недели назад.", "The offer ended two weeks ago."),
        ),
    ),
    choice(
        "comments",
        both("Комментарии гостей за месяц", "Guests' comments of the last month"),
        green("Есть ответы на вопросы", "Questions are answered"),
        green("Есть ответы на жалобы", "Complaints are answered"),
        red("Грубость или спор от имени кофейни", "Rudeness or quarrels in the shop's name"),
        red("Чужая реклама не удалена", "Others' advertising is not removed"),
        several=True,
        evidence=Evidence.OPTIONAL,
        scene="chat",
        barrier="comments_ignored",
        remarks=(
            both("Две жалобы без ответа.", "Two complaints without an answer."),
            both("На отзыв ответили «сами виноваты».", "A review was answered by “your own fault”."),
        ),
    ),
)

APPEARANCE = DemoChecklist(
    "appearance",
    both("Аудит внешнего вида", "Appearance audit"),
    (
        DemoSection(
            "facade",
            both("Вывеска и вход", "Sign and entrance"),
            both("Лучше прийти в сумерках: видно, что горит.", "At dusk it is seen what is lit."),
            8,
            _FACADE,
        ),
        DemoSection(
            "listing",
            both("Карты", "The map"),
            both("Откройте карточку в тех картах, которыми пользуетесь.", "Open the listing in the maps that you use."),
            8,
            _LISTING,
        ),
        DemoSection(
            "page",
            both("Страница в соцсетях", "The page"),
            both("Читайте как гость, который выбирает, куда пойти.", "Read as a guest who chooses where to go."),
            8,
            _PAGE,
        ),
    ),
    _BRIEF,
    blind=False,
    minutes=(12, 25),
)
