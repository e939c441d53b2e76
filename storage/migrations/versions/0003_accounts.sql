CREATE TABLE app_user (
    user_id uuid NOT NULL,
    phone text,
    email text,
    phone_verified_at timestamptz,
    email_verified_at timestamptz,
    name text NOT NULL,
    password_hash text NOT NULL,
    locale text DEFAULT 'ar' NOT NULL,
    status text DEFAULT 'active' NOT NULL,
    quiet_from_minute integer,
    quiet_until_minute integer,
    created_at timestamptz NOT NULL,
    CONSTRAINT app_user_pkey PRIMARY KEY (user_id),
    CONSTRAINT app_user_reachable_check CHECK (phone IS NOT NULL OR email IS NOT NULL),
    CONSTRAINT app_user_phone_e164_check CHECK (phone ~ '^[+][1-9][0-9]{6,14}$'),
    CONSTRAINT app_user_email_form_check
        CHECK (email = lower(email) AND position('@' IN email) > 1),
    CONSTRAINT app_user_name_filled_check CHECK (btrim(name) <> ''),
    CONSTRAINT app_user_locale_known_check CHECK (locale IN ('ar', 'en')),
    CONSTRAINT app_user_status_known_check CHECK (status IN ('active', 'disabled')),
    CONSTRAINT app_user_quiet_hours_in_day_check
        CHECK ((quiet_from_minute IS NULL) = (quiet_until_minute IS NULL)
            AND quiet_from_minute BETWEEN 0 AND 1439 AND quiet_until_minute BETWEEN 0 AND 1439),
    CONSTRAINT app_user_phone_key UNIQUE (phone),
    CONSTRAINT app_user_email_key UNIQUE (email)
);

CREATE TABLE audit_entry (
    sequence bigint NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    act text NOT NULL,
    subject text NOT NULL,
    detail jsonb DEFAULT '{}' NOT NULL,
    previous_hash bytea NOT NULL,
    entry_hash bytea NOT NULL,
    CONSTRAINT audit_entry_pkey PRIMARY KEY (sequence),
    CONSTRAINT audit_entry_sequence_positive_check CHECK (sequence > 0),
    CONSTRAINT audit_entry_entry_hash_key UNIQUE (entry_hash)
);
CREATE INDEX audit_entry_subject_idx ON audit_entry (subject);

CREATE TABLE idempotency_key (
    caller text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status integer,
    body bytea,
    created_at timestamptz NOT NULL,
    CONSTRAINT idempotency_key_pkey PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_key_created_at_idx ON idempotency_key (created_at);

CREATE TABLE one_time_code (
    code_id uuid NOT NULL,
    destination text NOT NULL,
    purpose text NOT NULL,
    code_hash bytea NOT NULL,
    attempts integer DEFAULT '0' NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT one_time_code_pkey PRIMARY KEY (code_id),
    CONSTRAINT one_time_code_purpose_known_check
        CHECK (purpose IN ('verify', 'log_in', 'reset_password')),
    CONSTRAINT one_time_code_attempts_not_negative_check CHECK (attempts >= 0)
);
CREATE UNIQUE INDEX one_time_code_live_key ON one_time_code (destination, purpose)
    WHERE used_at IS NULL;

CREATE TABLE service_key (
    service_key_id uuid NOT NULL,
    name text NOT NULL,
    key_hash bytea NOT NULL,
    role text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT service_key_pkey PRIMARY KEY (service_key_id),
    CONSTRAINT service_key_role_known_check CHECK (role IN ('order_service', 'pipeline')),
    CONSTRAINT service_key_name_filled_check CHECK (btrim(name) <> ''),
    CONSTRAINT service_key_name_key UNIQUE (name),
    CONSTRAINT service_key_key_hash_key UNIQUE (key_hash)
);

CREATE TABLE shop_member (
    shop_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    CONSTRAINT shop_member_pkey PRIMARY KEY (shop_id, user_id),
    CONSTRAINT shop_member_role_known_check CHECK (role IN ('shop_owner', 'shop_staff')),
    CONSTRAINT shop_member_shop_id_fkey FOREIGN KEY(shop_id) REFERENCES shop (shop_id) ON DELETE CASCADE,
    CONSTRAINT shop_member_user_id_fkey FOREIGN KEY(user_id) REFERENCES app_user (user_id) ON DELETE CASCADE
);
CREATE INDEX shop_member_user_id_idx ON shop_member (user_id);

CREATE TABLE sign_in (
    sign_in_id uuid NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_because text,
    CONSTRAINT sign_in_pkey PRIMARY KEY (sign_in_id),
    CONSTRAINT sign_in_user_id_fkey FOREIGN KEY(user_id) REFERENCES app_user (user_id) ON DELETE CASCADE
);
CREATE INDEX sign_in_user_id_idx ON sign_in (user_id);

CREATE TABLE stored_file (
    file_id uuid NOT NULL,
    user_id uuid NOT NULL,
    purpose text NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    size_bytes integer NOT NULL,
    sha256 bytea NOT NULL,
    content bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT stored_file_pkey PRIMARY KEY (file_id),
    CONSTRAINT stored_file_purpose_known_check
        CHECK (purpose IN ('shop_document', 'part_photo', 'proof_of_delivery')),
    CONSTRAINT stored_file_size_in_range_check
        CHECK (size_bytes = octet_length(content) AND size_bytes BETWEEN 1 AND 10485760),
    CONSTRAINT stored_file_user_id_fkey FOREIGN KEY(user_id) REFERENCES app_user (user_id) ON DELETE CASCADE
);
CREATE INDEX stored_file_user_id_idx ON stored_file (user_id);

CREATE TABLE user_role (
    user_id uuid NOT NULL,
    role text NOT NULL,
    CONSTRAINT user_role_pkey PRIMARY KEY (user_id, role),
    CONSTRAINT user_role_role_known_check CHECK (role IN ('admin', 'analyst')),
    CONSTRAINT user_role_user_id_fkey FOREIGN KEY(user_id) REFERENCES app_user (user_id) ON DELETE CASCADE
);

CREATE TABLE refresh_token (
    token_hash bytea NOT NULL,
    sign_in_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT refresh_token_pkey PRIMARY KEY (token_hash),
    CONSTRAINT refresh_token_sign_in_id_fkey FOREIGN KEY(sign_in_id) REFERENCES sign_in (sign_in_id) ON DELETE CASCADE
);
CREATE INDEX refresh_token_expires_at_idx ON refresh_token (expires_at);
CREATE INDEX refresh_token_sign_in_id_idx ON refresh_token (sign_in_id);

CREATE FUNCTION clutch_is_platform() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT coalesce(current_setting('clutch.platform', true), '') = 'on' $$;
CREATE FUNCTION clutch_shop_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT CAST(nullif(current_setting('clutch.shop_id', true), '') AS uuid) $$;
CREATE FUNCTION clutch_user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT CAST(nullif(current_setting('clutch.user_id', true), '') AS uuid) $$;
CREATE FUNCTION clutch_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION clutch_append_only();

-- Policies ask in a sub-select, so that it is asked once a statement and not once a row.
-- Where a shop is and what it carries is public, and matching reads it for everybody; all else
-- of a shop is for the shop and the platform.
ALTER TABLE shop ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop FORCE ROW LEVEL SECURITY;
CREATE POLICY shop_public ON shop FOR SELECT USING (true);
CREATE POLICY shop_platform ON shop USING ((SELECT clutch_is_platform()))
    WITH CHECK ((SELECT clutch_is_platform()));
CREATE POLICY shop_own ON shop FOR UPDATE USING (shop_id = (SELECT clutch_shop_id()));

ALTER TABLE stock_listing ENABLE ROW LEVEL SECURITY;
ALTER TABLE stock_listing FORCE ROW LEVEL SECURITY;
CREATE POLICY stock_listing_tenant ON stock_listing USING (
    (SELECT clutch_is_platform())
    OR shop_id = (SELECT clutch_shop_id())
);

ALTER TABLE past_delivery ENABLE ROW LEVEL SECURITY;
ALTER TABLE past_delivery FORCE ROW LEVEL SECURITY;
CREATE POLICY past_delivery_tenant ON past_delivery USING (
    (SELECT clutch_is_platform())
    OR shop_id = (SELECT clutch_shop_id())
);

ALTER TABLE shop_member ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop_member FORCE ROW LEVEL SECURITY;
CREATE POLICY shop_member_tenant ON shop_member USING (
    (SELECT clutch_is_platform())
    OR shop_id = (SELECT clutch_shop_id())
    OR user_id = (SELECT clutch_user_id())
);

-- The role that serves owns nothing; on a server of one's own it may not be there.
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'clutch_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON app_user, user_role, shop_member, sign_in,
            refresh_token, one_time_code, service_key, idempotency_key, stored_file TO clutch_app;
        GRANT SELECT, INSERT ON audit_entry TO clutch_app;
        GRANT INSERT, UPDATE ON shop TO clutch_app;
        GRANT INSERT, UPDATE, DELETE ON model_version TO clutch_app;
        GRANT INSERT ON past_delivery TO clutch_app;
    END IF;
END $$;
