"""What Slack takes, in one place. Beyond these a message or window is refused whole."""

from __future__ import annotations

from typing import Final

MAX_BLOCKS: Final = 50
"""Source: https://docs.slack.dev/reference/block-kit/blocks"""

MAX_VIEW_BLOCKS: Final = 100
"""In a window or an app's home. Source: https://docs.slack.dev/reference/block-kit/blocks"""

MAX_SECTION_CHARS: Final = 3000
MAX_FIELDS: Final = 10
MAX_FIELD_CHARS: Final = 2000
"""Source: https://docs.slack.dev/reference/block-kit/blocks/section-block"""

MAX_HEADER_CHARS: Final = 150
"""Source: https://docs.slack.dev/reference/block-kit/blocks/header-block"""

MAX_CONTEXT_ELEMENTS: Final = 10
"""Source: https://docs.slack.dev/reference/block-kit/blocks/context-block"""

MAX_ACTIONS: Final = 25
"""Source: https://docs.slack.dev/reference/block-kit/blocks/actions-block"""

MAX_BUTTON_CHARS: Final = 75
"""Its text, and its label for screen readers.
Source: https://docs.slack.dev/reference/block-kit/block-elements/button-element"""

MAX_VALUE_CHARS: Final = 2000
MAX_URL_CHARS: Final = 3000
"""A button's. Source: https://docs.slack.dev/reference/block-kit/block-elements/button-element"""

MAX_ID_CHARS: Final = 255
"""Action, block and callback ids. Source: https://docs.slack.dev/reference/block-kit/blocks"""

MAX_CONFIRM_TITLE_CHARS: Final = 100
MAX_CONFIRM_CHARS: Final = 300
MAX_CONFIRM_BUTTON_CHARS: Final = 30
"""Source: https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object"""

MAX_OPTION_CHARS: Final = 75
MAX_OPTION_VALUE_CHARS: Final = 150
MAX_OPTIONS: Final = 100
"""Source: https://docs.slack.dev/reference/block-kit/composition-objects/option-object"""

MAX_OVERFLOW_OPTIONS: Final = 5
"""Source: https://docs.slack.dev/reference/block-kit/block-elements/overflow-menu-element"""

MAX_PLACEHOLDER_CHARS: Final = 150
"""Source: https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element"""

MAX_LABEL_CHARS: Final = 2000
"""Label and hint of an input. Source: https://docs.slack.dev/reference/block-kit/blocks/input-block"""

MAX_INPUT_CHARS: Final = 3000
"""Source: https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element"""

MAX_ALT_CHARS: Final = 2000
"""Alternative text and title of an image. Source: https://docs.slack.dev/reference/block-kit/blocks/image-block"""

MAX_TITLE_CHARS: Final = 24
"""Title and buttons of a window. Source: https://docs.slack.dev/reference/views/modal-views"""

MAX_PRIVATE_METADATA_CHARS: Final = 3000
"""Source: https://docs.slack.dev/reference/views/modal-views"""

MAX_VIEW_BYTES: Final = 250_000
"""A window as JSON. Slack says `view_too_large` and names this size.
Source: https://docs.slack.dev/reference/methods/views.open#errors"""

MAX_MESSAGE_CHARS: Final = 12_000
"""Total text of all blocks. Slack refuses from about 13,200 with msg_blocks_too_long and does not document it.
Source: https://github.com/slackapi/bolt-js/issues/2509"""

MAX_TEXT_CHARS: Final = 4000
"""The fallback text. Source: https://docs.slack.dev/reference/methods/chat.postMessage#truncating"""
