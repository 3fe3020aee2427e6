-- What a dashboard asks PostgreSQL about a table with encrypted columns: run by operations.ts.

-- #region rows-left
SELECT count(*) AS rows_left FROM patient WHERE ssn NOT LIKE 'gAAAAA%';
-- #endregion

-- #region oldest
SELECT to_timestamp(min(('x' || right(encode(decode(
         translate(left(ssn, 12), '-_', '+/'), 'base64'), 'hex'), 16))::bit(64)::bigint)) AS oldest
  FROM patient
 WHERE ssn LIKE 'gAAAAA%';
-- #endregion

-- #region unindexed
SELECT count(*) AS unindexed FROM patient WHERE ssn IS NOT NULL AND ssn_bidx IS NULL;
-- #endregion

-- #region runs
SELECT a.pid, a.state, a.backend_start, a.xact_start, a.wait_event
  FROM pg_locks l JOIN pg_stat_activity a USING (pid)
 WHERE l.locktype = 'advisory' AND l.granted AND a.datname = current_database();
-- #endregion

-- #region size
SELECT pg_size_pretty(pg_table_size('patient')) AS rows,
       pg_size_pretty(pg_indexes_size('patient')) AS indexes,
       n_dead_tup AS dead_rows
  FROM pg_stat_user_tables
 WHERE relid = 'patient'::regclass;
-- #endregion
