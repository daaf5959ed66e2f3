"""What these servers share: the command line, the listening socket, and what becomes of a newcomer without room.

    python3 epoll_server.py --host 127.0.0.1 --port 9000

They speak `echo`, read up to 4096 bytes at once, and end with 0 on SIGTERM and SIGINT, as the servers in Rust do, so
that a row beside one of those shows the language and nothing else.
"""

import argparse
import errno
import os
import resource
import signal
import socket
import sys
import time

READ_BYTES = 4096
REQUEST_BYTES = 64
SHORTAGE = (errno.EMFILE, errno.ENFILE)


class Listener:
    """A listening socket with a descriptor in reserve, to turn somebody away when there is no other left."""

    def __init__(self, blocking):
        parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__.splitlines()[0])
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=9000)
        parser.add_argument("--backlog", type=int, default=4096)
        parser.add_argument("--work", default="none", help="none, cpu:STEPS or wait:MILLISECONDSms, in blocking servers")
        options = parser.parse_args()
        self.work = work(options.work)
        for stop in (signal.SIGTERM, signal.SIGINT):
            signal.signal(stop, lambda *_: os._exit(0))
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Handed on to the sockets that are accepted.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.bind((options.host, options.port))
        self.socket.listen(options.backlog)
        self.socket.setblocking(blocking)
        self.blocking = blocking
        self.reserve = open(os.devnull)

    def accept(self):
        """The next client; None if nobody waits, or the one who did was turned away or had gone."""
        try:
            client, _ = self.socket.accept()
        except OSError as error:
            if error.errno in SHORTAGE:
                self.turn_away()
            return None
        client.setblocking(self.blocking)
        return client

    def turn_away(self):
        self.reserve.close()
        try:
            self.socket.setblocking(False)
            self.socket.accept()[0].close()
        except OSError:
            pass  # Nobody was waiting, or the shortage is the whole system's.
        finally:
            self.socket.setblocking(self.blocking)
            self.reserve = open(os.devnull)


def work(text):
    """What a marked request costs, as `--work` has it."""
    kind, _, amount = text.partition(":")
    if kind == "cpu":
        return lambda: compute(int(amount))
    if kind == "wait":
        return lambda: time.sleep(float(amount.rstrip("ms")) / 1000)
    return lambda: None


def compute(steps):
    """The chain of the servers in Rust, at the interpreter's pace: a fixed amount, so that contention shows as time."""
    state = 1
    for _ in range(steps):
        state = (state ^ (state >> 32)) * 6364136223846793005 & 0xFFFFFFFFFFFFFFFF
    return state


def marked(position, data):
    """How many requests in `data` ask for work: bit 0 of their byte 8. `position` is how many bytes came before."""
    return sum(byte & 1 for byte in data[(8 - position) % REQUEST_BYTES :: REQUEST_BYTES])


def converse(client, work):
    """Echoes to the end of a connection that blocks; each marked request has its work done before its reply."""
    position = 0
    with client:
        try:
            while data := client.recv(READ_BYTES):
                for _ in range(marked(position, data)):
                    work()
                position += len(data)
                client.sendall(data)
        except OSError:
            pass  # The client's own end.
