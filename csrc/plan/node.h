/* Logical plan nodes: what SQL statements and DataFrame calls mean.
**
** One struct serves all kinds; which fields a kind uses stands beside it. An analysed node has
** `output`: its columns, each a MILL_X_COLUMN with id, name, type, nullability and metadata.
** Immutable once analysed. Commands are nodes too: analysis checks them, execution gives their
** result rows. */
#ifndef MILL_PLAN_NODE_H
#define MILL_PLAN_NODE_H

#include "column/chunk.h"
#include "column/option.h"
#include "column/scan.h"
#include "plan/expr.h"

typedef enum mill_node_kind {
  /* leaves */
  MILL_N_RELATION, /* parts[nparts]: a view, a table, or format.`path`; exprs[0] instead of parts:
                      IDENTIFIER(expr); options as WITH (..); streaming: STREAM t; unresolved
                      only */
  MILL_N_FUNCTION, /* table function `name` over exprs: range(10), explode(..); parts if
                      qualified; ordinality: WITH ORDINALITY; unresolved only */
  MILL_N_TABLE,    /* `table`, in memory */
  MILL_N_SOURCE,   /* files or a stream: `source` */
  MILL_N_VALUES,   /* nrows rows of exprs, row by row; columns their names */
  MILL_N_ONE_ROW,  /* SELECT without FROM */
  MILL_N_RANGE,    /* from, to, step: column id BIGINT */
  MILL_N_RECURSION, /* WITH RECURSIVE: see recursion.c; `to`: levels, `from`: rows asked for, -1: not said */
  /* one child */
  MILL_N_PROJECT, /* exprs; name: the |> operator it stands for, which forbids aggregates; `all`: each is
                     computed for each row, whatever becomes of it (the optimiser's) */
  MILL_N_FILTER, /* exprs[0] (HAVING: `having` set, child is the aggregate; QUALIFY: `qualify`) */
  MILL_N_AGGREGATE, /* GROUP BY keys; exprs the select list; grouping, sets */
  MILL_N_SORT,      /* exprs, SORT each; `global` false: SORT BY; `all`: the one key is ALL unless a
                  column is called so */
  MILL_N_LIMIT,     /* exprs[0] limit or NULL, exprs[1] offset or NULL */
  MILL_N_TAIL,      /* exprs[0] */
  MILL_N_DISTINCT,
  MILL_N_DEDUP,              /* keys; none: all columns. `within_watermark` */
  MILL_N_WINDOW,             /* exprs: ALIAS of WINDOW, added to the child's columns */
  MILL_N_WINDOW_GROUP_LIMIT, /* keys, exprs (SORT each), name: the rank; `to`: some of the rows, among
                                them all of a rank up to that; the optimiser's */
  MILL_N_GENERATE,           /* LATERAL VIEW: exprs[0] generator call, `outer`, alias, columns */
  MILL_N_SAMPLE,             /* lower, upper, seed, replacement */
  MILL_N_ALIAS, /* alias [columns]: FROM (..) AS t(a, b); without alias: toDF(columns); `to`: MAX RECURSION LEVEL of a WITH
                   query, -1 for none */
  MILL_N_WITH_COLUMNS, /* exprs, ALIAS each: added or replaced by name */
  MILL_N_DROP,         /* exprs: columns left out */
  MILL_N_RENAME,       /* columns: old, new, old, new, .. */
  MILL_N_WATERMARK,    /* exprs[0] event time column, exprs[1] delay as a literal interval */
  MILL_N_TRANSFORM,    /* an ML transformer: `stage` */
  MILL_N_PIVOT, /* keys (`all`: these, else what nothing else uses), exprs[0] pivot column, values,
                     aggs */
  MILL_N_UNPIVOT, /* keys ids (`all`: what is not in values), values: NAME or struct(..), ALIAS for
                     a label; columns: variable and value names; `outer`: include nulls */
  MILL_N_REPARTITION, /* and coalesce, hints: no effect on rows */
  MILL_N_CACHE,       /* rows that are computed once: `cache` (plan/cache.h) */
  /* two children, or more for UNION */
  MILL_N_ZIP,    /* the columns of two children that are lists over the same rows */
  MILL_N_JOIN,   /* join, exprs[0] condition or NULL, columns: USING, natural, lateral */
  MILL_N_UNION,  /* all children; by_name, allow_missing */
  MILL_N_SET_OP, /* except (`intersect` false) or intersect; all */
  /* WITH name AS (..): child[0] the query, `ctes` ALIAS nodes */
  MILL_N_WITH,
  /* commands */
  MILL_N_CREATE_VIEW, /* alias, child (USING: a SOURCE), replace, if_exists: IF NOT EXISTS, columns;
                         temporary, global; else parts name a view of the catalogue */
  MILL_N_DROP_VIEW,   /* parts, if_exists; name: by a call */
  MILL_N_DESCRIBE,    /* of a child query, a relation (parts), a column of it (columns) or a
                         function (name); extended */
  MILL_N_EXPLAIN,     /* child, name: simple, extended, formatted, codegen, cost */
  MILL_N_SHOW, /* name: TABLES, VIEWS, COLUMNS, FUNCTIONS, DATABASES, CATALOGS, CURRENT, TBLPROPERTIES,
                  PARTITIONS, CREATE TABLE, TABLE EXTENDED, COLLATIONS; of spark.catalog: DATABASE RECORDS,
                  TABLE RECORDS, TABLE RECORD, COLUMN RECORDS, CACHED; alias: LIKE pattern, a property;
                  parts: IN or FROM; `all`: of VIEWS and TABLES together */
  MILL_N_SET, /* name key, alias value; either NULL; alias alone: SET PATH = alias */
  MILL_N_RESET,
  MILL_N_USE, /* parts, a database; name: a catalog */
  /* commands with a `definition` (definition.h); alias of TRUNCATE, ANALYZE, REPAIR and SHOW PARTITIONS: the
     call that asks, name: one of spark.catalog */
  MILL_N_CREATE_DATABASE, /* parts, if_exists: IF NOT EXISTS */
  MILL_N_DROP_DATABASE,   /* parts, if_exists, all: CASCADE */
  MILL_N_ALTER_DATABASE,  /* parts */
  MILL_N_CREATE_TABLE,    /* parts, if_exists, replace; columns: LIKE them; child: AS */
  MILL_N_DROP_TABLE,      /* parts, if_exists, all: PURGE */
  MILL_N_ALTER_TABLE,     /* parts, if_exists, view: ALTER VIEW */
  MILL_N_TRUNCATE,        /* parts, specs */
  MILL_N_INSERT,          /* parts, child, columns, by_name, replace: OVERWRITE, specs, if_exists;
                             name: the format of a directory */
  MILL_N_INSERTS,         /* children, one after the other */
  MILL_N_DELETE,          /* parts, alias, where */
  MILL_N_UPDATE,          /* parts, alias, set, where */
  MILL_N_MERGE,           /* parts, alias, child: the source, where, clauses */
  MILL_N_ANALYZE, /* parts (name TABLES: a database), columns, all: FOR ALL COLUMNS, specs; extended: NOSCAN */
  MILL_N_REPAIR,      /* parts */
  MILL_N_REFRESH,     /* parts: a table; name: a path; alias: a function */
  MILL_N_CACHE_TABLE, /* parts, child, name: LAZY; options */
  MILL_N_UNCACHE,     /* parts, if_exists */
  MILL_N_CLEAR_CACHE,
  MILL_N_RESOURCE, /* ADD JAR and its like, without meaning here; name: LIST for an answer */
  /* others */
  MILL_N_DECLARE, /* child: the names, a RELATION each; type; exprs[0]: the default, alias its text;
                          replace */
  MILL_N_SET_VARIABLE,    /* keys: the names; exprs, or child[0]: the values */
  MILL_N_DROP_VARIABLE,   /* child[0]: the name, a RELATION; if_exists */
  MILL_N_EXECUTE,         /* exprs[0]: a statement's text; keys: INTO; values: USING */
  MILL_N_SCRIPT,          /* script */
  MILL_N_CREATE_FUNCTION, /* routine, child[0]: the name, a RELATION; replace, if_exists, temporary */
  MILL_N_DROP_FUNCTION,   /* child[0]: the name, a RELATION; if_exists, temporary */
} mill_node_kind;

typedef enum mill_join {
  MILL_JOIN_INNER,
  MILL_JOIN_CROSS,
  MILL_JOIN_LEFT,
  MILL_JOIN_RIGHT,
  MILL_JOIN_FULL,
  MILL_JOIN_SEMI,
  MILL_JOIN_ANTI,
} mill_join;

typedef enum mill_grouping {
  MILL_GROUP_PLAIN,
  MILL_GROUP_ROLLUP,
  MILL_GROUP_CUBE,
  MILL_GROUP_SETS, /* sets: bit k of a mask is keys[k] */
  MILL_GROUP_ALL,  /* GROUP BY ALL */
} mill_grouping;

/* Files or a stream to read: csrc/io and csrc/stream say what the options mean. */
typedef struct mill_source {
  const char *format;
  int npaths, noptions;
  const char **paths;
  const mill_option *options;
  const mill_type *schema;           /* given by the user or inferred at analysis */
  mill_scan *scan;                   /* batch: opened at analysis; the plan holds a reference */
  struct mill_stream_source *stream; /* streaming; NULL otherwise */
} mill_source;

typedef struct mill_node mill_node;
struct mill_node {
  mill_node_kind kind;
  bool analysed, streaming;
  int nchildren, nexprs, nkeys, nparts, ncolumns, noptions, nsets, nvalues, naggs, nctes, nrows,
      noutput;
  const mill_node **child;
  const mill_expr **exprs, **keys, **values, **aggs;
  const mill_expr **output; /* COLUMN each */
  const char **parts, **columns;
  const mill_option *options;
  const mill_node **ctes;
  const uint64_t *sets;
  const char *name, *alias;
  mill_table *table; /* the plan holds a reference */
  mill_source *source;
  struct mill_stage *stage;
  struct mill_cache *cache;
  const struct mill_definition *definition;
  const mill_type *type;
  const struct mill_statement *script; /* plan/script.h */
  const struct mill_routine *routine;  /* plan/routine.h */
  int64_t from, to, step;
  double lower, upper;
  double share, rows; /* the optimiser's: rows a FILTER keeps, a JOIN makes; 0: unknown */
  uint64_t seed;
  mill_join join;
  mill_grouping grouping;
  bool global, having, outer, natural, lateral, nearest, by_name, allow_missing, intersect, all,
      replace, if_exists, extended, replacement, within_watermark, recursive, qualify, temporary,
      ordinality, view, user, system;
  bool set_operation; /* JOIN, WINDOW: made of EXCEPT or INTERSECT */
  int nhints;
  const mill_expr **hints; /* of a SELECT: CALLs, or NAMEs where nothing is given */
  const char *text;        /* the statement; NULL: built by calls */
  int32_t start, stop;
};

mill_node *mill_node_new(mill_arena *a, mill_node_kind kind); /* NULL: out of memory */

#endif
