/* How the columns that are wanted come out of a file: a tree a column, its leaves the file's.
**
** Matching goes by name, in Spark's way: what the file does not have is null, a struct of which the
** file has no wanted member is there or not as in the file, lists and maps may have any of the shapes
** that the format's rules for older writers allow.
**
** Places: a node has one for each element of the innermost list around it (or row). Of a leaf's
** entries those with rep <= node.rep and def >= node.slot are its places, and what has one is there
** from def >= node.def on. Private to csrc/io. */
#ifndef MILL_IO_PARQUET_NODE_H
#define MILL_IO_PARQUET_NODE_H

#include "column/scan.h"
#include "io/parquet_column.h"

typedef enum parquet_shape {
  PARQUET_ABSENT, /* null everywhere */
  PARQUET_FLAT,   /* a leaf by itself: one value a row */
  PARQUET_VALUE,  /* a leaf within something */
  PARQUET_STRUCT,
  PARQUET_ITEMS,   /* ARRAY: one child, MAP: two */
  PARQUET_VARIANT, /* a VARIANT in parts; one child, the struct that the file has */
} parquet_shape;

typedef struct parquet_node parquet_node;
struct parquet_node {
  parquet_shape shape;
  const mill_type *type;
  uint8_t def, rep, slot;
  uint8_t item; /* ITEMS: definition level from which on there is an element */
  int leaf;     /* the reader of its values, or of levels that tell what is there; -1: ABSENT */
  uint32_t n;
  parquet_node *child;
};

/* The trees of some columns over the leaves that they need, in the arena. */
typedef struct parquet_plan {
  parquet_node *node; /* one a column */
  parquet_leaf *leaf;
  int n, leaves;
} parquet_plan;

/* A column, and what of it is looked at (NULL: all). */
typedef struct parquet_wanted {
  const mill_field *field;
  const mill_part *part;
} parquet_wanted;

mill_status mill_parquet_match(mill_arena *a, mill_types *types, const parquet_footer *f,
                               const parquet_rules *r, const parquet_calendar *calendar,
                               const parquet_wanted *wanted, int n, parquet_plan *out,
                               mill_error *err) MILL_USE_RESULT;

/* The vector of a node whose leaves have just been read for `rows` rows, but for FLAT ones. */
mill_status mill_parquet_assemble(const parquet_node *n, parquet_column *columns, uint32_t rows,
                                  mill_arena *a, mill_vector *out, mill_error *err) MILL_USE_RESULT;

/* Values of VARIANT out of the struct that stands for them in the file (VariantShredding.md): metadata,
** value, typed_value. parquet_variant.c. */
mill_status mill_parquet_variants(const mill_vector *parts, uint32_t n, mill_arena *a,
                                  mill_vector *out, mill_error *err) MILL_USE_RESULT;

#endif
