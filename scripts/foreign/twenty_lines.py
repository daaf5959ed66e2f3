"""The least that can be measured: an echo server that knows nothing of this project."""

import socket
import sys
import threading


def converse(client):
    with client:
        while data := client.recv(4096):
            client.sendall(data)


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
while True:
    client, _ = listener.accept()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=converse, args=(client,), daemon=True).start()
