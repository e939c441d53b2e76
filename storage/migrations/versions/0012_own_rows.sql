-- What is a person's own, bound as what is a shop's. Tables by which callers are known (app_user,
-- sign_in and what hangs on it) stay open: they are read before it is known who calls. So do a
-- person's devices and choices, which others read to tell them something.
ALTER TABLE vehicle ENABLE ROW LEVEL SECURITY;
ALTER TABLE vehicle FORCE ROW LEVEL SECURITY;
CREATE POLICY vehicle_tenant ON vehicle USING (
    (SELECT clutch_is_platform())
    OR user_id = (SELECT clutch_user_id())
);

-- An order is also for the shops that were asked.
ALTER TABLE parts_order ENABLE ROW LEVEL SECURITY;
ALTER TABLE parts_order FORCE ROW LEVEL SECURITY;
CREATE POLICY parts_order_tenant ON parts_order USING (
    (SELECT clutch_is_platform())
    OR user_id = (SELECT clutch_user_id())
    OR EXISTS (
        SELECT FROM order_invitation i
        WHERE i.order_id = parts_order.order_id AND i.shop_id = (SELECT clutch_shop_id())
    )
);

-- What belongs to an order is for whom the order is for.
ALTER TABLE order_part ENABLE ROW LEVEL SECURITY;
ALTER TABLE order_part FORCE ROW LEVEL SECURITY;
CREATE POLICY order_part_tenant ON order_part USING (
    (SELECT clutch_is_platform())
    OR EXISTS (SELECT FROM parts_order o WHERE o.order_id = order_part.order_id)
);

ALTER TABLE order_transition ENABLE ROW LEVEL SECURITY;
ALTER TABLE order_transition FORCE ROW LEVEL SECURITY;
CREATE POLICY order_transition_tenant ON order_transition USING (
    (SELECT clutch_is_platform())
    OR EXISTS (SELECT FROM parts_order o WHERE o.order_id = order_transition.order_id)
);

-- Anybody's act may have somebody told.
ALTER TABLE notification ENABLE ROW LEVEL SECURITY;
ALTER TABLE notification FORCE ROW LEVEL SECURITY;
CREATE POLICY notification_tenant ON notification USING (
    (SELECT clutch_is_platform())
    OR user_id = (SELECT clutch_user_id())
);
CREATE POLICY notification_told ON notification FOR INSERT WITH CHECK (true);

-- Photos are shown to the other side of an order; papers of a shop to nobody.
ALTER TABLE stored_file ENABLE ROW LEVEL SECURITY;
ALTER TABLE stored_file FORCE ROW LEVEL SECURITY;
CREATE POLICY stored_file_tenant ON stored_file USING (
    (SELECT clutch_is_platform())
    OR user_id = (SELECT clutch_user_id())
);
CREATE POLICY stored_file_shown ON stored_file FOR SELECT
    USING (purpose IN ('part_photo', 'proof_of_delivery'));

ALTER TABLE idempotency_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_key FORCE ROW LEVEL SECURITY;
CREATE POLICY idempotency_key_tenant ON idempotency_key USING (
    (SELECT clutch_is_platform())
    OR caller = (SELECT coalesce('user:' || CAST(clutch_user_id() AS text), 'anonymous'))
);

-- Nobody gives themselves a shop, a role or a key.
DROP POLICY shop_member_tenant ON shop_member;
CREATE POLICY shop_member_tenant ON shop_member USING (
    (SELECT clutch_is_platform())
    OR shop_id = (SELECT clutch_shop_id())
);
CREATE POLICY shop_member_own ON shop_member FOR SELECT
    USING (user_id = (SELECT clutch_user_id()));

ALTER TABLE user_role ENABLE ROW LEVEL SECURITY;
ALTER TABLE user_role FORCE ROW LEVEL SECURITY;
CREATE POLICY user_role_platform ON user_role USING ((SELECT clutch_is_platform()));
CREATE POLICY user_role_known ON user_role FOR SELECT USING (true);

ALTER TABLE service_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE service_key FORCE ROW LEVEL SECURITY;
CREATE POLICY service_key_platform ON service_key USING ((SELECT clutch_is_platform()));
