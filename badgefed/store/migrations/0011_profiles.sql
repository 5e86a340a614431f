-- Ids under which a grant's Note was published before: peers keep a Tombstone of each, so none comes back.
CREATE TABLE former_notes (
    note_id TEXT PRIMARY KEY,
    note_uri TEXT NOT NULL UNIQUE,
    grant_id BIGINT NOT NULL REFERENCES grants (id),
    withdrawn_at BIGINT NOT NULL
);
CREATE INDEX former_notes_by_grant ON former_notes (grant_id);

-- Where a holder put a badge: position NULL for those that were never moved. is_hidden: not on the public profile.
CREATE TABLE held_places (
    holder_id BIGINT NOT NULL REFERENCES holders (id),
    grant_id BIGINT NOT NULL REFERENCES grants (id),
    position INTEGER,
    is_hidden SMALLINT NOT NULL,
    PRIMARY KEY (holder_id, grant_id)
);
CREATE INDEX held_places_by_grant ON held_places (grant_id);

-- is_shown: on the public profile.
ALTER TABLE external_badges ADD COLUMN is_shown SMALLINT NOT NULL DEFAULT 0;

-- What a link does: sign-in, add (an identity), erase.
ALTER TABLE holder_links ADD COLUMN kind TEXT NOT NULL DEFAULT 'sign-in';
UPDATE holder_links SET kind = 'add' WHERE holder_id IS NOT NULL;

CREATE TABLE public_profiles (
    holder_id BIGINT PRIMARY KEY REFERENCES holders (id),
    handle TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    bio TEXT NOT NULL,
    is_public SMALLINT NOT NULL,
    is_indexed SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- verified_at: when the page at url was seen to link back with rel="me".
CREATE TABLE public_profile_links (
    holder_id BIGINT NOT NULL REFERENCES public_profiles (holder_id),
    position INTEGER NOT NULL,
    url TEXT NOT NULL,
    verified_at BIGINT,
    PRIMARY KEY (holder_id, position)
);

-- grant_id: whom the body names; NULL for events that are about no grant.
ALTER TABLE webhook_deliveries ADD COLUMN grant_id BIGINT REFERENCES grants (id);
CREATE INDEX webhook_deliveries_by_grant ON webhook_deliveries (grant_id) WHERE grant_id IS NOT NULL;
