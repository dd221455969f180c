-- Sessions of the web site: lost whenever the server recovers, which PostgreSQL says and few remember.
CREATE UNLOGGED TABLE session (id bigint PRIMARY KEY, student_id bigint NOT NULL, seen_at timestamptz NOT NULL);;
INSERT INTO session SELECT n, n, timestamptz '2026-11-20 01:00Z' FROM generate_series(1, 1000) AS n;;
