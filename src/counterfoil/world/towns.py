"""Towns for generated addresses: for each country its telephone prefix, and its towns with their postcodes and area codes.

Telephone prefixes are those of ITU E.164, two-letter codes those of ISO 3166-1. In a postcode or a telephone number, ``#`` is
any digit, ``%`` any digit but 0, and ``?`` a letter.
"""

from __future__ import annotations

from dataclasses import dataclass

_PREFIXES = """
    AD376 AE971 AF93 AG1268 AI1264 AL355 AM374 AO244 AR54 AS1684 AT43 AU61 AW297 AX358 AZ994 BA387 BB1246 BD880 BE32 BF226
    BG359 BH973 BI257 BJ229 BL590 BM1441 BN673 BO591 BQ599 BR55 BS1242 BT975 BW267 BY375 BZ501 CA1 CC61 CD243 CF236 CG242
    CH41 CI225 CK682 CL56 CM237 CN86 CO57 CR506 CU53 CV238 CW599 CX61 CY357 CZ420 DE49 DJ253 DK45 DM1767 DO1809 DZ213 EC593
    EE372 EG20 EH212 ER291 ES34 ET251 FI358 FJ679 FK500 FM691 FO298 FR33 GA241 GB44 GD1473 GE995 GF594 GG44 GH233 GI350
    GL299 GM220 GN224 GP590 GQ240 GR30 GT502 GU1671 GW245 GY592 HK852 HN504 HR385 HT509 HU36 ID62 IE353 IL972 IM44 IN91
    IO246 IQ964 IR98 IS354 IT39 JE44 JM1876 JO962 JP81 KE254 KG996 KH855 KI686 KM269 KN1869 KP850 KR82 KW965 KY1345 KZ7
    LA856 LB961 LC1758 LI423 LK94 LR231 LS266 LT370 LU352 LV371 LY218 MA212 MC377 MD373 ME382 MF590 MG261 MH692 MK389 ML223
    MM95 MN976 MO853 MP1670 MQ596 MR222 MS1664 MT356 MU230 MV960 MW265 MX52 MY60 MZ258 NA264 NC687 NE227 NF672 NG234 NI505
    NL31 NO47 NP977 NR674 NU683 NZ64 OM968 PA507 PE51 PF689 PG675 PH63 PK92 PL48 PM508 PR1787 PS970 PT351 PW680 PY595 QA974
    RE262 RO40 RS381 RU7 RW250 SA966 SB677 SC248 SD249 SE46 SG65 SH290 SI386 SJ47 SK421 SL232 SM378 SN221 SO252 SR597 SS211
    ST239 SV503 SX1721 SY963 SZ268 TC1649 TD235 TG228 TH66 TJ992 TK690 TL670 TM993 TN216 TO676 TR90 TT1868 TV688 TW886 TZ255
    UA380 UG256 US1 UY598 UZ998 VA39 VC1784 VE58 VG1284 VI1340 VN84 VU678 WF681 WS685 XK383 YE967 YT262 ZA27 ZM260 ZW263
"""
PREFIXES = {entry[:2]: entry[2:] for entry in _PREFIXES.split()}

LOCALES = {
    "AE": "ar_AE", "AT": "de_AT", "AU": "en_AU", "BE": "nl_BE", "BR": "pt_BR", "CA": "en_CA", "CH": "de_CH", "CN": "zh_CN",
    "CZ": "cs_CZ", "DE": "de_DE", "DK": "da_DK", "ES": "es_ES", "FI": "fi_FI", "FR": "fr_FR", "GB": "en_GB", "GR": "el_GR",
    "IE": "en_IE", "IN": "en_IN", "IT": "it_IT", "JP": "ja_JP", "LU": "lb_LU", "MX": "es_MX", "NL": "nl_NL", "NO": "no_NO",
    "NZ": "en_NZ", "PL": "pl_PL", "PT": "pt_PT", "SE": "sv_SE", "TR": "tr_TR", "US": "en_US", "ZA": "zu_ZA",
}  # fmt: skip
"""Faker's locale for each country with one."""


@dataclass(frozen=True, slots=True)
class Town:
    """A town, a pattern for its postcodes, and its area code as dialled from abroad (empty where the country has none)."""

    city: str
    zipcode: str
    area: str


# country: number within the area; then, for each town, its name, postcode and area code
_TOWNS_BY_COUNTRY = {
    "AE": ("%######", "Dubai//4", "Abu Dhabi//2", "Sharjah//6"),
    "AT": ("%######", "Wien/10#0/1", "Graz/80#0/316", "Linz/40#0/732", "Salzburg/50#0/662", "Innsbruck/60#0/512"),
    "AU": ("%### ####", "Sydney NSW/20##/2", "Melbourne VIC/30##/3", "Brisbane QLD/40##/7", "Perth WA/60##/8"),
    "BE": ("### ## ##", "Brussel/10#0/2", "Antwerpen/20#0/3", "Gent/90#0/9", "Leuven/300#/16"),
    "BR": ("3### ####", "São Paulo/01###-###/11", "Rio de Janeiro/20###-###/21", "Curitiba/80###-###/41"),
    "CA": ("%##-####", "Toronto ON/M#? #?#/416", "Vancouver BC/V#? #?#/604", "Calgary AB/T2? #?#/403"),
    "CH": ("%## ## ##", "Zürich/80##/44", "Basel/40##/61", "Bern/30##/31", "Luzern/60##/41", "St. Gallen/90##/71"),
    "CN": ("%### ####", "北京市/100###/10", "上海市/200###/21", "广州市/510###/20", "深圳市/518###/755"),
    "CZ": ("%## ###", "Praha/1## 00/22#", "Brno/60# 00/54#", "Ostrava/70# 00/59#"),
    "DE": (
        "%######", "Berlin/10###/30", "Hamburg/20###/40", "München/80###/89", "Köln/50###/221", "Frankfurt am Main/60###/69",
        "Stuttgart/70###/711", "Leipzig/04###/341", "Nürnberg/90###/911", "Bremen/28###/421", "Düsseldorf/40###/211",
    ),
    "DK": ("## ## ##", "København K/1###/33", "Aarhus C/8000/86", "Odense C/5000/66", "Aalborg/9000/98"),
    "ES": ("%## ## ##", "Madrid/280##/91", "Barcelona/080##/93", "Valencia/460##/96", "Sevilla/410##/95"),
    "FI": ("%### ###", "Helsinki/00#00/9", "Tampere/33#00/3", "Turku/20#00/2", "Oulu/90#00/8"),
    "FR": (
        "%# ## ## ##", "Paris/7500%/1", "Lyon/6900%/4", "Marseille/1300%/4", "Lille/59000/3", "Nantes/44000/2",
        "Toulouse/31000/5", "Strasbourg/67000/3",
    ),
    "GB": (
        "#######", "Manchester/M% %??/161", "Leeds/LS% %??/113", "Bristol/BS% %??/117", "Birmingham/B% %??/121",
        "Edinburgh/EH% %??/131", "Liverpool/L% %??/151",
    ),
    "GR": ("%######", "Αθήνα/10# ##/21", "Θεσσαλονίκη/54# ##/231", "Πάτρα/26# ##/261"),
    "IE": ("%## ####", "Dublin 2/D02 ??##/1", "Cork/T12 ??##/21", "Galway/H91 ??##/91"),
    "IN": ("%### ####", "Mumbai/4000##/22", "New Delhi/1100##/11", "Bengaluru/5600##/80", "Chennai/6000##/44"),
    "IT": ("%######", "Milano/201##/02", "Roma/001##/06", "Torino/101##/011", "Bologna/401##/051"),
    "JP": ("%###-####", "東京都千代田区/100-####/3", "大阪市北区/530-####/6", "横浜市中区/231-####/45"),
    "KW": ("## ####", "Kuwait City/13###/22", "Hawalli/32###/22", "Salmiya/22###/25"),
    "LU": ("## ## ##", "Luxembourg/L-%###/26", "Esch-sur-Alzette/L-4###/54"),
    "MX": ("%### ####", "Ciudad de México/06###/55", "Guadalajara/44###/33", "Monterrey/64###/81"),
    "NL": ("%## ####", "Amsterdam/101# ??/20", "Rotterdam/301# ??/10", "Utrecht/351# ??/30", "Den Haag/251# ??/70"),
    "NO": ("## ## ##", "Oslo/01##/22", "Bergen/50##/55", "Trondheim/70##/73"),
    "NZ": ("%## ####", "Auckland/10##/9", "Wellington/60##/4", "Christchurch/80##/3"),
    "PL": ("%## ## ##", "Warszawa/00-%##/22", "Kraków/30-%##/12", "Wrocław/50-%##/71", "Gdańsk/80-%##/58", "Poznań/60-%##/61"),
    "PT": ("%## ####", "Lisboa/1%00-###/21", "Porto/4%00-###/22", "Braga/4700-###/253"),
    "SE": ("%## ## ##", "Stockholm/11# ##/8", "Göteborg/41# ##/31", "Malmö/21# ##/40", "Uppsala/75# ##/18"),
    "SG": ("### ####", "Singapore/0#####/6"),
    "TR": ("%## ## ##", "İstanbul/34###/212", "Ankara/06###/312", "İzmir/35###/232"),
    "US": (
        "555-01##", "Boston, MA/021##/617", "Chicago, IL/606##/312", "Seattle, WA/981##/206", "Austin, TX/787##/512",
        "Denver, CO/802##/303", "Portland, OR/972##/503", "Atlanta, GA/303##/404",
    ),
    "ZA": ("%## ####", "Johannesburg/2###/11", "Cape Town/8###/21", "Durban/4###/31"),
}  # fmt: skip
LOCAL_NUMBERS = {country: row[0] for country, row in _TOWNS_BY_COUNTRY.items()}
"""For each country with towns, the pattern of a telephone number within an area."""
TOWNS = {country: tuple(Town(*town.split("/")) for town in row[1:]) for country, row in _TOWNS_BY_COUNTRY.items()}

TAX_PREFIXES = {"GR": "EL", "CH": "CHE", "GB": "GB", "NO": "NO"}
"""Prefixes of VAT numbers that are not the country's ISO code, or are used outside the European Union."""
EUROPEAN_UNION = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905 - easier to read
)
NUMBER_FIRST = frozenset("AE AU CA FR GB IE IN KW LU NZ SG US ZA".split())  # noqa: SIM905
"""Countries that write the house number before the street."""


def vat_number(country: str) -> str:
    """A placeholder with the prefix and format of VAT numbers in that country; it was never issued to a company.

    For other countries it is digits only.
    """
    prefix = TAX_PREFIXES.get(country) or (country if country in EUROPEAN_UNION else "")
    return f"{prefix}{_VAT_DIGITS.get(country, '999999999')}"


_VAT_DIGITS = {
    "AT": "U99999999", "BE": "0999999999", "CH": "-999.999.999 MWST", "CY": "99999999X", "CZ": "99999999", "DK": "99999999",
    "ES": "X9999999X", "FI": "99999999", "FR": "99999999999", "HR": "99999999999", "HU": "99999999", "IE": "9999999XX",
    "IT": "99999999999", "LU": "99999999", "LV": "99999999999", "MT": "99999999", "NL": "999999999B99", "NO": "999999999MVA",
    "PL": "9999999999", "RO": "99999999", "SE": "999999999901", "SI": "99999999", "SK": "9999999999",
}  # fmt: skip
