CREATE TABLE shop_onboarding (
    onboarding_id uuid NOT NULL,
    user_id uuid NOT NULL,
    shop_id uuid,
    status text DEFAULT 'in_progress' NOT NULL,
    business_info jsonb,
    location_info jsonb,
    vehicle_brands jsonb,
    inventory_setup jsonb,
    pricing_strategy jsonb,
    verification jsonb,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    approved_at timestamptz,
    CONSTRAINT shop_onboarding_pkey PRIMARY KEY (onboarding_id),
    CONSTRAINT shop_onboarding_status_known_check
        CHECK (status IN ('in_progress', 'completed', 'failed')),
    CONSTRAINT shop_onboarding_completed_has_shop_check
        CHECK (status <> 'completed' OR shop_id IS NOT NULL),
    CONSTRAINT shop_onboarding_user_id_fkey FOREIGN KEY(user_id) REFERENCES app_user (user_id) ON DELETE CASCADE,
    CONSTRAINT shop_onboarding_shop_id_key UNIQUE (shop_id),
    CONSTRAINT shop_onboarding_shop_id_fkey FOREIGN KEY(shop_id) REFERENCES shop (shop_id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX shop_onboarding_open_key ON shop_onboarding (user_id) WHERE approved_at IS NULL;
CREATE INDEX shop_onboarding_user_id_idx ON shop_onboarding (user_id);

CREATE TABLE shop_profile (
    shop_id uuid NOT NULL,
    legal_name text NOT NULL,
    tax_number text,
    commercial_register text,
    contact_email text,
    delivery_fee_piastres bigint DEFAULT '0' NOT NULL,
    free_delivery_from_piastres bigint,
    inventory_setup jsonb DEFAULT '{}' NOT NULL,
    pricing_strategy jsonb DEFAULT '{}' NOT NULL,
    suspended_at timestamptz,
    suspended_because text,
    CONSTRAINT shop_profile_pkey PRIMARY KEY (shop_id),
    CONSTRAINT shop_profile_delivery_fee_not_negative_check CHECK (delivery_fee_piastres >= 0),
    CONSTRAINT shop_profile_free_delivery_not_negative_check
        CHECK (free_delivery_from_piastres >= 0),
    CONSTRAINT shop_profile_suspension_reasoned_check
        CHECK ((suspended_at IS NULL) = (suspended_because IS NULL)),
    CONSTRAINT shop_profile_shop_id_fkey FOREIGN KEY(shop_id) REFERENCES shop (shop_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX shop_profile_tax_number_key ON shop_profile (tax_number);

CREATE TABLE shop_review (
    review_id uuid NOT NULL,
    onboarding_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    requested_at timestamptz NOT NULL,
    decision text,
    reasons text[] DEFAULT '{}' NOT NULL,
    decided_by uuid,
    decided_at timestamptz,
    CONSTRAINT shop_review_pkey PRIMARY KEY (review_id),
    CONSTRAINT shop_review_decision_known_check CHECK (decision IN ('approved', 'refused')),
    CONSTRAINT shop_review_decided_whole_check
        CHECK ((decision IS NULL) = (decided_at IS NULL)
            AND (decision IS NULL) = (decided_by IS NULL)),
    CONSTRAINT shop_review_refusal_reasoned_check
        CHECK (decision IS DISTINCT FROM 'refused' OR cardinality(reasons) > 0),
    CONSTRAINT shop_review_onboarding_id_fkey FOREIGN KEY(onboarding_id) REFERENCES shop_onboarding (onboarding_id) ON DELETE CASCADE,
    CONSTRAINT shop_review_shop_id_fkey FOREIGN KEY(shop_id) REFERENCES shop (shop_id) ON DELETE CASCADE,
    CONSTRAINT shop_review_decided_by_fkey FOREIGN KEY(decided_by) REFERENCES app_user (user_id)
);
CREATE INDEX shop_review_onboarding_id_idx ON shop_review (onboarding_id);
CREATE INDEX shop_review_shop_id_idx ON shop_review (shop_id);
CREATE UNIQUE INDEX shop_review_waiting_key ON shop_review (onboarding_id) WHERE decision IS NULL;

ALTER TABLE shop_onboarding ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop_onboarding FORCE ROW LEVEL SECURITY;
CREATE POLICY shop_onboarding_tenant ON shop_onboarding USING (
    (SELECT clutch_is_platform())
    OR shop_id = (SELECT clutch_shop_id())
    OR user_id = (SELECT clutch_user_id())
);

ALTER TABLE shop_review ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop_review FORCE ROW LEVEL SECURITY;
CREATE POLICY shop_review_tenant ON shop_review USING (
    (SELECT clutch_is_platform())
    OR shop_id = (SELECT clutch_shop_id())
);

ALTER TABLE shop_profile ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop_profile FORCE ROW LEVEL SECURITY;
CREATE POLICY shop_profile_tenant ON shop_profile USING (
    (SELECT clutch_is_platform())
    OR shop_id = (SELECT clutch_shop_id())
);

-- The role that serves owns nothing; on a server of one's own it may not be there.
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'clutch_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON shop_onboarding, shop_profile, shop_review TO
            clutch_app;
    END IF;
END $$;
