// What all audited endpoints have in common.
#pragma once

#include "audit/audit.hpp"

#include <functional>
#include <string>
#include <utility>

namespace logpipe::audit {

using each_sighting = std::function<result<>(audited_endpoint::sighting const&)>;

class named_endpoint : public audited_endpoint {
  public:
    named_endpoint(std::string name, endpoint_kind kind) : name_{std::move(name)}, kind_{kind} {}
    std::string const& name() const final { return name_; }
    endpoint_kind kind() const final { return kind_; }

  private:
    std::string const name_;
    endpoint_kind const kind_;
};

}  // namespace logpipe::audit
