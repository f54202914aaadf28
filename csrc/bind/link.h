/* Parts of the core that a build may lack: they are linked weakly, and their absence is a clear
** error at the first call instead of a module that does not load. */
#ifndef MILL_BIND_LINK_H
#define MILL_BIND_LINK_H

#include <lua.h>

#include "io/reader.h"
#include "io/writer.h"
#include "sql/parse.h"

#pragma weak mill_write_run
#pragma weak mill_save_mode_of
#pragma weak mill_read_list
#pragma weak mill_read_files_clear

#endif
