"""Small installations with a row in every table and bytes under every key: to be moved, backed up, upgraded."""

import hashlib
import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from checklists.accounts import LinkPurpose, Login, LoginCode, LoginFailures, OneTimeLink, Token, TokenScope
from checklists.checklist.tables import GuidancePicture
from checklists.erasure import Erasure, ErasureKind
from checklists.imports import Import, ImportKind
from checklists.journey import Barrier
from checklists.orm import Base, ScopedSession, connect, new_id, unscoped
from checklists.phones import Contact, NoticeAddress, note_contact
from checklists.review import send_back
from checklists.review.tables import Correction
from checklists.trail import AuditEntry
from checklists.visits import Answer, DraftCopy, DraftPhoto, Likeness, Photo, PhotoLikeness, Visit, record_derived
from checklists.visits.likeness import keep_fingerprint
from inspector.moving.tables import MADE_ANEW
from inspector.photo_images import SCREEN, THUMBNAIL, derive, draw_demo_photo
from inspector.photo_storage import FolderStorage, PhotoSize, PhotoStorage, photo_key, picture_key
from tests.factories import Audit, make_audit
from tests.field import FieldPhoto

TABLES = [table for table in Base.metadata.sorted_tables if table.name not in MADE_ANEW]
LONG_AGO = datetime(2026, 3, 1, 9, 30, 15, 123456, tzinfo=UTC)


@dataclass
class Installation:
    """Where one lies, and what is in it."""

    url: str
    folder: Path
    engine: Engine
    storage: PhotoStorage
    audit: Audit | None = None

    def session(self) -> ScopedSession:
        return ScopedSession(self.engine, unscoped("a test looks at everything"))


def empty_at(url: str, folder: Path) -> Installation:
    """One in which nothing is yet; photos are to lie in `folder`/photos, as with DATA_DIR=`folder`."""
    return Installation(url, folder, connect(url), FolderStorage(folder / "photos"))


def filled_at(url: str, folder: Path, visits: int = 2) -> Installation:
    """One with an audit, some visits of each kind, and something in every other table."""
    made = empty_at(url, folder)
    with made.session() as session, session.begin():
        made.audit = make_audit(session)
        _field(session, made.audit, made.storage, visits)
        _everything_else(session, made.audit, made.storage)
        session.flush()
        counts = {table.name: session.scalar(select(func.count()).select_from(table)) for table in TABLES}
        empty = [name for name, count in counts.items() if not count]
        assert empty == []
        session.expunge_all()
    return made


def _field(session: Session, audit: Audit, storage: PhotoStorage, visits: int) -> None:
    criterion = audit.document["sections"][0]["criteria"][0]["id"]
    practice = {
        "touchpoint_id": str(audit.touchpoints[0].id),
        "kind": "beyond",
        "text": "«Ё»: зонт \u2028",
        "photo_ids": [],
    }
    for number in range(visits):
        photo = FieldPhoto(draw_demo_photo(number, "Utro", (640, 480)))
        visit = audit.visit(
            session,
            photos={criterion: [photo, FieldPhoto()]},
            state="approved" if number % 2 else "received",
            best_practices=[practice],
            staff_met=[{"role": "cashier", "description": "tall", "name": "Ольга"}],
        )
        for row in session.scalars(select(Photo).where(Photo.visit_id == visit.id)):
            content = photo.content if row.id == photo.id else FieldPhoto().content
            _store(storage, photo_key(row), content)
            readable = row.id == photo.id
            if readable:
                for size, long_edge in ((PhotoSize.THUMBNAIL, THUMBNAIL), (PhotoSize.SCREEN, SCREEN)):
                    smaller = io.BytesIO()
                    derive(io.BytesIO(content), long_edge, smaller)
                    _store(storage, photo_key(row, size), smaller.getvalue())
            reason = None if readable else "not a picture"
            record_derived(session, row.id, LONG_AGO, readable=readable, reason=reason, width=640, height=480)
        keep_fingerprint(session, photo.id, -number - 1)
    returned = audit.visit(session)
    for row in session.scalars(select(Photo).where(Photo.visit_id == returned.id)):
        _store(storage, photo_key(row), FieldPhoto().content)
    send_back(session, returned.id, audit.reviewer.id, "Which till?", [], LONG_AGO)


def _drafts(session: Session, audit: Audit, storage: PhotoStorage) -> None:
    """A visit that is begun on a phone, with a photo that no report has promised yet."""
    begun = {"organization_id": audit.organization.id, "user_id": audit.inspectors[0].id, "visit_id": new_id()}
    taken = FieldPhoto(draw_demo_photo(9, "Utro", (320, 240)))
    photo = {"sha256": taken.sha256, "size": len(taken.content), "media_type": taken.media_type}
    draft = DraftPhoto(id=taken.id, **begun, **photo, stored_at=LONG_AGO)
    copy = {"device_id": "first", "revision": 1, "changes": 7, "body": "{«Ё»}".encode()}
    times = dict.fromkeys(("begun_at", "changed_at", "kept_at"), LONG_AGO)
    named = [{"id": str(taken.id), **photo}]
    session.add_all([draft, DraftCopy(**begun, **copy, **times, photos=named, assignment_id=audit.assign(session).id)])
    _store(storage, photo_key(draft), taken.content)
    contact = Contact("first", "1", "Pixel 7, Chrome 142", True, None, 2**40, (), ())
    note_contact(session, audit.inspectors[0].id, [audit.organization.id], contact, LONG_AGO)
    place = {"device_id": "first", "endpoint": "https://push.example.org/1", "public_key": "k", "secret": "s"}
    session.add(NoticeAddress(user_id=audit.inspectors[0].id, **place, created_at=LONG_AGO))
    session.flush()
    audit.assign(session)  # Whoever has such an address is to hear of it.


def _everything_else(session: Session, audit: Audit, storage: PhotoStorage) -> None:
    own = {"organization_id": audit.organization.id}
    visit = session.scalars(select(Visit)).first()
    answer = session.scalars(select(Answer)).first()
    _drafts(session, audit, storage)
    first, second = session.scalars(select(Photo).limit(2))
    assert visit is not None
    assert answer is not None
    content = draw_demo_photo(7, "Utro", (320, 240))
    picture = GuidancePicture(
        project_id=audit.project.id, sha256=hashlib.sha256(content).hexdigest(), size=len(content),
        media_type="image/jpeg", width=320, height=240, added_at=LONG_AGO, **own,
    )  # fmt: skip
    token = Token(
        user_id=audit.manager.id, project_id=audit.project.id, name="BI", scopes=[TokenScope.RESULTS_READ],
        sha256="7" * 64, beginning="sa_7", created_at=LONG_AGO, **own,
    )  # fmt: skip
    session.add_all([picture, token])
    session.flush()
    _store(storage, picture_key(picture), content)
    session.add_all([
        Barrier(touchpoint_id=audit.touchpoints[0].id, text={"ru": "Очередь", "en": "A queue"}, position=0, **own),
        Login(user_id=audit.manager.id, created_at=LONG_AGO, last_seen_at=LONG_AGO),
        OneTimeLink(
            user_id=audit.manager.id, purpose=LinkPurpose.RESET, sha256="5" * 64, created_at=LONG_AGO,
            expires_at=LONG_AGO + timedelta(hours=1),
        ),
        LoginCode(user_id=audit.manager.id, mark="4" * 64, expires_at=LONG_AGO),
        LoginFailures(subject="3" * 64, failures=2, last_at=LONG_AGO),
        AuditEntry(at=LONG_AGO, user_id=audit.manager.id, action="waves.add", details={"a": [1.0, 2.5, None]}, **own),
        Erasure(kind=ErasureKind.PERSON, subject_id=audit.manager.id, reason="asked", at=LONG_AGO, **own),
        PhotoLikeness(photo_id=first.id, earlier_id=second.id, kind=Likeness.NEAR, distance=3, **own),
        Correction(
            visit_id=visit.id, revision=1, criterion_id=answer.criterion_id, repetition=0, old={"value": 1.0},
            new={"value": 1e-7}, reason="typed wrongly", by_id=audit.reviewer.id, at=LONG_AGO, **own,
        ),
        Import(
            project_id=audit.project.id, kind=ImportKind.OUTLETS, file_name="точки.csv", body=bytes(range(256)),
            uploaded_by=audit.manager.id, uploaded_at=LONG_AGO, **own,
        ),
    ])  # fmt: skip


def _store(storage: PhotoStorage, key: str, content: bytes) -> None:
    storage.write(key, io.BytesIO(content), size=len(content), sha256=hashlib.sha256(content).hexdigest())
