"""gevent: blocking code on greenlets, and a hub on epoll that switches when a call would block.

What green-thread is modelled on. A connection costs a greenlet (some kilobytes and no stack of its own: what lies on
the C stack is copied away at each switch). It saturates on one core of Python.

Left out: gevent's own StreamServer, which would hide the accept loop, and monkey patching, which nothing here needs.
"""

import gevent
from gevent import socket as green
from listening import READ_BYTES, Listener


def main():
    listener = Listener(blocking=False)
    arrivals = gevent.get_hub().loop.io(listener.socket.fileno(), 1)  # 1: readable
    while True:
        while client := listener.accept():
            gevent.spawn(converse, green.socket(fileno=client.detach()))
        gevent.get_hub().wait(arrivals)


def converse(client):
    with client:
        try:
            while data := client.recv(READ_BYTES):
                client.sendall(data)
        except OSError:
            pass  # The client's own end.


main()
