"""What the domain's choices are called in the pages."""

from flask_babel import lazy_gettext

from checklists.checklist import Comment, Critical, Direction, Evidence, OptionZone, Purpose, Unit
from checklists.journey import Channel
from checklists.people import Role
from checklists.scoring import Comparison, Status, Zone

CHANNELS = {
    Channel.ON_SITE: lazy_gettext("on site"),
    Channel.PHONE: lazy_gettext("phone call"),
    Channel.WEB: lazy_gettext("web site"),
    Channel.CHAT: lazy_gettext("chat"),
    Channel.EMAIL: lazy_gettext("e-mail"),
    Channel.SOCIAL: lazy_gettext("social network"),
    Channel.DELIVERY: lazy_gettext("delivery"),
    Channel.OTHER: lazy_gettext("another channel"),
}
ROLES = {
    Role.OWNER: lazy_gettext("owner"),
    Role.MANAGER: lazy_gettext("manager"),
    Role.REVIEWER: lazy_gettext("reviewer"),
    Role.INSPECTOR: lazy_gettext("inspector"),
    Role.CLIENT: lazy_gettext("client"),
}
ROLES_GIVEN = {
    Role.MANAGER: lazy_gettext("Manager: designs checklists, plans waves, reviews visits"),
    Role.REVIEWER: lazy_gettext("Reviewer: looks at visits and results, approves and rejects"),
    Role.INSPECTOR: lazy_gettext("Inspector: gets assignments on the phone"),
    Role.CLIENT: lazy_gettext("Client: sees approved visits and results, and no names of inspectors"),
}
PURPOSES = {
    Purpose.VISIT: lazy_gettext("visit"),
    Purpose.TEST: lazy_gettext("test of an employee"),
    Purpose.SELF_AUDIT: lazy_gettext("self-audit by the outlet"),
}
UNITS = {
    Unit.SECONDS: lazy_gettext("seconds"),
    Unit.MINUTES: lazy_gettext("minutes"),
    Unit.PIECES: lazy_gettext("pieces"),
    Unit.MONEY: lazy_gettext("money"),
    Unit.PERCENT: lazy_gettext("per cent"),
}
DIRECTIONS = {
    Direction.LOWER_IS_BETTER: lazy_gettext("the lower the better"),
    Direction.HIGHER_IS_BETTER: lazy_gettext("the higher the better"),
}
ZONES = {
    OptionZone.GREEN: lazy_gettext("green"),
    OptionZone.YELLOW: lazy_gettext("yellow"),
    OptionZone.RED: lazy_gettext("red"),
}
ZONES_OF_RESULTS = {
    Zone.GREEN: lazy_gettext("green"),
    Zone.YELLOW: lazy_gettext("yellow"),
    Zone.RED: lazy_gettext("red"),
    Zone.NOT_APPLICABLE: lazy_gettext("not applicable"),
}
STATUSES = {
    Status.ANSWERED: lazy_gettext("answered"),
    Status.NOT_APPLICABLE: lazy_gettext("not applicable"),
    Status.COULD_NOT_CHECK: lazy_gettext("could not check"),
}
EVIDENCE = {
    Evidence.NONE: lazy_gettext("no photos"),
    Evidence.OPTIONAL: lazy_gettext("photos if wished"),
    Evidence.REQUIRED: lazy_gettext("photos required"),
    Evidence.NOT_GREEN: lazy_gettext("photos required when not green"),
}
COMMENTS = {
    Comment.NONE: lazy_gettext("no comment"),
    Comment.OPTIONAL: lazy_gettext("comment if wished"),
    Comment.REQUIRED: lazy_gettext("comment required"),
    Comment.NOT_GREEN: lazy_gettext("comment required when not green"),
}
CRITICAL = {
    Critical.FLAG: lazy_gettext("critical: the score stays as it is"),
    Critical.CAP: lazy_gettext("critical: the score is limited"),
    Critical.ZERO: lazy_gettext("critical: the score becomes 0"),
}
COMPARISONS = {
    Comparison.IS: lazy_gettext("is"),
    Comparison.CONTAINS: lazy_gettext("is among those marked"),
    Comparison.BELOW: lazy_gettext("is below"),
    Comparison.AT_MOST: lazy_gettext("is at most"),
    Comparison.EQUALS: lazy_gettext("equals"),
    Comparison.AT_LEAST: lazy_gettext("is at least"),
    Comparison.ABOVE: lazy_gettext("is above"),
}
