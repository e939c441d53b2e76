"""Which makes drive on Egypt's roads, which shops carry them together, and how parts are numbered.

Shares are rounded and in the order of the licensed fleet: old Korean, Japanese and Italian cars
first, Chinese makes rising. They give the demo common and rare makes; they are no statistic.
Pure.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["FLEET", "GROUPS", "draw_makes", "part_numbers"]

# Per 10,000 cars. Makes that are missing here are carried by no shop.
FLEET = {
    "Hyundai": 1450, "Chevrolet": 1300, "Toyota": 1150, "Nissan": 950, "Kia": 850, "Fiat": 800,
    "Mitsubishi": 600, "Renault": 520, "Peugeot": 380, "Skoda": 280, "Opel": 260, "Suzuki": 240,
    "Daewoo": 220, "Lada": 200, "Volkswagen": 190, "Chery": 190, "MG": 170, "Mercedes-Benz": 150,
    "BYD": 130, "BMW": 120, "Seat": 90, "Honda": 80, "Mazda": 75, "Ford": 70, "Geely": 60,
    "Citroen": 55, "Isuzu": 45, "Brilliance": 45, "Jeep": 35, "Audi": 30, "Subaru": 25,
    "Proton": 22, "SsangYong": 20, "Jetour": 18, "Haval": 15, "Changan": 14, "Land Rover": 12,
    "Volvo": 10, "Baic": 8, "JAC": 8, "Mini": 6, "Dodge": 5, "Porsche": 4, "Jaguar": 3,
    "Alfa Romeo": 3, "DFSK": 3, "Lexus": 0.8, "Infiniti": 0.3,
}  # fmt: skip

# What a shop that does not carry everything keeps to; a make may belong to several.
GROUPS = [
    ["Hyundai", "Kia", "Chevrolet", "Daewoo", "SsangYong"],
    ["Toyota", "Nissan", "Mitsubishi", "Suzuki", "Honda", "Mazda", "Isuzu", "Subaru", "Lexus",
     "Infiniti"],
    ["Volkswagen", "Skoda", "Seat", "Audi", "Opel", "Porsche"],
    ["Mercedes-Benz", "BMW", "Audi", "Mini", "Volvo", "Jaguar", "Land Rover", "Porsche"],
    ["Renault", "Peugeot", "Citroen"],
    ["Fiat", "Lada", "Alfa Romeo", "Seat"],
    ["Chery", "MG", "BYD", "Geely", "Brilliance", "Jetour", "Haval", "Changan", "Baic", "JAC",
     "Proton", "DFSK"],
    ["Chevrolet", "Ford", "Jeep", "Dodge", "Opel"],
]  # fmt: skip

_SPECIALIST, _GROUP, _GENERALIST = range(3)
_KINDS = [0.35, 0.45, 0.20]
_OUTSIDE = 0.01  # how much a make outside the shop's group counts

# Numbers as their makers print them; the demo's best sellers.
_KNOWN_NUMBERS = {
    "Toyota": ["90915-YZZE1", "04465-0K240", "04152-YZZA1", "17801-21050"],
    "Hyundai": ["26300-35503", "58101-1RA00", "28113-1R100", "97133-2E210"],
    "Kia": ["26300-35503", "58101-1WA35", "28113-1R100"],
    "Nissan": ["15208-65F0C", "16546-ED500", "44060-1HL0A"],
    "Chevrolet": ["96535062", "96405129", "96591485"],
    "Mitsubishi": ["MD360935", "MR968274", "MN982324"],
    "Renault": ["8200768913", "7701208265", "8200106813"],
    "Peugeot": ["1109.AY", "1444.TT", "4254.C5"],
    "Volkswagen": ["1K0698151", "04E115561H", "1K0129620D"],
    "Skoda": ["1K0698151", "04E115561H"],
    "Fiat": ["46751179", "55192871", "77362271"],
    "Mercedes-Benz": ["A0001802609", "A2710940204"],
    "BMW": ["11427512300", "13717532754"],
}
# # is a digit, @ a capital letter.
_PATTERNS = {
    "Toyota": "#####-0@###", "Lexus": "#####-0@###", "Hyundai": "#####-#@###", "Kia": "#####-#@###",
    "Nissan": "#####-##@0@", "Infiniti": "#####-##@0@", "Chevrolet": "96######",
    "Daewoo": "96######", "Opel": "13######", "Fiat": "46######", "Alfa Romeo": "50######",
    "Mitsubishi": "M@######", "Renault": "82########", "Peugeot": "16########",
    "Citroen": "16########", "Skoda": "#@0###5##@", "Volkswagen": "#@0###5##@",
    "Seat": "#@0###5##@", "Audi": "#@0###5##@", "Suzuki": "#####-##@##", "Honda": "#####-@@@-@##",
    "Mazda": "@###-##-###", "Subaru": "#####@@###", "Isuzu": "8-########-#",
    "Mercedes-Benz": "A##########", "BMW": "1142#######", "Mini": "1142#######",
    "Ford": "@#@#-####-@@", "Jeep": "68######AA", "Dodge": "68######AA", "Lada": "21##-#######",
    "Chery": "A##-#######", "MG": "10######", "Geely": "10########", "Land Rover": "LR0#####",
    "Jaguar": "C2C#####", "Volvo": "31######", "Porsche": "9##.###.###.##",
}  # fmt: skip
_OTHER_PATTERN = "###-########"
_PARTS_PER_MAKE = 80

Flags = NDArray[np.bool_]


def draw_makes(count: int, rng: np.random.Generator) -> Flags:
    """Draw which makes each of `count` shops carries, 1 to 8 of them.

    Returns
    -------
    array of shape (count, len(FLEET))
        In the order of `FLEET`. Specialists have one make, others keep to a group or carry
        whatever sells; each prefers what the roads are full of.
    """
    names, share = list(FLEET), np.array(list(FLEET.values()))
    member = np.array([[name in group for name in names] for group in GROUPS])
    kind = rng.choice(3, size=count, p=_KINDS)
    popular = member @ share
    group = rng.choice(len(GROUPS), size=count, p=popular / popular.sum())
    inside = member[group] | (kind != _GROUP)[:, None]
    size = np.select(
        [kind == _SPECIALIST, kind == _GROUP],
        [1, rng.integers(2, 6, count)],
        rng.integers(4, 9, count),
    )
    # The largest of log-weights plus Gumbel noise are a weighted draw without replacement.
    chance = np.log(np.where(inside, share, share * _OUTSIDE)) + rng.gumbel(
        size=(count, len(names))
    )
    best = np.argsort(-chance, axis=1)[:, : size.max(initial=1)]
    carried = np.zeros((count, len(names)), np.bool_)
    np.put_along_axis(carried, best, np.arange(best.shape[1]) < size[:, None], axis=1)
    return carried


def part_numbers(make: str) -> list[str]:
    """Return the numbers of the parts that the demo knows for a make, best sellers first.

    Examples
    --------
    >>> part_numbers("Toyota")[:2]
    ['90915-YZZE1', '04465-0K240']
    """
    rng = np.random.default_rng(list(make.encode()))
    known = _KNOWN_NUMBERS.get(make, [])
    pattern = _PATTERNS.get(make, _OTHER_PATTERN)
    digits = rng.integers(0, 10, (_PARTS_PER_MAKE, len(pattern)))
    letters = rng.choice(list("ABCDEFGHJKLMNPRSTUVWXYZ"), (_PARTS_PER_MAKE, len(pattern)))
    made = [
        "".join(
            str(digit) if sign == "#" else str(letter) if sign == "@" else sign
            for sign, digit, letter in zip(pattern, *row, strict=True)
        )
        for row in zip(digits, letters, strict=True)
    ]
    return list(dict.fromkeys([*known, *made]))[:_PARTS_PER_MAKE]
