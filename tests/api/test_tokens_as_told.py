"""Tokens by the API: who made one is told, and that it is used does not keep anybody from revoking it."""

from flask import Flask

from checklists.accounts import Token
from checklists.orm import ScopedSession
from tests.api.world import NOW, ApiClient, World


def test_a_token_that_is_in_use_is_revoked(
    app: Flask, program: ApiClient, world: World, session: ScopedSession
) -> None:
    owner, address = ApiClient.of(app, world.audit.owner), f"/tokens/{world.ids['token']}"
    read = owner.get(address)
    assert (read.json["made_by_name"], read.json["made_by_id"]) == ("Olga Rybakova", str(world.audit.owner.id))
    row = session.get_one(Token, world.ids["token"], populate_existing=True)
    row.last_used_at = NOW
    session.commit()
    used = owner.get(address)
    assert used.json["last_used_at"] != read.json["last_used_at"]
    assert owner.ask("DELETE", address, tag=read.headers["ETag"]).status_code == 204
    assert program.get("/projects").status_code == 401
