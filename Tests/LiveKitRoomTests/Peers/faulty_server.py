"""A TCP server that is no room server: prints its port, then misbehaves.

silent: accepts and never answers. hangup: accepts and closes. tls: speaks TLS
with a certificate that nobody trusts. An HTTP status (such as 500): answers
every request with it.
"""
import os, socket, ssl, subprocess, sys, tempfile, threading

mode = sys.argv[1]
listener = socket.create_server(("127.0.0.1", 0))
kept = []
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
if mode == "tls":
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = os.path.join(folder, "key"), os.path.join(folder, "certificate")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
             "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
            check=True, stderr=subprocess.DEVNULL)
        context.load_cert_chain(certificate, key)


def serve(connection: socket.socket) -> None:
    if mode == "silent":
        kept.append(connection)
        return
    if mode == "tls":
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:
            connection.close()
        return
    if mode != "hangup":
        connection.recv(65536)
        body = b"no"
        connection.sendall(
            b"HTTP/1.1 %d Status\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (int(mode), len(body)) + body
        )
    connection.close()


print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
