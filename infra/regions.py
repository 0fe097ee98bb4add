"""ISO 3166-2 region codes, as far as their form and country can tell."""

import re

import phonenumbers

from infra.words import N_

FORM = re.compile(r"([A-Z]{2})-[A-Z0-9]{1,3}")
CHINA = {
    "CN-AH": N_("Anhui"),
    "CN-BJ": N_("Beijing"),
    "CN-CQ": N_("Chongqing"),
    "CN-FJ": N_("Fujian"),
    "CN-GD": N_("Guangdong"),
    "CN-GS": N_("Gansu"),
    "CN-GX": N_("Guangxi"),
    "CN-GZ": N_("Guizhou"),
    "CN-HA": N_("Henan"),
    "CN-HB": N_("Hubei"),
    "CN-HE": N_("Hebei"),
    "CN-HI": N_("Hainan"),
    "CN-HK": N_("Hong Kong"),
    "CN-HL": N_("Heilongjiang"),
    "CN-HN": N_("Hunan"),
    "CN-JL": N_("Jilin"),
    "CN-JS": N_("Jiangsu"),
    "CN-JX": N_("Jiangxi"),
    "CN-LN": N_("Liaoning"),
    "CN-MO": N_("Macao"),
    "CN-NM": N_("Inner Mongolia"),
    "CN-NX": N_("Ningxia"),
    "CN-QH": N_("Qinghai"),
    "CN-SC": N_("Sichuan"),
    "CN-SD": N_("Shandong"),
    "CN-SH": N_("Shanghai"),
    "CN-SN": N_("Shaanxi"),
    "CN-SX": N_("Shanxi"),
    "CN-TJ": N_("Tianjin"),
    "CN-TW": N_("Taiwan"),
    "CN-XJ": N_("Xinjiang"),
    "CN-XZ": N_("Tibet"),
    "CN-YN": N_("Yunnan"),
    "CN-ZJ": N_("Zhejiang"),
}


def is_region(code: str) -> bool:
    """China's divisions are known one by one; elsewhere the country must exist and the form be right."""
    match = FORM.fullmatch(code)
    if not match:
        return False
    if match[1] == "CN":
        return code in CHINA
    return match[1] in phonenumbers.SUPPORTED_REGIONS
