"""What people call the part of town that a cell lies in. Pure.

Centres of districts and towns are good to a few hundred metres; a name is taken from the centre of
a cell, never from a point inside it.
"""

import math
from typing import NamedTuple

__all__ = ["AREAS", "Area", "area_of"]

_FARTHEST_KM = 15.0
_KM_PER_DEGREE = 111.2


class Area(NamedTuple):
    """A district or a town by the centre of it, in degrees."""

    name: str
    name_ar: str
    lon: float
    lat: float


def area_of(lon: float, lat: float) -> Area | None:
    """Return the area whose centre is nearest to the centre of a cell; None: none within 15 km.

    Examples
    --------
    >>> area_of(31.235982, 30.040096).name, area_of(0.0, 0.0)
    ('Garden City', None)
    """
    nearest = min(AREAS, key=lambda area: _apart_km(area, lon, lat))
    return nearest if _apart_km(nearest, lon, lat) <= _FARTHEST_KM else None


def _apart_km(area: Area, lon: float, lat: float) -> float:
    # Of neighbours: where a degree of longitude differs much, the other is far away anyway.
    return _KM_PER_DEGREE * math.hypot(
        (area.lon - lon) * math.cos(math.radians(lat)), area.lat - lat
    )


AREAS = (
    Area("10th of Ramadan", "العاشر من رمضان", 31.743, 30.296),
    Area("15th of May City", "مدينة 15 مايو", 31.380, 29.833),
    Area("6th of October", "السادس من أكتوبر", 30.939, 29.972),
    Area("El Abbassia", "العباسية", 31.280, 30.066),
    Area("Abdeen", "عابدين", 31.248, 30.041),
    Area("Abu Kabir", "أبو كبير", 31.671, 30.725),
    Area("Abu Qir", "أبو قير", 30.060, 31.313),
    Area("El Agami", "العجمي", 29.780, 31.090),
    Area("Ain Shams", "عين شمس", 31.329, 30.129),
    Area("Ain Sokhna", "العين السخنة", 32.330, 29.600),
    Area("El Amreya", "العامرية", 29.800, 31.008),
    Area("El Arish", "العريش", 33.803, 31.132),
    Area("El Asafra", "العصافرة", 30.008, 31.266),
    Area("Ashmoun", "أشمون", 30.976, 30.297),
    Area("Aswan", "أسوان", 32.899, 24.089),
    Area("Asyut", "أسيوط", 31.184, 27.181),
    Area("El Attarin", "العطارين", 29.904, 31.197),
    Area("Ausim", "أوسيم", 31.137, 30.123),
    Area("El Awayed", "العوايد", 30.008, 31.226),
    Area("Bab Sharq", "باب شرق", 29.920, 31.203),
    Area("Badr City", "مدينة بدر", 31.742, 30.136),
    Area("El Badrashein", "البدرشين", 31.268, 29.853),
    Area("Banha", "بنها", 31.187, 30.462),
    Area("Belqas", "بلقاس", 31.357, 31.215),
    Area("Beni Suef", "بني سويف", 31.097, 29.074),
    Area("Bilbeis", "بلبيس", 31.562, 30.420),
    Area("Borg El Arab", "برج العرب", 29.576, 30.886),
    Area("Boulaq", "بولاق", 31.235, 30.059),
    Area("Bulaq El Dakrour", "بولاق الدكرور", 31.183, 30.037),
    Area("Damanhour", "دمنهور", 30.469, 31.037),
    Area("Damietta", "دمياط", 31.816, 31.415),
    Area("Dar El Salam", "دار السلام", 31.243, 29.985),
    Area("El Dekheila", "الدخيلة", 29.819, 31.123),
    Area("Desouk", "دسوق", 30.651, 31.130),
    Area("El Dokki", "الدقي", 31.209, 30.038),
    Area("Downtown", "وسط البلد", 31.242, 30.048),
    Area("Faisal", "فيصل", 31.181, 30.011),
    Area("Faqous", "فاقوس", 31.796, 30.729),
    Area("Fayoum", "الفيوم", 30.842, 29.308),
    Area("Fifth Settlement", "التجمع الخامس", 31.439, 30.008),
    Area("First Settlement", "التجمع الأول", 31.447, 30.057),
    Area("Fleming", "فلمنج", 29.968, 31.234),
    Area("Garden City", "جاردن سيتي", 31.231, 30.036),
    Area("Ghamra", "غمرة", 31.265, 30.070),
    Area("Giza", "الجيزة", 31.209, 30.013),
    Area("Hadayek El Ahram", "حدائق الأهرام", 31.100, 29.975),
    Area("Hadayek El Qobba", "حدائق القبة", 31.285, 30.087),
    Area("El Hammam", "الحمام", 29.390, 30.838),
    Area("El Harafiyeen", "الحرفيين", 31.418, 30.148),
    Area("Haram", "الهرم", 31.168, 29.996),
    Area("El Hawamdeya", "الحوامدية", 31.256, 29.899),
    Area("Heliopolis", "مصر الجديدة", 31.326, 30.090),
    Area("Helwan", "حلوان", 31.334, 29.849),
    Area("Hurghada", "الغردقة", 33.812, 27.257),
    Area("El Ibrahimiya", "الإبراهيمية", 29.930, 31.211),
    Area("Imbaba", "إمبابة", 31.207, 30.079),
    Area("Ismailia", "الإسماعيلية", 32.272, 30.604),
    Area("Itay El Barud", "إيتاي البارود", 30.666, 30.883),
    Area("Kafr El Dawwar", "كفر الدوار", 30.129, 31.133),
    Area("Kafr El Sheikh", "كفر الشيخ", 30.940, 31.111),
    Area("Kafr El Zayat", "كفر الزيات", 30.819, 30.824),
    Area("Karmouz", "كرموز", 29.897, 31.180),
    Area("Kerdasa", "كرداسة", 31.111, 30.033),
    Area("El Khanka", "الخانكة", 31.366, 30.211),
    Area("Kharga", "الخارجة", 30.550, 25.439),
    Area("El Khosous", "الخصوص", 31.313, 30.160),
    Area("Luxor", "الأقصر", 32.640, 25.687),
    Area("El Maadi", "المعادي", 31.262, 29.961),
    Area("Madinaty", "مدينتي", 31.637, 30.103),
    Area("El Mahalla El Kubra", "المحلة الكبرى", 31.166, 30.970),
    Area("El Mandara", "المندرة", 30.017, 31.275),
    Area("Manial", "المنيل", 31.226, 30.017),
    Area("Mansheya", "المنشية", 29.897, 31.196),
    Area("El Mansoura", "المنصورة", 31.380, 31.037),
    Area("El Marg", "المرج", 31.338, 30.154),
    Area("Marsa Matrouh", "مرسى مطروح", 27.237, 31.354),
    Area("El Matareya", "المطرية", 31.314, 30.122),
    Area("Menouf", "منوف", 30.933, 30.465),
    Area("Minya", "المنيا", 30.750, 28.110),
    Area("Minya El Qamh", "منيا القمح", 31.350, 30.515),
    Area("Mit Ghamr", "ميت غمر", 31.264, 30.716),
    Area("El Mohandessin", "المهندسين", 31.200, 30.056),
    Area("Moharram Bek", "محرم بك", 29.912, 31.184),
    Area("El Mokattam", "المقطم", 31.302, 30.011),
    Area("El Moneeb", "المنيب", 31.212, 29.983),
    Area("Mostorod", "مسطرد", 31.286, 30.142),
    Area("Nasr City", "مدينة نصر", 31.340, 30.056),
    Area("Nasr City East", "شرق مدينة نصر", 31.366, 30.043),
    Area("New Administrative Capital", "العاصمة الإدارية الجديدة", 31.730, 30.013),
    Area("New Alamein", "العلمين الجديدة", 28.940, 30.850),
    Area("New Cairo", "القاهرة الجديدة", 31.470, 30.030),
    Area("New Damietta", "دمياط الجديدة", 31.680, 31.432),
    Area("New Maadi", "المعادي الجديدة", 31.285, 29.970),
    Area("El Nozha", "النزهة", 31.348, 30.115),
    Area("El Obour", "العبور", 31.474, 30.227),
    Area("October Industrial Zone", "المنطقة الصناعية أكتوبر", 30.909, 29.933),
    Area("Old Cairo", "مصر القديمة", 31.236, 30.006),
    Area("El Omraneya", "العمرانية", 31.196, 30.004),
    Area("Port Said", "بورسعيد", 32.300, 31.260),
    Area("Qalyub", "قليوب", 31.206, 30.180),
    Area("Qena", "قنا", 32.716, 26.164),
    Area("Quesna", "قويسنا", 31.150, 30.565),
    Area("Ras Sidr", "رأس سدر", 32.715, 29.593),
    Area("Rashid", "رشيد", 30.413, 31.401),
    Area("El Rehab", "الرحاب", 31.493, 30.061),
    Area("Rod El Farag", "روض الفرج", 31.238, 30.085),
    Area("El Sabtia", "السبتية", 31.238, 30.064),
    Area("Sadat City", "مدينة السادات", 30.522, 30.373),
    Area("El Salam City", "مدينة السلام", 31.414, 30.166),
    Area("Samannoud", "سمنود", 31.240, 30.961),
    Area("Sayeda Zeinab", "السيدة زينب", 31.241, 30.030),
    Area("El Sharabiya", "الشرابية", 31.262, 30.079),
    Area("Sharm El Sheikh", "شرم الشيخ", 34.330, 27.915),
    Area("Sheikh Zayed", "الشيخ زايد", 30.983, 30.042),
    Area("Shibin El Kom", "شبين الكوم", 31.012, 30.557),
    Area("El Shorouk", "الشروق", 31.610, 30.134),
    Area("Shubra", "شبرا", 31.245, 30.080),
    Area("Shubra El Kheima", "شبرا الخيمة", 31.248, 30.124),
    Area("Sidi Bishr", "سيدي بشر", 29.990, 31.253),
    Area("Sidi Gaber", "سيدي جابر", 29.945, 31.221),
    Area("El Sinbillawin", "السنبلاوين", 31.460, 30.884),
    Area("Smouha", "سموحة", 29.948, 31.212),
    Area("Sohag", "سوهاج", 31.695, 26.557),
    Area("Suez", "السويس", 32.550, 29.970),
    Area("Talkha", "طلخا", 31.377, 31.055),
    Area("Tanta", "طنطا", 31.001, 30.788),
    Area("El Tawfikia", "التوفيقية", 31.241, 30.053),
    Area("El Tor", "الطور", 33.612, 28.241),
    Area("Tora", "طرة", 31.280, 29.933),
    Area("Toukh", "طوخ", 31.201, 30.354),
    Area("Victoria", "فيكتوريا", 29.980, 31.246),
    Area("El Wardian", "الورديان", 29.873, 31.161),
    Area("El Warraq", "الوراق", 31.208, 30.102),
    Area("Zagazig", "الزقازيق", 31.504, 30.587),
    Area("Zamalek", "الزمالك", 31.222, 30.061),
    Area("El Zawya El Hamra", "الزاوية الحمراء", 31.268, 30.099),
    Area("El Zeitoun", "الزيتون", 31.306, 30.105),
    Area("Zifta", "زفتى", 31.240, 30.714),
)
