"""The lines about HTTP: `make bench-http`."""

from __future__ import annotations

from bench import agent_state, ended_session, history_page, live_session

ROWS = {
    "1": (live_session.WHAT, live_session.run),
    "2": (ended_session.WHAT, ended_session.run),
    "3": (history_page.WHAT, history_page.run),
    "4": (agent_state.WHAT, agent_state.run),
}
