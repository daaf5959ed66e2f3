"""A thread per connection, in Python: simple code, and one thread at a time.

The global interpreter lock lets a single thread run Python at any moment; it is given up around each system call, so
waiting overlaps and computing does not. It saturates on handing that lock from thread to thread.

Left out: a pool, and joining.
"""

import threading

from listening import Listener, converse


def main():
    listener = Listener(blocking=True)
    # What is not touched costs no memory, but mappings of the default 8 MiB run out of address space limits sooner.
    threading.stack_size(256 * 1024)
    while True:
        client = listener.accept()
        if client is None:
            continue
        try:
            threading.Thread(target=converse, args=(client, listener.work), daemon=True).start()
        except RuntimeError:  # No further thread.
            client.close()


main()
