-- Entries of the audit log stay. Only of those about grants something may go from the details: what erasing a person's data takes away.
$SQLITE CREATE TRIGGER audit_log_kept BEFORE DELETE ON audit_log BEGIN
    SELECT RAISE(ABORT, 'entries of the audit log are kept'); END;
$SQLITE CREATE TRIGGER audit_log_fixed BEFORE UPDATE OF id, organization_id, author_kind, author_id, author_label, network, action,
    target_id, target_label, created_at ON audit_log BEGIN SELECT RAISE(ABORT, 'entries of the audit log stay as they are'); END;
$SQLITE CREATE TRIGGER audit_log_details BEFORE UPDATE OF details ON audit_log
    WHEN old.action NOT LIKE 'grant.%' OR length(new.details) > length(old.details)
    BEGIN SELECT RAISE(ABORT, 'entries of the audit log stay as they are'); END;
$POSTGRESQL CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'entries of the audit log stay as they are'; END $$;
$POSTGRESQL CREATE TRIGGER audit_log_kept BEFORE DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
$POSTGRESQL CREATE TRIGGER audit_log_whole BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
$POSTGRESQL CREATE TRIGGER audit_log_fixed BEFORE UPDATE OF id, organization_id, author_kind, author_id, author_label, network, action,
    target_id, target_label, created_at ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
$POSTGRESQL CREATE TRIGGER audit_log_details BEFORE UPDATE OF details ON audit_log FOR EACH ROW
    WHEN (old.action NOT LIKE 'grant.%' OR length(new.details) > length(old.details)) EXECUTE FUNCTION refuse_audit_change();
