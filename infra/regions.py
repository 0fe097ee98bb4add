"""ISO 3166-2 region codes, as far as their form and country can tell."""

import re

import phonenumbers

FORM = re.compile(r"^([A-Z]{2})-[A-Z0-9]{1,3}$")
CHINA = frozenset(
    "AH BJ CQ FJ GD GS GX GZ HA HB HE HI HK HL HN JL JS JX LN MO NM NX QH SC SD SH SN SX TJ TW XJ XZ YN ZJ".split()
)


def is_region(code: str) -> bool:
    """China's divisions are known one by one; elsewhere the country must exist and the form be right."""
    match = FORM.match(code)
    if not match:
        return False
    if match[1] == "CN":
        return code[3:] in CHINA
    return match[1] in phonenumbers.SUPPORTED_REGIONS
