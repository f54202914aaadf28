/* The trees of XPath expressions: xpath.c makes them, xpath_eval.c and xpath_call.c go through them. */
#ifndef MILL_KERNEL_XPATH_INT_H
#define MILL_KERNEL_XPATH_INT_H

#include "kernel/xpath.h"

typedef enum xpath_op {
  OP_OR,
  OP_AND,
  OP_EQ,
  OP_NE,
  OP_LT,
  OP_LE,
  OP_GT,
  OP_GE,
  OP_ADD,
  OP_SUB,
  OP_MUL,
  OP_DIV,
  OP_MOD,
  OP_NEGATE,
  OP_UNION,
  OP_PATH, /* steps from a (NULL: the context, or with `absolute` the root) */
  OP_CALL,
  OP_NUMBER,
  OP_TEXT,
} xpath_op;

typedef enum xpath_axis {
  AXIS_CHILD,
  AXIS_DESCENDANT,
  AXIS_DESCENDANT_OR_SELF,
  AXIS_PARENT,
  AXIS_ANCESTOR,
  AXIS_ANCESTOR_OR_SELF,
  AXIS_FOLLOWING_SIBLING,
  AXIS_PRECEDING_SIBLING,
  AXIS_FOLLOWING,
  AXIS_PRECEDING,
  AXIS_ATTRIBUTE,
  AXIS_NAMESPACE,
  AXIS_SELF,
  AXIS_FILTER, /* predicates over the nodes themselves, in document order */
} xpath_axis;

typedef enum xpath_test {
  TEST_NAME,
  TEST_ANY,
  TEST_NODE,
  TEST_TEXT,
  TEST_COMMENT,
  TEST_PI
} xpath_test;

typedef struct xpath_step {
  xpath_axis axis;
  xpath_test test;
  const char *name;             /* NAME; PI: the target or NULL */
  const mill_xpath *predicates; /* linked by `next` */
  struct xpath_step *next;
} xpath_step;

struct mill_xpath {
  xpath_op op;
  const mill_xpath *a, *b; /* operands; CALL: a is the first argument, they are linked by `next` */
  const mill_xpath *next;
  int function, nargs; /* CALL */
  bool absolute;
  const xpath_step *steps;
  double number;
  const char *text;
  size_t size;
  const char *source; /* of the whole expression's root */
};

/* Where an expression is evaluated. */
typedef struct xpath_place {
  const mill_xml *node;
  size_t position, size;
} xpath_place;

typedef struct xpath_run {
  const mill_xml *root;
  const char *source;
  mill_arena *arena;
  mill_error *err;
  unsigned steps; /* between looks at the watch */
} xpath_run;

mill_status mill_xpath_eval(xpath_run *r, const mill_xpath *x, const xpath_place *at,
                            mill_xpath_value *out) MILL_USE_RESULT;
/* The number of a core function and how many arguments it takes; -1: there is none. */
int mill_xpath_function(const char *p, size_t n, int *least, int *most);
mill_status mill_xpath_call(xpath_run *r, const mill_xpath *x, const xpath_place *at,
                            mill_xpath_value *out) MILL_USE_RESULT;
mill_status mill_xpath_string(xpath_run *r, const mill_xml *node, const char **p,
                              size_t *n) MILL_USE_RESULT;
double mill_xpath_read(const char *p, size_t n);

#endif
