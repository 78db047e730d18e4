"""A visit as it is told: in a list, and with its answers, checks, photos, corrections and decisions."""

from checklists.errors import HoldReason
from checklists.review import Decision, Happening
from checklists.scoring import Status, Zone
from checklists.visits import BestPracticeKind, VisitState
from inspector.api.alike import AlikeSchema
from inspector.api.fields import (
    TOLD,
    Anything,
    Body,
    Choice,
    Flag,
    Id,
    Moment,
    Number,
    Pairs,
    Part,
    Several,
    Text,
    Whole,
    Words,
)
from inspector.api.operations import Json

OBJECT: Json = {"type": "object"}


class InspectorSchema(Body):
    id = Id("inspector", **TOLD)
    name = Text(example="Anna Petrova", **TOLD)


class VisitBriefSchema(Body):
    id = Id("visit", **TOLD)
    project_id = Id("project", "Null for a held one of which nobody could tell.", allow_none=True, **TOLD)
    wave_id = Id("wave", allow_none=True, **TOLD)
    assignment_id = Id("assignment", allow_none=True, **TOLD)
    version_id = Id("version", allow_none=True, **TOLD)
    outlet_id = Id("outlet", allow_none=True, **TOLD)
    brand_id = Id("brand", allow_none=True, **TOLD)
    inspector = Part(InspectorSchema, "Null for a client.", allow_none=True, **TOLD)
    state = Choice(VisitState, **TOLD)
    hold_reason = Choice(HoldReason, "Why it is held.", allow_none=True, **TOLD)
    hold_words = Text("Why it is held, in words.", allow_none=True, example="The assignment is not known.", **TOLD)
    revision = Whole("From 1; sent back and sent again, it is the next one.", example=1, **TOLD)
    started_at = Moment(allow_none=True, **TOLD)
    finished_at = Moment(allow_none=True, **TOLD)
    received_at = Moment("Null for a client.", allow_none=True, **TOLD)
    score = Number("Of the effective answers, as a share.", allow_none=True, example=0.85, **TOLD)
    sealed_score = Number("Of the answers as they were sent.", allow_none=True, example=0.8, **TOLD)


class CheckSchema(Body):
    id = Id("check", "Null for a client: it has the time of receipt in it.", allow_none=True, **TOLD)
    touchpoint_id = Id("touchpoint", **TOLD)
    score = Number("A share.", allow_none=True, example=0.9, **TOLD)
    sealed_score = Number(allow_none=True, example=0.9, **TOLD)
    points = Number(example=9, **TOLD)
    possible = Number(example=10, **TOLD)
    zone = Choice(Zone, allow_none=True, **TOLD)
    failed = Flag("Whether a critical criterion was red.", **TOLD)
    capped_at = Number(allow_none=True, example=0.5, **TOLD)
    valid = Flag("Whether it counts.", **TOLD)
    absent = Flag("Whether the touchpoint does not exist there.", **TOLD)
    forbidden_seen = Whole(example=0, **TOLD)
    forbidden_possible = Whole(example=3, **TOLD)


class ContentSchema(Body):
    status = Text("`answered`, `not_applicable`, `could_not_check`; `not_answered` where nothing stood.", **TOLD)
    states = Several(Id("state"), **TOLD)
    options = Several(Id("option"), **TOLD)
    value = Anything({"type": ["number", "string", "null"]}, example=42, **TOLD)
    comment = Text(allow_none=True, example="Two people before me.", **TOLD)


class EffectiveAnswerSchema(Body):
    criterion_id = Id("criterion", **TOLD)
    repetition = Whole("From 0.", example=0, **TOLD)
    status = Choice(Status, **TOLD)
    states = Several(Id("state"), **TOLD)
    options = Several(Id("option"), **TOLD)
    value = Anything({"type": ["number", "string", "null"]}, "A number, or words.", example=42, **TOLD)
    reason = Text("Why it could not be checked.", allow_none=True, example="The desk was closed.", **TOLD)
    comment = Text(allow_none=True, example="Two people before me.", **TOLD)
    photo_ids = Several(Id("photo"), **TOLD)
    zone = Choice(Zone, allow_none=True, **TOLD)
    points = Number(example=1, **TOLD)
    possible = Number(example=1, **TOLD)
    hidden = Flag("Whether the other answers kept it from being asked: kept, and not scored.", **TOLD)
    sealed = Part(ContentSchema, "What was sent, where it was corrected.", allow_none=True, **TOLD)


class ReceiptOfPhotoSchema(Body):
    amount = Text("A decimal number.", allow_none=True, example="350.00", **TOLD)
    currency = Text("By ISO 4217.", allow_none=True, example="RUB", **TOLD)


class VisitPhotoSchema(Body):
    id = Id("photo", **TOLD)
    sha256 = Text(example="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", **TOLD)
    size = Whole("In bytes.", example=312_400, **TOLD)
    media_type = Text(example="image/jpeg", **TOLD)
    taken_at = Moment(allow_none=True, **TOLD)
    stored_at = Moment("When its bytes arrived. Null for a client.", allow_none=True, **TOLD)
    erased_at = Moment("When the law had it erased. Null for a client.", allow_none=True, **TOLD)
    readable = Flag("Null until somebody looked.", allow_none=True, **TOLD)
    unreadable_reason = Text(allow_none=True, example="truncated", **TOLD)
    width = Whole(allow_none=True, example=2048, **TOLD)
    height = Whole(allow_none=True, example=1536, **TOLD)
    marks = Several(
        Anything(OBJECT),
        "A layer over the sealed picture, drawn into its smaller sizes: what (arrow, box, blur), at (x, y, x, y as"
        " shares of the upright picture).",
        example=[],
        **TOLD,
    )
    duration_ms = Whole("Of a recording.", allow_none=True, example=None, **TOLD)
    receipt = Part(
        ReceiptOfPhotoSchema, "Where it shows one: what was paid, as the inspector says.", allow_none=True, **TOLD
    )
    alike = Several(Part(AlikeSchema), "Photos of other visits that it looks like. None for a client.", **TOLD)


class VisitPracticeSchema(Body):
    id = Id("best_practice", "Null for a client: it has the time of receipt in it.", allow_none=True, **TOLD)
    touchpoint_id = Id("touchpoint", **TOLD)
    kind = Choice(BestPracticeKind, **TOLD)
    text = Text(example="Chargers at each table", **TOLD)
    photo_ids = Several(Id("photo"), **TOLD)


class CorrectionSchema(Body):
    id = Id("correction", **TOLD)
    revision = Whole(example=1, **TOLD)
    criterion_id = Id("criterion", **TOLD)
    repetition = Whole(example=0, **TOLD)
    old = Part(ContentSchema, **TOLD)
    new = Part(ContentSchema, **TOLD)
    reason = Text(example="The photo shows it.", **TOLD)
    by_id = Id("user", **TOLD)
    at = Moment(**TOLD)


class SealedReportSchema(Body):
    revision = Whole(example=1, **TOLD)
    accepted = Flag("False for what came under an id that was taken.", **TOLD)
    sha256 = Text(example="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", **TOLD)
    received_at = Moment(**TOLD)


class NoteSchema(Body):
    criterion_id = Id("criterion", **TOLD)
    repetition = Whole(example=0, **TOLD)
    text = Text(example="The photo is dark.", **TOLD)


class ReviewSchema(Body):
    revision = Whole(example=1, **TOLD)
    decision = Choice(Decision, **TOLD)
    reason = Text(example="Please look again.", **TOLD)
    notes = Several(Part(NoteSchema), "Of a visit that was sent back.", **TOLD)
    reviewer_id = Id("user", **TOLD)
    at = Moment(**TOLD)


class VisitSchema(VisitBriefSchema):
    elapsed_ms = Whole("By the phone's steady clock.", allow_none=True, example=720_000, **TOLD)
    utc_offset = Whole("In minutes east.", allow_none=True, example=180, **TOLD)
    app_version = Text(example="0.1.0", **TOLD)
    device_id = Text(example="Pixel 4a", **TOLD)
    positions = Several(Anything(OBJECT), "Where it was: lat, lon, accuracy_m, at.", example=[], **TOLD)
    points = Number(allow_none=True, example=34, **TOLD)
    possible = Number(allow_none=True, example=40, **TOLD)
    grade = Words("The band of the score.", allow_none=True, example={"en": "good"}, **TOLD)
    outlet_attributes = Pairs("string", "As they were at the receipt.", example={"drive-through": "yes"}, **TOLD)
    repetitions = Several(Anything(OBJECT), "Of repeating sections: section_id, repetition, label.", example=[], **TOLD)
    staff_met = Several(Anything(OBJECT), "role, description, name.", example=[], **TOLD)
    consents = Several(
        Anything(OBJECT), "What the inspector confirmed: what, words, at. None for a client.", example=[], **TOLD
    )
    text_replaced = Flag("Whether words had signs that cannot be stored; the sealed report has them.", **TOLD)
    checks = Several(Part(CheckSchema), **TOLD)
    answers = Several(Part(EffectiveAnswerSchema), **TOLD)
    photos = Several(Part(VisitPhotoSchema), **TOLD)
    best_practices = Several(Part(VisitPracticeSchema), **TOLD)
    corrections = Several(Part(CorrectionSchema), "Of the last revision.", **TOLD)
    reviews = Several(Part(ReviewSchema), "The decisions on it, oldest first. None for a client.", **TOLD)
    sealed_reports = Several(Part(SealedReportSchema), "All that phones sent under its id.", **TOLD)


class EventSchema(Body):
    at = Moment(**TOLD)
    kind = Choice(Happening, **TOLD)
    person = Text("Who did it, where it was somebody.", example="Anna Petrova", **TOLD)
    by_file = Flag("Of a report: whether it came in the file of a phone, which `person` took in.", **TOLD)
    revision = Whole(allow_none=True, example=1, **TOLD)
    decision = Choice(Decision, "Of a review.", allow_none=True, **TOLD)
    reason = Text("Of a review or a correction.", example="", **TOLD)
    notes = Several(Part(NoteSchema), "Of a visit that was sent back.", **TOLD)
    correction_id = Id("correction", allow_none=True, **TOLD)
    photos = Whole("How many had arrived by then.", example=0, **TOLD)


class HistorySchema(Body):
    items = Several(Part(EventSchema), "Oldest first.", **TOLD)
