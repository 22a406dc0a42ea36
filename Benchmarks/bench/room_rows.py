"""Lines 7 to 12: what happens in a room."""

from bench import rpc_round_trip

ROWS = {
    "7": ("RPC round trip, client to agent, echo", rpc_round_trip.run),
}
