-- What was said of an award beyond its badge (JSON: narrative, evidence, licence number, results, dates of the activity).
ALTER TABLE grants ADD COLUMN details TEXT;
ALTER TABLE grants ADD COLUMN badge_version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE grants ADD COLUMN suspended_at BIGINT;
ALTER TABLE grants ADD COLUMN suspended_reason TEXT;
ALTER TABLE grants ADD COLUMN supersedes_id BIGINT REFERENCES grants (id);
CREATE INDEX grants_by_email ON grants (LOWER(email)) WHERE email IS NOT NULL;
CREATE UNIQUE INDEX grants_by_predecessor ON grants (supersedes_id) WHERE supersedes_id IS NOT NULL;

-- alignments, result_descriptions: JSON arrays.
ALTER TABLE badges ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE badges ADD COLUMN language TEXT;
ALTER TABLE badges ADD COLUMN alignments TEXT;
ALTER TABLE badges ADD COLUMN result_descriptions TEXT;

-- What a badge was before an edit: content is its row as JSON.
CREATE TABLE badge_versions (
    badge_id BIGINT NOT NULL REFERENCES badges (id),
    version INTEGER NOT NULL,
    content TEXT NOT NULL,
    image_id BIGINT NOT NULL REFERENCES images (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (badge_id, version)
);

-- Status lists of issuers. body is the signed list credential as of signed_at, NULL before the first signature; taken counts its entries.
CREATE TABLE status_lists (
    id $ID,
    uuid TEXT NOT NULL UNIQUE,
    issuer_id BIGINT NOT NULL REFERENCES issuers (id),
    taken INTEGER NOT NULL,
    body $BLOB,
    signed_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX status_lists_by_issuer ON status_lists (issuer_id);

CREATE TABLE status_entries (
    list_id BIGINT NOT NULL REFERENCES status_lists (id),
    position INTEGER NOT NULL,
    grant_id BIGINT NOT NULL UNIQUE REFERENCES grants (id),
    PRIMARY KEY (list_id, position)
);

-- Pictures made from a picture: thumbnail, svg. rendition_id is the picture made.
CREATE TABLE renditions (
    image_id BIGINT NOT NULL REFERENCES images (id),
    kind TEXT NOT NULL,
    rendition_id BIGINT NOT NULL REFERENCES images (id),
    PRIMARY KEY (image_id, kind)
);

-- Pictures for link previews, of a badge or (grant_id) of an award. digest names what was drawn. Dropped when old, and drawn again.
CREATE TABLE share_cards (
    badge_id BIGINT NOT NULL REFERENCES badges (id),
    grant_id BIGINT REFERENCES grants (id),
    digest TEXT NOT NULL,
    data $BLOB NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX share_cards_once ON share_cards (badge_id, COALESCE(grant_id, 0));
CREATE INDEX share_cards_by_age ON share_cards (created_at);

-- People who hold badges, known by the addresses and profiles that they have proved to be theirs. alias: `mailto:` and an address, or an
-- actor's id.
CREATE TABLE holders (
    id $ID,
    uuid TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

CREATE TABLE holder_identities (
    alias TEXT PRIMARY KEY,
    holder_id BIGINT NOT NULL REFERENCES holders (id),
    proved_at BIGINT NOT NULL
);
CREATE INDEX holder_identities_by_holder ON holder_identities (holder_id);

-- Links by mail or message that sign a holder in; each once. holder_id: who asked while signed in, to add another identity.
CREATE TABLE holder_links (
    token_hash TEXT PRIMARY KEY,
    alias TEXT NOT NULL,
    holder_id BIGINT REFERENCES holders (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX holder_links_by_alias ON holder_links (alias, created_at);

CREATE TABLE holder_sessions (
    token_hash TEXT PRIMARY KEY,
    holder_id BIGINT NOT NULL REFERENCES holders (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX holder_sessions_by_holder ON holder_sessions (holder_id);

-- Badges from elsewhere in a holder's collection. badge_key is one for all forms of one badge, document what was imported (JSON or a
-- compact JWS), verification the result as JSON at verified_at.
CREATE TABLE external_badges (
    id $ID,
    uuid TEXT NOT NULL UNIQUE,
    holder_id BIGINT NOT NULL REFERENCES holders (id),
    badge_key TEXT NOT NULL,
    document $BLOB NOT NULL,
    source TEXT,
    image_id BIGINT REFERENCES images (id),
    verdict TEXT NOT NULL,
    verification TEXT NOT NULL,
    verified_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (holder_id, badge_key)
);
