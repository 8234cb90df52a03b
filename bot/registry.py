"""A registry: names to members, refusing duplicates and naming the known ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Map of names to members, filled by a decorator.

    `kind` is the word used in messages, for example "collector". Registering a name twice raises ValueError;
    asking for an unknown name raises KeyError with the known ones.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._members: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that files its member under `name`."""

        def file(member: T) -> T:
            if name in self._members:
                raise ValueError(f"{self._kind} {name!r} is registered twice: {self._members[name]!r} and {member!r}")
            self._members[name] = member
            return member

        return file

    def __getitem__(self, name: str) -> T:
        try:
            return self._members[name]
        except KeyError:
            raise KeyError(f"unknown {self._kind} {name!r}; known: {', '.join(sorted(self._members))}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._members))

    def __len__(self) -> int:
        return len(self._members)

    def items(self) -> Iterator[tuple[str, T]]:
        """Yield names and members in the order of the names."""
        return iter(sorted(self._members.items()))
