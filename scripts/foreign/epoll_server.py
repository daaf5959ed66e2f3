"""epoll in Python, level-triggered: a wait costs what is ready, not what is watched.

The loop of epoll-level. What differs is the interpreter: some microseconds for each request, several times what the
kernel takes. It saturates on one core of Python.

Left out: edges (a level needs fewer calls here, because one receive for each report is enough).
"""

import select

from listening import READ_BYTES, Listener


def main():
    listener = Listener(blocking=False)
    epoll = select.epoll()
    epoll.register(listener.socket, select.EPOLLIN)
    clients = {}
    unsent = {}  # What a client has not taken yet; nothing is read from it meanwhile.

    def close(fd):
        unsent.pop(fd, None)
        clients.pop(fd).close()

    def send(fd, data):
        try:
            sent = clients[fd].send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            close(fd)
            return
        was_blocked = fd in unsent
        if sent < len(data):
            unsent[fd] = data[sent:]
            if not was_blocked:
                epoll.modify(fd, select.EPOLLOUT)
        elif was_blocked:
            del unsent[fd]
            epoll.modify(fd, select.EPOLLIN)

    while True:
        for fd, _ in epoll.poll():
            if fd == listener.socket.fileno():
                while client := listener.accept():
                    clients[client.fileno()] = client
                    epoll.register(client, select.EPOLLIN)
            elif fd in unsent:
                send(fd, unsent[fd])
            elif fd in clients:
                try:
                    data = clients[fd].recv(READ_BYTES)
                except BlockingIOError:
                    continue
                except OSError:
                    data = b""
                if data:
                    send(fd, data)
                else:
                    close(fd)


main()
