# SPDX-License-Identifier: Apache-2.0
"""Proves that services survive kill -9 as they were acknowledged, and that no secret or specification is left without its service."""

import http.client
import random
import ssl
import threading
import time

import pytest
from metadata import Metadata, service

BROKEN = (OSError, http.client.HTTPException, ssl.SSLError, AssertionError)
LIVES = 6


class Writer(threading.Thread):
    """One client's stream of POST, PUT, DELETE, and what it may rely on."""

    def __init__(self, server, number):
        super().__init__()
        self.m, self.random = Metadata(server, "shop"), random.Random(number)
        self.known, self.doubtful, self.gone, self.count = {}, {}, set(), 0

    def body(self):
        self.count += 1
        return service(f"{self.name}-{self.count}", identifier=f"{self.name}-{self.count}", spec={"openapi": "3.0.0", "n": self.count % 5},
                       credentials={"basic": {"username": "u", "password": f"p{self.count}"}}, requestParameters={"headers": {"A": [str(self.count)]}})

    def run(self):
        while True:
            id, body = None, None
            try:
                if len(self.known) < 5 or self.random.random() < 0.4:
                    body = self.body()
                    id = self.m.register(body)
                    self.known[id] = body["name"]
                elif self.random.random() < 0.5:
                    id, body = self.random.choice(list(self.known)), self.body()
                    self.doubtful[id] = {self.known[id], body["name"]}
                    self.m.put(id, body)
                    self.known[id] = body["name"]
                    del self.doubtful[id]
                else:
                    id = self.random.choice(list(self.known))
                    self.doubtful[id] = {self.known[id], None}
                    self.m.delete(id)
                    del self.known[id], self.doubtful[id]
                    self.gone.add(id)
            except BROKEN:
                self.m.close()
                return


def check(server, writers):
    m = Metadata(server, "shop")
    listed = {s["id"]: s["name"] for s in m.list()}
    for w in writers:
        assert not w.gone & set(listed), "a deleted service came back"
        for id, name in w.known.items():
            if id in w.doubtful:
                assert listed.get(id) in w.doubtful[id]
            else:
                assert listed.get(id) == name, "an acknowledged change is gone"
    for id, name in list(listed.items())[:50]:
        got = m.get(id)  # opens both secrets
        assert got["name"] == name and got["api"]["credentials"]["basic"] and got["api"]["requestParameters"] and got["api"]["spec"]
    m.close()
    database = server.database()
    one = lambda sql: database.execute(sql).fetchone()[0]  # noqa: E731
    assert one("PRAGMA integrity_check") == "ok"
    assert one("SELECT count(*) FROM secret WHERE id / 4 NOT IN (SELECT id FROM service)") == 0, "a secret without its service"
    assert one("SELECT count(*) FROM service WHERE id NOT IN (SELECT id / 4 FROM secret)") == 0, "a service without its secrets"
    assert one("SELECT count(*) FROM secret") == 2 * len(listed)
    assert one("SELECT count(*) FROM specification_content WHERE id NOT IN (SELECT id FROM specification)") == 0
    assert one("SELECT sum(refs) FROM specification") == len(listed), "references were lost"
    assert one("SELECT services FROM application WHERE name = 'shop'") == len(listed) == one("SELECT count(*) FROM service")
    database.close()


@pytest.mark.slow
def test_killed_again_and_again(make_server):
    server = make_server()
    server.cli("app", "create", "shop")
    everyone = []
    for life in range(LIVES):
        writers = [Writer(server, 10 * life + i) for i in range(4)]
        for w in writers:
            w.name = f"life{life}-{w.name}"
            w.start()

        time.sleep(0.5 + 0.3 * (life % 3))
        server.kill()
        for w in writers:
            w.join(60)
            assert not w.is_alive()
        server.start()
        everyone += writers
        check(server, everyone)
    assert sum(len(w.known) + len(w.gone) for w in everyone) > 20, "nothing was written between the kills"
