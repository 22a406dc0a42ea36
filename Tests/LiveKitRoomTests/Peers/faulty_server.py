"""A TCP server that is no room server: prints its port, then misbehaves.

silent: accepts and never answers. hangup: accepts and closes. An HTTP status
(such as 500): answers every request with it.
"""
import socket, sys, threading

mode = sys.argv[1]
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
kept = []


def serve(connection: socket.socket) -> None:
    if mode == "silent":
        kept.append(connection)
        return
    if mode != "hangup":
        connection.recv(65536)
        body = b"no"
        connection.sendall(
            b"HTTP/1.1 %d Status\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (int(mode), len(body)) + body
        )
    connection.close()


while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
