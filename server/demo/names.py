"""Invented names for the demo. Whoever finds a neighbour in here has met a coincidence."""

from collections.abc import Iterator
from random import Random

TOWNSHIP = "柳湾镇"
SETTLEMENT = "柳湾新村"
VILLAGES = ("雁落滩村", "槐树荫村", "杏林坡村", "石桥湾村", "桑园湾村")
"""The villages left. No township or village of these names is in China's table of 2023, so none is anybody's home."""

ORDINALS = ("一", "二", "三", "四", "五", "六")

# Common characters, less those that would make up the name of somebody well known.
_SURNAMES = "王李张刘陈赵朱马郭高宋郑谢韩唐冯于董程曹袁许傅曾吕卢丁魏任姚范方石谭廖邹熊陆郝崔邱侯孟万段尹乔贺"
_FIRST = "秀桂玉志兆振传广庆永福凤敬存保景令守同延怀继培绍喜常长月素新"
_SECOND = "芳霞林田河礼生堂芝荣花香岭泉松柏川禾雨晨昌云海玲娟慧勤俭良顺和"


def people(seed: str) -> Iterator[str]:
    """Names without end, the same for the same seed; like neighbours, two may share one."""
    chance = Random(seed)  # noqa: S311 - a play's cast, not a secret
    while True:
        yield chance.choice(_SURNAMES) + chance.choice(_FIRST) + chance.choice(_SECOND)


def distinct(names: Iterator[str]) -> Iterator[str]:
    """The names, each once."""
    seen: set[str] = set()
    for name in names:
        if name not in seen:
            seen.add(name)
            yield name
