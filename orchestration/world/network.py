"""Addresses, networks and client software that people and machines come from."""

import numpy as np
import polars as pl

from orchestration.world.draws import Generator, Whole, pick

# Country, share of people, hours ahead of UTC, networks at home, network of mobile phones.
COUNTRIES = (
    ("US", 26, -6, (7922, 701, 7018), 21928), ("IN", 12, 5.5, (9829, 24560), 55836),
    ("BR", 7, -3, (28573, 18881), 26599), ("GB", 6, 0, (2856, 5089), 12576),
    ("DE", 6, 1, (3320, 3209), 6805), ("FR", 5, 1, (3215, 12322), 51207),
    ("JP", 5, 9, (17676, 4713), 9605), ("CA", 4, -5, (812, 577), 855),
    ("ES", 3, 1, (3352, 12479), 12430), ("IT", 3, 1, (3269, 30722), 16232),
    ("MX", 3, -6, (8151, 28548), 28403), ("ID", 3, 7, (7713, 17974), 23693),
    ("PH", 2, 8, (9299, 132199), 4775), ("TR", 2, 3, (9121, 34984), 16135),
    ("PL", 2, 1, (5617, 12741), 8374), ("NL", 2, 1, (1136, 33915), 31615),
    ("AU", 2, 10, (1221, 4804), 133612), ("KR", 2, 9, (4766, 9318), 9644),
    ("NG", 1.5, 1, (29465, 37282), 36873), ("VN", 1.5, 7, (7552, 45899), 131429),
    ("EG", 1, 2, (8452, 36992), 24835), ("ZA", 1, 2, (3741, 37457), 29975),
    ("UA", 1, 2, (25229, 13188), 15895), ("SE", 1, 1, (3301, 1257), 44034),
)  # fmt: skip
NAMES = [country[0] for country in COUNTRIES]
SHARES = np.array([country[1] for country in COUNTRIES], dtype=float)
OFFSETS = np.array([country[2] for country in COUNTRIES], dtype=float)
HOSTING = ((14061, "US"), (16276, "FR"), (24940, "DE"), (20473, "US"), (63949, "US"),
           (16509, "US"), (8075, "IE"), (396982, "US"), (45102, "SG"), (9009, "GB"),
           (60068, "NL"), (212238, "GB"), (51167, "DE"), (62240, "CH"))  # fmt: skip
BROWSERS = [
    f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML) Chrome/{version}.0 Safari/537.36"
    for system in ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7",
                   "X11; Linux x86_64", "Linux; Android 14; Pixel 8", "Linux; Android 13; SM-A54")
    for version in (139, 140, 141, 142)
] + [
    f"Mozilla/5.0 (iPhone; CPU iPhone OS {v}_1 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari"
    for v in (16, 17, 18)
]  # fmt: skip
CLIENTS = ["openapi-python/2.8.1", "openapi-python/2.7.0", "openapi-node/5.3.0", "okhttp/4.12.0",
           "Go-http-client/2.0", "python-requests/2.32.3", "axios/1.7.9", "curl/8.9.1"]  # fmt: skip
SCRIPTS = ["python-requests/2.32.3", "Go-http-client/1.1", "aiohttp/3.11.2", "curl/8.9.1"]


def ips(rng: Generator, asns: pl.Series) -> pl.Series:
    """One address in each network given; a network has some hundred blocks of its own."""
    n = len(asns)
    block = (
        asns.to_numpy().astype(np.int64) * 2_654_435_761 + rng.integers(0, 200, n)
    ) % 14_000_000
    octets = [block // 62_500 + 1, block // 250 % 250, block % 250, rng.integers(1, 255, n)]
    parts = pl.DataFrame(
        [pl.Series(str(i), octet).cast(pl.String) for i, octet in enumerate(octets)]
    )
    return parts.select(ip=pl.concat_str(pl.all(), separator="."))["ip"]


def homes(rng: Generator, places: Whole, *, mobile: bool = False) -> pl.DataFrame:
    """An address at home, or of a phone, per place in COUNTRIES: columns ip, asn, country."""
    chosen = rng.random(len(places))
    table = [((country[4],) if mobile else country[3]) for country in COUNTRIES]
    flat = np.array([(row * 6)[:6] for row in table])
    asns = pl.Series("asn", flat[places, (chosen * 6).astype(np.int64)], dtype=pl.Int64)
    country = pl.Series(NAMES).gather(places).alias("country")
    return pl.DataFrame([ips(rng, asns).alias("ip"), asns, country])


def anywhere(rng: Generator, n: int) -> pl.DataFrame:
    """Addresses of homes all over the world, as residential proxies have them."""
    return homes(rng, rng.choice(len(COUNTRIES), n, p=SHARES / SHARES.sum()))


def hosting(rng: Generator, n: int, *, networks: int = len(HOSTING)) -> pl.DataFrame:
    """Addresses of servers, of at most so many networks: columns ip, asn, country."""
    few = rng.permutation(len(HOSTING))[:networks]
    rows = few[rng.integers(0, len(few), n)]
    asns = pl.Series("asn", [HOSTING[i][0] for i in rows], dtype=pl.Int64)
    country = pl.Series("country", [HOSTING[i][1] for i in rows], dtype=pl.String)
    return pl.DataFrame([ips(rng, asns).alias("ip"), asns, country])


def browsers(rng: Generator, n: int) -> pl.Series:
    """Browsers as they name themselves; the newest are the most usual."""
    return pick(rng, BROWSERS, n, np.linspace(1, 3, len(BROWSERS))).alias("user_agent")
