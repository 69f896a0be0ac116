# SPDX-License-Identifier: Apache-2.0
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from harness import Server  # noqa: E402


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for the scenarios of a file. It must stop cleanly with exit status 0."""
    s = Server(tmp_path_factory.mktemp("server")).start()
    yield s
    s.stop()


@pytest.fixture(scope="module")
def shop(server):
    """An external system of that server, enrolled. Scenarios that revoke enrol systems of their own."""
    return server.system("shop").enrol()


@pytest.fixture
def make_server(tmp_path):
    """Servers with settings of their own; all are stopped at the end."""
    made = []

    def make(name="server", start=True, **more):
        s = Server(tmp_path / name, **more)
        made.append(s)
        return s.start() if start else s

    yield make
    for s in made:
        s.stop()
