-- The role that a drill's checks run as: it signs in with IAM tokens and can only read.
CREATE ROLE restore_drill LOGIN;
GRANT rds_iam TO restore_drill;
GRANT pg_read_all_data TO restore_drill;
ALTER ROLE restore_drill SET default_transaction_read_only = on;
-- Structure checks of tables and indexes; they are closed to all but superusers by default.
CREATE EXTENSION IF NOT EXISTS amcheck;
GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) TO restore_drill;
GRANT EXECUTE ON FUNCTION verify_heapam(regclass, boolean, boolean, text, bigint, bigint)
    TO restore_drill;
