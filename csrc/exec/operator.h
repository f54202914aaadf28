/* Physical plans: trees of operators over batches, with bound expressions. Data only; exec/run.h
** runs it.
**
** The planner builds the tree in an arena that outlives the run. Columns are positions. Every
** operator states its result `schema` (a STRUCT). Row order: an operator without an order of its
** own gives rows in the order of its (left) input; groups come in order of their first row; joins
** in order of the left (probe) row, then of the right row; unmatched right rows last. The same at
** any number of threads, spilled or not. */
#ifndef MILL_EXEC_OPERATOR_H
#define MILL_EXEC_OPERATOR_H

#include "column/chunk.h"
#include "column/scan.h"
#include "kernel/bound.h"

typedef enum mill_op_kind {
  MILL_OP_SCAN,      /* scan, columns: which of its columns, in this order */
  MILL_OP_ROWS,      /* rows: a pull reader made by open(); used once */
  MILL_OP_RANGE,     /* from, to, step: one BIGINT column */
  MILL_OP_ONE_ROW,   /* a row without columns */
  MILL_OP_FILTER,    /* predicate */
  MILL_OP_PROJECT,   /* exprs */
  MILL_OP_EXPAND,    /* nsets rows a row: exprs[set * width + k] (grouping sets, unpivot) */
  MILL_OP_AGGREGATE, /* keys, aggs: columns are keys then results; no keys: one row always */
  MILL_OP_JOIN,      /* join; left and right keys (equal), `condition` over left ++ right columns */
  MILL_OP_SORT,      /* sorts; limit >= 0: top-N after offset */
  MILL_OP_LIMIT,     /* limit (-1: all), offset */
  MILL_OP_TAIL,      /* limit */
  MILL_OP_UNION,     /* children in order, same schema */
  MILL_OP_WINDOW, /* windows, appended. Rows come out by partition, then order, as Spark gives them */
  MILL_OP_WINDOW_GROUP_LIMIT, /* keys, sorts, rank, limit: the input without (some of) the rows whose
                                 rank among those of the same keys is above the limit */
  MILL_OP_GENERATE,           /* generator: `columns` of the input ++ generated columns; outer */
  MILL_OP_SAMPLE, /* lower, upper, seed, replacement: Spark's XORShift draw over source order */
  MILL_OP_SHARE,  /* the child's rows; where the operator stands twice they are computed once */
} mill_op_kind;

typedef enum mill_op_join {
  MILL_OP_INNER, /* no keys and no condition: cross */
  MILL_OP_LEFT,
  MILL_OP_RIGHT,
  MILL_OP_FULL,
  MILL_OP_SEMI,
  MILL_OP_ANTI,
  MILL_OP_NULL_AWARE_ANTI, /* NOT IN (subquery): one key */
  MILL_OP_MARK,            /* left columns ++ BOOLEAN: a match exists (IN: null where unknown) */
  MILL_OP_SINGLE,          /* LEFT that raises SCALAR_SUBQUERY_TOO_MANY_ROWS on a second match */
} mill_op_join;

typedef enum mill_op_edge { MILL_EDGE_UNBOUNDED, MILL_EDGE_CURRENT, MILL_EDGE_OFFSET } mill_op_edge;

/* What a rank counts: rows before, ties in the order of the source; rows of lesser keys, + 1; lesser
** keys, + 1. */
typedef enum mill_op_rank { MILL_RANK_ROW, MILL_RANK_SPARSE, MILL_RANK_DENSE } mill_op_rank;

/* A group of window functions with the same PARTITION BY, ORDER BY; each has its frame. */
typedef struct mill_op_window {
  mill_bound_aggregate call;
  bool rows;             /* ROWS, else RANGE */
  mill_op_edge from, to; /* for OFFSET the sign of the value tells the side */
  const mill_bound *from_value,
      *to_value; /* ROWS: BIGINT literal; RANGE: order key + value, the edge itself */
} mill_op_window;

typedef struct mill_op mill_op;
struct mill_op {
  mill_op_kind kind;
  const mill_type *schema;
  int nchildren;
  const mill_op **child;
  mill_scan *scan;
  const int *columns;
  const mill_test *tests;   /* SCAN: ntests that it was narrowed by, for EXPLAIN */
  const char *const *paths; /* SCAN of files: npaths that were asked for, for EXPLAIN */
  int ntests, npaths;
  mill_rows *(*open)(void *arg, mill_error *err);
  void *open_arg;
  int64_t from, to, step, limit, offset;
  double lower, upper;
  uint64_t seed;
  bool ranged; /* SCAN: morsels may be left out by the ranges of their values */
  bool cached; /* SCAN: of rows that are kept for further queries, for EXPLAIN */
  bool replacement, outer, null_safe; /* JOIN null_safe: all keys compare with <=> */
  const mill_bound *predicate, *condition;
  int nexprs, nsets, nkeys, naggs, nsorts, nwindows;
  const mill_bound *const *exprs;
  const mill_bound *const *keys;       /* AGGREGATE; JOIN: of the left; WINDOW: partition */
  const mill_bound *const *right_keys; /* JOIN */
  const mill_bound_aggregate *aggs;
  const mill_bound_sort *sorts; /* SORT; WINDOW: order */
  const mill_op_window *windows;
  const mill_bound *generator; /* GENERATE: the call, its rows made by `generate` */
  mill_generate generate;
  mill_op_join join;
  mill_op_rank rank; /* WINDOW_GROUP_LIMIT */
  bool build_left;   /* JOIN SEMI, ANTI: the left rows are the table, the right ones look them up */
  double estimate;   /* rows expected; < 0 unknown */
};

#endif
