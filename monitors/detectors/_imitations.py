"""Which names resemble which brands, and how much."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from monitors.detectors._confusables import skeleton
from monitors.detectors._edits import Letters, edits
from monitors.errors import MonitorError

LEAST = 0.7  # a similarity below it says nothing about imitation
CONTAINED = 0.95  # the brand itself within a longer name, beside a bait word
SHORT = 4  # letters up to which one edit makes another word
HOST = r"^(?:[a-z][\w+.-]*://)?(?:[^/@]*@)?([^/:?#]+)"
SUFFIX = r"\.(?:(?:com|co|org|net|gov|ac|edu)\.[a-z]{2}|[^.]+)$"
PAIRS = {
    "value": pl.String(),
    "brand": pl.String(),
    "distance": pl.Int64(),
    "similarity": pl.Float64(),
}


@dataclass(frozen=True)
class Imitations:
    """Brands to compare names with; raises MonitorError for one that has no letter or digit."""

    brands: tuple[str, ...]
    bait: tuple[str, ...]
    allowed: tuple[str, ...]
    domain: bool

    def __post_init__(self) -> None:
        looks = _look(self.brands)
        empty = [brand for brand, look in zip(self.brands, looks, strict=True) if not look]
        if empty or not self.brands:
            raise MonitorError(
                f"'brands' has {empty or 'none'}; give names with a letter or digit."
            )

    def of(self, names: pl.DataFrame) -> pl.DataFrame:
        """One row per name (`value`) and brand that it resembles: `distance` and `similarity`.

        Distance is in edits of what is compared: the name, or the name without bait at its ends.
        """
        kept = _labels(names, self.allowed) if self.domain else _others(names, self.allowed)
        looked = kept.with_columns(look=skeleton(pl.col("label")))
        looked = looked.with_columns(whole=pl.col("look").str.replace_all(" ", "", literal=True))
        pairs = [*self._alike(looked), *self._containing(looked)]
        best = pl.concat([pl.DataFrame(schema=PAIRS), *pairs])
        return best.sort(
            "value", "brand", "similarity", "distance", descending=[False, False, True, False]
        ).unique(["value", "brand"], keep="first", maintain_order=True)

    def _alike(self, looked: pl.DataFrame) -> Iterator[pl.DataFrame]:
        bait = "|".join(_words(self.bait)) or "$^"
        bare = pl.col("whole").str.replace_all(f"^(?:{bait})+|(?:{bait})+$", "")
        forms = pl.concat(
            [looked.select("value", form="whole"), looked.select("value", form=bare)]
        ).unique()
        distinct = forms.select("form").unique().filter(pl.col("form") != "")
        letters = Letters(distinct["form"])
        for brand, word in zip(self.brands, _words(self.brands), strict=True):
            longer = pl.max_horizontal(pl.col("form").str.len_chars().cast(pl.Int64), len(word))
            shorter = pl.min_horizontal(pl.col("form").str.len_chars().cast(pl.Int64), len(word))
            edited = pl.Series(letters.least_edits(word), dtype=pl.Int64)
            near = distinct.filter(shorter >= LEAST * longer, edited <= (1 - LEAST) * longer)
            distance = pl.Series("distance", edits(near["form"], word), dtype=pl.Int64)
            scored = near.with_columns(distance).with_columns(
                similarity=1 - pl.col("distance") / longer, brand=pl.lit(brand)
            )
            exact = pl.col("distance") == 0 if len(word) <= SHORT else True
            kept = scored.filter(pl.col("similarity") >= LEAST, exact)
            yield forms.join(kept, on="form").select(list(PAIRS))

    def _containing(self, looked: pl.DataFrame) -> Iterator[pl.DataFrame]:
        bait = _words(self.bait)
        edge = "|".join([" ", *bait])
        for brand, look in zip(self.brands, _look(self.brands), strict=True):
            word = look.replace(" ", "")
            within = f"(?:^|{edge}){look.replace(' ', ' ?')}(?:$|{edge})"
            rest = pl.col("whole").str.replace(word, "", literal=True)
            yield looked.filter(
                pl.col("look").str.contains(within), rest.str.contains_any(bait)
            ).select(
                "value",
                brand=pl.lit(brand),
                distance=pl.lit(0, pl.Int64),
                similarity=pl.lit(CONTAINED, pl.Float64),
            )


def _look(names: tuple[str, ...]) -> list[str]:
    return (
        pl.DataFrame({"name": names}, schema={"name": pl.String})
        .select(skeleton(pl.col("name")))["name"]
        .to_list()
    )


def _words(names: tuple[str, ...]) -> list[str]:
    return [look.replace(" ", "") for look in _look(names)]


def _others(names: pl.DataFrame, allowed: tuple[str, ...]) -> pl.DataFrame:
    kept = names.filter(~pl.col("value").is_in(allowed))
    return kept.with_columns(label="value")


def _labels(names: pl.DataFrame, allowed: tuple[str, ...]) -> pl.DataFrame:
    """One row per name and label of its host before the public suffix, out of Punycode."""
    host = pl.col("value").str.to_lowercase().str.extract(HOST).str.strip_chars_end(".")
    hosts = names.with_columns(host=host).drop_nulls("host")
    for domain in allowed:
        under = pl.col("host") == domain.lower(), pl.col("host").str.ends_with(f".{domain.lower()}")
        hosts = hosts.filter(~pl.any_horizontal(under))
    labels = hosts.select("value", label=pl.col("host").str.replace(SUFFIX, "").str.split("."))
    plain = pl.col("label").map_batches(_from_punycode, return_dtype=pl.String)
    return labels.explode("label").with_columns(plain)


def _from_punycode(labels: pl.Series) -> pl.Series:
    return pl.Series([_decoded(label) for label in labels], dtype=pl.String)


def _decoded(label: str) -> str:
    """A label as people see it; one that is not Punycode stays as it is."""
    if not label.startswith("xn--"):
        return label
    try:
        return label.removeprefix("xn--").encode().decode("punycode")
    except UnicodeError:
        return label
