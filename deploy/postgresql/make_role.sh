#!/bin/sh
# Makes the role and the database "audit". Run it as a superuser of PostgreSQL with AUDIT_PASSWORD in the environment; it
# may be run again. The role is not above row-level security, which is the second wall between organizations.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$AUDIT_PASSWORD" --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
SELECT 'CREATE ROLE audit' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'audit') \gexec
ALTER ROLE audit LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'password';
SELECT 'CREATE DATABASE audit OWNER audit ENCODING ''UTF8'' TEMPLATE template0'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'audit') \gexec
REVOKE ALL ON DATABASE audit FROM PUBLIC;
SQL
