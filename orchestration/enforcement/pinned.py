"""Policies as decisions cite them: in the version that was in force, whatever is now."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, select

from orchestration.cases.terms import Terms
from orchestration.ledger.enforcements import Enforcement
from orchestration.ledger.tables import configs
from orchestration.policies.policies_yaml import parse_policies
from orchestration.policies.policy import Policy
from orchestration.yaml_lines import YamlError


class Pin(NamedTuple):
    """A policy and its version. No text was ever changed under one."""

    policy_id: str
    version: int


def pin_of(row: Enforcement) -> Pin:
    """The policy that a row cites."""
    return Pin(row.policy_id, row.policy_version)


def pinned(
    connection: Connection, rows: Iterable[Enforcement], terms: Terms
) -> Mapping[Pin, Policy]:
    """The policies that rows cite, from the texts that were in force.

    One that no text has which can still be read under the rules of now is left out.
    """
    wanted = {pin_of(row) for row in rows}
    found = {Pin(one.id, one.version): one for one in terms.policies.items}
    if wanted <= found.keys():
        return found
    c = configs.c
    texts = select(c.text).where(c.name == "policies").order_by(c.audit_seq.desc())
    for text in connection.scalars(texts):
        try:
            older = parse_policies(text, terms.enforcement).items
        except YamlError:  # written for other rules
            continue
        found = {Pin(one.id, one.version): one for one in older} | found
        if wanted <= found.keys():
            break
    return found
