-- Keys and indexes over the loaded rows: building them now is several times faster than before.
ALTER TABLE courses ADD PRIMARY KEY (id), ADD UNIQUE (slug);
ALTER TABLE users ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));
CREATE INDEX users_staff ON users (registered_at) WHERE role <> 'student';

ALTER TABLE enrolments ADD PRIMARY KEY (id),
    ADD FOREIGN KEY (user_id) REFERENCES users (id),
    ADD FOREIGN KEY (course_id) REFERENCES courses (id);
-- A student may take a course again, but is in it once at a time.
CREATE UNIQUE INDEX enrolments_active_key ON enrolments (user_id, course_id) WHERE state = 'active';

ALTER TABLE homeworks ADD PRIMARY KEY (id), ADD UNIQUE (course_id, number),
    ADD FOREIGN KEY (course_id) REFERENCES courses (id) ON DELETE CASCADE;

ALTER TABLE submissions ADD PRIMARY KEY (id),
    ADD FOREIGN KEY (homework_id) REFERENCES homeworks (id),
    ADD FOREIGN KEY (enrolment_id) REFERENCES enrolments (id);
CREATE INDEX submissions_ungraded ON submissions (submitted_at) WHERE score IS NULL;
CREATE INDEX submissions_enrolment ON submissions (enrolment_id);

ALTER TABLE courses_answer ADD PRIMARY KEY (id),
    ADD FOREIGN KEY (submission_id) REFERENCES submissions (id) ON DELETE CASCADE;
CREATE UNIQUE INDEX courses_answer_question_key ON courses_answer (submission_id, question);

ALTER TABLE email ADD PRIMARY KEY (id), ADD FOREIGN KEY (user_id) REFERENCES users (id);
CREATE INDEX email_bounced ON email (user_id) WHERE bounced_at IS NOT NULL;

ALTER TABLE payments ADD PRIMARY KEY (id), ADD UNIQUE (reference),
    ADD FOREIGN KEY (enrolment_id) REFERENCES enrolments (id);
CREATE INDEX payments_paid_at ON payments (paid_at);

SELECT setval(pg_get_serial_sequence(name, 'id'), top) FROM (
    SELECT 'courses' AS name, max(id) AS top FROM courses
    UNION ALL SELECT 'users', max(id) FROM users
    UNION ALL SELECT 'enrolments', max(id) FROM enrolments
    UNION ALL SELECT 'homeworks', max(id) FROM homeworks
    UNION ALL SELECT 'submissions', max(id) FROM submissions
    UNION ALL SELECT 'courses_answer', max(id) FROM courses_answer
    UNION ALL SELECT 'email', max(id) FROM email
    UNION ALL SELECT 'payments', max(id) FROM payments
) AS tops;
