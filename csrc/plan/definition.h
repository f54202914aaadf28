/* What statements say of databases, tables and their rows beyond what a query has: the details of the
** commands in node.h, as parsed. Names and texts are in the statement's arena. */
#ifndef MILL_PLAN_DEFINITION_H
#define MILL_PLAN_DEFINITION_H

#include "catalog/catalog.h"
#include "plan/expr.h"

/* A column in CREATE or ALTER TABLE. */
typedef struct mill_column {
  const char *const *parts; /* its name; more: a field of a struct */
  int nparts;
  const mill_type *type; /* NULL: not said */
  bool nullable;
  const char *comment;      /* NULL: not said */
  const mill_expr *preset;  /* DEFAULT; NULL: none .. */
  const char *preset_text;  /* .. as it was written */
  const char *const *after; /* behind it; NULL: `first`, or at the end */
  bool first;
  const char *refused; /* a property that tables of files do not have: "generated columns" */
} mill_column;

/* PARTITION (a = 1, b): a value may be NULL, where any is meant. */
typedef struct mill_partition_spec {
  const char *const *names;
  const mill_expr *const *values;
  int n;
  const char *location; /* NULL: not said */
} mill_partition_spec;

/* SET a.b = value; value NULL: DEFAULT. */
typedef struct mill_assignment {
  const char *const *parts;
  int nparts;
  const mill_expr *value;
  const char *text;
  int32_t start, stop;
} mill_assignment;

typedef enum mill_merge_action {
  MILL_MERGE_UPDATE,
  MILL_MERGE_DELETE,
  MILL_MERGE_INSERT
} mill_merge_action;

typedef struct mill_merge_clause {
  enum { MILL_MATCHED, MILL_NOT_MATCHED, MILL_NOT_MATCHED_BY_SOURCE } when;
  mill_merge_action action;
  const mill_expr *condition; /* NULL: none */
  bool all;                   /* SET *, INSERT *: by name, nothing in `set` */
  const mill_assignment *const *set;
  int nset;
} mill_merge_clause;

typedef enum mill_alter {
  MILL_ALTER_PROPERTIES, /* properties; `unset`: their keys go, if_exists */
  MILL_ALTER_LOCATION,   /* location, perhaps of specs[0] */
  MILL_ALTER_SERDE,      /* options */
  MILL_ALTER_COMMENT,
  MILL_ALTER_COLLATION,
  MILL_ALTER_RENAME, /* node.columns: the new name */
  MILL_ALTER_ADD_COLUMNS,
  MILL_ALTER_REPLACE_COLUMNS,
  MILL_ALTER_DROP_COLUMNS,
  MILL_ALTER_RENAME_COLUMN,
  MILL_ALTER_COLUMN, /* columns[0] with what changes; `change` says which */
  MILL_ALTER_ADD_PARTITION,
  MILL_ALTER_DROP_PARTITION,
  MILL_ALTER_RENAME_PARTITION, /* specs[0] to specs[1] */
  MILL_ALTER_RECOVER_PARTITIONS,
  MILL_ALTER_CONSTRAINT,
  MILL_ALTER_CLUSTER,
  MILL_ALTER_VIEW_TEXT, /* child: the query */
  MILL_ALTER_VIEW_SCHEMA,
} mill_alter;

typedef enum mill_column_change {
  MILL_CHANGE_TYPE,
  MILL_CHANGE_COMMENT,
  MILL_CHANGE_PRESET, /* preset NULL: DROP DEFAULT */
  MILL_CHANGE_NULLS,
  MILL_CHANGE_PLACE,
} mill_column_change;

/* What becomes of a table that is there already. */
typedef enum mill_create_mode {
  MILL_CREATE_NEW,       /* it is an error, or the statement does nothing (if_exists) */
  MILL_CREATE_OVERWRITE, /* the new one takes its place */
  MILL_CREATE_APPEND,    /* the rows are added to it, by the names of columns */
} mill_create_mode;

typedef struct mill_definition {
  const char *format, *location, *comment, *collation;
  const mill_column *const *columns;
  const mill_column *const *partitions; /* type NULL: a column above */
  int ncolumns, npartitions;
  const mill_type *schema; /* instead of columns, with their metadata; NULL: none */
  mill_create_mode save;   /* df.write.saveAsTable */
  mill_word_list buckets, sorts, clusters;
  int nbuckets;
  mill_options options, properties;
  const char *refused;   /* a clause that tables of files do not have: its operation */
  const char *transform; /* in PARTITIONED BY, as it was written; NULL: none */
  bool hive;             /* STORED AS, ROW FORMAT */
  bool external, unset, clustered;
  bool inferred;  /* without columns: those of its files, which must be there */
  bool versioned; /* df.writeTo: only what tables with rows that change can do */
  bool dynamic;   /* INSERT OVERWRITE: of the partitions that get rows */
  mill_alter alter;
  mill_column_change change;
  const mill_partition_spec *const *specs;
  int nspecs;
  const mill_assignment *const *set;
  const mill_merge_clause *const *clauses;
  int nset, nclauses;
  const mill_expr *where;             /* DELETE, UPDATE; ON of MERGE; REPLACE WHERE of INSERT */
  const char *schema_mode;            /* of a view; NULL: not said */
  const char *const *column_comments; /* of a view's columns, NULL each where not said */
  const char *view_text;              /* its query as written */
} mill_definition;

#endif
