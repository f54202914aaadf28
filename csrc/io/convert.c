/* The rules by which texts of files become values: from the options of a reader. */
#include "io/convert_int.h"

mill_status mill_io_rules_init(mill_value_rules *r, const io_job *job, mill_error *err) {
  mill_timestamp_rules t = {.zones = job->context.zones,
                            .zone = job->settings.zone,
                            .now = job->settings.now_micros,
                            .allow_zone = true};
  return mill_value_rules_init(r, job->options, t, err);
}

mill_status mill_io_rules_formats(mill_value_rules *r, io_job *job, mill_error *err) {
  MILL_TRY(mill_io_rules_init(r, job, err));
  r->policy = job->settings.time_policy;
  return mill_value_rules_formats(r, job->options, job->guessed, &job->arena, err);
}
