"""A proxy that holds a join up: prints its port.

    holding_proxy.py SERVER_PORT request|answer

request: the client's upgrade does not get to the server. answer: the server's
answer gets to the client, but nothing that follows it. Where it holds something
back it says "holding"; all goes on once a line has come on standard input.
"""
import socket, sys, threading

target = ("127.0.0.1", int(sys.argv[1]))
mode = sys.argv[2]
listener = socket.create_server(("127.0.0.1", 0))
released = threading.Event()


def hold() -> None:
    print("holding", flush=True)
    released.wait()


def pass_head(source: socket.socket, sink: socket.socket, is_answer: bool) -> None:
    """Passes an HTTP head on, and what came with it."""
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        if not (more := source.recv(65536)):
            break
        data += more
    if not is_answer and mode == "request":
        hold()
    if is_answer and mode == "answer" and data.startswith(b"HTTP/1.1 101"):
        sink.sendall(data[: end + 4])
        data = data[end + 4 :]
        hold()
    sink.sendall(data)


def forward(source: socket.socket, sink: socket.socket, is_answer: bool) -> None:
    try:
        pass_head(source, sink, is_answer)
        while data := source.recv(65536):
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
