-- A CSV file on its way to becoming a list: at most one of each user in each organization. mapping: JSON, column to field;
-- badge: for rows that name none.
CREATE TABLE bulk_drafts (
    id $ID,
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    uuid TEXT NOT NULL UNIQUE,
    badge TEXT,
    mapping TEXT NOT NULL,
    data $BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (organization_id, user_id)
);
CREATE INDEX bulk_drafts_by_age ON bulk_drafts (created_at);
