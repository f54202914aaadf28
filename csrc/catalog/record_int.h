/* Records of the catalogue as JSON, both ways. Private to csrc/catalog. */
#ifndef MILL_CATALOG_RECORD_INT_H
#define MILL_CATALOG_RECORD_INT_H

#include "base/json.h"
#include "catalog/catalog.h"

mill_status mill_record_put_database(const mill_catalog_database *d, mill_text *out,
                                     mill_error *err) MILL_USE_RESULT;
mill_status mill_record_put_table(const mill_catalog_table *t, mill_text *out,
                                  mill_error *err) MILL_USE_RESULT;
/* Texts are in the arena, where the record is too. CORRUPT_FILE has no path yet: the caller knows. */
mill_status mill_record_database(const char *p, size_t n, mill_arena *a, mill_catalog_database *out,
                                 mill_error *err) MILL_USE_RESULT;
mill_status mill_record_table(const char *p, size_t n, mill_types *types, mill_arena *a,
                              mill_catalog_table *out, mill_error *err) MILL_USE_RESULT;

#endif
