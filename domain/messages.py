"""Human text: message catalogues by language, rendered when somebody reads. Chinese first, as its readers are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.errors import Message

DEFAULT_LANGUAGE = "zh-CN"
LANGUAGES = ("zh-CN", "en")


@dataclass(frozen=True, slots=True)
class Messages:
    """`texts` maps language to key to sentence, with `{name}` where a parameter goes."""

    texts: Mapping[str, Mapping[str, str]]

    def render(self, message: Message, language: str) -> str:
        """The sentence in the language, or in Chinese where the language is not spoken here."""
        texts = self.texts.get(language) or self.texts[DEFAULT_LANGUAGE]
        return texts[message.key].format_map(message.params)


def language_of(preferences: str | None) -> str:
    """The best language for an `Accept-Language` value (RFC 9110, 12.5.4), Chinese where none fits or none is given."""
    wanted = sorted(_weighted(preferences or ""), key=lambda pair: -pair[1])
    for tag, weight in wanted:
        primary = tag.strip().partition("-")[0].lower()
        if weight > 0 and primary in {"zh", "en"}:
            return "en" if primary == "en" else DEFAULT_LANGUAGE
    return DEFAULT_LANGUAGE


def _weighted(preferences: str) -> Iterable[tuple[str, float]]:
    for part in preferences[:500].split(","):
        tag, _, quality = part.strip().partition(";")
        try:
            weight = float(quality.strip().lower().removeprefix("q=")) if quality else 1.0
        except ValueError:
            weight = 0.0
        if tag:
            yield tag, weight
