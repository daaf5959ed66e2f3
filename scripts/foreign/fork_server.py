"""A process per connection, in Python: each child has an interpreter, and a lock, of its own.

So what computes runs side by side, one to a core, where the threads of thread_server.py take turns. It saturates on
making processes, each of which copies the interpreter's page tables and writes into most of what it touches.

Left out: exec, and any limit on the children other than the system's own.
"""

import os
import signal

from listening import Listener, converse


def main():
    listener = Listener(blocking=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # The kernel clears children away.
    while True:
        client = listener.accept()
        if client is None:
            continue
        try:
            child = os.fork()
        except OSError:  # No further process.
            client.close()
            continue
        if child == 0:
            listener.socket.close()
            converse(client, listener.work)
            os._exit(0)
        client.close()


main()
