-- Lists of grants by their state, with how many there are in each, and by their expiry.
CREATE INDEX grants_by_state ON grants (organization_id, status, id);
CREATE INDEX grants_suspended ON grants (organization_id, status, id) WHERE suspended_at IS NOT NULL;
CREATE INDEX grants_by_organization_expiry ON grants (organization_id, expires_at, id) WHERE expires_at IS NOT NULL;

-- With the issuer: sitemaps are made from this index alone.
DROP INDEX grants_shown;
CREATE INDEX grants_shown ON grants (processed_at, id, issuer_id)
    WHERE status = 'processed' AND visibility = 'public' AND suspended_at IS NULL;

-- It is the beginning of `grants_shown_by_badge`.
DROP INDEX grants_by_badge;

CREATE INDEX remote_actors_by_host ON remote_actors (host);

-- Issuers with the numbers of their active badges and present followers.
DROP INDEX badges_by_issuer;
CREATE INDEX badges_by_issuer ON badges (issuer_id, is_active);
CREATE INDEX followers_by_issuer ON followers (issuer_id, ended_at);
