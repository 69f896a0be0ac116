# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium over --remote-debugging-pipe: messages of the DevTools protocol, each ended by a NUL, on descriptors 3 and 4."""

import json
import os
import select
import subprocess
import time


class Browser:
    def __init__(self, directory):
        to_read, self.out = os.pipe()
        self.into, to_write = os.pipe()

        def place():  # from numbers that are in nobody's way
            for descriptor, target in ((os.dup(to_read), 3), (os.dup(to_write), 4)):
                os.dup2(descriptor, target)
        self.process = subprocess.Popen(
            ["chromium-headless-shell", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe",
             f"--user-data-dir={directory}", "about:blank"], preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "HOME": str(directory)})
        os.close(to_read)
        os.close(to_write)
        self.buffer, self.number, self.events, self.session = b"", 0, [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def receive(self, deadline):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.into], [], [], max(0, deadline - time.monotonic()))
            assert ready, "the browser says nothing"
            more = os.read(self.into, 1 << 20)
            assert more, "the browser has ended"
            self.buffer += more
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, seconds=60, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + seconds
        while True:
            answer = self.receive(deadline)
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def evaluate(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, script, seconds=60):
        """Until the script gives something that is true."""
        give_up = time.monotonic() + seconds
        while not (found := self.evaluate(script)):
            assert time.monotonic() < give_up, f"never true: {script}\n{self.evaluate('document.body.innerText')}"
            time.sleep(0.05)
        return found

    def happened(self, method):
        return [event["params"] for event in self.events if event.get("method") == method]

    def stop(self):
        self.process.kill()
        self.process.wait()
        os.close(self.out)
        os.close(self.into)
