"""Lambda Medic: evidence, diagnosis and safe remediation for AWS Lambda incidents, in Slack."""

__version__ = "0.1.0"
