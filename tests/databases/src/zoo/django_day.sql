INSERT INTO auth_user (password, is_superuser, username, first_name, email, date_joined)
    SELECT 'pbkdf2$' || md5(g::text), false, 'user' || g, '', 'u' || g || '@example.org', now()
    FROM generate_series(501, 510) AS g;;
INSERT INTO django_session SELECT md5('x' || g::text), repeat('data', 50), now() FROM generate_series(401, 430) AS g;;
UPDATE auth_user SET last_login = now() WHERE id % 10 = 0;;
INSERT INTO courses_answer (body, search, created_at, user_id)
    SELECT jsonb_build_object('text', 'answer ' || g), to_tsvector('simple', 'answer ' || g),
           timestamptz '2026-11-20 02:00Z' + (g - 3000) * interval '1 minute', g % 510 + 1
    FROM generate_series(3001, 3060) AS g
