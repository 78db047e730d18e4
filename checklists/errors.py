"""Every "no" of the product, in one list.

A message is an English catalogue key; placeholders are filled from `details`. `inspector/problems.py` turns each
class into an HTTP status and the message into the reader's language, so nothing here knows of the web.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar
from uuid import UUID


def N_(message: str) -> str:  # noqa: N802 - the name that gettext's extractor looks for.
    """Mark a message for the catalogue without translating it yet."""
    return message


class DomainError(Exception):
    """The base of every refusal: a class for the program, a message for the person."""

    message: ClassVar[str] = N_("This cannot be done.")

    def __init__(self, **details: str | int | float) -> None:
        super().__init__(self.message % details if details else self.message)
        self.details = details


class NotFound(DomainError):
    message = N_("There is nothing here under this address. It may have been removed, or it belongs to somebody else.")


class LoginRequired(DomainError):
    message = N_("Please log in. What you entered stays where it is.")


class LoginFailed(DomainError):
    message = N_("E-mail and password do not match. Check both and try again.")


class CodeRefused(LoginFailed):
    message = N_("This code is wrong, was used already or is too old. Make a new one where you are logged in.")


class TooManyAttempts(DomainError):
    message = N_("Too many attempts to log in. Please try again in %(minutes)s min.")


class TooBusy(DomainError):
    message = N_("Many people are logging in at this moment. Please try again in a few seconds.")


class LinkUsed(DomainError):
    message = N_("This link was used already or is too old. Ask for another one.")


class TokenRefused(DomainError):
    message = N_("This token is not known here, was revoked or has run out. Make another one under Tokens.")


class ScopeMissing(DomainError):
    message = N_("This token may not do this; it would need the purpose %(scope)s.")


class NoTokensHere(DomainError):
    message = N_("This address is for people who log in; no token opens it.")


class NotAllowed(DomainError):
    message = N_("Your role does not allow this. Ask the manager of the project.")


class CrossSiteRequest(DomainError):
    message = N_("This request came from another site and was refused. Open the page here and try again.")


class InvalidInput(DomainError):
    """What was entered cannot be used; `fields` maps a field's name to its message (a catalogue key)."""

    message = N_("Some fields need your attention.")

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__()
        self.fields = fields


class UnreadableBody(DomainError):
    message = N_("The body of the request could not be read as JSON.")


class TagRequired(DomainError):
    message = N_("Say with the header If-Match which state you mean to change: the ETag with which you read it.")


class ChangedMeanwhile(DomainError):
    message = N_("Somebody changed this since you read it. Read it again, and make your change in what stands now.")


class StillUsed(DomainError):
    message = N_("This cannot be removed: %(why)s")


class LockedOut(DomainError):
    message = N_("You would lock yourself out. Ask another manager to change your roles.")


class PublishedIsFrozen(DomainError):
    message = N_("A published version is frozen. Make the next draft and change that.")


class DraftExists(DomainError):
    message = N_("There is a draft of this checklist already. Finish that one first.")


class ChecklistIncomplete(DomainError):
    message = N_("The checklist cannot be published yet: %(missing)s")


class TouchpointCoveredTwice(DomainError):
    message = N_("Within a wave a touchpoint is covered by one checklist only, but two cover “%(touchpoint)s”.")


class WaveIncomplete(DomainError):
    message = N_("The wave still needs: %(missing)s")


class NobodyToSend(DomainError):
    message = N_("There is no active inspector in this project. Add one under People first.")


class AssignmentBusy(DomainError):
    message = N_("A visit of this assignment has arrived already, so it can no longer be changed.")


class ReviewNotPossible(DomainError):
    message = N_("This visit is not waiting for a review any more. Reload the page to see what happened to it.")


class ReasonRequired(DomainError):
    message = N_("Please give a reason, so that the inspector and your colleagues understand the decision.")


class NotesRequired(DomainError):
    message = N_("Please write what should be changed: a note beside a criterion, or a reason.")


class PhotosMissing(DomainError):
    message = N_("Photos of this visit that have not arrived yet: %(count)s. Wait for them, or reject the visit.")


class DerivedAnswer(DomainError):
    message = N_("A duration is worked out from its two time stamps. Correct those instead.")


class NothingCorrected(DomainError):
    message = N_("This is the answer that stands already.")


class NotToBePutRight(DomainError):
    message = N_("No checklist can be found for this report, so it cannot be scored. Reject the visit, with a reason.")


class PlaceTaken(DomainError):
    message = N_("This assignment cannot take the visit: it is of another checklist, or has a visit already.")


class NotJson(DomainError):
    message = N_("The report could not be read as JSON. It stays on the phone; please tell the manager.")


class TooLarge(DomainError):
    message = N_("This is larger than the %(megabytes)s MB that are taken. Make it smaller, or choose something else.")

    @classmethod
    def over(cls, limit: int) -> "TooLarge":
        """The refusal of what is larger than `limit` bytes."""
        return cls(megabytes=round(limit / 1_000_000, 1))


class OtherContent(DomainError):
    message = N_("A different report was already received under this id. Both are kept; a manager looks at them.")

    def __init__(self, missing_photos: Iterable[UUID] = ()) -> None:
        super().__init__()
        self.missing_photos = list(missing_photos)
        """Those that the report names which was kept beside, and whose bytes have not come yet."""


class OtherContentNotKept(DomainError):
    message = N_(
        "A different report was already received under this id, and this one is not kept here."
        " Save it to a file on the phone and send that to the manager."
    )


class DraftNotWanted(DomainError):
    message = N_(
        "No visit is waited for here any more: one has arrived, or the assignment was revoked."
        " What is on the phone stays there."
    )


class TooManyDrafts(DomainError):
    message = N_("There are copies of %(most)s begun visits here already. Finish or discard some.")


class VisitDeleted(DomainError):
    message = N_("This visit was deleted on the server. It stays on the phone; please ask the manager.")


class PhotoErased(DomainError):
    message = N_("This photo was erased by law, so it is not taken in again. The rest of the visit goes on.")


class NotErasable(DomainError):
    message = N_(
        "Nobody erases oneself, nor somebody whose roles are higher or reach other projects:"
        " that is for those who manage all of these."
    )


class StillInFlight(DomainError):
    message = N_(
        "The same is being written elsewhere at this moment. Try again in a few seconds; phones do so by themselves."
    )


class PhotoNotPromised(DomainError):
    message = N_("No report promised this photo. Send the report first.")


class WrongSize(DomainError):
    message = N_("The photo arrived with %(received)s of %(promised)s bytes. It will be sent again.")


class WrongHash(DomainError):
    message = N_("The photo's bytes changed on the way. It will be sent again.")


class OtherOffset(DomainError):
    message = N_("Of this photo %(offset)s bytes are here. It goes on from there by itself.")


class PhotoInFlight(DomainError):
    message = N_("The same photo is being received at this moment. It will be tried again by itself.")


class PhotoBeingDeleted(DomainError):
    message = N_("What came of this photo before is being deleted at this moment. It will be tried again by itself.")


class StorageUnavailable(DomainError):
    message = N_("The photo could not be stored at the moment. It stays on the phone and will be sent again.")


class StorageFull(StorageUnavailable):
    message = N_("The server has no room for photos left. The photo stays on the phone and will be sent again.")


class ObjectStoreAway(StorageUnavailable):
    message = N_("The store of photos cannot be reached at the moment. Nothing is lost; please try again in a minute.")


class PhotoWaits(DomainError):
    message = N_(
        "This photo has arrived and waits on the server that took it in, because the store of photos was away. "
        "It can be seen here as soon as it has moved there."
    )


class PhotoUnreachable(DomainError):
    message = N_("The photo cannot be fetched at the moment. Nothing is lost; please try again in a minute.")


class DatabaseFull(DomainError):
    message = N_("The server has no room left. What you sent stays where it is; please try again later.")


class DatabaseUnavailable(DomainError):
    message = N_("The database cannot be reached at the moment. What you sent stays where it is; please try again.")


class HoldReason(StrEnum):
    """Why an authenticated report is kept but not counted until a manager has looked at it."""

    NOT_UNDERSTOOD = "not_understood"
    UNKNOWN_ASSIGNMENT = "unknown_assignment"
    FOREIGN_ASSIGNMENT = "foreign_assignment"
    REVOKED_ASSIGNMENT = "revoked_assignment"
    DELETED_OUTLET = "deleted_outlet"
    VISITED_ALREADY = "visited_already"
    OTHER_VERSION = "other_version"
    UNKNOWN_CRITERION = "unknown_criterion"
    UNKNOWN_TOUCHPOINT = "unknown_touchpoint"
    IMPOSSIBLE_ANSWER = "impossible_answer"
    INCOMPLETE = "incomplete"
    EVIDENCE_MISSING = "evidence_missing"
    ABSURD_DATES = "absurd_dates"
    FOREIGN_PHOTO = "foreign_photo"
    DEACTIVATED = "deactivated"
    UNWANTED_RECORDING = "unwanted_recording"


HOLD_REASONS: dict[HoldReason, str] = {
    HoldReason.NOT_UNDERSTOOD: N_("The report does not have the form that was agreed."),
    HoldReason.UNKNOWN_ASSIGNMENT: N_("The assignment is not known."),
    HoldReason.FOREIGN_ASSIGNMENT: N_("The assignment belongs to another inspector."),
    HoldReason.REVOKED_ASSIGNMENT: N_("The assignment was revoked, or was never handed out."),
    HoldReason.DELETED_OUTLET: N_("The outlet was removed from the project."),
    HoldReason.VISITED_ALREADY: N_("Another visit of this assignment has arrived already."),
    HoldReason.OTHER_VERSION: N_("The checklist version is not one that was ever handed out for this assignment."),
    HoldReason.UNKNOWN_CRITERION: N_("The report answers a criterion or a section that its checklist does not have."),
    HoldReason.UNKNOWN_TOUCHPOINT: N_("The report names a touchpoint that the project does not have."),
    HoldReason.IMPOSSIBLE_ANSWER: N_("One of the answers is not possible for its criterion."),
    HoldReason.INCOMPLETE: N_("A required criterion is not answered."),
    HoldReason.EVIDENCE_MISSING: N_("A required photo or comment is missing."),
    HoldReason.ABSURD_DATES: N_("The times of the visit cannot be right. Check the date on the phone."),
    HoldReason.FOREIGN_PHOTO: N_("The report names a photo that belongs to another visit."),
    HoldReason.DEACTIVATED: N_("The visit began after the inspector's access had ended."),
    HoldReason.UNWANTED_RECORDING: N_(
        "The report has a recording that the project does not allow, or for which nobody has confirmed the consent."
    ),
}
