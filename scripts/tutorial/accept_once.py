"""epoll, edge-triggered, with one accept for each edge.

The design: the listening socket is watched by its edges, and when epoll reports it, a client is accepted.
The fault: an edge says that the queue *became* readable, not how many wait in it. Of clients that come while the loop
    is busy all share one edge: one is accepted, the others wait until another one comes, and then one of them gets in.
Why it looks right: tried by hand, clients come one at a time, and each is an edge of its own.
To mend it: `while True:` around the accept, until it raises BlockingIOError.
"""

import select
import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
listener.setblocking(False)
epoll = select.epoll()
epoll.register(listener, select.EPOLLIN | select.EPOLLET)
clients = {}
unsent = {}


def accept():
    try:
        client, _ = listener.accept()  # One. The edge is used up.
    except BlockingIOError:
        return
    client.setblocking(False)
    clients[client.fileno()] = client
    epoll.register(client, select.EPOLLIN)


def talk(fd):
    try:
        if fd not in unsent:
            unsent[fd] = clients[fd].recv(4096)
            if not unsent[fd]:
                raise ConnectionError("the client has left")
        unsent[fd] = unsent[fd][clients[fd].send(unsent[fd]) :]
    except BlockingIOError:
        pass
    except OSError:
        unsent.pop(fd, None)
        clients.pop(fd).close()
        return
    if not unsent.get(fd):
        unsent.pop(fd, None)
    epoll.modify(fd, select.EPOLLOUT if fd in unsent else select.EPOLLIN)


while True:
    for fd, _ in epoll.poll():
        if fd == listener.fileno():
            accept()
        else:
            talk(fd)
