-- A picture that was chosen in a form of the console which came back: the last one of each user in each organization.
CREATE TABLE picture_drafts (
    id $ID,
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    uuid TEXT NOT NULL UNIQUE,
    data $BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (organization_id, user_id)
);
CREATE INDEX picture_drafts_by_age ON picture_drafts (created_at);
