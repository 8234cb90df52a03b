"""Files of the demo's workspace: announced, uploaded, completed, as Slack has it since files.upload is gone."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass, replace
from typing import Any, Final

IMAGES: Final = {b"\x89PNG\r\n\x1a\n": "image/png", b"GIF8": "image/gif", b"\xff\xd8\xff": "image/jpeg"}
"""First bytes of what is shown as a picture; an SVG is none, for it can hold scripts."""

PREVIEW_CHARS: Final = 4000


@dataclass(frozen=True)
class File:
    """An uploaded file."""

    id: str
    name: str
    title: str = ""
    content: bytes = b""
    alt_text: str = ""

    @property
    def mimetype(self) -> str:
        """Return the type by the content where it decides what is done with it, else by the name."""
        by_content = next((kind for first, kind in IMAGES.items() if self.content.startswith(first)), None)
        guessed = by_content or mimetypes.guess_type(self.name)[0] or "text/plain"
        return guessed if by_content or not guessed.startswith("image/") else "application/octet-stream"

    @property
    def is_image(self) -> bool:
        """Tell whether it is shown as a picture."""
        return self.mimetype.startswith("image/")

    @property
    def preview(self) -> str:
        """Return its first lines, empty for a picture."""
        return "" if self.is_image else self.content[: PREVIEW_CHARS * 4].decode(errors="replace")[:PREVIEW_CHARS]


@dataclass
class Files:
    """What is on its way and what has arrived."""

    announced: dict[str, File]
    complete: dict[str, File]

    def announce(self, file_id: str, arguments: dict[str, Any]) -> File | None:
        """Return a file that may now be uploaded, or None when the call is not whole."""
        name = str(arguments.get("filename") or "")
        if not name or not str(arguments.get("length") or "").isdigit():
            return None
        self.announced[file_id] = File(file_id, name, alt_text=str(arguments.get("alt_txt") or arguments.get("alt_text") or ""))
        return self.announced[file_id]

    def take(self, file_id: str, content: bytes) -> bool:
        """Keep the bytes of an announced file."""
        file = self.announced.get(file_id)
        if file is None:
            return False
        self.announced[file_id] = replace(file, content=content)
        return True

    def finish(self, wanted: list[dict[str, Any]]) -> tuple[File, ...] | None:
        """Return the files with their titles, or None when one was never announced."""
        if not wanted or any(item.get("id") not in self.announced for item in wanted):
            return None
        files = tuple(replace(self.announced.pop(item["id"]), title=str(item.get("title") or "")) for item in wanted)
        self.complete.update({file.id: file for file in files})
        return files
