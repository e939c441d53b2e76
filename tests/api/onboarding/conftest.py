"""Applicants, owners and administrators of a served market of their own."""

import io
import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from PIL import Image
from pydantic import SecretStr

from clutch.settings import Settings

KEY = "a key for the tests"
TOKEN_KEY = "a key that tokens are signed with in tests"
CAIRO = {"type": "Point", "coordinates": [31.2357, 30.0444]}
WEEK = {"saturday": [["09:00", "14:00"], ["16:00", "22:00"]], "thursday": [["18:00", "02:00"]]}
_tax_numbers = itertools.count(100_000_001)


def picture(format: str = "JPEG", size: tuple[int, int] = (40, 20), **options: Any) -> bytes:
    """A picture whose left half is red."""
    image = Image.new("RGB", size, "white")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    written = io.BytesIO()
    image.save(written, format, **options)
    return written.getvalue()


@dataclass(frozen=True)
class Caller:
    """A person, and their way to the API."""

    person: Any
    http: httpx.Client

    def upload(
        self,
        content: bytes | None = None,
        *,
        purpose: str = "shop_document",
        name: str = "card.jpg",
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        return self.http.post(
            "/api/v1/files",
            files={"file": (name, picture() if content is None else content)},
            data={"purpose": purpose},
            headers=headers,
        )

    def start(self) -> str:
        answer = self.http.post("/api/v1/shop-onboarding/start")
        assert answer.status_code == 201
        identifier: str = answer.json()["onboarding_id"]
        return identifier

    def save(self, onboarding_id: str, step: str | int, data: Any) -> httpx.Response:
        return self.http.put(f"/api/v1/shop-onboarding/{onboarding_id}/step/{step}", json=data)

    def show(self, onboarding_id: str) -> Any:
        return self.http.get(f"/api/v1/shop-onboarding/{onboarding_id}").json()

    def complete(self, onboarding_id: str) -> httpx.Response:
        return self.http.post(f"/api/v1/shop-onboarding/{onboarding_id}/complete")

    def good_steps(self) -> dict[str, Any]:
        file_id = self.upload().json()["file_id"]
        return {
            "business_info": {
                "name": "El Nour",
                "name_ar": "النور",
                "legal_name": "El Nour LLC",
                "tax_number": str(next(_tax_numbers)),
                "commercial_register": "123456",
                "phone": "٠١٠ ١٢٣٤ ٥٦٧٨",
                "contact_email": "Sales@ElNour.example",
            },
            "location_info": {
                "location": CAIRO,
                "address": "12 Tawfiqia Street",
                "governorate": "القاهرة",
                "opening_hours": WEEK,
            },
            "vehicle_brands": {"supported_brands": ["toyota", "فولكس فاجن"]},
            "inventory_setup": {
                "kept_in": "manual",
                "parts_count": 900,
                "answers_from_stock": False,
            },
            "pricing_strategy": {
                "delivery_fee_piastres": 5_000,
                "markup_percent": 12.5,
                "warranty_days": 14,
            },
            "verification": {
                "commercial_register_file_id": file_id,
                "tax_card_file_id": file_id,
                "owner_id_file_id": file_id,
            },
        }

    def apply(self, **changes: dict[str, Any]) -> str:
        """Save every step, each with `changes`."""
        onboarding_id = self.start()
        for step, data in self.good_steps().items():
            saved = self.save(onboarding_id, step, {**data, **changes.get(step, {})})
            assert saved.status_code == 200, saved.text
        return onboarding_id

    def complete_application(self, **changes: dict[str, Any]) -> Any:
        """Apply and complete; return the application."""
        completed = self.complete(self.apply(**changes))
        assert completed.status_code == 200, completed.text
        return completed.json()


@dataclass(frozen=True)
class Market:
    """A served market, and whoever calls it."""

    town: Any
    address: str
    callers: ExitStack = field(default_factory=ExitStack)

    def caller(self, **who: Any) -> Caller:
        person = self.town.person(**who)
        return Caller(person, self.client(**person.headers))

    def client(self, **headers: str) -> httpx.Client:
        return self.callers.enter_context(
            httpx.Client(base_url=self.address, headers=headers, trust_env=False, timeout=30)
        )

    def owner(self, shop_id: Any) -> Caller:
        return self.caller(role="shop_owner", shop_id=shop_id, name="Owner")

    def review_of(self, shop_id: str) -> str:
        """Return the review of a shop that waits."""
        ((review_id,),) = self.town.rows(
            "SELECT review_id FROM shop_review WHERE shop_id = :shop_id AND decision IS NULL",
            shop_id=shop_id,
        )
        return str(review_id)


@pytest.fixture(scope="session")
def place(databases: Any, serve: Any, town_in: Callable[..., Any]) -> Iterator[Market]:
    with databases.copied() as database:
        settings = Settings(
            database_url=database.url,
            service_key=SecretStr(KEY),
            token_key=SecretStr(TOKEN_KEY),
            rate_limits="off",
        )
        with serve(settings) as address:
            market = Market(town_in(database), address)
            with market.callers:
                yield market


@pytest.fixture
def applicant(place: Market) -> Caller:
    return place.caller(name="Mona")


@pytest.fixture
def admin(place: Market) -> Caller:
    return place.caller(role="admin")


@pytest.fixture
def draw() -> Callable[..., bytes]:
    """Draw a picture: `draw("PNG", (40, 20), exif=...)`."""
    return picture
