"""The last digit of what people read out to each other: a slip of the tongue is noticed before anything is looked up."""


def check_digit(payload: str) -> int:
    """The digit that belongs after these (ISO 7064, MOD 11,10)."""
    remainder = 10
    for digit in payload:
        remainder = ((remainder + int(digit)) % 10 or 10) * 2 % 11
    return (11 - remainder) % 10
