// Only in the static binary. glibc would load the modules that /etc/nsswitch.conf names (mdns4_minimal, resolve, db, …)
// as shared libraries, which belong to the glibc of the machine it runs on, not to ours: that crashes. The modules
// `files` and `dns` are inside libc (since 2.34).
#include <nss.h>

namespace {

[[gnu::constructor]] void look_names_up_without_modules() {
    __nss_configure_lookup("hosts", "files dns");
    __nss_configure_lookup("services", "files");
}

}  // namespace
