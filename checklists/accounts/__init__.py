"""How people and programs come in: logins on devices, links by mail, codes, tokens for programs, failed attempts."""

from checklists.accounts.attempts import count_attempt, failures_of, forget_attempt, forget_old_attempts, wait_until
from checklists.accounts.codes import forget_old_codes, keep_code, use_code
from checklists.accounts.links import LINKS_LAST, end_links, link_behind, make_link, renew_secret, use_link
from checklists.accounts.logins import (
    begin_login,
    end_login,
    end_logins,
    login_with_memberships,
    logins_of,
    note_login_use,
    refuse_old_cookies,
    take_over_login,
)
from checklists.accounts.tables import (
    STAYS_LOGGED_IN,
    USE_NOTED_EVERY,
    LinkPurpose,
    Login,
    LoginCode,
    LoginFailures,
    OneTimeLink,
    Token,
    TokenScope,
)
from checklists.accounts.tokens import NewToken, create_token, note_token_use, person_of_token, revoke_token, tokens_of

__all__ = [
    "LINKS_LAST",
    "STAYS_LOGGED_IN",
    "USE_NOTED_EVERY",
    "LinkPurpose",
    "Login",
    "LoginCode",
    "LoginFailures",
    "NewToken",
    "OneTimeLink",
    "Token",
    "TokenScope",
    "begin_login",
    "count_attempt",
    "create_token",
    "end_links",
    "end_login",
    "end_logins",
    "failures_of",
    "forget_attempt",
    "forget_old_attempts",
    "forget_old_codes",
    "keep_code",
    "link_behind",
    "login_with_memberships",
    "logins_of",
    "make_link",
    "note_login_use",
    "note_token_use",
    "person_of_token",
    "refuse_old_cookies",
    "renew_secret",
    "revoke_token",
    "take_over_login",
    "tokens_of",
    "use_code",
    "use_link",
    "wait_until",
]
