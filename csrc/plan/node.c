/* Plan nodes: see node.h. */
#include "plan/node.h"

mill_node *mill_node_new(mill_arena *a, mill_node_kind kind) {
  mill_node *n = mill_arena_alloc(a, sizeof *n);
  if (n == NULL) return NULL;
  n->kind = kind;
  n->start = n->stop = -1;
  return n;
}
