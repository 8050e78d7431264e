"""The harms that monitors watch for; launch checklists use the same words."""

from enum import StrEnum


class Harm(StrEnum):
    """One kind of harm. A harm no monitor of a product names is a gap in its coverage map."""

    CHILD_SAFETY = "child_safety"
    SEXUAL_CONTENT = "sexual_content"
    VIOLENCE_EXTREMISM = "violence_extremism"
    SELF_HARM = "self_harm"
    HATE_HARASSMENT = "hate_harassment"
    FRAUD_SCAMS = "fraud_scams"
    CYBER = "cyber"
    INFLUENCE_OPERATIONS = "influence_operations"
    CBRN = "cbrn"
    PRIVACY_EXFILTRATION = "privacy_exfiltration"
    MODEL_EXTRACTION = "model_extraction"
    JAILBREAK = "jailbreak"
    ACCOUNT_TAKEOVER = "account_takeover"
    FAKE_ACCOUNTS = "fake_accounts"
    PAYMENT_ABUSE = "payment_abuse"
    RESOURCE_ABUSE = "resource_abuse"
    SPAM = "spam"
    SCRAPING = "scraping"
    AGENT_MISUSE = "agent_misuse"
    MARKETPLACE_ABUSE = "marketplace_abuse"
    REPORT_ABUSE = "report_abuse"
    MONITORING_GAP = "monitoring_gap"
