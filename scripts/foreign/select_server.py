"""select(2) in Python: one thread asks which of at most 1,024 descriptors are ready.

Beside the kernel's scan of the sets, each call has Python build them from lists and lists from them. It ends where
select does in every language: a descriptor of 1024 or more does not fit, and such newcomers are turned away.

Left out: nothing.
"""

import select

from listening import READ_BYTES, Listener

FD_SETSIZE = 1024


def main():
    listener = Listener(blocking=False)
    reading = {listener.socket}
    unsent = {}  # What a client has not taken yet; nothing is read from it meanwhile.
    while True:
        readable, writable, _ = select.select(reading, unsent, ())
        for client in readable:
            if client is listener.socket:
                accept(listener, reading)
            else:
                exchange(client, reading, unsent)
        for client in writable:
            send(client, unsent.pop(client), reading, unsent)


def accept(listener, reading):
    while client := listener.accept():
        if client.fileno() < FD_SETSIZE:
            reading.add(client)
        else:
            client.close()


def exchange(client, reading, unsent):
    try:
        data = client.recv(READ_BYTES)
    except BlockingIOError:
        return
    except OSError:
        data = b""
    if data:
        send(client, data, reading, unsent)
    else:
        reading.discard(client)
        client.close()


def send(client, data, reading, unsent):
    try:
        sent = client.send(data)
    except BlockingIOError:
        sent = 0
    except OSError:
        reading.discard(client)
        client.close()
        return
    if sent == len(data):
        reading.add(client)
    else:
        reading.discard(client)
        unsent[client] = data[sent:]


main()
