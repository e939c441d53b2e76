CREATE TABLE vehicle (
    vehicle_id uuid NOT NULL,
    user_id uuid NOT NULL,
    brand_id integer NOT NULL,
    model text,
    year integer,
    vin text,
    plate text,
    name text,
    created_at timestamptz NOT NULL,
    CONSTRAINT vehicle_pkey PRIMARY KEY (vehicle_id),
    CONSTRAINT vehicle_year_in_range_check CHECK (year BETWEEN 1900 AND 2100),
    CONSTRAINT vehicle_user_id_fkey FOREIGN KEY(user_id) REFERENCES app_user (user_id) ON DELETE CASCADE,
    CONSTRAINT vehicle_brand_id_fkey FOREIGN KEY(brand_id) REFERENCES make (brand_id)
);
CREATE INDEX vehicle_user_id_idx ON vehicle (user_id);

CREATE TABLE parts_order (
    order_id uuid NOT NULL,
    number text NOT NULL,
    user_id uuid NOT NULL,
    status text DEFAULT 'draft' NOT NULL,
    priority text DEFAULT 'normal' NOT NULL,
    vehicle_id uuid,
    brand_id integer NOT NULL,
    vehicle_model text,
    vehicle_year integer,
    vin text,
    delivery_point geometry(Point, 4326) NOT NULL,
    delivery_address text,
    cell geometry(Point, 4326) NOT NULL,
    notes text,
    divided_from uuid,
    selected_quote_id uuid,
    payment_method text,
    payment_status text DEFAULT 'pending' NOT NULL,
    rounds integer DEFAULT '0' NOT NULL,
    cancelled_by text,
    cancel_reason text,
    submitted_at timestamptz,
    expires_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT parts_order_pkey PRIMARY KEY (order_id),
    CONSTRAINT parts_order_status_known_check
        CHECK (status IN ('draft', 'submitted', 'quoted', 'accepted', 'processing', 'shipped', 'delivered', 'cancelled')),
    CONSTRAINT parts_order_priority_known_check CHECK (priority IN ('normal', 'urgent')),
    CONSTRAINT parts_order_payment_method_known_check
        CHECK (payment_method IN ('cash_on_delivery', 'card', 'wallet')),
    CONSTRAINT parts_order_payment_status_known_check
        CHECK (payment_status IN ('pending', 'paid', 'failed', 'refunded')),
    CONSTRAINT parts_order_delivery_point_on_earth_check
        CHECK (NOT ST_IsEmpty(delivery_point) AND ST_X(delivery_point) BETWEEN -180 AND 180
            AND ST_Y(delivery_point) BETWEEN -90 AND 90),
    CONSTRAINT parts_order_cell_on_earth_check
        CHECK (NOT ST_IsEmpty(cell) AND ST_X(cell) BETWEEN -180 AND 180
            AND ST_Y(cell) BETWEEN -90 AND 90),
    CONSTRAINT parts_order_vehicle_year_in_range_check CHECK (vehicle_year BETWEEN 1900 AND 2100),
    CONSTRAINT parts_order_selected_when_accepted_check
        CHECK ((selected_quote_id IS NOT NULL) = (status IN ('accepted', 'processing', 'shipped', 'delivered')) OR status = 'cancelled'),
    CONSTRAINT parts_order_submitted_has_time_check
        CHECK ((status = 'draft') = (submitted_at IS NULL) OR status = 'cancelled'),
    CONSTRAINT parts_order_rounds_not_negative_check CHECK (rounds >= 0),
    CONSTRAINT parts_order_divided_from_another_check
        CHECK (divided_from IS DISTINCT FROM order_id),
    CONSTRAINT parts_order_divided_when_agreed_check
        CHECK (divided_from IS NULL OR status NOT IN ('draft', 'submitted', 'quoted')),
    CONSTRAINT parts_order_order_id_user_id_key UNIQUE (order_id, user_id),
    CONSTRAINT parts_order_number_key UNIQUE (number),
    CONSTRAINT parts_order_user_id_fkey FOREIGN KEY(user_id) REFERENCES app_user (user_id),
    CONSTRAINT parts_order_divided_from_fkey
        FOREIGN KEY(divided_from, user_id) REFERENCES parts_order (order_id, user_id),
    CONSTRAINT parts_order_vehicle_id_fkey FOREIGN KEY(vehicle_id) REFERENCES vehicle (vehicle_id) ON DELETE SET NULL,
    CONSTRAINT parts_order_brand_id_fkey FOREIGN KEY(brand_id) REFERENCES make (brand_id)
);
CREATE INDEX parts_order_divided_from_idx ON parts_order (divided_from) WHERE divided_from IS NOT NULL;
CREATE INDEX parts_order_status_idx ON parts_order (status, created_at);
CREATE INDEX parts_order_submitted_at_idx ON parts_order (submitted_at);
CREATE INDEX parts_order_user_idx ON parts_order (user_id, created_at DESC, order_id);
CREATE INDEX parts_order_vehicle_id_idx ON parts_order (vehicle_id);

CREATE TABLE order_invitation (
    order_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    user_id uuid NOT NULL,
    round integer NOT NULL,
    rank integer NOT NULL,
    score real NOT NULL,
    distance_band_km integer NOT NULL,
    promise_at timestamptz,
    invited_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    answered_at timestamptz,
    declined_at timestamptz,
    decline_reason text,
    counted boolean DEFAULT 'false' NOT NULL,
    answer_counted boolean DEFAULT 'false' NOT NULL,
    CONSTRAINT order_invitation_pkey PRIMARY KEY (order_id, shop_id),
    CONSTRAINT order_invitation_order_id_fkey FOREIGN KEY(order_id, user_id) REFERENCES parts_order (order_id, user_id) ON DELETE CASCADE,
    CONSTRAINT order_invitation_round_positive_check CHECK (round > 0 AND rank > 0),
    CONSTRAINT order_invitation_shop_id_fkey FOREIGN KEY(shop_id) REFERENCES shop (shop_id) ON DELETE CASCADE
);
CREATE INDEX order_invitation_shop_idx ON order_invitation (shop_id, invited_at DESC, order_id);
CREATE INDEX order_invitation_uncounted_idx ON order_invitation (shop_id) WHERE NOT counted OR (answered_at IS NOT NULL AND NOT answer_counted);

CREATE TABLE order_part (
    order_id uuid NOT NULL,
    line integer NOT NULL,
    part_number text,
    part_key text,
    name text,
    description text,
    quantity integer NOT NULL,
    condition text,
    photo_ids uuid[] DEFAULT '{}' NOT NULL,
    CONSTRAINT order_part_pkey PRIMARY KEY (order_id, line),
    CONSTRAINT order_part_line_in_range_check CHECK (line BETWEEN 1 AND 50),
    CONSTRAINT order_part_quantity_in_range_check CHECK (quantity BETWEEN 1 AND 1000),
    CONSTRAINT order_part_condition_known_check
        CHECK (condition IN ('oem', 'aftermarket', 'used')),
    CONSTRAINT order_part_named_check
        CHECK (part_number IS NOT NULL OR name IS NOT NULL OR description IS NOT NULL),
    CONSTRAINT order_part_part_key_of_number_check
        CHECK ((part_key IS NULL) = (part_number IS NULL)),
    CONSTRAINT order_part_order_id_fkey FOREIGN KEY(order_id) REFERENCES parts_order (order_id) ON DELETE CASCADE
);

CREATE TABLE order_transition (
    order_id uuid NOT NULL,
    step integer NOT NULL,
    from_status text,
    to_status text NOT NULL,
    party text NOT NULL,
    actor text NOT NULL,
    reason text,
    at timestamptz NOT NULL,
    CONSTRAINT order_transition_pkey PRIMARY KEY (order_id, step),
    CONSTRAINT order_transition_to_status_known_check
        CHECK (to_status IN ('draft', 'submitted', 'quoted', 'accepted', 'processing', 'shipped', 'delivered', 'cancelled')),
    CONSTRAINT order_transition_party_known_check
        CHECK (party IN ('customer', 'shop', 'courier', 'platform')),
    CONSTRAINT order_transition_order_id_fkey FOREIGN KEY(order_id) REFERENCES parts_order (order_id) ON DELETE CASCADE
);

CREATE TABLE rating (
    order_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    user_id uuid NOT NULL,
    stars integer NOT NULL,
    comment text,
    created_at timestamptz NOT NULL,
    counted boolean DEFAULT 'false' NOT NULL,
    CONSTRAINT rating_pkey PRIMARY KEY (order_id),
    CONSTRAINT rating_order_fkey FOREIGN KEY(order_id, user_id) REFERENCES parts_order (order_id, user_id),
    CONSTRAINT rating_stars_in_range_check CHECK (stars BETWEEN 1 AND 5),
    CONSTRAINT rating_shop_id_fkey FOREIGN KEY(shop_id) REFERENCES shop (shop_id)
);
CREATE INDEX rating_shop_id_idx ON rating (shop_id);
CREATE INDEX rating_uncounted_idx ON rating (shop_id) WHERE NOT counted;

CREATE TABLE quote (
    quote_id uuid NOT NULL,
    order_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    user_id uuid NOT NULL,
    status text DEFAULT 'submitted' NOT NULL,
    revision integer DEFAULT '1' NOT NULL,
    parts_piastres bigint NOT NULL,
    delivery_fee_piastres bigint NOT NULL,
    waived_fee_piastres bigint DEFAULT '0' NOT NULL,
    free_delivery_from_piastres bigint,
    total_piastres bigint NOT NULL,
    preparation_minutes integer,
    promise_at timestamptz,
    note text,
    outcome_reason text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    decided_at timestamptz,
    CONSTRAINT quote_pkey PRIMARY KEY (quote_id),
    CONSTRAINT quote_invitation_fkey FOREIGN KEY(order_id, shop_id) REFERENCES order_invitation (order_id, shop_id),
    CONSTRAINT quote_order_fkey FOREIGN KEY(order_id, user_id) REFERENCES parts_order (order_id, user_id),
    CONSTRAINT quote_status_known_check
        CHECK (status IN ('submitted', 'accepted', 'lapsed', 'withdrawn', 'expired')),
    CONSTRAINT quote_total_adds_up_check
        CHECK (parts_piastres >= 0 AND delivery_fee_piastres >= 0
            AND total_piastres = parts_piastres + delivery_fee_piastres
            AND total_piastres <= 100000000000),
    CONSTRAINT quote_fee_waived_from_threshold_check
        CHECK (CASE WHEN parts_piastres >= free_delivery_from_piastres
            THEN delivery_fee_piastres = 0 AND waived_fee_piastres >= 0
            ELSE waived_fee_piastres = 0 END),
    CONSTRAINT quote_revision_positive_check CHECK (revision > 0),
    CONSTRAINT quote_valid_after_update_check CHECK (valid_until > updated_at),
    CONSTRAINT quote_decided_has_time_check CHECK ((status = 'submitted') = (decided_at IS NULL)),
    CONSTRAINT quote_shop_id_fkey FOREIGN KEY(shop_id) REFERENCES shop (shop_id)
);
CREATE UNIQUE INDEX quote_accepted_key ON quote (order_id) WHERE status = 'accepted';
CREATE UNIQUE INDEX quote_live_key ON quote (order_id, shop_id) WHERE status IN ('submitted', 'accepted');
CREATE INDEX quote_order_id_idx ON quote (order_id);
CREATE INDEX quote_shop_idx ON quote (shop_id, created_at DESC, quote_id);
CREATE INDEX quote_valid_until_idx ON quote (valid_until) WHERE status = 'submitted';

CREATE TABLE quote_line (
    quote_id uuid NOT NULL,
    line integer NOT NULL,
    shop_id uuid NOT NULL,
    user_id uuid NOT NULL,
    availability text NOT NULL,
    quantity integer NOT NULL,
    unit_price_piastres bigint,
    brand text,
    part_number text,
    condition text,
    warranty_months integer,
    available_in_hours integer,
    CONSTRAINT quote_line_pkey PRIMARY KEY (quote_id, line),
    CONSTRAINT quote_line_availability_known_check
        CHECK (availability IN ('in_stock', 'to_order', 'missing')),
    CONSTRAINT quote_line_priced_unless_missing_check
        CHECK ((availability = 'missing') = (unit_price_piastres IS NULL)
            AND (availability = 'missing') = (quantity = 0) AND quantity BETWEEN 0 AND 1000
            AND unit_price_piastres BETWEEN 0 AND 10000000000),
    CONSTRAINT quote_line_condition_known_check
        CHECK (condition IN ('oem', 'aftermarket', 'used')),
    CONSTRAINT quote_line_warranty_in_range_check CHECK (warranty_months BETWEEN 0 AND 120),
    CONSTRAINT quote_line_quote_id_fkey FOREIGN KEY(quote_id) REFERENCES quote (quote_id) ON DELETE CASCADE
);

ALTER TABLE order_invitation ENABLE ROW LEVEL SECURITY;
ALTER TABLE order_invitation FORCE ROW LEVEL SECURITY;
CREATE POLICY order_invitation_tenant ON order_invitation USING (
    (SELECT clutch_is_platform())
    OR shop_id = (SELECT clutch_shop_id())
    OR user_id = (SELECT clutch_user_id())
);

ALTER TABLE quote ENABLE ROW LEVEL SECURITY;
ALTER TABLE quote FORCE ROW LEVEL SECURITY;
CREATE POLICY quote_tenant ON quote USING (
    (SELECT clutch_is_platform())
    OR shop_id = (SELECT clutch_shop_id())
    OR user_id = (SELECT clutch_user_id())
);

ALTER TABLE quote_line ENABLE ROW LEVEL SECURITY;
ALTER TABLE quote_line FORCE ROW LEVEL SECURITY;
CREATE POLICY quote_line_tenant ON quote_line USING (
    (SELECT clutch_is_platform())
    OR shop_id = (SELECT clutch_shop_id())
    OR user_id = (SELECT clutch_user_id())
);

ALTER TABLE rating ENABLE ROW LEVEL SECURITY;
ALTER TABLE rating FORCE ROW LEVEL SECURITY;
CREATE POLICY rating_tenant ON rating USING (
    (SELECT clutch_is_platform())
    OR shop_id = (SELECT clutch_shop_id())
    OR user_id = (SELECT clutch_user_id())
);

-- The role that serves owns nothing; on a server of one's own it may not be there.
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'clutch_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON order_invitation, order_part, order_transition,
            parts_order, quote, quote_line, rating, vehicle TO clutch_app;
    END IF;
END $$;
