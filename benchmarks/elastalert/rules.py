"""The settings of the five rules, in ElastAlert's own words."""

RULES: dict[str, dict[str, object]] = {
    "frequency": {"query_key": "account_id", "num_events": 20, "timeframe": 3600},
    "cardinality": {
        "query_key": "account_id",
        "cardinality_field": "recipient_id",
        "max_cardinality": 15,
        "timeframe": 3600,
    },
    "spike": {
        "query_key": "account_id",
        "timeframe": 3600,
        "spike_height": 4,
        "spike_type": "up",
        "threshold_cur": 20,
        "threshold_ref": 2,
    },
    "new_terms": {"fields": ["client"]},
    "change": {
        "query_key": "asn",
        "compound_compare_key": ["country"],
        "ignore_null": True,
        "timeframe": 3600,
    },
}
