"""The demo's two checklists: a visit to the coffee shop, and a call to it. Texts and settings only."""

from checklists.checklist import Comment, Evidence, Unit
from inspector.demo.parts import DemoChecklist, DemoSection, both, choice, measure, states

_HALL = (
    states(
        both("Вход и вывеска", "Entrance and sign"),
        expected=[
            both("Вывеска чистая, вечером горит", "The sign is clean, and lit in the evening"),
            both("Часы работы на двери верны", "The opening hours on the door are right"),
        ],
        forbidden=[
            both("У входа мусор или окурки", "There is litter or cigarette ends at the entrance"),
            both("На двери старая афиша", "An old poster hangs on the door"),
        ],
    ),
    states(
        both("Чистота столиков и пола", "Cleanness of tables and floor"),
        expected=[
            both("Свободные столики вытерты", "Free tables are wiped"),
            both("Пол чистый и сухой", "The floor is clean and dry"),
        ],
        forbidden=[both("Грязная посуда стоит дольше пяти минут", "Used dishes stand for more than five minutes")],
        guidance=both(
            "Снимите ближайшие столики так, чтобы не было видно лиц.",
            "Photograph the nearest tables so that no faces can be seen.",
        ),
        weight=1.5,
        evidence=Evidence.REQUIRED,
    ),
    choice(
        both("Туалет для гостей", "The guests' toilet"),
        green=both("Чисто, есть мыло и бумага", "Clean, with soap and paper"),
        yellow=both("Чисто, но чего-то не хватает", "Clean, but something is missing"),
        red=both("Грязно или закрыт", "Dirty or closed"),
        guidance=both(
            "Если туалета в кофейне нет, нажмите «Здесь этого нет».",
            "If the shop has no toilet, press “Not here”.",
        ),
        may_be_not_applicable=True,
        evidence=Evidence.NONE,
    ),
    choice(
        both("Свободное место", "A free seat"),
        green=both("Нашлось сразу", "Found at once"),
        yellow=both("Пришлось подождать", "Found after a wait"),
        red=both("Не нашлось за десять минут", "None within ten minutes"),
        evidence=Evidence.NONE,
    ),
    states(
        both("Удобства для гостя", "Comfort for the guest"),
        expected=[
            both("Розетки у столиков", "Sockets at the tables"),
            both("Пароль от Wi-Fi на виду", "The Wi-Fi password in plain sight"),
            both("Бесплатная вода", "Free water"),
        ],
        forbidden=[],
        enough="2",
    ),
)

_COUNTER = (
    measure(
        both("Ожидание в очереди", "Wait in the queue"),
        unit=Unit.SECONDS,
        green_up_to=120,
        red_from=300,
        guidance=both("От входа в очередь до «здравствуйте».", "From joining the queue to the greeting."),
        weight=2.0,
        evidence=Evidence.NONE,
    ),
    states(
        both("Приветствие", "Greeting"),
        expected=[
            both("Поздоровался первым", "Greeted first"),
            both("Посмотрел в глаза и улыбнулся", "Looked at the guest and smiled"),
        ],
        forbidden=[
            both(
                "Во время заказа говорил с коллегой или по телефону", "Talked to a colleague or on the phone meanwhile"
            )
        ],
        weight=2.0,
        evidence=Evidence.NONE,
    ),
    states(
        both("Помощь с выбором", "Help with the choice"),
        expected=[
            both("Задал уточняющий вопрос о вкусе", "Asked what taste is wished for"),
            both("Рассказал о зерне дня", "Told about the beans of the day"),
        ],
        forbidden=[both("Сказал «не знаю» и не уточнил", "Said “I don't know” and left it at that")],
        evidence=Evidence.NONE,
    ),
    choice(
        both("Дополнение к заказу", "Something to go with it"),
        green=both("Предложил подходящее к напитку", "Offered what suits the drink"),
        yellow=both("Спросил «что-нибудь ещё?»", "Asked “anything else?”"),
        red=both("Ничего не предложил", "Offered nothing"),
        evidence=Evidence.NONE,
    ),
    states(
        both("Оплата и чек", "Payment and receipt"),
        expected=[both("Назвал сумму", "Named the sum"), both("Выдал чек", "Gave a receipt")],
        forbidden=[both("Сумма в чеке не совпала с меню", "The receipt's sum differs from the menu")],
        guidance=both("Сфотографируйте чек за столиком.", "Photograph the receipt at your table."),
    ),
    states(
        both("Внешний вид бариста", "The barista's appearance"),
        expected=[
            both("Чистый фартук", "A clean apron"),
            both("Бейдж с именем", "A badge with the name"),
        ],
        forbidden=[both("Без перчаток трогал десерт руками", "Touched the dessert with bare hands")],
        evidence=Evidence.NONE,
    ),
)

_DRINK = (
    measure(
        both("Время приготовления", "Time of preparation"),
        unit=Unit.MINUTES,
        green_up_to=4,
        red_from=8,
        guidance=both("От оплаты до выдачи, в минутах.", "From payment to hand-over, in minutes."),
        weight=2.0,
        evidence=Evidence.NONE,
    ),
    states(
        both("Капучино", "The cappuccino"),
        expected=[
            both("Пена плотная, без крупных пузырей", "Dense foam without large bubbles"),
            both("Горячий, но не обжигает", "Hot without burning"),
            both("Вкус без лишней горечи", "No undue bitterness"),
        ],
        forbidden=[both("Отдали не тот напиток", "The wrong drink was handed over")],
        weight=3.0,
    ),
    states(
        both("Витрина с десертами", "The dessert case"),
        expected=[
            both("У каждого десерта есть ценник", "Each dessert has its price tag"),
            both("Витрина чистая и не пустая", "The case is clean and not empty"),
        ],
        forbidden=[both("Дата на этикетке прошла", "A date on a label has passed")],
        may_be_not_applicable=True,
    ),
    choice(
        both("Как отдали заказ", "How the order was handed over"),
        green=both("Назвали напиток и пожелали хорошего дня", "Named the drink and wished a good day"),
        yellow=both("Молча поставили на стойку", "Put it on the counter without a word"),
        red=both("Перепутали с чужим заказом", "Mixed it up with another guest's order"),
        evidence=Evidence.NONE,
    ),
)

_ANSWERING = (
    measure(
        both("Через сколько ответили", "Time until the call was answered"),
        unit=Unit.SECONDS,
        green_up_to=20,
        red_from=60,
        guidance=both(
            "Если за две минуты не ответили, запишите 120.", "If nobody answers for two minutes, write down 120."
        ),
        weight=2.0,
        evidence=Evidence.NONE,
    ),
    states(
        both("Первые слова", "The first words"),
        expected=[
            both("Назвал кофейню", "Named the coffee shop"),
            both("Представился", "Gave a name"),
        ],
        forbidden=[both("Сказал «алло» и замолчал", "Said “hello?” and fell silent")],
        evidence=Evidence.NONE,
    ),
    choice(
        both("Связь", "The line"),
        green=both("Слышно хорошо, ждать не просили", "Clear, and nobody asked to hold"),
        yellow=both("Один раз попросили подождать", "Asked to hold once"),
        red=both("Связь прервалась или мешал шум", "The line broke, or noise drowned it"),
        evidence=Evidence.NONE,
        comment=Comment.NONE,
    ),
)

_ADVICE = (
    states(
        both("Столик на шестерых", "A table for six"),
        expected=[
            both("Уточнил день и время", "Asked for day and time"),
            both("Предложил, где сесть вместе", "Proposed where to sit together"),
        ],
        forbidden=[both("Отправил на сайт, не ответив", "Referred to the web site without an answer")],
        weight=2.0,
        evidence=Evidence.NONE,
    ),
    states(
        both("Знание меню", "Knowledge of the menu"),
        expected=[
            both("Назвал виды растительного молока", "Named the kinds of plant milk"),
            both("Назвал десерт без глютена", "Named a dessert without gluten"),
        ],
        forbidden=[both("Назвал неверную цену", "Named a wrong price")],
        weight=2.0,
        evidence=Evidence.NONE,
    ),
    choice(
        both("Конец разговора", "The end of the call"),
        green=both("Подвёл итог и попрощался", "Summed up and said goodbye"),
        yellow=both("Только попрощался", "Only said goodbye"),
        red=both("Положил трубку первым", "Hung up first"),
        evidence=Evidence.NONE,
    ),
)

VISIT = DemoChecklist(
    "visit",
    both("Визит в кофейню", "Visit to the coffee shop"),
    (
        DemoSection(
            "hall",
            both("Вход и зал", "Entrance and seating area"),
            both("Осмотритесь, прежде чем встать в очередь.", "Look around before you join the queue."),
            10,
            _HALL,
        ),
        DemoSection(
            "counter",
            both("Заказ у стойки", "Order at the counter"),
            both("Запоминайте; записать можно за столиком.", "Remember it; write it down at your table."),
            14,
            _COUNTER,
        ),
        DemoSection(
            "drink",
            both("Кофе и десерт", "Coffee and dessert"),
            both("Попробуйте напиток сразу, пока он горячий.", "Taste the drink at once, while it is hot."),
            10,
            _DRINK,
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
            10,
            _ANSWERING,
        ),
        DemoSection(
            "consultation",
            both("Разговор", "The conversation"),
            both("Спросите о столике, о молоке и о десертах.", "Ask about a table, about milk and about desserts."),
            8,
            _ADVICE,
        ),
    ),
)

# What inspectors write beside an answer that is not green, by the criterion's English text.
REMARKS = {
    "Entrance and sign": both("На двери висела прошлогодняя афиша.", "Last year's poster was still on the door."),
    "Cleanness of tables and floor": both(
        "Три столика у окна с чужими чашками, никто не подходил.", "Cups of other guests on three tables by the window."
    ),
    "The guests' toilet": both("Мыло закончилось, бумага была.", "No soap left; there was paper."),
    "Wait in the queue": both(
        "Работала одна касса, передо мной шесть человек.", "One till open, six people before me."
    ),
    "Greeting": both("Бариста обсуждал смену с коллегой.", "The barista was discussing shifts with a colleague."),
    "Help with the choice": both("На вопрос о зерне ответили «обычное».", "Asked about the beans: “just the usual”."),
    "Payment and receipt": both("Чек отдали только после просьбы.", "The receipt came only when I asked for it."),
    "Time of preparation": both("Заказ забыли, пришлось напомнить.", "They forgot the order until I reminded them."),
    "The cappuccino": both("Пена осела, пока несли до столика.", "The foam had gone before I reached the table."),
    "The dessert case": both("У двух тортов нет ценников.", "Two cakes had no price tag."),
    "Time until the call was answered": both("Ответили со второй попытки.", "Answered at the second attempt."),
    "A table for six": both("Сказали: приходите, посмотрим.", "“Just come, we'll see.”"),
    "Knowledge of the menu": both("Про десерты обещали уточнить и не вернулись.", "Promised to find out and did not."),
}
COULD_NOT_CHECK = both("Было слишком людно, не разглядеть.", "Too crowded to see.")
