"""Countries as emnify describes them: telephone prefix, mobile country code and rough coordinates.

The codes are public (ITU E.164 and E.212). The ids are invented, except Germany's. A country that is not in the table is
shown by its ISO code alone.
"""

from __future__ import annotations

import msgspec

from counterfoil.api import Json


class Country(msgspec.Struct, frozen=True):
    """A country as emnify describes one; ``prefix`` is the telephone prefix, ``mcc`` the mobile country code."""

    id: int
    iso_code: str
    name: str
    prefix: str
    mcc: str
    latitude: str
    longitude: str


_TABLE = (
    Country(50, "AU", "Australia", "61", "505", "-25.274398", "133.775136"),
    Country(51, "AT", "Austria", "43", "232", "47.516231", "14.550072"),
    Country(52, "BE", "Belgium", "32", "206", "50.503887", "4.469936"),
    Country(53, "BR", "Brazil", "55", "724", "-14.235004", "-51.925280"),
    Country(54, "CA", "Canada", "1", "302", "56.130366", "-106.346771"),
    Country(55, "CN", "China", "86", "460", "35.861660", "104.195397"),
    Country(56, "CZ", "Czechia", "420", "230", "49.817492", "15.472962"),
    Country(57, "DK", "Denmark", "45", "238", "56.263920", "9.501785"),
    Country(72, "FI", "Finland", "358", "244", "61.924110", "25.748151"),
    Country(73, "FR", "France", "33", "208", "46.227638", "2.213749"),
    Country(74, "DE", "Germany", "49", "262", "51.165691", "10.451526"),
    Country(75, "IN", "India", "91", "404", "20.593684", "78.962880"),
    Country(76, "IE", "Ireland", "353", "272", "53.412910", "-8.243890"),
    Country(77, "IT", "Italy", "39", "222", "41.871940", "12.567380"),
    Country(78, "JP", "Japan", "81", "440", "36.204824", "138.252924"),
    Country(79, "KW", "Kuwait", "965", "419", "29.311660", "47.481766"),
    Country(80, "LU", "Luxembourg", "352", "270", "49.815273", "6.129583"),
    Country(81, "MX", "Mexico", "52", "334", "23.634501", "-102.552784"),
    Country(82, "NL", "Netherlands", "31", "204", "52.132633", "5.291266"),
    Country(83, "NO", "Norway", "47", "242", "60.472024", "8.468946"),
    Country(84, "PL", "Poland", "48", "260", "51.919438", "19.145136"),
    Country(85, "PT", "Portugal", "351", "268", "39.399872", "-8.224454"),
    Country(86, "SG", "Singapore", "65", "525", "1.352083", "103.819836"),
    Country(87, "ZA", "South Africa", "27", "655", "-30.559482", "22.937506"),
    Country(88, "ES", "Spain", "34", "214", "40.463667", "-3.749220"),
    Country(89, "SE", "Sweden", "46", "240", "60.128161", "18.643501"),
    Country(90, "CH", "Switzerland", "41", "228", "46.818188", "8.227512"),
    Country(91, "TR", "Türkiye", "90", "286", "38.963745", "35.243322"),
    Country(92, "GB", "United Kingdom", "44", "234", "55.378051", "-3.435973"),
    Country(93, "US", "United States", "1", "310", "37.090240", "-95.712891"),
)
_BY_CODE = {country.iso_code: country for country in _TABLE}


def country(code: str) -> Country:
    """The country with that ISO 3166-1 alpha-2 code."""
    return _BY_CODE.get(code) or Country(0, code, code, "", "", "0.000000", "0.000000")


def country_document(code: str) -> Json:
    """The country object of an address (docs/vendors/emnify.md#bill)."""
    found = country(code)
    return {
        "id": found.id,
        "name": found.name,
        "country_code": found.prefix,
        "mcc": found.mcc,
        "iso_code": found.iso_code.lower(),
        "latitude": found.latitude,
        "longitude": found.longitude,
    }
