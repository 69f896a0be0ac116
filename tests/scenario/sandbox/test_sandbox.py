# SPDX-License-Identifier: Apache-2.0
"""Proves, with the binary that users get, that front, core and fetcher are confined to what each needs, and that everything works inside."""

import json
import os
import pathlib
import pwd
import re
import resource
import shutil
import signal
import socket
import tempfile

import pki
import pytest
from harness import Server, csr_body, curl, poll, run
from load import Load

pytestmark = pytest.mark.release

ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="changes user, looks into other processes")
SECRET = "correct-horse-battery"


@pytest.fixture(scope="module")
def confined(tmp_path_factory):
    """Two fronts, whatever FAIRLEAD_TEST_FRONTS says: one process would have no sandbox to look at."""
    server = Server(tmp_path_factory.mktemp("sandbox"), fronts=2, environment={"SOME_PASSWORD": SECRET}).start()
    server.shop = server.system("shop").enrol()
    yield server
    server.stop()
    assert "Bad system call" not in server.log()


def proc(pid, name):
    return pathlib.Path(f"/proc/{pid}/{name}").read_text()


def field(pid, name):
    return re.search(rf"^{name}:\s*(.*)$", proc(pid, "status"), re.M).group(1)


def open_files(pid):
    """Descriptor -> what it is, without standard input, output and error."""
    found = {}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        if int(fd) > 2:
            found[fd] = os.readlink(f"/proc/{pid}/fd/{fd}")
    return found


def socket_inodes(*tables):
    """Inodes of all sockets of these kinds on this host."""
    column = {"unix": 6}
    found = set()
    for table in tables:
        for line in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            found.add(line.split()[column.get(table, 9)])
    return found


def of_kind(server, kind):
    return [pid for pid, k in server.children().items() if k == kind]


# ---- what they may not ----

def test_status_says_what_confines_the_server(confined):
    assert confined.cli_json("status")["sandbox"].startswith("seccomp")
    assert "seccomp" in confined.cli("status").stdout
    assert not [w for w in confined.cli_json("status")["warnings"] if "sandbox" in w]


@pytest.mark.parametrize("kind, count", [("front", 2), ("core", 1), ("fetcher", 1)])
def test_a_process_has_a_filter_no_way_to_new_privileges_and_leaves_no_core(confined, kind, count):
    pids = of_kind(confined, kind)
    assert len(pids) == count
    for pid in pids:
        assert field(pid, "NoNewPrivs") == "1" and field(pid, "Seccomp") == "2"
        assert re.search(r"^Max core file size +0 +0 ", proc(pid, "limits"), re.M)


def test_a_front_has_no_file_open_and_no_secret_in_its_environment(confined):
    for pid in of_kind(confined, "front"):
        for what in open_files(pid).values():
            assert what.startswith(("socket:", "pipe:", "anon_inode:", "/memfd:fairlead-")), what
        assert SECRET not in proc(pid, "environ") and str(confined.data) not in proc(pid, "environ")


def test_a_front_has_the_generation_page_for_reading_only(confined):
    for pid in of_kind(confined, "front"):
        for fd, what in open_files(pid).items():
            if "fairlead-page" in what:
                flags = int(re.search(r"^flags:\s*(\d+)", proc(pid, f"fdinfo/{fd}"), re.M).group(1), 8)
                assert flags & os.O_ACCMODE == os.O_RDONLY
        maps = [line.split()[1] for line in proc(pid, "maps").splitlines() if "fairlead-page" in line]
        assert maps and all("w" not in rights for rights in maps)


def test_the_core_has_no_network(confined):
    core, = of_kind(confined, "core")
    inodes = {what[8:-1] for what in open_files(core).values() if what.startswith("socket:")}
    assert inodes and not inodes & socket_inodes("tcp", "tcp6", "udp", "udp6")
    assert inodes <= socket_inodes("unix")


def test_the_core_has_only_its_store_open(confined):
    core, = of_kind(confined, "core")
    files = {what for what in open_files(core).values() if what.startswith("/") and not what.startswith("/memfd:")}
    allowed = {str(confined.data / name) for name in ("fairlead.db", "fairlead.db-wal", "fairlead.db-shm", "run/lock")}
    assert files <= allowed, files - allowed
    assert not any("vault" in what for what in files)


def test_the_fetcher_has_its_socket_and_no_secret(confined):
    """Between two jobs: the listening socket, what the supervisor gave it, and no connection."""
    fetcher, = of_kind(confined, "fetcher")
    for what in open_files(fetcher).values():
        assert what.startswith(("socket:", "pipe:", "anon_inode:", "/memfd:fairlead-")), what
    inodes = {what[8:-1] for what in open_files(fetcher).values() if what.startswith("socket:")}
    assert inodes and inodes <= socket_inodes("unix")
    assert SECRET not in proc(fetcher, "environ") and str(confined.data) not in proc(fetcher, "environ")
    assert not any("vault" in line or "fairlead.db" in line or "fairlead-page" in line for line in proc(fetcher, "maps").splitlines())


@as_root
def test_what_the_fetcher_is_told_holds_no_secret(confined):
    fetcher, = of_kind(confined, "fetcher")
    told = [pathlib.Path(f"/proc/{fetcher}/fd/{fd}").read_text() for fd, what in open_files(fetcher).items() if "fairlead-config" in what]
    assert told
    for text in told:
        assert "vault.key_file=\n" in text and "store.url=\n" in text and "ca.key_file=\n" in text


def test_what_they_map_is_not_writable_and_executable(confined):
    for pid in confined.children():
        assert not [line for line in proc(pid, "maps").splitlines() if re.search(r" rwxp | rwxs ", line)]


def backup_through_the_core(server, path):
    """As the CLI asks, but for a place that is not the core's."""
    return curl("-X", "POST", "-H", "Content-Type: application/json", "--unix-socket", server.data / "run" / "control.sock",
                "-d", json.dumps({"path": str(path)}), "http://localhost/api/v1/backup")


def test_the_core_cannot_write_outside_its_directories_even_as_root(confined, make_server, tmp_path):
    """Landlock: file permissions would let root do it, and without the sandbox it does."""
    if "Landlock" not in confined.cli_json("status")["sandbox"]:
        pytest.skip("this kernel has no Landlock")
    answer = backup_through_the_core(confined, tmp_path / "outside.db")
    assert answer.status >= 400 and not (tmp_path / "outside.db").exists(), answer
    assert backup_through_the_core(confined, confined.data / "inside.db").status == 201
    free = make_server(fronts=2, settings={"server.sandbox": "false"})
    assert backup_through_the_core(free, tmp_path / "outside.db").status == 201
    warnings = free.cli_json("status")["warnings"]
    assert any("sandbox is off" in w for w in warnings) and free.cli_json("status")["sandbox"] == "off"
    assert [field(pid, "Seccomp") for pid in free.children()] == ["0"] * 4
    assert [field(pid, "NoNewPrivs") for pid in free.children()] == ["1"] * 4  # that needs no sandbox


# ---- another user ----

@pytest.fixture
def place():
    """A directory that an unprivileged user owns, on a path that it may pass."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="fairlead-sandbox-", dir="/tmp"))
    nobody = pwd.getpwnam("nobody")
    os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@as_root
def test_started_as_root_it_becomes_its_user_and_cannot_be_looked_into(make_server, place):
    nobody = pwd.getpwnam("nobody")
    data, key = place / "data", place / "vault.key"
    server = make_server(start=False, fronts=2, settings={"server.user": "nobody", "vault.key_file": key})
    server.data = data
    server.start()
    for pid in [server.process.pid, *server.children()]:
        assert field(pid, "Uid").split() == [str(nobody.pw_uid)] * 4
        assert field(pid, "Gid").split() == [str(nobody.pw_gid)] * 4 and set(field(pid, "Groups").split()) <= {str(nobody.pw_gid)}
        assert int(field(pid, "CapEff"), 16) == int(field(pid, "CapPrm"), 16) == 0
    for pid in server.children():
        # PR_SET_DUMPABLE 0: the process's files belong to root, and the same user may read no memory (proc(5)).
        assert os.stat(f"/proc/{pid}/environ").st_uid == 0
        for name in ("environ", "mem", "maps"):
            assert read_as("nobody", f"/proc/{pid}/{name}") != 0, name
    assert read_as("nobody", f"/proc/{os.getpid()}/status") == 0  # the reader itself works
    assert key.stat().st_uid == data.stat().st_uid == nobody.pw_uid and data.stat().st_mode & 0o777 == 0o700
    assert server.system("shop").enrol().management().status == 200
    server.cli("vault", "rekey")
    server.reload()
    poll(lambda: "reload.applied" in server.log(), 10, "no reload without root")


def read_as(user, path):
    """Exit status of reading one byte as that user."""
    who = pwd.getpwnam(user)
    return run(["setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups", "head", "-c1", path], check=False).returncode


# ---- what they must ----

def test_everything_works_inside(make_server, tmp_path):
    """Supplied CA, own certificates, enrolment, renewal, revocation, load, backup, new keys, reload, every process started anew."""
    ca, web = pki.Authority("CN=Own CA", which=3), pki.Authority("CN=Web CA", which=4)
    pki.write(tmp_path / "ca.crt", ca.pem)
    pki.write(tmp_path / "ca.key", pki.key_pem(ca.key, "traditional"))
    (tmp_path / "tls").mkdir()

    def write_certificate(which):
        key = pki.key("rsa:2048", which)
        pki.write(tmp_path / "tls" / "own.crt", pki.pem(web.issue("CN=localhost", key, (pki.SERVER_AUTH,), sans=["localhost"])) + web.pem)
        pki.write(tmp_path / "tls" / "own.key", pki.key_pem(key))
    write_certificate(1)
    server = make_server(fronts=2, settings={
        "ca.certificate_file": tmp_path / "ca.crt", "ca.key_file": tmp_path / "ca.key", "log.access": "all",
        "tls.connector.certificate_file": tmp_path / "tls" / "own.crt", "tls.connector.key_file": tmp_path / "tls" / "own.key"})
    server.ca.write_text(ca.pem + web.pem)
    systems = [server.system("shop", f"s{i}").enrol(key) for i, key in enumerate(("rsa:2048", "ec:P-384", "ed25519"))]
    for system in systems:
        assert system.management("--http2").status == system.management("--http1.1").status == 200
    renewed = systems[0].curl("/v1/applications/certificates/renewals", "-d", csr_body(systems[0].csr.read_text()))
    assert renewed.status == 201
    assert systems[1].curl("/v1/applications/certificates/revocations", "-X", "POST").status == 201
    assert systems[1].management().status == 403
    with Load(server) as load:
        load.wait_issued(20)
        server.cli("vault", "rekey")
        server.cli("backup", tmp_path / "b.db")
        write_certificate(2)
        server.reload()
        poll(lambda: "reload.applied" in server.log(), 10, server.log())
        load.wait_issued(20)
    assert set(load.statuses) == {201}, load.statuses
    for command in (["status"], ["cert", "list"], ["token", "list"], ["audit", "list"], ["app", "list"], ["ca", "show"]):
        server.cli(*command)
    assert curl(server.internal + "/metrics").status == 200
    for pid in server.children():
        os.kill(pid, signal.SIGKILL)
    poll(lambda: (a := curl(server.internal + "/readyz", check=False)) and a.status == 200, 20, "it does not come back")
    assert systems[2].management().status == 200
    server.stop()
    server.start()
    server.ca.write_text(ca.pem + web.pem)
    assert systems[2].management().status == 200
    for sign in ("Bad system call", "signal 31", "Permission denied", "Operation not permitted"):
        assert sign not in server.log(), server.log()


def test_a_burst_of_connections_needs_no_right_that_is_not_given(confined):
    """Many descriptors, more memory, its return to the system: other system calls than one request needs."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    host, port = confined.address("internal").rsplit(":", 1)
    held = [socket.create_connection((host, int(port))) for _ in range(min(600, soft - 100))]
    for connection in held:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert all(connection.recv(100).startswith(b"HTTP/1.1 200") for connection in held)
    for connection in held:
        connection.close()
    poll(lambda: confined.metric("fairlead_connections_open") < 20, 20, "closed connections are still counted")
    assert confined.shop.management().status == 200
    assert len(confined.children()) == 4 and "worker.ended" not in confined.log()


def test_a_process_that_the_kernel_ended_for_breaking_the_rules_is_replaced(make_server):
    """SIGSYS from outside: what rules there are and that they hold is shown in tests/unit/os/sandbox_test.c."""
    server = make_server(fronts=2)
    core, = of_kind(server, "core")
    os.kill(core, signal.SIGSYS)
    poll(lambda: "Bad system call" in server.log(), 10, server.log())
    poll(lambda: (a := curl(server.internal + "/readyz", check=False)) and a.status == 200, 20, "it does not come back")
