"""Where the demo's shops and customers are: districts of Greater Cairo, Alexandria and the Delta.

Centres are those of the real districts and towns, in degrees, good to about 200 m. Weights follow
how many people live there and how many parts shops trade there; they are shares, not counts.
Pure.
"""

from typing import NamedTuple

__all__ = ["AREA_CODES", "PLACES", "Place"]


class Place(NamedTuple):
    """A district, a town, or a market of parts shops.

    Its shops lie within about two standard deviations of the centre: `along_m` in the direction of
    `bearing_deg` (clockwise from north), `across_m` at right angles to it. `congestion` multiplies
    the time a car takes there.
    """

    name: str
    name_ar: str
    town: str
    lon: float
    lat: float
    weight: float
    along_m: float
    across_m: float
    bearing_deg: float
    congestion: float


AREA_CODES = {
    "Cairo": "2",
    "Giza": "2",
    "Qalyubia": "13",
    "Alexandria": "3",
    "Gharbia": "40",
    "Dakahlia": "50",
    "Sharqia": "55",
    "Beheira": "45",
    "Kafr El Sheikh": "47",
    "Menoufia": "48",
    "Damietta": "57",
}

# Streets and quarters that live from car parts.
_MARKETS = [
    Place("El Tawfikia", "التوفيقية", "Cairo", 31.2405, 30.0535, 9.0, 230, 60, 60, 1.40),
    Place("El Sabtia", "السبتية", "Cairo", 31.2385, 30.0637, 5.0, 320, 90, 40, 1.35),
    Place("El Harafiyeen", "الحرفيين", "Cairo", 31.4180, 30.1480, 7.0, 520, 220, 70, 1.10),
    Place("Ghamra", "غمرة", "Cairo", 31.2650, 30.0700, 2.5, 300, 100, 55, 1.30),
    Place(
        "El Basateen Workshops", "ورش البساتين", "Cairo", 31.2790, 29.9870, 2.5, 350, 120, 20, 1.15
    ),
    Place(
        "Shubra El Kheima Workshops",
        "ورش شبرا الخيمة",
        "Qalyubia",
        31.2470,
        30.1270,
        2.5,
        400,
        150,
        0,
        1.20,
    ),
    Place("Faisal Street", "شارع فيصل", "Giza", 31.1810, 30.0110, 3.0, 900, 80, 240, 1.35),
    Place("El Moneeb", "المنيب", "Giza", 31.2120, 29.9830, 2.0, 300, 120, 10, 1.25),
    Place(
        "October Industrial Zone",
        "المنطقة الصناعية أكتوبر",
        "Giza",
        30.9090,
        29.9330,
        2.0,
        800,
        500,
        30,
        0.90,
    ),
    Place("Moharram Bek", "محرم بك", "Alexandria", 29.9120, 31.1845, 4.5, 330, 100, 55, 1.25),
    Place("Karmouz", "كرموز", "Alexandria", 29.8970, 31.1800, 2.0, 220, 110, 50, 1.20),
    Place("El Attarin", "العطارين", "Alexandria", 29.9040, 31.1965, 2.0, 200, 90, 60, 1.25),
    Place(
        "Tanta El Bahr Street",
        "شارع البحر طنطا",
        "Gharbia",
        30.9990,
        30.7930,
        1.5,
        400,
        90,
        80,
        1.15,
    ),
    Place(
        "Mansoura Workshops", "ورش المنصورة", "Dakahlia", 31.3930, 31.0290, 1.5, 300, 120, 100, 1.10
    ),
]

_CAIRO = [
    Place("Downtown", "وسط البلد", "Cairo", 31.2420, 30.0480, 1.5, 350, 250, 60, 1.40),
    Place("Boulaq", "بولاق", "Cairo", 31.2345, 30.0590, 1.2, 250, 200, 20, 1.35),
    Place("Abdeen", "عابدين", "Cairo", 31.2480, 30.0410, 1.0, 300, 250, 0, 1.35),
    Place("Sayeda Zeinab", "السيدة زينب", "Cairo", 31.2410, 30.0300, 1.4, 350, 300, 40, 1.35),
    Place("Shubra", "شبرا", "Cairo", 31.2450, 30.0800, 2.4, 700, 400, 0, 1.35),
    Place("Rod El Farag", "روض الفرج", "Cairo", 31.2385, 30.0850, 1.2, 350, 250, 0, 1.30),
    Place("El Sharabiya", "الشرابية", "Cairo", 31.2620, 30.0790, 1.2, 350, 300, 30, 1.25),
    Place("El Abbassia", "العباسية", "Cairo", 31.2800, 30.0660, 1.4, 450, 300, 45, 1.30),
    Place(
        "El Zawya El Hamra", "الزاوية الحمراء", "Cairo", 31.2680, 30.0990, 1.6, 450, 350, 20, 1.25
    ),
    Place("Hadayek El Qobba", "حدائق القبة", "Cairo", 31.2850, 30.0870, 1.6, 500, 350, 50, 1.25),
    Place("El Zeitoun", "الزيتون", "Cairo", 31.3060, 30.1050, 1.6, 500, 350, 50, 1.20),
    Place("El Matareya", "المطرية", "Cairo", 31.3140, 30.1220, 2.2, 550, 400, 40, 1.25),
    Place("Ain Shams", "عين شمس", "Cairo", 31.3290, 30.1290, 2.2, 600, 450, 45, 1.25),
    Place("El Marg", "المرج", "Cairo", 31.3380, 30.1540, 2.0, 600, 450, 30, 1.15),
    Place("El Salam City", "مدينة السلام", "Cairo", 31.4140, 30.1660, 1.8, 600, 500, 0, 1.05),
    Place("Heliopolis", "مصر الجديدة", "Cairo", 31.3260, 30.0900, 2.6, 800, 600, 45, 1.20),
    Place("El Nozha", "النزهة", "Cairo", 31.3480, 30.1150, 1.2, 600, 400, 45, 1.10),
    Place("Nasr City", "مدينة نصر", "Cairo", 31.3400, 30.0560, 4.0, 1000, 700, 110, 1.20),
    Place("Nasr City East", "شرق مدينة نصر", "Cairo", 31.3660, 30.0430, 2.0, 800, 600, 110, 1.10),
    Place("Old Cairo", "مصر القديمة", "Cairo", 31.2360, 30.0060, 1.2, 400, 250, 10, 1.25),
    Place("Dar El Salam", "دار السلام", "Cairo", 31.2430, 29.9850, 1.8, 400, 300, 0, 1.30),
    Place("El Maadi", "المعادي", "Cairo", 31.2620, 29.9610, 2.0, 700, 500, 10, 1.10),
    Place("New Maadi", "المعادي الجديدة", "Cairo", 31.2850, 29.9700, 1.2, 600, 400, 60, 1.10),
    Place("Tora", "طرة", "Cairo", 31.2800, 29.9330, 0.6, 350, 200, 10, 1.05),
    Place("Helwan", "حلوان", "Cairo", 31.3340, 29.8490, 2.2, 700, 500, 0, 1.10),
    Place("15th of May City", "مدينة 15 مايو", "Cairo", 31.3800, 29.8330, 0.6, 500, 400, 0, 0.90),
    Place("El Mokattam", "المقطم", "Cairo", 31.3020, 30.0110, 1.2, 600, 400, 60, 1.05),
    Place("Fifth Settlement", "التجمع الخامس", "Cairo", 31.4390, 30.0080, 2.0, 1200, 800, 80, 0.95),
    Place("First Settlement", "التجمع الأول", "Cairo", 31.4470, 30.0570, 1.0, 800, 500, 80, 0.95),
    Place("El Rehab", "الرحاب", "Cairo", 31.4930, 30.0610, 0.8, 500, 300, 80, 0.85),
    Place("Madinaty", "مدينتي", "Cairo", 31.6370, 30.1030, 0.5, 600, 400, 80, 0.80),
    Place("El Shorouk", "الشروق", "Cairo", 31.6100, 30.1340, 0.8, 800, 600, 80, 0.80),
    Place("Badr City", "مدينة بدر", "Cairo", 31.7420, 30.1360, 0.6, 700, 500, 80, 0.80),
    Place("El Obour", "العبور", "Qalyubia", 31.4740, 30.2270, 1.4, 900, 600, 45, 0.90),
    Place("El Dokki", "الدقي", "Giza", 31.2095, 30.0380, 1.2, 400, 250, 0, 1.30),
    Place("El Mohandessin", "المهندسين", "Giza", 31.2000, 30.0560, 1.4, 600, 400, 30, 1.30),
    Place("Imbaba", "إمبابة", "Giza", 31.2070, 30.0790, 2.4, 600, 400, 0, 1.30),
    Place("El Warraq", "الوراق", "Giza", 31.2080, 30.1020, 1.8, 450, 350, 0, 1.20),
    Place("Bulaq El Dakrour", "بولاق الدكرور", "Giza", 31.1830, 30.0370, 2.4, 550, 400, 0, 1.30),
    Place("Haram", "الهرم", "Giza", 31.1680, 29.9960, 2.6, 1100, 300, 240, 1.30),
    Place("El Omraneya", "العمرانية", "Giza", 31.1960, 30.0040, 1.8, 450, 350, 0, 1.30),
    Place("Giza", "الجيزة", "Giza", 31.2090, 30.0130, 1.6, 450, 300, 0, 1.30),
    Place("El Hawamdeya", "الحوامدية", "Giza", 31.2560, 29.8990, 0.7, 300, 200, 0, 1.05),
    Place("El Badrashein", "البدرشين", "Giza", 31.2680, 29.8530, 0.6, 300, 200, 0, 1.00),
    Place("6th of October", "السادس من أكتوبر", "Giza", 30.9390, 29.9720, 2.2, 1400, 900, 30, 0.90),
    Place("Sheikh Zayed", "الشيخ زايد", "Giza", 30.9830, 30.0420, 1.0, 900, 600, 30, 0.90),
    Place("Kerdasa", "كرداسة", "Giza", 31.1110, 30.0330, 0.7, 400, 300, 0, 1.00),
    Place("Ausim", "أوسيم", "Giza", 31.1370, 30.1230, 0.6, 350, 300, 0, 1.00),
    Place("Shubra El Kheima", "شبرا الخيمة", "Qalyubia", 31.2480, 30.1240, 3.0, 800, 500, 0, 1.25),
    Place("Mostorod", "مسطرد", "Qalyubia", 31.2860, 30.1420, 1.0, 450, 300, 0, 1.15),
    Place("El Khosous", "الخصوص", "Qalyubia", 31.3130, 30.1600, 1.2, 400, 350, 0, 1.15),
    Place("Qalyub", "قليوب", "Qalyubia", 31.2060, 30.1800, 0.9, 400, 300, 0, 1.05),
    Place("El Khanka", "الخانكة", "Qalyubia", 31.3660, 30.2110, 0.8, 400, 300, 0, 1.00),
]

_ALEXANDRIA = [
    Place("Mansheya", "المنشية", "Alexandria", 29.8970, 31.1960, 0.8, 200, 120, 50, 1.25),
    Place("Bab Sharq", "باب شرق", "Alexandria", 29.9200, 31.2030, 1.0, 350, 150, 55, 1.20),
    Place("El Ibrahimiya", "الإبراهيمية", "Alexandria", 29.9300, 31.2110, 0.9, 300, 150, 55, 1.20),
    Place("Smouha", "سموحة", "Alexandria", 29.9480, 31.2120, 1.4, 500, 300, 55, 1.10),
    Place("Sidi Gaber", "سيدي جابر", "Alexandria", 29.9450, 31.2210, 1.0, 350, 150, 55, 1.15),
    Place("Fleming", "فلمنج", "Alexandria", 29.9680, 31.2340, 0.8, 350, 150, 50, 1.15),
    Place("Victoria", "فيكتوريا", "Alexandria", 29.9800, 31.2460, 1.2, 400, 200, 50, 1.15),
    Place("Sidi Bishr", "سيدي بشر", "Alexandria", 29.9900, 31.2530, 1.8, 500, 200, 50, 1.20),
    Place("El Asafra", "العصافرة", "Alexandria", 30.0080, 31.2660, 1.4, 400, 200, 50, 1.15),
    Place("El Mandara", "المندرة", "Alexandria", 30.0170, 31.2750, 1.2, 350, 150, 50, 1.10),
    Place("El Awayed", "العوايد", "Alexandria", 30.0080, 31.2260, 1.2, 450, 300, 130, 1.10),
    Place("Abu Qir", "أبو قير", "Alexandria", 30.0600, 31.3130, 0.5, 250, 150, 0, 1.00),
    Place("El Wardian", "الورديان", "Alexandria", 29.8730, 31.1610, 0.9, 350, 120, 55, 1.15),
    Place("El Dekheila", "الدخيلة", "Alexandria", 29.8190, 31.1230, 0.8, 400, 150, 55, 1.05),
    Place("El Agami", "العجمي", "Alexandria", 29.7800, 31.0900, 1.2, 600, 250, 55, 1.05),
    Place("El Amreya", "العامرية", "Alexandria", 29.8000, 31.0080, 1.0, 500, 300, 55, 0.95),
    Place("Borg El Arab", "برج العرب", "Alexandria", 29.5760, 30.8860, 0.6, 700, 500, 60, 0.85),
]

_DELTA = [
    Place("Tanta", "طنطا", "Gharbia", 31.0010, 30.7880, 2.6, 700, 500, 0, 1.15),
    Place(
        "El Mahalla El Kubra", "المحلة الكبرى", "Gharbia", 31.1660, 30.9700, 2.4, 700, 500, 30, 1.15
    ),
    Place("Kafr El Zayat", "كفر الزيات", "Gharbia", 30.8190, 30.8240, 0.6, 300, 250, 0, 1.00),
    Place("Zifta", "زفتى", "Gharbia", 31.2400, 30.7140, 0.5, 250, 200, 0, 1.00),
    Place("Samannoud", "سمنود", "Gharbia", 31.2400, 30.9610, 0.4, 250, 150, 0, 1.00),
    Place("El Mansoura", "المنصورة", "Dakahlia", 31.3800, 31.0370, 2.6, 650, 250, 90, 1.15),
    Place("Talkha", "طلخا", "Dakahlia", 31.3770, 31.0550, 0.8, 300, 150, 90, 1.05),
    Place("Mit Ghamr", "ميت غمر", "Dakahlia", 31.2640, 30.7160, 0.9, 350, 200, 0, 1.05),
    Place("El Sinbillawin", "السنبلاوين", "Dakahlia", 31.4600, 30.8840, 0.6, 350, 250, 0, 1.00),
    Place("Belqas", "بلقاس", "Dakahlia", 31.3570, 31.2150, 0.6, 350, 250, 0, 1.00),
    Place("Zagazig", "الزقازيق", "Sharqia", 31.5040, 30.5870, 2.2, 650, 450, 20, 1.15),
    Place(
        "10th of Ramadan", "العاشر من رمضان", "Sharqia", 31.7430, 30.2960, 1.6, 1200, 800, 60, 0.85
    ),
    Place("Bilbeis", "بلبيس", "Sharqia", 31.5620, 30.4200, 0.8, 400, 300, 0, 1.00),
    Place("Minya El Qamh", "منيا القمح", "Sharqia", 31.3500, 30.5150, 0.6, 350, 250, 0, 1.00),
    Place("Abu Kabir", "أبو كبير", "Sharqia", 31.6710, 30.7250, 0.6, 350, 250, 0, 1.00),
    Place("Faqous", "فاقوس", "Sharqia", 31.7960, 30.7290, 0.6, 350, 250, 0, 1.00),
    Place("Damanhour", "دمنهور", "Beheira", 30.4690, 31.0370, 1.6, 600, 400, 0, 1.10),
    Place("Kafr El Dawwar", "كفر الدوار", "Beheira", 30.1290, 31.1330, 1.2, 500, 300, 120, 1.05),
    Place("Itay El Barud", "إيتاي البارود", "Beheira", 30.6660, 30.8830, 0.5, 300, 250, 0, 1.00),
    Place("Rashid", "رشيد", "Beheira", 30.4130, 31.4010, 0.4, 300, 120, 0, 1.00),
    Place(
        "Kafr El Sheikh", "كفر الشيخ", "Kafr El Sheikh", 30.9400, 31.1110, 1.3, 500, 400, 0, 1.05
    ),
    Place("Desouk", "دسوق", "Kafr El Sheikh", 30.6510, 31.1300, 0.7, 300, 200, 0, 1.00),
    Place("Shibin El Kom", "شبين الكوم", "Menoufia", 31.0120, 30.5570, 1.3, 500, 350, 0, 1.10),
    Place("Menouf", "منوف", "Menoufia", 30.9330, 30.4650, 0.7, 350, 250, 0, 1.00),
    Place("Ashmoun", "أشمون", "Menoufia", 30.9760, 30.2970, 0.7, 350, 250, 0, 1.00),
    Place("Quesna", "قويسنا", "Menoufia", 31.1500, 30.5650, 0.6, 350, 250, 0, 1.00),
    Place("Sadat City", "مدينة السادات", "Menoufia", 30.5220, 30.3730, 0.6, 800, 600, 0, 0.85),
    Place("Banha", "بنها", "Qalyubia", 31.1870, 30.4620, 1.2, 450, 300, 0, 1.10),
    Place("Toukh", "طوخ", "Qalyubia", 31.2010, 30.3540, 0.6, 300, 250, 0, 1.00),
    Place("Damietta", "دمياط", "Damietta", 31.8160, 31.4150, 1.0, 400, 250, 30, 1.10),
    Place("New Damietta", "دمياط الجديدة", "Damietta", 31.6800, 31.4320, 0.5, 600, 250, 90, 0.90),
]

PLACES = [*_MARKETS, *_CAIRO, *_ALEXANDRIA, *_DELTA]
