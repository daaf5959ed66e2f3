"""Non-blocking sockets in a list, which loses clients while it is walked through.

The design: every 20 ms the loop goes through the list and asks each client whether it has sent something. Who has left
    is taken out of the list.
The fault: `for client in clients` counts places. When a client is taken out, all behind it move up by one, and the loop
    goes on with the next place: the client behind the one that left is passed over. Nothing is lost, for the next walk
    finds it, but it is answered a whole walk later than all others, and again whenever the one before it leaves.
    With a set or a dict instead of the list Python raises RuntimeError, and with `for i in range(len(clients))`
    IndexError, unless it was the last that left: the server ends, with all its clients.
Why it looks right: whoever is passed over gets its reply all the same, 20 ms later. With one client nobody is.
To mend it: `for client in list(clients):`, which walks through a copy.
"""

import socket
import sys
import time

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
listener.setblocking(False)
clients = []
unsent = {}


def accept():
    while True:
        try:
            client, _ = listener.accept()
        except BlockingIOError:
            return
        client.setblocking(False)
        clients.append(client)
        unsent[client] = b""


def talk(client):
    """Whether the client is still there."""
    try:
        if not unsent[client]:
            unsent[client] = client.recv(65536)
            if not unsent[client]:
                return False
        unsent[client] = unsent[client][client.send(unsent[client]) :]
    except BlockingIOError:
        pass
    except OSError:
        return False
    return True


while True:
    accept()
    for client in clients:
        if not talk(client):
            clients.remove(client)  # Here, in the middle of the walk.
            del unsent[client]
            client.close()
    time.sleep(0.02)
