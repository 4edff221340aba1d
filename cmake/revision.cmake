# cmake -DOUT=FILE.hpp -DTREE=DIR -P revision.cmake: the commit that is built, as a header.
# Runs at every build and writes only what changed, so nothing is compiled or linked again without need.
#
# Where there is no repository (an unpacked archive, the image's build) the environment's LOGPIPE_REVISION names it.
set(revision "$ENV{LOGPIPE_REVISION}")
find_program(git git)
if(NOT revision AND git)
  # A tree that lies unpacked within another repository has no commit of that one.
  execute_process(COMMAND ${git} -C "${TREE}" rev-parse --show-prefix --short=12 HEAD
    OUTPUT_VARIABLE answer ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed AND answer MATCHES "^\n([0-9a-f]+)\n$")
    set(revision "${CMAKE_MATCH_1}")
    execute_process(COMMAND ${git} -C "${TREE}" diff --quiet HEAD RESULT_VARIABLE modified ERROR_QUIET OUTPUT_QUIET)
    if(modified)
      string(APPEND revision "-modified")
    endif()
  endif()
endif()
if(NOT revision MATCHES "^[0-9A-Za-z._-]+$")
  set(revision "unknown")
endif()

set(header "// Made by cmake/revision.cmake.\n#pragma once\n\n#define LOGPIPE_REVISION \"${revision}\"\n")
set(before "")
if(EXISTS "${OUT}")
  file(READ "${OUT}" before)
endif()
if(NOT header STREQUAL before)
  file(WRITE "${OUT}" "${header}")
endif()
