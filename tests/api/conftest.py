"""The API without a server, on a world of its own."""

import pytest
from flask import Flask

from checklists.orm import ScopedSession
from tests.api.world import ApiClient, World, make_world


@pytest.fixture
def world(session: ScopedSession) -> World:
    made = make_world(session)
    session.commit()
    return made


@pytest.fixture
def manager(app: Flask, world: World) -> ApiClient:
    return ApiClient.of(app, world.audit.manager)


@pytest.fixture
def program(app: Flask, world: World) -> ApiClient:
    """A program with the owner's token for every purpose."""
    return ApiClient.with_token(app, world.token)
