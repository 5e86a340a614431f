-- Badges granted by a list. badge_id: for rows that name none. Each count is of rows in that state.
CREATE TABLE bulks (
    id $ID,
    uuid TEXT NOT NULL UNIQUE,
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    author TEXT NOT NULL,
    state TEXT NOT NULL,
    total INTEGER NOT NULL,
    created INTEGER NOT NULL,
    existing INTEGER NOT NULL,
    conflicts INTEGER NOT NULL,
    invalid INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX bulks_by_organization ON bulks (organization_id, id);
CREATE INDEX bulks_by_age ON bulks (finished_at) WHERE finished_at IS NOT NULL;

-- number: the row's place in the list, from 1; line: where it stands in the file. content: what to grant, as JSON.
CREATE TABLE bulk_rows (
    bulk_id BIGINT NOT NULL REFERENCES bulks (id),
    number INTEGER NOT NULL,
    line INTEGER NOT NULL,
    state TEXT NOT NULL,
    content TEXT NOT NULL,
    badge_id BIGINT,
    expires_at BIGINT,
    field TEXT,
    reason TEXT,
    grant_id BIGINT REFERENCES grants (id),
    PRIMARY KEY (bulk_id, number)
);
CREATE INDEX bulk_rows_waiting ON bulk_rows (bulk_id, number) WHERE state = 'waiting';
CREATE INDEX bulk_rows_by_grant ON bulk_rows (grant_id) WHERE grant_id IS NOT NULL;

-- events: names separated and enclosed by spaces, or *. The secrets are encrypted. sequence: the number of the last event sent here.
-- failures, failing_since: since the last success. disabled_at: given up, no events are kept for it.
CREATE TABLE webhook_endpoints (
    id $ID,
    uuid TEXT NOT NULL UNIQUE,
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    url TEXT NOT NULL,
    description TEXT,
    events TEXT NOT NULL,
    secret $BLOB NOT NULL,
    previous_secret $BLOB,
    previous_until BIGINT,
    is_active SMALLINT NOT NULL,
    disabled_at BIGINT,
    sequence BIGINT NOT NULL,
    failures INTEGER NOT NULL,
    failing_since BIGINT,
    paused_until BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX webhook_endpoints_by_organization ON webhook_endpoints (organization_id, id) WHERE deleted_at IS NULL;

-- state: waiting, delivered, failed. After retry_until there is no other attempt. answer: the first bytes of what the receiver said last.
CREATE TABLE webhook_deliveries (
    id $ID,
    uuid TEXT NOT NULL UNIQUE,
    endpoint_id BIGINT NOT NULL REFERENCES webhook_endpoints (id),
    event TEXT NOT NULL,
    body $BLOB NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    not_before BIGINT NOT NULL,
    retry_until BIGINT NOT NULL,
    http_status INTEGER,
    answer TEXT,
    error TEXT,
    milliseconds INTEGER,
    created_at BIGINT NOT NULL,
    attempted_at BIGINT
);
CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (endpoint_id, not_before) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at);

-- expiry_told_at: when it was noticed that the grant had expired.
ALTER TABLE grants ADD COLUMN expiry_told_at BIGINT;
CREATE INDEX grants_by_expiry ON grants (expires_at) WHERE expires_at IS NOT NULL AND expiry_told_at IS NULL;
