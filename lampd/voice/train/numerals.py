"""English numbers in words, for spelling has no digits."""

ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def english(number: int) -> str:
    """0 to 999 as it is said. Raises ValueError for others."""
    if not 0 <= number <= 999:
        raise ValueError(f"{number} is not from 0 to 999")
    hundreds, rest = divmod(number, 100)
    said = [f"{ONES[hundreds]} hundred"] if hundreds else []
    if hundreds and rest:
        said.append("and")
    if rest < len(ONES):
        said += [ONES[rest]] if rest or not hundreds else []
    else:
        said += [TENS[rest // 10], *([ONES[rest % 10]] if rest % 10 else [])]
    return " ".join(said)
