"""Tenants: the customer whose the keys, clients and users of a product are.

A product stands here if its events name the customer; the others' tenants are not known.
"""

from collections.abc import Mapping
from types import MappingProxyType

# Column of the product's events, and type of entity, by product.
TENANTS: Mapping[str, str] = MappingProxyType(
    {
        "api": "account_id",  # who has the key, and on behalf of whose users it is used
    }
)
