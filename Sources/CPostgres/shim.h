#pragma once
#include <libpq-fe.h>
// Swift's Glibc module has poll(2) but not eventfd(2), which wakes the loop.
#include <sys/eventfd.h>
// The codes behind PQresultErrorField are character macros that Swift does not import.
static const int turngate_pg_diag_severity = PG_DIAG_SEVERITY_NONLOCALIZED;
static const int turngate_pg_diag_sqlstate = PG_DIAG_SQLSTATE;
static const int turngate_pg_diag_message = PG_DIAG_MESSAGE_PRIMARY;
static const int turngate_pg_diag_detail = PG_DIAG_MESSAGE_DETAIL;
static const int turngate_pg_diag_schema = PG_DIAG_SCHEMA_NAME;
static const int turngate_pg_diag_table = PG_DIAG_TABLE_NAME;
static const int turngate_pg_diag_column = PG_DIAG_COLUMN_NAME;
static const int turngate_pg_diag_constraint = PG_DIAG_CONSTRAINT_NAME;
static const int turngate_pg_diag_position = PG_DIAG_STATEMENT_POSITION;
