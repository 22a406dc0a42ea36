"""A proxy that keeps what a server says back: prints its port.

Passes everything on, but of each answer to an upgrade (a signalling
connection) only the head, and then says "holding". The rest, and all that
follows, goes on once a line has come on standard input.
"""
import socket, sys, threading

target = ("127.0.0.1", int(sys.argv[1]))
listener = socket.create_server(("127.0.0.1", 0))
released = threading.Event()


def forward(source: socket.socket, sink: socket.socket, holding: bool) -> None:
    head = b""
    try:
        while data := source.recv(65536):
            if holding and not released.is_set():
                head += data
                end = head.find(b"\r\n\r\n")
                if end < 0:
                    continue
                if head.startswith(b"HTTP/1.1 101"):
                    sink.sendall(head[: end + 4])
                    print("holding", flush=True)
                    released.wait()
                    data = head[end + 4 :]
                else:
                    data = head
                holding = False
            sink.sendall(data)
    except OSError:
        pass  # either end has gone
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # closed already


def serve(client: socket.socket) -> None:
    server = socket.create_connection(target)
    threading.Thread(target=forward, args=(client, server, False), daemon=True).start()
    forward(server, client, True)


def listen() -> None:
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


threading.Thread(target=listen, daemon=True).start()
print(listener.getsockname()[1], flush=True)
for _ in sys.stdin:
    released.set()
