# SPDX-License-Identifier: Apache-2.0
"""Proves that the server tells its service manager when it is ready, reloads and stops, feeds the watchdog, and takes sockets from it."""

import os
import re
import socket
import subprocess

import pytest
from harness import BINARY, ROOT, curl, curl_failure, poll

UNIT = ROOT / "packaging" / "fairlead.service"


@pytest.fixture
def manager(tmp_path):
    """The manager's end of sd_notify(3): said(text) waits for a message that has it."""
    path = str(tmp_path / "notify")
    end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    end.bind(path)
    end.settimeout(60)

    class Manager:
        environment = {"NOTIFY_SOCKET": path}

        def said(self, text):
            while True:
                message = end.recv(4096).decode()
                if text in message.splitlines():
                    return dict(line.split("=", 1) for line in message.splitlines())

    yield Manager()
    end.close()


def test_the_manager_hears_ready_reloading_and_stopping(make_server, manager, tmp_path):
    config = tmp_path / "fairlead.yaml"
    config.write_text("")
    server = make_server(config=config, environment=manager.environment)
    assert manager.said("READY=1")["MAINPID"] == str(server.process.pid)
    server.reload()
    assert int(manager.said("RELOADING=1")["MONOTONIC_USEC"]) > 0
    assert manager.said("READY=1")["STATUS"] == "Serving"
    config.write_text("nonsense: 1\n")
    server.reload()
    manager.said("RELOADING=1")
    assert "refused" in manager.said("READY=1")["STATUS"]
    server.process.terminate()
    manager.said("STOPPING=1")
    server.stop()


def test_ready_is_said_when_everything_answers(make_server, manager):
    """Not when the process runs: what waits for the unit may connect at once."""
    server = make_server(start=False, environment=manager.environment)
    server.start(wait=False)
    manager.said("READY=1")
    assert (server.data / "run" / "listeners.json").exists()
    server.wait_ready()
    assert curl(server.internal + "/readyz").status == 200


def test_the_watchdog_is_fed_twice_as_often_as_it_wants(make_server, manager):
    make_server(environment={**manager.environment, "WATCHDOG_USEC": "400000"})
    for _ in range(3):
        manager.said("WATCHDOG=1")


def test_sockets_of_the_manager_are_used_and_stay_open_over_a_restart(make_server):
    """LISTEN_FDS: a connection made while no server runs is answered by the next one."""
    listening = socket.create_server(("127.0.0.1", 0))
    address = "127.0.0.1:%d" % listening.getsockname()[1]
    server = make_server(start=False, settings={"listen.internal": address})
    for _ in range(2):
        waiting = socket.create_connection(listening.getsockname())
        waiting.settimeout(60)
        activate(server, listening)
        waiting.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert waiting.recv(1000).startswith(b"HTTP/1.1 200"), server.log()
        waiting.close()
        server.stop()
    listening.close()


@pytest.mark.parametrize("name, settings", [("proxy", {"tls.proxy.mode": "mutual", "mode.central": "true"}), ("gateway", {})])
def test_a_socket_of_the_manager_that_no_setting_names_is_not_served_in_the_clear(make_server, name, settings):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = make_server(start=False, settings={f"listen.{name}": "off", **settings})
        activate(server, listening, name)
        address = "127.0.0.1:%d" % listening.getsockname()[1]
        plain = curl(f"http://{address}/v1/health", check=False)
        assert plain is None or plain.status == 400, plain
        assert re.search("certificate required|alert", curl_failure("-k", f"https://{address}/v1/health"))
        server.stop()


def activate(server, listening, name="internal"):
    """As the manager does it: the socket is descriptor 3, LISTEN_PID the server's own."""
    script = f'export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES={name}; exec "$@" 3<&%d' % listening.fileno()
    with open(server.log_path, "ab") as log:
        server.process = subprocess.Popen(["bash", "-c", script, "-", *server.command()], stdout=log, stderr=log,
                                          env=server.environment, pass_fds=[listening.fileno()])
    server.wait_ready()


def test_the_unit_file_says_what_the_server_does():
    text = UNIT.read_text()
    settings = dict(re.findall(r"^(\w+)=(.*)$", text, re.M))
    assert settings["Type"] == "notify"  # notify-reload needs systemd 253, Debian 12 has 252
    assert settings["ExecStart"].split()[1] == "serve"
    assert settings["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert settings["KillMode"] == "mixed"  # SIGTERM to the supervisor alone: it stops the others in order
    for hardening in ("NoNewPrivileges", "MemoryDenyWriteExecute", "PrivateTmp", "ProtectHome", "RestrictNamespaces", "LockPersonality"):
        assert settings[hardening] == "yes"
    assert settings["ProtectSystem"] == "strict"
    words = re.split(r"[ =]", settings["ExecStart"])
    assert "--config" in words and "--data" in words


def test_the_unit_leaves_enough_time_to_stop():
    """TimeoutStopSec against the default of server.stop_timeout: the manager must not kill what may still finish."""
    stop = int(re.search(r"^TimeoutStopSec=(\d+)$", UNIT.read_text(), re.M).group(1))
    reference = subprocess.run([BINARY, "config", "show"], capture_output=True, text=True, check=True, env=dict(os.environ)).stdout
    assert stop >= int(re.search(r"stop_timeout: (\d+)s", reference).group(1)) + 5
