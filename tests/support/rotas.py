"""The smallest sound rota, for tests that need people and nobody on call in particular."""

ROTA = """
hours:
  always: {{zone: UTC, open: "09:00", close: "17:00", weekdays: [monday]}}
rotas:
  {team}:
    zone: UTC
    handover: {{at: "10:00", every: monday}}
    from: 2026-01-05
    layers: [[{first}], [{second}]]
ladders:
  urgent:
    match: {{severities: [S0, S1]}}
    steps: [{{wait: 0m, notify: {{person: {first}}}}}]
delivery:
  S2: {{every: 15m, only_in: always}}
  S3: {{at: "09:00", zone: UTC}}
"""


def rota_of(first: str, second: str, *, team: str = "chat-safety") -> str:
    """A rota of one team, in which one is called, and the other next."""
    return ROTA.format(team=team, first=first, second=second)
