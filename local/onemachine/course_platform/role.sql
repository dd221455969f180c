-- The role that a drill's checks run as: it can only read. It signs in with IAM tokens once it
-- is a member of rds_iam, which courses.py sees to.
CREATE ROLE restore_drill LOGIN;
GRANT pg_read_all_data TO restore_drill;
ALTER ROLE restore_drill SET default_transaction_read_only = on;
