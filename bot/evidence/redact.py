"""The redactor: secrets are taken out before evidence is kept, and what a diagnosis needs stays.

Kept on purpose: ARNs, request ids, account ids, AWS's policy wording, e-mail addresses (CloudTrail names people by them).
Every pattern runs on RE2, so a line cannot make it slow: https://github.com/google/re2/wiki/WhyRE2
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import re2

MARK: Final = "[redacted:{}]"

_SENSITIVE: Final = (
    r"pass(?:word|wd|phrase|code)|pwd|secrets?|token|api[ _-]?key|access[_-]?key(?:[_-]?id)?|secret[_-]?key|private[_-]?key|signing[_-]?key"
    r"|encryption[_-]?key|credentials?|authorization|proxy-authorization|cookie|signature|session[_-]?id|sessionid|connection[_-]?string"
)
"""Ends of names whose values are secrets, for example DB_PASSWORD, clientSecret, X-Amz-Security-Token, x-api-key."""

_NAME: Final = rf"(?i:[A-Za-z0-9_.$-]*(?:{_SENSITIVE}))"

_PLAIN_VALUES: Final = frozenset({"", "null", "none", "nil", "true", "false", "undefined", "required", "missing", "invalid", "expired"})
"""Words that stand where a secret would and tell the diagnosis that there was none."""

_SCHEMES: Final = frozenset({"bearer", "basic", "digest", "token", "negotiate", "aws4-hmac-sha256"})


@dataclass(frozen=True)
class _Rule:
    kind: str
    pattern: Any
    replace: Callable[[Any], str]


def _whole(kind: str, pattern: str) -> _Rule:
    return _Rule(kind, re2.compile(pattern), lambda _: MARK.format(kind))


def _tail(kind: str, pattern: str) -> _Rule:
    """Return a rule that keeps group 1 before the secret and the rest of the match after group 2."""

    def replace(match: Any) -> str:
        text: str = match.group(0)
        cut = match.start(2) - match.start(0), match.end(2) - match.start(0)
        return text[: cut[0]] + MARK.format(kind) + text[cut[1] :]

    return _Rule(kind, re2.compile(pattern), replace)


def _named_value(match: Any) -> str:
    """Replace the value after a sensitive name, unless it tells a diagnosis something and is no secret."""
    text: str = match.group(0)
    name, value = match.group(1), next(v for v in match.groups()[1:] if v is not None)
    if _is_harmless(value) or _is_prose(text, name, value) or _is_inside_arn(match):
        return text
    at = text.rindex(value)
    return text[:at] + MARK.format("secret") + text[at + len(value) :]


def _is_harmless(value: str) -> bool:
    bare = value.strip()
    return bare.lower() in _PLAIN_VALUES or bare.startswith(("arn:", "[redacted", "***", "$"))


def _is_prose(text: str, name: str, value: str) -> bool:
    """Tell `credentials: Unable to locate` and `token: <` from a value."""
    if name.lower().endswith(("password", "passwd", "pwd", "secret")):
        return False
    return len(value.strip()) < 4 or (value.isalpha() and text.endswith(f": {value}"))


def _is_inside_arn(match: Any) -> bool:
    """Tell `arn:aws:secretsmanager:...:secret:prod/db` from a name and its value."""
    before: str = match.string[max(0, match.start() - 200) : match.start()]
    return before.endswith(":") and "arn:" in before[before.rfind(" ") + 1 :]


def _credentials(match: Any) -> str:
    """Replace the token after a scheme word; `Basic authentication` is no token."""
    scheme, token = match.group(1), match.group(2)
    looks_random = any(c.isdigit() for c in token) or token.endswith("=") or (len(token) > 15 and token.lower() != token)
    return f"{scheme} {MARK.format('credentials')}" if looks_random else str(match.group(0))


_QUOTE: Final = r"""\\*["']"""

_RULES: Final = (
    _whole(
        "private-key", r"(?s)-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----|\z)"
    ),
    _whole("aws-access-key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    _whole("jwt", r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*"),
    _whole("slack-token", r"\bxox[a-z]-[A-Za-z0-9-]{8,}|\bxapp-[A-Za-z0-9-]{10,}"),
    _tail("slack-webhook", r"(hooks\.slack\.com/(?:services|workflows|triggers)/)([A-Za-z0-9/_-]+)"),
    _whole("github-token", r"\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}"),
    _whole("gitlab-token", r"\bgl(?:pat|ptt|dt|rt)-[A-Za-z0-9_-]{16,}"),
    _whole("stripe-key", r"\b[srp]k_(?:live|test)_[A-Za-z0-9]{8,}|\bwhsec_[A-Za-z0-9+/=]{16,}"),
    _whole("google-key", r"\bAIza[A-Za-z0-9_-]{35}|\bya29\.[A-Za-z0-9_-]{20,}"),
    _whole(
        "api-key", r"\bsk-[A-Za-z0-9_-]{20,}|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|\bnpm_[A-Za-z0-9]{30,}|\bpypi-[A-Za-z0-9_-]{30,}"
    ),
    _tail("password", r"""([A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s:/@"'<>]*:)([^\s/"'<>,]+)@"""),
    _tail("signature", r"(\bSignature=)([0-9a-f]{32,})"),
    _Rule("credentials", re2.compile(r"(?i)\b(Bearer|Basic|Digest|Negotiate)[ :]+([A-Za-z0-9._~+/-]{8,}={0,2})"), _credentials),
    # A whole cookie header is one secret: its parts have names of their own.
    _Rule(
        "secret",
        re2.compile(rf"""(?i:((?:set-)?cookie){_QUOTE}?\s*[:=]\s*)(?:"([^"\\]*)"|'([^']*)'|\\+"([^"\\]*)|([^\r\n"'\]}}]+))"""),
        _named_value,
    ),
    _Rule(
        "secret",
        re2.compile(
            rf"""({_NAME}){_QUOTE}?\s*(?::|=>?)\s*"""
            r"""(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\\+"([^"\\]*)|((?i:(?:bearer|basic|digest|token|negotiate)\s+)?[^\s,;&"'<>\\{}\[\]()]+))"""
        ),
        _named_value,
    ),
    _tail("secret", r"""(?i:(--(?:password|passwd|token|secret|api-key)\s+))([^\s"'-][^\s"']*)"""),
    _tail("secret", rf"(<{_NAME}>)([^<]+)</"),
    # One line of a key that was printed line by line, each line an event of its own.
    _whole("key-material", r"^[A-Za-z0-9+/]*[A-Z][A-Za-z0-9+/]*[g-zG-Z][A-Za-z0-9+/]*={0,2}\s*$"),
)
_KEY_LINE_CHARS: Final = 64
_KEY_MATERIAL: Final = _RULES[-1]

_GATE: Final = re2.compile(
    rf"(?i){_SENSITIVE}|bearer|basic|digest|negotiate|BEGIN [A-Z ]*PRIVATE|AKIA|ASIA|eyJ|xox|xapp-|hooks\.slack|gh[pousr]_|github_pat"
    r"|gl[a-z]{2,3}-|k_live|k_test|whsec|AIza|ya29|sk-|SG\.|npm_|pypi-|://"
)
_NAMED: Final = re2.compile(rf"^{_NAME}$")


def redact(text: str) -> str:
    """Return the text with every secret replaced by a mark that names its kind."""
    if len(text.strip()) == _KEY_LINE_CHARS:
        text = _KEY_MATERIAL.pattern.sub(_KEY_MATERIAL.replace, text)
    if not _GATE.search(text):
        return text
    for rule in _RULES[:-1]:
        text = rule.pattern.sub(rule.replace, text)
    return text


def redact_tree(value: Any) -> Any:
    """Return JSON-like evidence with secrets replaced in every text, and under every name that promises one."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: _entry(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact_tree(item) for item in value]
    return value


def _entry(name: str, item: Any) -> Any:
    if isinstance(item, str) and _NAMED.match(name):
        return item if _is_harmless(item) else MARK.format("secret")
    return redact_tree(item)
