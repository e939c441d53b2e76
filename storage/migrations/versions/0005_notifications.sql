CREATE TABLE room (
    room text NOT NULL,
    last_sequence bigint NOT NULL,
    CONSTRAINT room_pkey PRIMARY KEY (room),
    CONSTRAINT room_sequence_not_negative_check CHECK (last_sequence >= 0)
);

CREATE TABLE webhook_endpoint (
    endpoint_id uuid NOT NULL,
    name text NOT NULL,
    url text NOT NULL,
    events text[] NOT NULL,
    secrets text[] NOT NULL,
    active boolean DEFAULT 'true' NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT webhook_endpoint_pkey PRIMARY KEY (endpoint_id),
    CONSTRAINT webhook_endpoint_secrets_one_or_two_check
        CHECK (cardinality(secrets) BETWEEN 1 AND 2),
    CONSTRAINT webhook_endpoint_name_key UNIQUE (name)
);

CREATE TABLE device (
    device_id uuid NOT NULL,
    token text NOT NULL,
    user_id uuid NOT NULL,
    platform text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT device_pkey PRIMARY KEY (device_id),
    CONSTRAINT device_token_key UNIQUE (token),
    CONSTRAINT device_platform_known_check CHECK (platform IN ('android', 'ios', 'web')),
    CONSTRAINT device_user_id_fkey FOREIGN KEY(user_id) REFERENCES app_user (user_id) ON DELETE CASCADE
);
CREATE INDEX device_user_id_idx ON device (user_id);

CREATE TABLE notification (
    notification_id uuid NOT NULL,
    user_id uuid NOT NULL,
    type text NOT NULL,
    title text NOT NULL,
    message text NOT NULL,
    data jsonb DEFAULT '{}' NOT NULL,
    read_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT notification_pkey PRIMARY KEY (notification_id),
    CONSTRAINT notification_user_id_fkey FOREIGN KEY(user_id) REFERENCES app_user (user_id) ON DELETE CASCADE
);
CREATE INDEX notification_inbox_idx
    ON notification (user_id, created_at DESC, notification_id DESC);
CREATE INDEX notification_unread_idx ON notification (user_id) WHERE read_at IS NULL;

CREATE TABLE notification_choice (
    user_id uuid NOT NULL,
    type text NOT NULL,
    push boolean NOT NULL,
    CONSTRAINT notification_choice_pkey PRIMARY KEY (user_id, type),
    CONSTRAINT notification_choice_user_id_fkey FOREIGN KEY(user_id) REFERENCES app_user (user_id) ON DELETE CASCADE
);

CREATE TABLE room_event (
    room text NOT NULL,
    sequence bigint NOT NULL,
    event text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT room_event_pkey PRIMARY KEY (room, sequence),
    CONSTRAINT room_event_sequence_positive_check CHECK (sequence > 0),
    CONSTRAINT room_event_room_fkey FOREIGN KEY(room) REFERENCES room (room)
);
CREATE INDEX room_event_created_at_idx ON room_event (created_at);

CREATE TABLE webhook_delivery (
    webhook_delivery_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    event text NOT NULL,
    payload jsonb NOT NULL,
    status text DEFAULT 'waiting' NOT NULL,
    attempts integer DEFAULT '0' NOT NULL,
    last_status_code integer,
    last_error text,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT webhook_delivery_pkey PRIMARY KEY (webhook_delivery_id),
    CONSTRAINT webhook_delivery_status_known_check
        CHECK (status IN ('waiting', 'delivered', 'given_up')),
    CONSTRAINT webhook_delivery_endpoint_id_fkey FOREIGN KEY(endpoint_id) REFERENCES webhook_endpoint (endpoint_id) ON DELETE CASCADE
);
CREATE INDEX webhook_delivery_log_idx
    ON webhook_delivery (endpoint_id, webhook_delivery_id DESC);

CREATE TABLE dispatch (
    dispatch_id uuid NOT NULL,
    notification_id uuid NOT NULL,
    channel text NOT NULL,
    target text NOT NULL,
    outcome text NOT NULL,
    detail text,
    at timestamptz NOT NULL,
    CONSTRAINT dispatch_pkey PRIMARY KEY (dispatch_id),
    CONSTRAINT dispatch_channel_known_check CHECK (channel IN ('push', 'sms', 'email')),
    CONSTRAINT dispatch_outcome_known_check
        CHECK (outcome IN ('sent', 'dead_token', 'retry', 'failed')),
    CONSTRAINT dispatch_notification_id_fkey FOREIGN KEY(notification_id) REFERENCES notification (notification_id) ON DELETE CASCADE
);
CREATE INDEX dispatch_notification_id_idx ON dispatch (notification_id);

-- The role that serves owns nothing; on a server of one's own it may not be there.
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'clutch_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON device, dispatch, notification,
            notification_choice, room, room_event, webhook_delivery, webhook_endpoint TO clutch_app;
    END IF;
END $$;
