/* Column metadata: what Spark keeps under "ml_attr" in a column's metadata, read and written. It
** carries feature names and categories from stage to stage. Private to csrc/ml. */
#ifndef MILL_ML_ATTR_INT_H
#define MILL_ML_ATTR_INT_H

#include "base/json.h"

typedef enum mill_attr_kind {
  MILL_ATTR_UNRESOLVED, /* nothing known */
  MILL_ATTR_NUMERIC,
  MILL_ATTR_NOMINAL,
  MILL_ATTR_BINARY,
} mill_attr_kind;

typedef struct mill_attr {
  mill_attr_kind kind;
  const char *name;         /* or NULL */
  int nvals;                /* NOMINAL: number of categories; 0: not known */
  const char *const *vals;  /* their names, or NULL */
  int ordinal;              /* 1 yes, 0 no, -1 not said */
  const mill_json *numeric; /* min, max, std, sparsity as found, or NULL */
} mill_attr;

/* The attribute of a column that is one number. NULL metadata: UNRESOLVED. */
mill_status mill_attr_read(const char *metadata, mill_arena *a, mill_attr *out,
                           mill_error *err) MILL_USE_RESULT;
/* The attributes of a vector column: *n is its size, or -1 when not known; *out is NULL where only
** the size is known. */
mill_status mill_attrs_read(const char *metadata, mill_arena *a, mill_attr **out, int *n,
                            mill_error *err) MILL_USE_RESULT;
/* Metadata as JSON text in the arena: of one attribute (`name` of the column kept); of a vector
** column (attrs NULL: only the size). NULL: out of memory. */
const char *mill_attr_write(const mill_attr *at, mill_arena *a);
const char *mill_attrs_write(const mill_attr *attrs, int n, mill_arena *a);
/* Number of classes that a label column's metadata states; 0: it states none. */
int mill_attr_classes(const char *metadata, mill_arena *a);

#endif
