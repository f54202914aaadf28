/* Calls that are no constants to Spark's analysis, whatever their arguments: it makes other
** expressions of them before a query runs, or they have lambdas. LIMIT, the bounds of range(), the
** values of PIVOT and of EXECUTE IMMEDIATE take none. */
#include <ctype.h>
#include <string.h>

#include "plan/plan_int.h"

static const char names[] =
    " aes_decrypt aes_encrypt any any_value array_append array_compact array_prepend "
    "array_size arrays_zip assert_true between bool_and bool_or btrim count_if "
    "current_catalog current_database current_path current_schema current_timezone "
    "current_user date_part datepart decode elt encode equal_null every extract hmac ifnull "
    "ilike is_valid_utf8 jaro_winkler_similarity left luhn_check make_time make_valid_utf8 "
    "map_concat map_contains_key median nullif nullifzero nvl nvl2 parse_url regexp_count "
    "regexp_substr right session_user session_window some split_part st_asbinary "
    "st_geogfromwkb st_geomfromwkb st_setsrid st_srid to_binary to_date to_time "
    "to_timestamp to_timestamp_ltz to_timestamp_ntz try_add try_aes_decrypt try_divide "
    "try_element_at try_make_interval try_make_timestamp try_mod try_multiply try_parse_url "
    "try_reflect try_subtract try_to_binary try_to_date try_to_time try_to_timestamp "
    "try_url_decode try_validate_utf8 uniform url_decode url_encode user validate_utf8 "
    "variant_delete variant_strip_nulls vector_cosine_similarity vector_inner_product "
    "vector_l2_distance vector_norm vector_normalize version window zeroifnull ";

/* hour(TIME'12:30:00'): of times of day, where types are known. */
static bool part_of_time(const mill_expr *e) {
  bool part =
      mill_x_is_call(e, "hour") || mill_x_is_call(e, "minute") || mill_x_is_call(e, "second");
  return part && e->nargs && e->args[0]->type && e->args[0]->type->id == MILL_TIME;
}

static int rewritten_at(const mill_expr *e, void *arg) {
  (void)arg;
  if (e->rewritten) return 1;
  if (e->kind != MILL_X_CALL) return e->kind == MILL_X_LAMBDA;
  if (part_of_time(e)) return 1;
  char word[40];
  size_t n = strlen(e->name);
  if (n + 3 > sizeof word) return 0;
  word[0] = ' ';
  for (size_t i = 0; i < n; i++) word[i + 1] = (char)tolower((unsigned char)e->name[i]);
  memcpy(word + n + 1, " ", 2);
  return strstr(names, word) != NULL;
}

bool mill_x_rewritten(const mill_expr *e) { return mill_x_any(e, rewritten_at, NULL); }
