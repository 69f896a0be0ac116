# SPDX-License-Identifier: Apache-2.0
"""What the scenarios of the gateway share: a server whose proxy listener may call this host, the registry of the application "shop", a target."""

import pytest
from harness import GATEWAY, Server
from metadata import Metadata
from target import Target


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Targets fail on purpose here, and are called again at once: none is left out for a while."""
    s = Server(tmp_path_factory.mktemp("server"), settings={**GATEWAY, "log.level": "debug", "outbound.eject_after": "0"}).start()
    s.cli("app", "create", "shop")
    yield s
    s.stop()


@pytest.fixture(scope="module")
def registry(server):
    m = Metadata(server, "shop")
    yield m
    m.close()


@pytest.fixture
def target():
    t = Target()
    yield t
    t.close()
