# `cmake --install` and the packages that `cpack` makes of it: the binary, its unit for systemd, the documents.
include(GNUInstallDirs)
install(TARGETS logpipe RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
# Made by the program itself.
set(generated ${CMAKE_CURRENT_BINARY_DIR}/generated)
add_custom_command(OUTPUT ${generated}/logpipe.1 ${generated}/logpipe.bash ${generated}/_logpipe ${generated}/logpipe.fish
  COMMAND ${CMAKE_COMMAND} -E make_directory ${generated}
  COMMAND $<TARGET_FILE:logpipe> help --man > ${generated}/logpipe.1
  COMMAND $<TARGET_FILE:logpipe> help --completions bash > ${generated}/logpipe.bash
  COMMAND $<TARGET_FILE:logpipe> help --completions zsh > ${generated}/_logpipe
  COMMAND $<TARGET_FILE:logpipe> help --completions fish > ${generated}/logpipe.fish
  DEPENDS logpipe VERBATIM)
add_custom_target(logpipe_shell ALL DEPENDS ${generated}/logpipe.1)
install(FILES ${generated}/logpipe.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${generated}/logpipe.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME logpipe)
install(FILES ${generated}/_logpipe DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${generated}/logpipe.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES packaging/logpipe.service DESTINATION lib/systemd/system)
file(GLOB documents CONFIGURE_DEPENDS *.md)
install(FILES ${documents} LICENSE compose/alerts.yml DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_NAME logpipe)
set(CPACK_PACKAGE_VENDOR "The logpipe maintainers")
set(CPACK_PACKAGE_CONTACT "The logpipe maintainers <maintainers@logpipe.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
# The static binary depends on nothing.
if(NOT LOGPIPE_STATIC)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
endif()
include(CPack)
