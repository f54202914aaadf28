/* A tree of inner joins taken apart. Private to order_joins.c and join_tree.c. */
#ifndef MILL_PLAN_ORDER_JOINS_INT_H
#define MILL_PLAN_ORDER_JOINS_INT_H

#include "plan/plan_int.h"

enum { MILL_MANY_JOINS = 24 };

typedef struct mill_join_set {
  const mill_node *relation[MILL_MANY_JOINS];
  double rows[MILL_MANY_JOINS], base[MILL_MANY_JOINS]; /* after and before filters */
  int n;
  mill_exprs predicates;
  bool full;
} mill_join_set;

/* The cheapest tree of the relations, joins as bushy as it takes. *out is NULL where there are too
** many, or equalities do not link them all. False: failed. */
bool mill_join_tree(mill_planner *w, const mill_join_set *s, const mill_node **out);

#endif
