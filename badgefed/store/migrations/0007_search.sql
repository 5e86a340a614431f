-- Full-text indexes over what people look for. On SQLite each is a table of its own that triggers keep in step, on PostgreSQL an index
-- on an expression. Both leave out case and accents. They hold private rows too: whoever asks them filters what they find.
$SQLITE CREATE VIRTUAL TABLE issuers_search USING fts5 (
    name, username, summary,
    content = 'issuers', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
$SQLITE CREATE TRIGGER issuers_search_insert AFTER INSERT ON issuers BEGIN
    INSERT INTO issuers_search (rowid, name, username, summary) VALUES (new.id, new.name, new.username, new.summary); END;
$SQLITE CREATE TRIGGER issuers_search_delete AFTER DELETE ON issuers BEGIN
    INSERT INTO issuers_search (issuers_search, rowid, name, username, summary)
    VALUES ('delete', old.id, old.name, old.username, old.summary); END;
$SQLITE CREATE TRIGGER issuers_search_update AFTER UPDATE OF name, username, summary ON issuers BEGIN
    INSERT INTO issuers_search (issuers_search, rowid, name, username, summary)
    VALUES ('delete', old.id, old.name, old.username, old.summary); INSERT INTO issuers_search
    (rowid, name, username, summary) VALUES (new.id, new.name, new.username, new.summary); END;
$SQLITE INSERT INTO issuers_search (issuers_search) VALUES ('rebuild');

$SQLITE CREATE VIRTUAL TABLE badges_search USING fts5 (
    title, description, criteria, hashtags,
    content = 'badges', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
$SQLITE CREATE TRIGGER badges_search_insert AFTER INSERT ON badges BEGIN
    INSERT INTO badges_search (rowid, title, description, criteria, hashtags)
    VALUES (new.id, new.title, new.description, new.criteria, new.hashtags); END;
$SQLITE CREATE TRIGGER badges_search_delete AFTER DELETE ON badges BEGIN
    INSERT INTO badges_search (badges_search, rowid, title, description, criteria, hashtags)
    VALUES ('delete', old.id, old.title, old.description, old.criteria, old.hashtags); END;
$SQLITE CREATE TRIGGER badges_search_update AFTER UPDATE OF title, description, criteria, hashtags ON badges BEGIN
    INSERT INTO badges_search (badges_search, rowid, title, description, criteria, hashtags)
    VALUES ('delete', old.id, old.title, old.description, old.criteria, old.hashtags); INSERT INTO badges_search
    (rowid, title, description, criteria, hashtags)
    VALUES (new.id, new.title, new.description, new.criteria, new.hashtags); END;
$SQLITE INSERT INTO badges_search (badges_search) VALUES ('rebuild');

$SQLITE CREATE VIRTUAL TABLE grants_search USING fts5 (
    name, handle, profile,
    content = 'grants', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
$SQLITE CREATE TRIGGER grants_search_insert AFTER INSERT ON grants BEGIN
    INSERT INTO grants_search (rowid, name, handle, profile) VALUES (new.id, new.name, new.handle, new.profile); END;
$SQLITE CREATE TRIGGER grants_search_delete AFTER DELETE ON grants BEGIN
    INSERT INTO grants_search (grants_search, rowid, name, handle, profile)
    VALUES ('delete', old.id, old.name, old.handle, old.profile); END;
$SQLITE CREATE TRIGGER grants_search_update AFTER UPDATE OF name, handle, profile ON grants BEGIN
    INSERT INTO grants_search (grants_search, rowid, name, handle, profile)
    VALUES ('delete', old.id, old.name, old.handle, old.profile); INSERT INTO grants_search
    (rowid, name, handle, profile) VALUES (new.id, new.name, new.handle, new.profile); END;
$SQLITE INSERT INTO grants_search (grants_search) VALUES ('rebuild');

$POSTGRESQL CREATE FUNCTION search_words(text, text, text, text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_tsvector('pg_catalog.simple', regexp_replace(lower(normalize(translate(
        COALESCE($1, '') || ' ' || COALESCE($2, '') || ' ' || COALESCE($3, '') || ' ' || COALESCE($4, ''),
        '@._-/:+#&=%~<>', '              '), NFD)), '[\u0300-\u036f]', '', 'g'))
    $$;
$POSTGRESQL CREATE INDEX issuers_search ON issuers USING GIN (search_words(name, username, summary, NULL));
$POSTGRESQL CREATE INDEX badges_search ON badges USING GIN (search_words(title, description, criteria, hashtags));
$POSTGRESQL CREATE INDEX grants_search ON grants USING GIN (search_words(name, handle, profile, NULL));

-- The order of lists and feeds: what was published last comes first. Those of an issuer have their index already.
CREATE INDEX grants_shown ON grants (processed_at, id)
    WHERE status = 'processed' AND visibility = 'public' AND suspended_at IS NULL;
CREATE INDEX grants_shown_by_badge ON grants (badge_id, status, processed_at);
