"""The JSON that the API takes and gives, field by field: what is said of each, its limits, and what is wrong in words.

A field knows its own OpenAPI form, so that the description cannot differ from what is accepted.
"""

from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID

from flask import g
from flask_babel import gettext as _
from marshmallow import RAISE, Schema, ValidationError, fields, pre_load

from checklists.errors import N_
from inspector.languages import LANGUAGES

LONGEST_LINE = 300
LONGEST_TEXT = 5_000
FIRST_YEAR, LAST_YEAR = 2000, 2100
TOLD: dict[str, Any] = {"dump_only": True, "required": True}
"""Of what the server alone says. It may be sent back as it was read, and is not looked at."""

_NOUNS = (
    *("organization", "project", "journey", "stage", "touchpoint", "barrier", "brand", "outlet", "checklist"),
    *("version", "section", "criterion", "state", "option", "wave", "assignment", "visit", "user", "photo"),
    *("import", "token", "check", "best_practice", "picture", "rival", "inspector", "correction", "invitation"),
    *("entry", "erasure", "login", "job", "phone"),
)
EXAMPLE_IDS = {noun: f"01960000-0000-7000-8000-{number:012d}" for number, noun in enumerate(_NOUNS, start=1)}
"""The ids that examples use, by what they are of. A test puts real ones in their place and runs the examples."""


Refusals = dict[str, str | list[Any] | dict[Any, Any]]
"""What marshmallow calls a field's messages: by what is wrong, a key of the catalogue."""


class Own(fields.Field[Any]):
    """Mixed into each field: what it is, an example, and refusals that the catalogue knows."""

    default_error_messages: Refusals = {
        "required": N_("Please fill this in."),
        "null": N_("Please fill this in."),
        "validator_failed": N_("This cannot be used here."),
    }

    def __init__(self, description: str = "", *, example: Any = None, **more: Any) -> None:
        metadata: dict[str, Any] = {"description": description} if description else {}
        if example is not None:
            metadata["examples"] = [example]
        super().__init__(metadata=metadata, **more)

    @property
    def described(self) -> dict[str, Any]:
        """What the description says beyond what its library can tell from the field."""
        return {}


def describe(_converter: Any, field: Any, **_more: Any) -> dict[str, Any]:
    """Our fields' own part of the description."""
    return field.described if isinstance(field, Own) else {}


def nullable(field: Any, kind: str) -> str | list[str]:
    return [kind, "null"] if field.allow_none else kind


def refuse_unstorable(text: str) -> None:
    """Raises ValidationError for what no database takes: NUL and halves of sign pairs."""
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValidationError(_("This text has a sign that cannot be stored."))


class Text(Own, fields.String):
    """Words in one language; what surrounds them is cut off. A required one is not empty."""

    default_error_messages: Refusals = {"invalid": N_("Please enter a text.")}

    def __init__(self, description: str = "", *, longest: int = LONGEST_LINE, **more: Any) -> None:
        super().__init__(description, **more)
        self.longest = longest

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> str:
        text = super()._deserialize(value, attr, data, **more)
        refuse_unstorable(text)
        text = text.replace("\r\n", "\n").strip()
        if self.required and not text:
            raise self.make_error("required")
        if len(text) > self.longest:
            raise ValidationError(_("At most %(count)s characters fit here.", count=self.longest))
        return text

    @property
    def described(self) -> dict[str, Any]:
        if self.dump_only:
            return {}
        return {"maxLength": self.longest, "minLength": 1} if self.required else {"maxLength": self.longest}


class Words(Own, fields.Field[dict[str, str]]):
    """A text by language. A required one is there in the project's first language, the fallback of all others; where
    `first` is false, in any.
    """

    default_error_messages: Refusals = {"invalid": N_("Please give a text for each language, by its code.")}

    def __init__(
        self,
        description: str = "",
        *,
        longest: int = LONGEST_TEXT,
        first: bool = True,
        example: Any = None,
        **more: Any,
    ) -> None:
        super().__init__(description, example=example, **more)
        self.longest, self.first = longest, first

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> dict[str, str]:
        if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
            raise self.make_error("invalid")
        texts = {}
        for language, text in value.items():
            if language not in LANGUAGES:
                raise ValidationError({language[:20]: [_("This language is not known here.")]})
            refuse_unstorable(text)
            if len(text) > self.longest:
                raise ValidationError({language: [_("At most %(count)s characters fit here.", count=self.longest)]})
            if text.strip():
                texts[language] = text.replace("\r\n", "\n").strip()
        first = g.project.languages[0] if self.first and "project" in g and g.project else None
        if self.required and not (texts.get(first) if first else texts):
            raise ValidationError({first or LANGUAGES[0]: [_("Please fill this in.")]})
        return texts

    @property
    def described(self) -> dict[str, Any]:
        of_one = {"type": "string"} | ({} if self.dump_only else {"maxLength": self.longest})
        form: dict[str, Any] = {
            "type": nullable(self, "object"),
            "properties": dict.fromkeys(LANGUAGES, of_one),
            "additionalProperties": False,
        }
        return form | {"minProperties": 1} if self.required and not self.dump_only else form


class Id(Own, fields.UUID):
    """An id; `noun` says of what, for the example."""

    default_error_messages: Refusals = {"invalid_uuid": N_("This is not an id.")}

    def __init__(self, noun: str, description: str = "", **more: Any) -> None:
        super().__init__(description, example=EXAMPLE_IDS[noun], **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> UUID:
        # bytes and whole numbers make ids, too, for Python; not for us.
        if not isinstance(value, str) or len(value) != 36:
            raise self.make_error("invalid_uuid")
        return super()._deserialize(value, attr, data, **more)


class Number(Own, fields.Float):
    """A finite number between `least` and `most`, both included."""

    default_error_messages: Refusals = {
        "invalid": N_("Please enter a number."),
        "special": N_("Please enter a number."),
        "too_large": N_("Please enter a number."),
    }
    whole = False

    def __init__(
        self, description: str = "", *, least: float | None = None, most: float | None = None, **more: Any
    ) -> None:
        super().__init__(description, **more)
        self.least, self.most = least, most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.make_error("invalid")
        try:
            number = super()._deserialize(value, attr, data, **more)
        except OverflowError:
            raise self.make_error("invalid") from None
        return self.within(int(number) if self.whole and number.is_integer() else number)

    def within(self, number: float) -> float:
        """The number. Raises ValidationError where it lies outside."""
        if self.whole and not isinstance(number, int):
            raise ValidationError(_("Please enter a whole number."))
        if self.least is not None and number < self.least:
            raise ValidationError(_("This must be at least %(least)s.", least=self.least))
        if self.most is not None and number > self.most:
            raise ValidationError(_("This must be at most %(most)s.", most=self.most))
        return number

    @property
    def described(self) -> dict[str, Any]:
        form: dict[str, Any] = {"type": nullable(self, "integer" if self.whole else "number")}
        if self.least is not None:
            form["minimum"] = self.least
        if self.most is not None:
            form["maximum"] = self.most
        return form


class Whole(Number):
    whole = True

    def _serialize(self, value: Any, attr: str | None, obj: Any, **more: Any) -> Any:
        return None if value is None else int(value)


class Flag(Own, fields.Boolean):
    default_error_messages: Refusals = {"invalid": N_("Please say true or false.")}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Choice(Own, fields.Enum[Any]):
    """One of an enumeration's values."""

    default_error_messages: Refusals = {"unknown": N_("Please choose one.")}

    def __init__(self, kind: type[StrEnum], description: str = "", *, example: Any = None, **more: Any) -> None:
        super().__init__(description, enum=kind, by_value=True, example=example or next(iter(kind)).value, **more)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **more: Any) -> Any:
        # A compiled document has the values themselves.
        return value.value if isinstance(value, Enum) else value

    @property
    def described(self) -> dict[str, Any]:
        return {"type": nullable(self, "string")}


class Moment(Own, fields.AwareDateTime):
    """A time with its offset; told in UTC."""

    default_error_messages: Refusals = {
        "invalid": N_("Please enter a date and a time."),
        "invalid_awareness": N_("Please enter a date and a time, with its offset."),
        "format": N_("Please enter a date and a time."),
    }

    def __init__(self, description: str = "", *, example: Any = "2026-11-22T09:30:00+00:00", **more: Any) -> None:
        super().__init__(description, example=example, format="iso", **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> datetime:
        if not isinstance(value, str):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        try:
            moment = super()._deserialize(value, attr, data, **more).astimezone(UTC)
        except OverflowError:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None
        refuse_other_centuries(moment)
        return moment


class Day(Own, fields.Date):
    default_error_messages: Refusals = {
        "invalid": N_("Please enter a date."),
        "format": N_("Please enter a date."),
    }

    def __init__(self, description: str = "", *, example: Any = "2026-11-22", **more: Any) -> None:
        super().__init__(description, example=example, format="iso", **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> date:
        if not isinstance(value, str) or len(value) != len("2026-11-22"):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        day = super()._deserialize(value, attr, data, **more)
        refuse_other_centuries(day)
        return day


def refuse_other_centuries(day: date) -> None:
    """Raises ValidationError outside the years in which every time zone can be reckoned with."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        years = {"first": str(FIRST_YEAR), "last": str(LAST_YEAR)}
        raise ValidationError(_("The year must lie between %(first)s and %(last)s.", **years))


class Several(Own, fields.List[Any]):
    """A list of at most `most`; its length is looked at first, for nobody reads ten thousand messages."""

    default_error_messages: Refusals = {"invalid": N_("Please give a list.")}

    def __init__(self, inner: Any, description: str = "", *, most: int = 10_000, least: int = 0, **more: Any) -> None:
        super().__init__(description, cls_or_instance=inner, **more)
        self.most, self.least = most, least

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        if not self.least <= len(value) <= self.most:
            raise ValidationError(
                _("Between %(least)s and %(most)s of these fit here.", least=self.least, most=self.most)
            )
        return super()._deserialize(value, attr, data, **more)

    @property
    def described(self) -> dict[str, Any]:
        form = {"type": nullable(self, "array")}
        if self.dump_only:
            return form
        return form | {"maxItems": self.most} | ({"minItems": self.least} if self.least else {})


class Part(Own, fields.Nested):
    """One thing within another."""

    def __init__(self, schema: Any, description: str = "", **more: Any) -> None:
        super().__init__(description, nested=schema, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, partial: Any = None, **more: Any) -> Any:
        # Whole, even where the thing around it may be given in part.
        return super()._deserialize(value, attr, data, **more)


class Pairs(Own, fields.Field[dict[str, Any]]):
    """Names with values of one JSON type, such as an outlet's attributes or counts by state."""

    default_error_messages: Refusals = {"invalid": N_("Please give names with their values.")}

    def __init__(self, kind: str, description: str = "", *, most: int = 200, **more: Any) -> None:
        super().__init__(description, **more)
        self.kind, self.most = kind, most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> dict[str, str]:
        if not isinstance(value, dict) or len(value) > self.most:
            raise self.make_error("invalid")
        for name, text in value.items():
            if not isinstance(text, str):
                raise self.make_error("invalid")
            refuse_unstorable(name + text)
            if not name.strip() or max(len(name), len(text)) > LONGEST_LINE:
                raise ValidationError(_("At most %(count)s characters fit here.", count=LONGEST_LINE))
        return {name.strip(): text.strip() for name, text in value.items()}

    @property
    def described(self) -> dict[str, Any]:
        of_one: dict[str, Any] = {"type": self.kind}
        if self.kind == "string" and not self.dump_only:
            of_one["maxLength"] = LONGEST_LINE
        form = {"type": nullable(self, "object"), "additionalProperties": of_one}
        return form if self.dump_only else form | {"maxProperties": self.most}


class Anything(Own, fields.Raw):
    """JSON whose form another place describes."""

    def __init__(self, form: dict[str, Any], description: str = "", **more: Any) -> None:
        super().__init__(description, **more)
        self.form = form

    @property
    def described(self) -> dict[str, Any]:
        return self.form


class Body(Schema):
    """What is sent and told as one JSON object. A misspelled name is refused instead of overlooked."""

    class Meta:
        unknown = RAISE

    error_messages = {
        "unknown": N_("There is no such field."),
        "type": N_("Please send a JSON object."),
    }

    @pre_load
    def leave_out_what_is_told_only(self, data: Any, **_more: Any) -> Any:
        """So that what was read can be changed and sent back whole."""
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if name not in self._told()}

    def _told(self) -> set[str]:
        return {field.data_key or name for name, field in self.dump_fields.items() if field.dump_only}
