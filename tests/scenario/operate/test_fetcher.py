# SPDX-License-Identifier: Apache-2.0
"""Proves that the fetcher lives and dies with its server: restarted, reloaded, stopped; that its jobs leave nothing behind and get nothing they do not need."""

import http.client
import http.server
import os
import pathlib
import re
import signal
import threading

import pytest
from harness import SANITIZED, poll, run
from metadata import Metadata, service

OPENAPI = b'{"openapi":"3.0.0","info":{"title":"t","version":"1"}}'


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked += 1
        if self.path == "/hangs":
            self.server.release.wait(60)
        self.send_response(200)
        self.send_header("Content-Length", str(len(OPENAPI)))
        self.end_headers()
        try:
            self.wfile.write(OPENAPI)
        except OSError:
            pass


@pytest.fixture
def web():
    """A server of specifications; /hangs answers when the test lets it."""
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads, made.asked, made.release = True, 0, threading.Event()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    made.url = f"http://127.0.0.1:{made.server_port}"
    yield made
    made.release.set()
    made.shutdown()


@pytest.fixture
def world(make_server, tmp_path):
    """A server with a configuration file, and an application of it."""
    config = tmp_path / "fairlead.yaml"
    config.write_text("outbound:\n  allow_loopback: true\n")
    server = make_server(config=config, settings={"server.stop_timeout": "1s"})
    server.config_file = config
    server.app = Metadata(server, "shop", server.system("shop").enrol())
    yield server
    server.app.close()


def fetcher_of(server):
    pid, = [pid for pid, kind in server.children().items() if kind == "fetcher"]
    return pid


def children_of(pid):
    """Jobs and, if somebody forgot them, zombies."""
    return [int(p) for p in run(["ps", "--ppid", pid, "-o", "pid="], check=False).stdout.split()]


def register(server, url):
    return server.app.call("POST", body=service(specificationUrl=url))


def start_hanging(server, web):
    """A job that waits for its server; returns its process and the thread that waits for the answer."""
    answers = []

    def ask():
        try:
            answers.append(register(server, web.url + "/hangs"))
        except (OSError, http.client.HTTPException):
            pass  # the server ended
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    fetcher = fetcher_of(server)
    poll(lambda: web.asked and children_of(fetcher), 10, "the job did not start")
    job, = children_of(fetcher)
    return job, thread, answers


def is_gone(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] in "ZX"
    except FileNotFoundError:
        return True


# ---- what goes wrong ----

def test_a_job_that_is_killed_is_an_error_and_the_next_one_works(world, web):
    job, thread, answers = start_hanging(world, web)
    os.kill(job, signal.SIGKILL)
    thread.join(20)
    assert answers and answers[0][0] >= 500, answers
    assert register(world, web.url + "/")[0] == 200


def test_a_fetcher_that_is_killed_takes_its_jobs_along_and_comes_back(world, web):
    old = fetcher_of(world)
    job, thread, answers = start_hanging(world, web)
    os.kill(old, signal.SIGKILL)
    poll(lambda: is_gone(job), 5, "a job outlived the fetcher")
    thread.join(20)
    assert answers and answers[0][0] >= 500, answers
    assert register(world, web.url + "/")[0] == 200  # waits for the new one in the kept socket's queue
    assert fetcher_of(world) != old
    assert re.search(r"worker.ended worker=fetcher .*signal 9", world.log())


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_nothing_outlives_a_server_that_ends(world, web, end):
    job, thread, _ = start_hanging(world, web)
    everybody = [job, *world.children()]
    getattr(world, end)()
    poll(lambda: all(is_gone(pid) for pid in everybody), 5, "a process outlived the server")
    thread.join(20)


# ---- what works ----

def test_a_reload_reaches_the_fetcher(world, web):
    assert register(world, web.url + "/")[0] == 200
    before = fetcher_of(world)
    world.config_file.write_text("outbound:\n  allow_loopback: false\n")
    world.reload()
    poll(lambda: "reload.applied" in world.log(), 10, world.log())
    status, answer = register(world, web.url + "/")[:2]
    assert status in (400, 502) and "loopback" in str(answer), (status, answer)
    assert fetcher_of(world) == before


def test_a_reload_that_is_refused_leaves_the_fetcher_as_it_was(world, web):
    world.config_file.write_text("outbound:\n  allow_loopback: false\nmode:\n  central: true\n")
    world.reload()
    poll(lambda: "reload.refused" in world.log(), 10, world.log())
    assert register(world, web.url + "/")[0] == 200


def test_jobs_leave_no_process_and_no_descriptor(world, web):
    fetcher = fetcher_of(world)
    core = next((pid for pid, kind in world.children().items() if kind == "core"), world.process.pid)
    assert register(world, web.url + "/")[0] == 200

    def held():
        return [len(os.listdir(f"/proc/{pid}/fd")) for pid in (fetcher, core)]
    before = held()
    for _ in range(25):
        assert register(world, web.url + "/")[0] == 200
    poll(lambda: not children_of(fetcher), 5, "jobs, or their remains, are left")
    poll(lambda: all(now <= then + 1 for now, then in zip(held(), before)), 10, f"{held()} descriptors, not {before}")


def test_a_job_holds_its_connection_and_nothing_of_the_fetcher(world, web):
    """Neither the listening socket, nor the supervisor's, nor another job's: what it reads is a stranger's."""
    job, thread, answers = start_hanging(world, web)
    fetcher = fetcher_of(world)

    def sockets(pid):
        links = {fd: os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd") if int(fd) > 2}
        return {what for what in links.values() if what.startswith(("socket:", "/memfd:", "pipe:"))}, links
    shared, _ = sockets(fetcher)
    own, links = sockets(job)
    assert not own & shared, links
    assert len(links) <= 6, links  # its connection to the core, that to the server, and libcurl's wake-up
    if not SANITIZED:
        status = pathlib.Path(f"/proc/{job}/status").read_text()
        assert re.search(r"^NoNewPrivs:\s*1$", status, re.M) and re.search(r"^Seccomp:\s*2$", status, re.M)
        filters = [int(re.search(r"^Seccomp_filters:\s*(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M).group(1))
                   for pid in (fetcher, job)]
        assert filters[1] == filters[0] + 1, "the job did not confine itself further"
    web.release.set()
    thread.join(20)
    assert answers[0][0] == 200, answers
