"""Lines 7 to 12: what happens in a room."""

from bench import idle_sessions, many_notifications, rpc_round_trip, time_to_agent, two_way_calls

ROWS = {
    "7": ("RPC round trip, client to agent, echo", rpc_round_trip.run),
    "8": ("a notification to 50 at once", many_notifications.run),
    "9": ("from the order to a visible agent", time_to_agent.run),
    "10": ("memory of an idle session", idle_sessions.memory),
    "11": ("CPU of an idle session", idle_sessions.cpu),
    "12": ("CPU of a session with a two-way call", two_way_calls.run),
}
