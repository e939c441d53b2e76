"""What matching stands on: makes, shops, known stock, past deliveries, models and weights."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE make (
    brand_id integer CONSTRAINT make_pkey PRIMARY KEY
        CONSTRAINT make_brand_id_positive_check CHECK (brand_id > 0),
    name_en text NOT NULL CONSTRAINT make_name_en_key UNIQUE,
    name_ar text NOT NULL
);

CREATE TABLE make_alias (
    alias_key text CONSTRAINT make_alias_pkey PRIMARY KEY
        CONSTRAINT make_alias_alias_key_filled_check CHECK (alias_key <> ''),
    alias text NOT NULL,
    brand_id integer NOT NULL
        CONSTRAINT make_alias_brand_id_fkey REFERENCES make (brand_id)
);
CREATE INDEX make_alias_brand_id_idx ON make_alias (brand_id);

CREATE TABLE shop (
    shop_id uuid CONSTRAINT shop_pkey PRIMARY KEY,
    name text NOT NULL CONSTRAINT shop_name_filled_check CHECK (btrim(name) <> ''),
    name_ar text,
    phone text,
    address text,
    status text NOT NULL DEFAULT 'pending_verification'
        CONSTRAINT shop_status_known_check
        CHECK (status IN ('pending_verification', 'active', 'suspended', 'inactive')),
    location geometry(Point, 4326) NOT NULL
        CONSTRAINT shop_location_on_earth_check
        CHECK (NOT ST_IsEmpty(location) AND ST_X(location) BETWEEN -180 AND 180
               AND ST_Y(location) BETWEEN -90 AND 90),
    service_zone geometry(MultiPolygon, 4326)
        CONSTRAINT shop_service_zone_on_earth_check
        CHECK (service_zone IS NULL OR (ST_IsValid(service_zone) AND NOT ST_IsEmpty(service_zone)
               AND service_zone @ ST_MakeEnvelope(-180, -90, 180, 90, 4326))),
    brand_ids integer[] NOT NULL
        CONSTRAINT shop_brand_ids_filled_check
        CHECK (cardinality(brand_ids) > 0 AND array_position(brand_ids, NULL) IS NULL),
    regular_hours integer[] NOT NULL
        CONSTRAINT shop_regular_hours_rise_check
        CHECK (regular_hours = uniq(sort(regular_hours)) AND cardinality(regular_hours) % 2 = 0
               AND regular_hours[1] >= 0 AND regular_hours[cardinality(regular_hours)] <= 10080),
    ramadan_hours integer[]
        CONSTRAINT shop_ramadan_hours_rise_check
        CHECK (ramadan_hours = uniq(sort(ramadan_hours)) AND cardinality(ramadan_hours) % 2 = 0
               AND ramadan_hours[1] >= 0 AND ramadan_hours[cardinality(ramadan_hours)] <= 10080),
    holiday_hours integer[] NOT NULL DEFAULT '{}'
        CONSTRAINT shop_holiday_hours_rise_check
        CHECK (holiday_hours = uniq(sort(holiday_hours)) AND cardinality(holiday_hours) % 2 = 0
               AND holiday_hours[1] >= 0 AND holiday_hours[cardinality(holiday_hours)] <= 1440),
    closed_on date[] NOT NULL DEFAULT '{}',
    rating_mean real,
    rating_count integer NOT NULL DEFAULT 0,
    requests_received integer NOT NULL DEFAULT 0,
    requests_answered integer NOT NULL DEFAULT 0,
    answer_minutes_mean real,
    deliveries_count integer NOT NULL DEFAULT 0,
    deliveries_on_time integer NOT NULL DEFAULT 0,
    preparation_minutes_mean real,
    preparation_count integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT shop_rating_in_range_check
        CHECK ((rating_mean IS NULL) = (rating_count = 0) AND rating_count >= 0
               AND rating_mean BETWEEN 1 AND 5),
    CONSTRAINT shop_requests_counted_check
        CHECK (requests_answered BETWEEN 0 AND requests_received),
    CONSTRAINT shop_answer_minutes_in_range_check
        CHECK ((answer_minutes_mean IS NULL) = (requests_answered = 0)
               AND answer_minutes_mean BETWEEN 0 AND 100000),
    CONSTRAINT shop_deliveries_counted_check
        CHECK (deliveries_on_time BETWEEN 0 AND deliveries_count),
    CONSTRAINT shop_preparation_in_range_check
        CHECK ((preparation_minutes_mean IS NULL) = (preparation_count = 0)
               AND preparation_count >= 0 AND preparation_minutes_mean BETWEEN 0 AND 100000)
);
-- One index answers "carries the brand" and "in order of distance" together: a rare brand among a
-- million shops is found as fast as a common one. Its 128-bit signatures are exact for brand ids
-- below 128 and only cost a recheck above.
CREATE INDEX shop_location_brand_ids_idx ON shop
    USING gist (location, brand_ids gist__intbig_ops (siglen = 16)) WHERE status = 'active';

CREATE TABLE stock_listing (
    shop_id uuid NOT NULL
        CONSTRAINT stock_listing_shop_id_fkey REFERENCES shop (shop_id) ON DELETE CASCADE,
    part_key text NOT NULL CONSTRAINT stock_listing_part_key_filled_check CHECK (part_key <> ''),
    part_number text NOT NULL,
    quantity integer NOT NULL
        CONSTRAINT stock_listing_quantity_not_negative_check CHECK (quantity >= 0),
    sales_per_day real NOT NULL DEFAULT 0
        CONSTRAINT stock_listing_sales_per_day_in_range_check
        CHECK (sales_per_day BETWEEN 0 AND 100000),
    counted_at timestamptz NOT NULL,
    CONSTRAINT stock_listing_pkey PRIMARY KEY (shop_id, part_key)
);
CREATE INDEX stock_listing_part_key_idx ON stock_listing (part_key) WHERE quantity > 0;

CREATE TABLE past_delivery (
    delivery_id uuid CONSTRAINT past_delivery_pkey PRIMARY KEY,
    shop_id uuid
        CONSTRAINT past_delivery_shop_id_fkey REFERENCES shop (shop_id) ON DELETE SET NULL,
    origin geometry(Point, 4326) NOT NULL
        CONSTRAINT past_delivery_origin_on_earth_check
        CHECK (NOT ST_IsEmpty(origin) AND ST_X(origin) BETWEEN -180 AND 180
               AND ST_Y(origin) BETWEEN -90 AND 90),
    destination geometry(Point, 4326) NOT NULL
        CONSTRAINT past_delivery_destination_on_earth_check
        CHECK (NOT ST_IsEmpty(destination) AND ST_X(destination) BETWEEN -180 AND 180
               AND ST_Y(destination) BETWEEN -90 AND 90),
    started_at timestamptz NOT NULL,
    preparation_seconds integer
        CONSTRAINT past_delivery_preparation_seconds_in_range_check
        CHECK (preparation_seconds BETWEEN 0 AND 6000000),
    duration_seconds integer NOT NULL
        CONSTRAINT past_delivery_duration_in_range_check
        CHECK (duration_seconds BETWEEN 1 AND 1000000)
);
CREATE INDEX past_delivery_shop_id_idx ON past_delivery (shop_id);
CREATE INDEX past_delivery_started_at_idx ON past_delivery (started_at);

CREATE TABLE model_version (
    name text NOT NULL,
    version text NOT NULL,
    parameters bytea NOT NULL,
    trained_rows integer NOT NULL
        CONSTRAINT model_version_trained_rows_not_negative_check CHECK (trained_rows >= 0),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT model_version_pkey PRIMARY KEY (name, version)
);

CREATE TABLE ranking_weight (
    version integer NOT NULL,
    term text NOT NULL,
    weight double precision NOT NULL
        CONSTRAINT ranking_weight_weight_in_range_check CHECK (weight BETWEEN 0 AND 1),
    CONSTRAINT ranking_weight_pkey PRIMARY KEY (version, term)
);
INSERT INTO ranking_weight (version, term, weight) VALUES
    (1, 'travel_time', 0.30),
    (1, 'preparation_time', 0.10),
    (1, 'open_now', 0.15),
    (1, 'in_stock', 0.15),
    (1, 'answer_rate', 0.08),
    (1, 'answer_time', 0.05),
    (1, 'on_time_rate', 0.07),
    (1, 'rating', 0.07),
    (1, 'new_shop', 0.03);
"""

# The role that serves reads these tables and writes none of them. On a server of one's own it may
# not be there, where one role does everything.
_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'clutch_app') THEN
        GRANT SELECT ON make, make_alias, shop, stock_listing, past_delivery, model_version,
            ranking_weight, alembic_version TO clutch_app;
    END IF;
END $$
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    op.execute("CREATE EXTENSION IF NOT EXISTS intarray")
    op.execute(_TABLES)
    op.execute(_GRANTS)


def downgrade() -> None:
    op.execute(
        "DROP TABLE ranking_weight, model_version, past_delivery, stock_listing, shop,"
        " make_alias, make"
    )
