-- The role that a drill's checks run as: it signs in with IAM tokens and can only read.
CREATE ROLE restore_drill LOGIN;
GRANT rds_iam TO restore_drill;
GRANT pg_read_all_data TO restore_drill;
ALTER ROLE restore_drill SET default_transaction_read_only = on;
