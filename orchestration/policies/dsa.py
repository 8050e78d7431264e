"""Words of the EU transparency database: statements of reasons under Art. 17 and 24(5) DSA.

YAML writes them short, in small letters; `full` gives the database's own spelling. The lists are
those of its API documentation, version 2 of July 2025.
"""

LONGEST_GROUND = 500
LONGEST_EXPLANATION = 2000
LONGEST_FACTS = 5000
LONGEST_OTHER = 500

DECISIONS = {
    "visibility": (
        "content_removed",
        "content_disabled",
        "content_demoted",
        "content_age_restricted",
        "content_interaction_restricted",
        "content_labelled",
        "other",
    ),
    "monetary": ("suspension", "termination", "other"),
    "provision": (
        "partial_suspension",
        "total_suspension",
        "partial_termination",
        "total_termination",
    ),
    "account": ("suspended", "terminated"),
}
END_DATES = {
    "visibility": "end_date_visibility_restriction",
    "monetary": "end_date_monetary_restriction",
    "provision": "end_date_service_restriction",
    "account": "end_date_account_restriction",
}
CATEGORIES = (
    "animal_welfare",
    "consumer_information",
    "cyber_violence",
    "cyber_violence_against_women",
    "data_protection_and_privacy_violations",
    "illegal_or_harmful_speech",
    "intellectual_property_infringements",
    "negative_effects_on_civic_discourse_or_elections",
    "not_specified_notice",
    "other_violation_tc",
    "protection_of_minors",
    "risk_for_public_security",
    "scams_and_fraud",
    "self_harm",
    "unsafe_and_prohibited_products",
    "violence",
)
# Those that our policies could need; the database's full list is longer.
KEYWORDS = (
    "adult_sexual_material",
    "child_sexual_abuse_material",
    "child_sexual_abuse_material_deepfake",
    "coordinated_harm",
    "cyber_bullying_intimidation",
    "cyber_harassment",
    "cyber_incitement",
    "cyber_stalking",
    "data_falsification",
    "grooming_sexual_enticement_minors",
    "hate_speech",
    "illegal_organizations",
    "impersonation_account_hijacking",
    "inauthentic_accounts",
    "inauthentic_listings",
    "inauthentic_user_reviews",
    "incitement_violence_hatred",
    "misinformation_disinformation",
    "missing_processing_ground",
    "non_consensual_image_sharing",
    "non_consensual_material_deepfake",
    "phishing",
    "risk_public_health",
    "self_mutilation",
    "suicide",
    "terrorist_content",
    "other",
)
CONTENT_TYPES = ("app", "audio", "image", "product", "synthetic_media", "text", "video", "other")
# The European Economic Area: an enforcement holds in all of it.
TERRITORY = (
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
)


def full(prefix: str, word: str) -> str:
    """The database's spelling, such as CONTENT_TYPE_TEXT of `CONTENT_TYPE` and `text`."""
    return f"{prefix}_{word}".upper()
