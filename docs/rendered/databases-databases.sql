-- Roles and databases; run again it changes nothing but the passwords. One at a time: the lock goes with the session.
SET lock_timeout = '60s';
SELECT pg_advisory_lock(hashtext('ralex'), hashtext('databases'));

SELECT 'CREATE ROLE ralex LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ralex') \gexec
\password ralex
SELECT 'GRANT ralex TO CURRENT_USER' WHERE NOT pg_has_role('ralex', 'USAGE') \gexec
SELECT 'CREATE DATABASE ralex OWNER ralex TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'ralex') \gexec
REVOKE ALL ON DATABASE ralex FROM PUBLIC;

SELECT 'CREATE ROLE openwebui LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'openwebui') \gexec
\password openwebui
SELECT 'GRANT openwebui TO CURRENT_USER' WHERE NOT pg_has_role('openwebui', 'USAGE') \gexec
SELECT 'CREATE DATABASE openwebui OWNER openwebui TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'openwebui') \gexec
REVOKE ALL ON DATABASE openwebui FROM PUBLIC;

SELECT 'CREATE ROLE monitoring LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'monitoring') \gexec
\password monitoring
SELECT 'GRANT monitoring TO CURRENT_USER' WHERE NOT pg_has_role('monitoring', 'USAGE') \gexec
SELECT 'CREATE DATABASE monitoring OWNER monitoring TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'monitoring') \gexec
REVOKE ALL ON DATABASE monitoring FROM PUBLIC;

-- From Postgres 16 on an administrator that is no superuser has to be given pg_monitor before it can give it.
DO $$
BEGIN
  IF NOT pg_has_role('monitoring', 'pg_monitor', 'MEMBER') THEN
    GRANT pg_monitor TO monitoring;
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE WARNING 'monitoring sees less than it should: %', SQLERRM
    USING HINT = 'Let a superuser run: GRANT pg_monitor TO monitoring';
END $$;
