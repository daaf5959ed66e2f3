"""A thread for each connection, behind listen(5).

The design: the main thread accepts, and every client has a thread that reads and sends back.
The fault: the 5 is how many connections may wait to be accepted. When more come at once than the accept loop gets round
    to, the kernel drops their handshakes, and they try again after one second, then after two, and so on. Of some it
    drops the last piece only: they take themselves for connected, and the server has never heard of them.
    Of 500 clients that come 100 µs apart half have no reply after two seconds.
Why it looks right: it is the number that all the examples have, from the days when no kernel allowed more. Whoever gets
    in is served as by any other server, and the wait stands in no log of it.
To mend it: `backlog=4096` (the kernel takes as much as net.core.somaxconn allows).
"""

import socket
import sys
import threading


def converse(client):
    with client:
        try:
            while data := client.recv(4096):
                client.sendall(data)
        except OSError:
            pass  # The client's own end.


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=5)
listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
while True:
    client, _ = listener.accept()
    threading.Thread(target=converse, args=(client,), daemon=True).start()
