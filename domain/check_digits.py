"""The last digit of what people read out to each other: a slip of the tongue is noticed before anything is looked up."""

from datetime import date


def check_digit(payload: str) -> int:
    """The digit that belongs after these (ISO 7064, MOD 11,10)."""
    remainder = 10
    for digit in payload:
        remainder = ((remainder + int(digit)) % 10 or 10) * 2 % 11
    return (11 - remainder) % 10


def request_number(township: str, day: date, digits: str) -> str:
    """The number a resident can read out: township, date, random part, check digit (ISO 7064, MOD 11,10); nothing to count with."""
    payload = f"{township}{day:%y%m%d}{digits}"
    return f"{township}-{day:%y%m%d}-{digits}-{check_digit(payload)}"
