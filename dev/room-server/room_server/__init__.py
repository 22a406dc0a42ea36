"""A small LiveKit-compatible room server for development on the loopback.

Audio and data only. Not for production: use LiveKit there.
"""

#: What the server says it is. Clients ask for 1.8.0 at least before they send
#: an RPC, so this is the LiveKit version whose behaviour is followed.
COMPATIBLE_VERSION = "1.9.0"
