"""epoll, edge-triggered, with one read for each edge.

The design: each client is watched by its edges, and when epoll reports it, up to 1024 bytes are read and sent back.
The fault: an edge says that more has come, not how much there is. What did not fit into that one read is left lying
    until the client sends again, and a client that waits for its reply never does. The end of a connection is left
    lying too, where it comes right behind a request.
Why it looks right: requests are small and come one at a time, so that one read gets all there is.
To mend it: `while True:` around the read, until it raises BlockingIOError.
"""

import select
import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
listener.setblocking(False)
epoll = select.epoll()
epoll.register(listener, select.EPOLLIN)  # By its level: one accept for each report is right.
clients = {}
unsent = {}


def accept():
    try:
        client, _ = listener.accept()
    except BlockingIOError:
        return
    client.setblocking(False)
    clients[client.fileno()] = client
    unsent[client.fileno()] = b""
    epoll.register(client, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)


def talk(fd):
    try:
        if not unsent[fd]:
            unsent[fd] = clients[fd].recv(1024)  # Once. The edge is used up.
            if not unsent[fd]:
                raise ConnectionError("the client has left")
        unsent[fd] = unsent[fd][clients[fd].send(unsent[fd]) :]
    except BlockingIOError:
        pass
    except OSError:
        del unsent[fd]
        clients.pop(fd).close()


while True:
    for fd, _ in epoll.poll():
        if fd == listener.fileno():
            accept()
        else:
            talk(fd)
