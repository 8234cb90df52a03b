"""The playbook engine: YAML rules over evidence and facts, and the ranked diagnosis."""
