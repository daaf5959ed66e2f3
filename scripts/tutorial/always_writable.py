"""select, with every client in the set to be written to.

The design: one loop waits for clients that can be read from or written to; what was read is kept until it can be sent.
The fault: a socket can be written to whenever its buffer has room, which is nearly always. So select never waits: with a
    single silent client the loop goes round as fast as it can, and takes a whole CPU.
Why it looks right: every reply is right, and comes at once. Nothing but the CPU's fan tells.
To mend it: `[client for client in unsent if unsent[client]]` in the place of `list(unsent)`.
"""

import select
import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
listener.setblocking(False)
unsent = {}


def receive(client):
    try:
        data = client.recv(4096)
    except BlockingIOError:
        return
    except OSError:
        data = b""
    if data:
        unsent[client] = data
    else:
        del unsent[client]
        client.close()


def send(client):
    try:
        unsent[client] = unsent[client][client.send(unsent[client]) :]
    except BlockingIOError:
        pass
    except OSError:
        del unsent[client]
        client.close()


while True:
    reading = [listener, *(client for client in unsent if not unsent[client])]
    readable, writable, _ = select.select(reading, list(unsent), [])  # All of them, whether or not anything is to be sent.
    for client in readable:
        if client is not listener:
            receive(client)
            continue
        try:
            newcomer, _ = listener.accept()
        except BlockingIOError:
            continue
        newcomer.setblocking(False)
        unsent[newcomer] = b""
    for client in writable:
        if unsent.get(client):
            send(client)
