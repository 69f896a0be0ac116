# SPDX-License-Identifier: Apache-2.0
"""Row `million`: does it matter how much is on record? Two servers side by side, one with a thousand certificates, one with a million active
and a million revoked, written straight into the database while the server is down."""

import sqlite3
import statistics
import threading
import time

from material import Client, sign_body
from measure import Unmeasured, interleaved, measured, pss_of, ratios
from servers import Fairlead
from table import Figure, Row, at_most

SMALL = 1000
APPLICATIONS_EACH = 10  # certificates of one application
LOOKUP_TARGETS = 20000

# The newest certificate is copied with another fingerprint and serial: rows are as long as real ones. State 0 is active, 1 revoked.
FILL = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
INSERT INTO certificate (tenant_id, fingerprint, issuer_id, serial, kind, state, group_name, application, subject, key_algorithm,
                         issued_at, not_before, not_after, issued_by, der)
SELECT c.tenant_id, randomblob(32), c.issuer_id, randomblob(16), c.kind, i % 2, c.group_name, 'filled-' || (i / 2 / :each), c.subject, c.key_algorithm,
       c.issued_at - i % 1000000, c.not_before, c.not_after + i % 1000000, c.issued_by, c.der
FROM n, (SELECT * FROM certificate ORDER BY id DESC LIMIT 1) c
"""

FOLLOW_UP = (
    "INSERT INTO revocation SELECT fingerprint, tenant_id, issued_at, 'unspecified' FROM certificate WHERE state = 1",
    "INSERT OR IGNORE INTO application SELECT DISTINCT tenant_id, application, '', issued_at, 0, 1 FROM certificate GROUP BY application",
    "UPDATE counter SET value = (SELECT count(*) FROM application) WHERE name = 'applications'",
    "UPDATE counter SET value = (SELECT count(*) FROM certificate WHERE state = 0) WHERE name = 'certificates_active'",
    "UPDATE counter SET value = (SELECT count(*) FROM certificate WHERE state = 1) WHERE name = 'certificates_revoked'",
)


def database_of(server):
    found = sorted(server.data.rglob("*.db"))
    if not found:
        raise Unmeasured("no database in the data directory")
    return found[0]


def fill(server, active):
    """`active` active and as many revoked certificates. The server is down."""
    db = sqlite3.connect(database_of(server))
    for pragma in ("synchronous=OFF", "cache_size=-1000000", "temp_store=MEMORY"):
        db.execute("PRAGMA " + pragma)
    db.execute(FILL, {"count": 2 * active, "each": APPLICATIONS_EACH})
    for statement in FOLLOW_UP:
        db.execute(statement)
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    fingerprints = [row[0].hex() for row in db.execute("SELECT fingerprint FROM certificate ORDER BY random() LIMIT ?", (LOOKUP_TARGETS,))]
    db.close()
    return fingerprints


class Filled:
    def __init__(self, bench, directory, records):
        self.bench = bench
        self.server = Fairlead(bench.binary, directory, 1, **bench.material.settings())
        try:
            self.client = Client(self.server, bench.material)
            self.server.stop()
            bench.progress(f"writing {2 * records:,} certificates")
            fingerprints = fill(self.server, records)
            self.starts = [self.server.start()]
        except BaseException:
            self.server.stop()
            raise
        self.server.name = f"{records:,} + {records:,} revoked"
        lookups = directory / "lookups"
        lookups.write_text("".join(f"/api/v1/certificates/{f}\n" for f in fingerprints))
        ports = self.server.ports
        _, csr = bench.material.request("bench", "rsa:2048")
        internal = {"port": ports["internal"], "plain": True, "mode": "keepalive", "threads": 1}
        self.loads = {
            "one by its fingerprint": bench.load(**internal, targets=lookups, again=True),
            "list, 50 that expire first": bench.load(**internal, path="/api/v1/certificates?state=active&limit=50"),
            "list, 50 of one application": bench.load(**internal, path="/api/v1/certificates?application=filled-7&limit=50"),
            "renewal, 4 clients": bench.load(port=ports["gateway"], ca=bench.material.ca, cert=self.client.leaf, key=self.client.key, mode="keepalive",
                                             body=sign_body(csr), expect=201, path="/v1/applications/certificates/renewals", threads=4),
        }

    def write_log_bytes(self):
        return sum(f.stat().st_size for f in self.server.data.rglob("*-wal"))

    def killed_under_load(self):
        """kill -9 of all processes in the middle of writes; (seconds to start again, bytes of write-ahead log found)."""
        failed = []

        def writes():
            try:
                self.loads["renewal, 4 clients"].run(seconds=self.bench.seconds + 2)
            except Unmeasured as e:  # expected: the server dies under it
                failed.append(e)

        writer = threading.Thread(target=writes)
        writer.start()
        time.sleep(self.bench.seconds)
        self.server.kill()
        left = self.write_log_bytes()
        seconds = self.server.start()
        writer.join()
        return seconds, left


def pages(bench, small, big):
    rows = []
    for question in small.loads:
        for filled in (small, big):
            filled.loads[question].run(seconds=0.5)
        contenders = {f.server.name: lambda f=f, q=question: measured(f.server, lambda: f.loads[q].run(seconds=bench.seconds))
                      for f in (small, big)}
        samples = interleaved(contenders, bench.rounds, bench.progress)
        a, b = samples[small.server.name], samples[big.server.name]
        figures = [Figure.with_load(name, s) for name, s in samples.items()]
        rows.append(Row(f"On record, {question}", figures,
                        [at_most("p99 / p99 of the small one", ratios(b, a, "p99_us"), 1.2),
                         at_most("CPU / CPU of the small one", ratios(b, a), 1.2)]))
    return rows


def million(bench):
    directory = bench.directory("million")
    small = Filled(bench, directory / "small", SMALL)
    with small.server:
        big = Filled(bench, directory / "big", bench.records)
        with big.server:
            rows = pages(bench, small, big)
            held = [pss_of(f.server.pids()) / 1e6 for f in (small, big)]
            kills = [big.killed_under_load() for _ in range(bench.rounds)]
            for _ in range(bench.rounds - 1):
                big.server.stop()
                big.starts.append(big.server.start())
    after_kill = [seconds * 1000 for seconds, _ in kills]
    logs = [size / 1e6 for _, size in kills]
    rows.append(Row(f"On record, memory of all processes after that ({bench.records:,} + {bench.records:,})",
                    [Figure.plain(f.server.name, [mb], "MB PSS") for f, mb in zip((small, big), held)]))
    rows.append(Row(f"Start with {bench.records:,} + {bench.records:,} on record",
                    [Figure.plain("after a stop", [s * 1000 for s in big.starts], "ms"),
                     Figure.plain("after kill -9 under writes", after_kill, "ms")],
                    [at_most("after a stop, ms", statistics.median(big.starts) * 1000, 1000),
                     at_most("after kill -9, ms", statistics.median(after_kill), 1000)],
                    [f"Write-ahead log found after kill -9: {min(logs):.1f} to {max(logs):.1f} MB."]))
    return rows
