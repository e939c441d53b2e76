CREATE TABLE delivery (
    delivery_id uuid NOT NULL,
    order_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    user_id uuid NOT NULL,
    status text DEFAULT 'preparing' NOT NULL,
    courier_name text,
    courier_phone text,
    promise_at timestamptz,
    accepted_at timestamptz NOT NULL,
    picked_up_at timestamptz,
    delivered_at timestamptz,
    late_alerted_at timestamptz,
    received_by text,
    proof_file_id uuid,
    failure text,
    counted boolean DEFAULT 'false' NOT NULL,
    observed boolean DEFAULT 'false' NOT NULL,
    CONSTRAINT delivery_pkey PRIMARY KEY (delivery_id),
    CONSTRAINT delivery_order_fkey FOREIGN KEY(order_id, user_id) REFERENCES parts_order (order_id, user_id),
    CONSTRAINT delivery_status_known_check
        CHECK (status IN ('preparing', 'assigned', 'picked_up', 'delivered', 'failed', 'cancelled')),
    CONSTRAINT delivery_delivered_time_check
        CHECK ((status = 'delivered') = (delivered_at IS NOT NULL)),
    CONSTRAINT delivery_times_in_order_check
        CHECK (picked_up_at >= accepted_at AND delivered_at >= picked_up_at),
    CONSTRAINT delivery_order_id_key UNIQUE (order_id),
    CONSTRAINT delivery_shop_id_fkey FOREIGN KEY(shop_id) REFERENCES shop (shop_id),
    CONSTRAINT delivery_proof_file_id_fkey FOREIGN KEY(proof_file_id) REFERENCES stored_file (file_id)
);
CREATE INDEX delivery_shop_id_idx ON delivery (shop_id);
CREATE INDEX delivery_uncounted_idx ON delivery (shop_id) WHERE status = 'delivered' AND NOT counted;
CREATE INDEX delivery_unobserved_idx ON delivery (delivery_id) WHERE status = 'delivered' AND NOT observed;

CREATE TABLE payment (
    payment_id uuid NOT NULL,
    order_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    user_id uuid NOT NULL,
    method text NOT NULL,
    provider text NOT NULL,
    status text DEFAULT 'pending' NOT NULL,
    amount_piastres bigint NOT NULL,
    captured_piastres bigint DEFAULT '0' NOT NULL,
    refunded_piastres bigint DEFAULT '0' NOT NULL,
    provider_reference text,
    redirect_url text,
    failure text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT payment_pkey PRIMARY KEY (payment_id),
    CONSTRAINT payment_order_fkey FOREIGN KEY(order_id, user_id) REFERENCES parts_order (order_id, user_id),
    CONSTRAINT payment_method_known_check
        CHECK (method IN ('cash_on_delivery', 'card', 'wallet')),
    CONSTRAINT payment_status_known_check
        CHECK (status IN ('pending', 'authorised', 'captured', 'failed', 'cancelled', 'refunded')),
    CONSTRAINT payment_amounts_in_order_check
        CHECK (amount_piastres > 0 AND captured_piastres BETWEEN 0 AND amount_piastres
            AND refunded_piastres BETWEEN 0 AND captured_piastres),
    CONSTRAINT payment_captured_amount_check
        CHECK ((status IN ('captured', 'refunded')) = (captured_piastres > 0)),
    CONSTRAINT payment_refunded_amount_check
        CHECK ((status = 'refunded') = (captured_piastres > 0
            AND refunded_piastres = captured_piastres)),
    CONSTRAINT payment_shop_id_fkey FOREIGN KEY(shop_id) REFERENCES shop (shop_id)
);
CREATE UNIQUE INDEX payment_live_key ON payment (order_id) WHERE status NOT IN ('failed', 'cancelled');
CREATE INDEX payment_order_id_idx ON payment (order_id);
CREATE UNIQUE INDEX payment_provider_reference_key ON payment (provider, provider_reference);
CREATE INDEX payment_shop_id_idx ON payment (shop_id);

CREATE TABLE delivery_position (
    delivery_id uuid NOT NULL,
    at timestamptz NOT NULL,
    shop_id uuid NOT NULL,
    user_id uuid NOT NULL,
    point geometry(Point, 4326) NOT NULL,
    CONSTRAINT delivery_position_pkey PRIMARY KEY (delivery_id, at),
    CONSTRAINT delivery_position_point_on_earth_check
        CHECK (NOT ST_IsEmpty(point) AND ST_X(point) BETWEEN -180 AND 180
            AND ST_Y(point) BETWEEN -90 AND 90),
    CONSTRAINT delivery_position_delivery_id_fkey FOREIGN KEY(delivery_id) REFERENCES delivery (delivery_id) ON DELETE CASCADE
);

CREATE TABLE payment_event (
    provider text NOT NULL,
    event_id text NOT NULL,
    payment_id uuid,
    type text NOT NULL,
    payload jsonb NOT NULL,
    applied boolean NOT NULL,
    note text,
    received_at timestamptz NOT NULL,
    CONSTRAINT payment_event_pkey PRIMARY KEY (provider, event_id),
    CONSTRAINT payment_event_payment_id_fkey FOREIGN KEY(payment_id) REFERENCES payment (payment_id)
);
CREATE INDEX payment_event_payment_id_idx ON payment_event (payment_id);

CREATE TABLE refund (
    refund_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    user_id uuid NOT NULL,
    amount_piastres bigint NOT NULL,
    reason text NOT NULL,
    status text DEFAULT 'pending' NOT NULL,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT refund_pkey PRIMARY KEY (refund_id),
    CONSTRAINT refund_amount_positive_check CHECK (amount_piastres > 0),
    CONSTRAINT refund_status_known_check CHECK (status IN ('pending', 'done', 'failed')),
    CONSTRAINT refund_payment_id_fkey FOREIGN KEY(payment_id) REFERENCES payment (payment_id)
);
CREATE INDEX refund_payment_id_idx ON refund (payment_id);

ALTER TABLE payment ENABLE ROW LEVEL SECURITY;
ALTER TABLE payment FORCE ROW LEVEL SECURITY;
CREATE POLICY payment_tenant ON payment USING (
    (SELECT clutch_is_platform())
    OR shop_id = (SELECT clutch_shop_id())
    OR user_id = (SELECT clutch_user_id())
);

ALTER TABLE refund ENABLE ROW LEVEL SECURITY;
ALTER TABLE refund FORCE ROW LEVEL SECURITY;
CREATE POLICY refund_tenant ON refund USING (
    (SELECT clutch_is_platform())
    OR shop_id = (SELECT clutch_shop_id())
    OR user_id = (SELECT clutch_user_id())
);

ALTER TABLE delivery ENABLE ROW LEVEL SECURITY;
ALTER TABLE delivery FORCE ROW LEVEL SECURITY;
CREATE POLICY delivery_tenant ON delivery USING (
    (SELECT clutch_is_platform())
    OR shop_id = (SELECT clutch_shop_id())
    OR user_id = (SELECT clutch_user_id())
);

ALTER TABLE delivery_position ENABLE ROW LEVEL SECURITY;
ALTER TABLE delivery_position FORCE ROW LEVEL SECURITY;
CREATE POLICY delivery_position_tenant ON delivery_position USING (
    (SELECT clutch_is_platform())
    OR shop_id = (SELECT clutch_shop_id())
    OR user_id = (SELECT clutch_user_id())
);

-- The role that serves owns nothing; on a server of one's own it may not be there.
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'clutch_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON delivery, delivery_position, payment,
            payment_event, refund TO clutch_app;
    END IF;
END $$;
