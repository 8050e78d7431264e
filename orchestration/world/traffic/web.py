"""Honest traffic of `web`: visits with pages and their files, and crawlers that say who they are.

Proportions of paths, statuses, links and crawlers are those of an ordinary site's access log.
"""

from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from orchestration.world import network
from orchestration.world.draws import Generator, Whole, pick, poisson_rows
from orchestration.world.rhythm import WEEKDAY, after, at, moments
from orchestration.world.traffic.accounts import somewhere
from orchestration.world.world import Tables, World, stamped

VISITS, STRANGERS = 0.4, 0.5  # visits a day of a member of usual activity; strangers, per member
CRAWLERS = 0.2  # of all requests
HOME = "www.example.com"
LINKS = ["www.google.com", "www.bing.com", "duckduckgo.com", "news.ycombinator.com", "t.co",
         "www.reddit.com", "github.com", "www.youtube.com"]  # fmt: skip
LINK_SHARES = np.array([58, 8, 6, 5, 7, 6, 6, 4], dtype=float)
WORDS = ("models", "safety", "pricing", "agents", "images", "voice", "prompts", "limits", "teams",
         "billing", "keys", "tools", "export", "privacy", "evals", "batch")  # fmt: skip
PAGES = ["/", "/login", "/pricing", "/gallery", "/blog", "/docs", "/download", "/about", "/status",
         "/careers", "/contact", "/terms", "/privacy", "/changelog", "/search",
         *(f"/docs/{word}" for word in WORDS),
         *(f"/blog/{a}-and-{b}" for a in WORDS[:10] for b in WORDS[10:]),
         *(f"/help/{a}/{b}" for a in WORDS[:8] for b in ("start", "errors", "faq"))]  # fmt: skip
ITEMS = [f"/gallery/{number}" for number in range(100_200, 105_200)]
EVERY = pl.Series([*PAGES, *ITEMS])
POPULAR = 1 / np.arange(1, len(EVERY) + 1) ** 0.9
GONE = ["/blog/2021/launch", "/docs/v1/keys", "/gallery/99", "/old/index.html", "/feed", "/images/",
        "/apple-touch-icon-120x120.png", "/docs/limit", "/blogs", "/favicon-32.png"]  # fmt: skip
FILES = ["/static/app.css", "/static/app.js", "/static/logo.svg", "/favicon.ico",
         "/static/fonts/sans.woff2", "/static/chunk-31.js", "/static/hero.png"]  # fmt: skip
FILE_SHARES = np.array([10, 10, 8, 14, 6, 7, 7], dtype=float)
ROBOTS = (  # name it gives, network, country, share of crawlers' requests, whether it reads a feed
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
     15169, "US", 30, 0),
    ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", 8075, "US", 14, 0),
    ("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", 13238, "RU", 6, 0),
    ("Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
     4837, "CN", 5, 0),
    ("Mozilla/5.0 (compatible; archive.org_bot +http://archive.org/details/archive.org_bot)",
     7941, "US", 7, 0),
    ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", 16276, "FR", 10, 0),
    ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", 16509, "US", 4, 0),
    ("Tiny Tiny RSS/24.10 (https://tt-rss.org/)", 24940, "DE", 12, 1),
    ("Feedbin feed-id:1893 - 311 subscribers", 14061, "US", 8, 1),
    ("Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", 16509, "US", 4, 1),
)  # fmt: skip
ADDRESSES = 24  # of each crawler
ODD = [f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) {name}/{number}.0"
       for number in range(138, 89, -2)
       for system, name in (("Windows NT 10.0; x64", "Chrome"), ("X11; Ubuntu; x86_64", "Chrome"),
                            ("Linux; Android 11; K", "SamsungBrowser"),
                            ("Windows NT 6.1; WOW64", "Chrome"))]  # fmt: skip
ODD_SHARE = 0.05  # of strangers have an old or unusual browser
SHY = 0.1  # of visitors' browsers send no referer
SCRIPTED = 0.006  # of visits are somebody's script or a download tool


def traffic(world: World, day: datetime) -> Tables:
    """Requests of one day, by members, strangers and crawlers."""
    rng = world.draws("web", day)
    members = world.present(day).filter("web")
    pace = members["activity"].to_numpy() * WEEKDAY[day.weekday()]
    known = somewhere(rng, members[poisson_rows(rng, np.minimum(pace * VISITS, 20))], day=day)
    signed = pl.lit(pl.Series(rng.random(known.height) < 0.7))
    known = known.with_columns(account_id=pl.when(signed).then("account_id"))
    people = pl.concat(
        [
            _visits(rng, known, day),
            _visits(rng, _strangers(rng, int(members.height * STRANGERS)), day),
        ]
    )
    n = int(rng.poisson(people.height * CRAWLERS / (1 - CRAWLERS)))
    return {("web", "api_requests"): pl.concat([people, crawls(world, rng, n, day)])}


def hits(
    rng: Generator, rows: pl.DataFrame, occurred_at: pl.Series, path: pl.Series, **columns: object
) -> pl.DataFrame:
    """Requests for paths that mostly exist, one a row; `columns` replace or add columns."""
    n = rows.height
    chance = rng.random(n)
    status = np.select(
        [chance < 0.045, chance < 0.062, chance < 0.067, chance < 0.0674], [304, 301, 206, 500], 200
    )
    sizes = np.exp(9.3 + 1.2 * rng.standard_normal(n)) * (status != 304)
    given: dict[str, object] = {
        "operation": "GET",
        "path": path,
        "status": pl.Series(status),
        "bytes_out": pl.Series(sizes.astype(np.int64)),
        "referer": pl.lit(None, pl.String),
        "account_id": pl.lit(None, pl.String),
        "device_id": pl.lit(None, pl.String),
    }
    return stamped(rows, occurred_at, **(given | columns))


def lost(requests: pl.DataFrame) -> pl.DataFrame:
    """The requests, those for paths that no longer exist answered with 404."""
    return requests.with_columns(
        status=pl.when(pl.col("path").is_in(GONE)).then(404).otherwise("status").cast(pl.Int64)
    )


def crawlers(world: World) -> pl.DataFrame:
    """The addresses of crawlers: ip, asn, country, user_agent, share, feed; ADDRESSES of each."""
    rng = world.draws("web", "crawlers")
    rows = np.repeat(np.arange(len(ROBOTS)), ADDRESSES)
    names = ("user_agent", "asn", "country", "share", "feed")
    table = pl.DataFrame(ROBOTS, schema=list(names), orient="row")[rows]
    return table.with_columns(network.ips(rng, table["asn"]).alias("ip"))


def crawls(world: World, rng: Generator, n: int, day: datetime) -> pl.DataFrame:
    """Requests of all crawlers in a day, at all hours, without referer."""
    robots = crawlers(world)
    share = robots["share"].to_numpy() * rng.exponential(1.0, robots.height)
    who = robots[rng.choice(robots.height, n, p=share / share.sum())]
    chance = pl.lit(pl.Series(rng.random(n)))
    path = pl.select(
        pl.when(chance < 0.02).then(pl.lit("/robots.txt"))
        .when(chance < 0.07).then(pl.lit(pick(rng, GONE, n)))
        .when(pl.lit(who["feed"]) == 1).then(pl.lit("/feed.xml"))
        .otherwise(pl.lit(EVERY.gather(rng.integers(0, len(EVERY), n))))
    ).to_series()  # fmt: skip
    return lost(hits(rng, who, at(day, 86_400 * rng.random(n)), path))


def _strangers(rng: Generator, n: int) -> pl.DataFrame:
    """Visitors who are not signed in, one a row: at home or on the phone, some with a tunnel."""
    places = rng.choice(len(network.NAMES), n, p=network.SHARES / network.SHARES.sum())
    phone = pl.lit(pl.Series(rng.random(n) < 0.45))
    home, mobile = network.homes(rng, places), network.homes(rng, places, mobile=True)
    scripted = pl.lit(pl.Series(rng.random(n) < SCRIPTED))
    odd = pl.lit(pl.Series(rng.random(n) < ODD_SHARE))
    strange = pick(rng, ODD, n, 1 / np.arange(1.0, len(ODD) + 1))
    tools = pick(rng, [*network.SCRIPTS, "Wget/1.24.5"], n)
    agents = (
        pl.when(odd).then(pl.lit(strange)).when(scripted).then(pl.lit(tools))
        .when(pl.lit(pl.Series(rng.random(n) > 0.004))).then(pl.lit(network.browsers(rng, n)))
    )  # fmt: skip
    return home.select(
        *(pl.when(phone).then(mobile[name]).otherwise(name).alias(name) for name in home.columns),
        user_agent=agents,
        offset=pl.Series(network.OFFSETS[places]),
        account_id=pl.lit(None, pl.String),
        device_id=pl.lit(None, pl.String),
    )


def _visits(rng: Generator, visitors: pl.DataFrame, day: datetime) -> pl.DataFrame:
    """Pages that each visitor, one a row, opens one after the other, and the files they load."""
    begins = moments(rng, day, visitors["offset"].to_numpy())
    views = rng.geometric(0.36, visitors.height)
    of = np.repeat(np.arange(visitors.height), views)
    number = np.arange(len(of)) - np.repeat(np.cumsum(views) - views, views)
    opened = after(begins.gather(of), number * 40 * (0.4 + rng.exponential(1.0, len(of))))
    path = EVERY.gather(_popular(rng, len(of)))
    typo = pl.Series(rng.random(len(of)) < 0.02)
    pages = pl.select(pl.when(typo).then(pick(rng, GONE, len(of))).otherwise(path)).to_series()
    files = np.repeat(np.arange(len(of)), rng.poisson(np.where(number == 0, 2.2, 0.4)))
    loaded = after(opened.gather(files), 0.1 + rng.exponential(0.5, len(files)))
    source = _referers(rng, number, of)
    who = visitors[np.concatenate([of, of[files]])]
    inside = pl.Series([HOME], dtype=pl.String).new_from_index(0, len(files))
    shy = pl.concat([source, inside.set(pl.Series(_shy(of)[files]), None)])
    asked = pl.concat([pages, pick(rng, FILES, len(files), FILE_SHARES)])
    return lost(
        hits(
            rng, who, pl.concat([opened, loaded]), asked, referer=shy,
            account_id=pl.col("account_id"), device_id=pl.col("device_id"),
        )
    )  # fmt: skip


def _popular(rng: Generator, n: int) -> Whole:
    """Rows of EVERY, the first ones most often."""
    total = np.cumsum(POPULAR)
    found: Whole = np.searchsorted(total, rng.random(n) * total[-1])
    return found


def _shy(of: Whole) -> NDArray[np.bool_]:
    """Whether each visit's browser hides where it comes from; the same for all its requests."""
    hidden: NDArray[np.bool_] = (of * 0.618033988 % 1.0) < SHY
    return hidden


def _referers(rng: Generator, number: Whole, of: Whole) -> pl.Series:
    """Hosts that linked to a page: this site, or for the first page another one or none."""
    n = len(of)
    first = pl.lit(pl.Series((number == 0) & (rng.random(n) < 0.95)))
    direct = pl.lit(pl.Series(rng.random(n) < 0.45))
    other = pl.lit(pick(rng, LINKS, n, LINK_SHARES))
    hidden = pl.lit(pl.Series(_shy(of)))
    return pl.select(
        pl.when(hidden | (first & direct)).then(None).when(first).then(other)
        .otherwise(pl.lit(HOME))
    ).to_series()  # fmt: skip
