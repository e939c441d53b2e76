"""The makes on Egypt's roads, with the names people write for them."""

from alembic import op
from sqlalchemy import column, table

from clutch.names import name_key

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# brand_id, English name, Arabic name, further spellings
_MAKES = [
    (1, "Toyota", "تويوتا", []),
    (2, "Hyundai", "هيونداي", ["هيونداى", "هيوندا"]),
    (3, "Kia", "كيا", []),
    (4, "Nissan", "نيسان", ["Datsun", "داتسون"]),
    (5, "Chevrolet", "شيفروليه", ["Chevy", "شيفورليه", "شفروليه"]),
    (6, "Fiat", "فيات", []),
    (7, "Mitsubishi", "ميتسوبيشي", ["ميتسوبيشى"]),
    (8, "Renault", "رينو", []),
    (9, "Peugeot", "بيجو", []),
    (10, "Skoda", "سكودا", ["Škoda", "شكودا"]),
    (11, "Volkswagen", "فولكس فاجن", ["VW", "V.W.", "فولكسفاجن", "فولكس", "فولكس واجن"]),
    (12, "Opel", "أوبل", ["اوبل"]),
    (13, "MG", "إم جي", ["ام جي", "Morris Garages"]),
    (14, "Chery", "شيري", ["شيرى"]),
    (15, "BYD", "بي واي دي", ["بى واى دى"]),
    (16, "Geely", "جيلي", ["جيلى"]),
    (17, "Suzuki", "سوزوكي", ["سوزوكى"]),
    (18, "Honda", "هوندا", []),
    (19, "Mazda", "مازدا", []),
    (20, "Ford", "فورد", []),
    (21, "Mercedes-Benz", "مرسيدس بنز", ["Mercedes", "Benz", "MB", "مرسيدس", "مرسيدس-بنز"]),
    (22, "BMW", "بي إم دبليو", ["بى ام دبليو", "بي ام"]),
    (23, "Audi", "أودي", ["اودى"]),
    (24, "Seat", "سيات", []),
    (25, "Citroen", "ستروين", ["Citroën", "سيتروين"]),
    (26, "Daewoo", "دايو", []),
    (27, "Lada", "لادا", ["VAZ"]),
    (28, "Subaru", "سوبارو", []),
    (29, "Jeep", "جيب", []),
    (30, "Jaguar", "جاجوار", ["جاكوار"]),
    (31, "Land Rover", "لاند روفر", ["Landrover", "Range Rover", "رينج روفر"]),
    (32, "Volvo", "فولفو", []),
    (33, "Mini", "ميني", ["Mini Cooper", "ميني كوبر"]),
    (34, "Porsche", "بورش", []),
    (35, "Lexus", "لكزس", []),
    (36, "Infiniti", "إنفينيتي", []),
    (37, "Isuzu", "إيسوزو", []),
    (38, "SsangYong", "سانج يونج", ["Ssang Yong", "KGM"]),
    (39, "Changan", "شانجان", []),
    (40, "Haval", "هافال", []),
    (41, "Jetour", "جيتور", []),
    (42, "JAC", "جاك", []),
    (43, "Brilliance", "بريليانس", []),
    (44, "Proton", "بروتون", []),
    (45, "Dodge", "دودج", []),
    (46, "Alfa Romeo", "ألفا روميو", ["Alfa"]),
    (47, "Cupra", "كوبرا", []),
    (48, "DS", "دي إس", ["DS Automobiles"]),
    (49, "Baic", "بايك", []),
    (50, "DFSK", "دي إف إس كيه", []),
]


def upgrade() -> None:
    make = table("make", column("brand_id"), column("name_en"), column("name_ar"))
    make_alias = table("make_alias", column("alias_key"), column("alias"), column("brand_id"))
    op.bulk_insert(make, [{"brand_id": i, "name_en": en, "name_ar": ar} for i, en, ar, _ in _MAKES])
    aliases = {
        name_key(alias): {"alias_key": name_key(alias), "alias": alias, "brand_id": brand_id}
        for brand_id, name_en, name_ar, further in reversed(_MAKES)
        for alias in [*further, name_ar, name_en]
    }
    op.bulk_insert(make_alias, list(aliases.values()))


def downgrade() -> None:
    op.execute("DELETE FROM make_alias")
    op.execute("DELETE FROM make")
